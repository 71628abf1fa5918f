//! A test's world: nothing of the machine's own gets in, and commits are the same everywhere.

use testkit::env::Env;
use testkit::repo::run;
use testkit::tools;

#[test]
fn programs_see_only_the_worlds_variables() {
    let mut env = Env::new();
    env.set("EXTRA", "1").unset("TZ");
    let out = run(env.command("/usr/bin/env").arg("-0"));
    let text = String::from_utf8(out.stdout).unwrap();
    let names: Vec<_> = text
        .split('\0')
        .filter_map(|it| it.split_once('='))
        .collect();
    assert!(names.contains(&("EXTRA", "1")));
    let home = env.home();
    assert!(names.contains(&("HOME", home.to_str().unwrap())));
    for (name, _) in names {
        assert!(!name.starts_with("CARGO"), "{name} came through");
        assert_ne!(name, "TZ");
    }
}

#[test]
fn commits_are_the_same_everywhere() {
    if !tools::have(&["git"]) {
        return;
    }
    let env = Env::new();
    let repo = env.repo("work");
    repo.write("a/b", "text")
        .executable("run", "#!/bin/sh\n")
        .symlink("link", "a/b");
    assert_eq!(
        repo.commit("first"),
        "aae89054e2578ec5f184e67f9f34b3fae6976e65"
    );
    repo.remove("a");
    let second = repo.commit("second");
    assert_eq!(repo.git(["log", "-1", "--format=%ct"]), "1700000060");
    assert_eq!(repo.refs(), [format!("{second} refs/heads/main")]);
}
