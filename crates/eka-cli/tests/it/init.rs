//! `eka init`: the root is posted once, and refused where it cannot be known.

use testkit::http::GitHttp;
use testkit::repo::Repo;

use crate::support::World;

/// A work tree with three commits, and an empty bare repository as its `origin`.
fn project(world: &World) -> (Repo, Repo) {
    let bare = world.env.bare("origin.git");
    let work = world.env.repo("work");
    work.git(["remote", "add", "origin", "../origin.git"]);
    for n in 0..3 {
        work.write("file", n.to_string()).commit("another");
    }
    (work, bare)
}

fn first(repo: &Repo) -> String {
    repo.rev("HEAD~2")
}

#[test]
fn posts_the_oldest_commit_once() {
    let world = World::new();
    let (work, bare) = project(&world);
    let root = first(&work);
    let refs = work.refs();
    world.check(
        &["init"],
        &format!("0\nout: {root}\nerr: posted the root to `origin` ([WORLD]/work/../origin.git)"),
    );
    assert_eq!(bare.refs().len(), 1);
    assert_eq!(bare.rev("refs/eka/root"), root);
    let shown = world.run(&["init", "--format", "json"]);
    let expected = format!(
        r#"out: {{"schema":"eka.init/1","root":"{root}","posted":[{{"remote":"origin","url":"[WORLD]/work/../origin.git","state":"present"}}],"failed":[]}}"#
    );
    assert_eq!(shown, format!("0\n{expected}\n"));
    // It commits nothing and changes no file.
    assert_eq!(work.refs(), refs);
    assert_eq!(work.git(["status", "--porcelain"]), "");
}

#[test]
fn another_root_is_refused() {
    let world = World::new();
    let (work, bare) = project(&world);
    assert!(world.run(&["init", "--root", "HEAD~1"]).starts_with("0\n"));
    assert_eq!(bare.rev("refs/eka/root"), work.rev("HEAD~1"));
    let shown = world.run(&["init"]);
    assert!(
        shown.starts_with("1\nerr: eka::init::other_root\n"),
        "{shown}"
    );
    assert_eq!(bare.rev("refs/eka/root"), work.rev("HEAD~1"));
    work.git(["checkout", "--quiet", "--orphan", "side"]);
    let side = work.commit("elsewhere");
    work.git(["checkout", "--quiet", "main"]);
    let shown = world.run(&["init", "--root", &side]);
    assert!(
        shown.starts_with("1\nerr: eka::init::no_ancestor\n"),
        "{shown}"
    );
    let shown = world.run(&["init", "--rev", "nothing"]);
    assert!(
        shown.starts_with("1\nerr: eka::repo::revision\n"),
        "{shown}"
    );
}

#[test]
fn over_http_by_name_by_url_and_from_a_bare_repository() {
    let world = World::new();
    let (work, _) = project(&world);
    for name in ["one", "two"] {
        world
            .env
            .bare(&format!("www/{name}.git"))
            .git(["config", "http.receivepack", "true"]);
    }
    let server = GitHttp::start(&world.env.path("www"));
    let url = |name: &str| format!("{}/{name}.git", server.url());
    work.git(["remote", "add", "one", &url("one")]);
    let shown = world.run(&["init", "--remote", "one", "--remote", &url("two")]);
    assert!(
        shown.contains(&format!("err: posted the root to `one` ({})\n", url("one"))),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("err: posted the root to `{}`\n", url("two"))),
        "{shown}"
    );
    work.git(["clone", "--quiet", "--bare", ".", "../bare"]);
    let shown = world.run(&["-C", "../bare", "init", "--remote", &url("two")]);
    assert!(shown.contains("err: the root is already at"), "{shown}");
}

#[test]
fn some_of_many_is_6() {
    let world = World::new();
    let (work, bare) = project(&world);
    let deaf = world.env.bare("deaf.git");
    deaf.git(["config", "receive.hideRefs", "refs/eka"]);
    work.git(["remote", "add", "deaf", "../deaf.git"]);
    let shown = world.run(&["init", "--remote", "deaf", "--remote", "origin"]);
    assert!(shown.starts_with("6\nout: "), "{shown}");
    assert!(shown.contains("posted the root to `origin`"), "{shown}");
    assert_eq!(bare.refs().len(), 1);
    let shown = world.run(&["init", "--remote", "deaf"]);
    assert!(
        shown.starts_with("1\n") || shown.starts_with("4\n"),
        "{shown}"
    );
}

#[test]
fn where_it_cannot_be_known_it_says_so() {
    let world = World::new();
    let code = |args: &[&str], expected: &str| {
        let shown = world.run(args);
        assert!(shown.starts_with(expected), "{args:?}: {shown}");
        shown
    };
    code(&["init"], "1\nerr: eka::repo::none\n");
    let (work, _) = project(&world);
    work.git(["clone", "--quiet", "--depth=1", &work.url(), "../shallow"]);
    world.check(
        &["-C", "../shallow", "init"],
        "1
        err: eka::root::shallow
        err:
        err:   × this is a shallow clone, so the set's root cannot be checked
        err:   help: here: `git fetch --unshallow`
        err:         GitHub Actions: `uses: actions/checkout@v5` with `fetch-depth: 0`
        err:         GitLab CI: `variables` with `GIT_DEPTH: 0`",
    );
    let _empty = world.env.repo("empty");
    code(&["-C", "../empty", "init"], "1\nerr: eka::repo::unborn\n");
    code(
        &["init", "--remote", "none"],
        "1\nerr: eka::repo::no_remote\n",
    );
    code(&["init", "--offline"], "4\nerr: eka::context::offline\n");
    code(
        &["init", "--remote", "gh:o/r::x"],
        "2\nerr: eka::target::not_a_repository\n",
    );
    let mut command = world.env.command("git");
    let made = command.args(["init", "--quiet", "--object-format=sha256"]);
    assert!(
        made.arg(world.env.path("sha256"))
            .status()
            .unwrap()
            .success()
    );
    code(&["-C", "../sha256", "init"], "1\nerr: eka::repo::sha256\n");
}

#[test]
fn from_a_worktree_and_a_folder_below() {
    let world = World::new();
    let (work, bare) = project(&world);
    work.git(["worktree", "add", "--quiet", "../tree"]);
    std::fs::create_dir_all(world.env.path("tree/a/b")).unwrap();
    assert!(world.run(&["-C", "../tree/a/b", "init"]).starts_with("0\n"));
    assert_eq!(bare.rev("refs/eka/root"), first(&work));
}
