//! Smart http: read, push, log in, and leave nothing behind.

use testkit::env::Env;
use testkit::http::{GitHttp, Serving};
use testkit::tools;

#[test]
fn pushes_and_reads_by_protocol_v2() {
    if !tools::have(&["git", "lighttpd"]) {
        return;
    }
    let env = Env::new();
    let bare = env.bare("srv/owner/repo.git");
    let server = GitHttp::start(&env.path("srv"));
    let url = format!("{}/owner/repo.git", server.url());
    let work = env.repo("work");
    let head = work.write("a", "a").commit("first");
    work.git(["push", "--quiet", &url, "main"]);
    assert_eq!(bare.rev("refs/heads/main"), head);
    let out = work
        .command()
        .args(["ls-remote", &url])
        .env("GIT_TRACE_PACKET", "1")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&out.stderr).contains("< version 2"));
    assert!(String::from_utf8_lossy(&out.stdout).contains(&head));
}

#[test]
fn wants_the_login() {
    if !tools::have(&["git", "lighttpd"]) {
        return;
    }
    let env = Env::new();
    let bare = env.bare("srv/private.git");
    let serving = Serving {
        login: Some(("ada".to_owned(), "secret".to_owned())),
        ..Serving::default()
    };
    let server = GitHttp::start_with(&env.path("srv"), &serving);
    let plain = format!("{}/private.git", server.url());
    let with = plain.replace("http://", "http://ada:secret@");
    assert!(!bare.try_git(&["ls-remote", &plain]).status.success());
    assert!(bare.try_git(&["ls-remote", &with]).status.success());
}

#[test]
fn ends_with_its_guard() {
    if !tools::have(&["git", "lighttpd"]) {
        return;
    }
    let env = Env::new();
    let server = GitHttp::start(&env.path(""));
    let address = server.address();
    drop(server);
    testkit::process::wait_until("the port is closed", || {
        std::net::TcpStream::connect(address).is_err()
    });
}
