//! `git://`: read and push.

use testkit::daemon::GitDaemon;
use testkit::env::Env;
use testkit::tools;

#[test]
fn pushes_and_reads() {
    if !tools::have(&["git"]) {
        return;
    }
    let env = Env::new();
    let bare = env.bare("srv/repo.git");
    let server = GitDaemon::start(&env, &env.path("srv"));
    let url = format!("{}/repo.git", server.url());
    let work = env.repo("work");
    let head = work.write("a", "a").commit("first");
    work.git(["push", "--quiet", &url, "main"]);
    assert_eq!(bare.rev("refs/heads/main"), head);
    let clone = env.clone_of(&url, "clone", &["--depth=1"]);
    assert_eq!(clone.rev("HEAD"), head);
}
