//! `eka versions`: what there is, what is not there, and who gave no answer.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use atom::refname::Part;
use testkit::http::GitHttp;

use crate::published::{Published, manifest};
use crate::support::World;

fn published(world: &World) -> Published {
    let set = Published::new(world, "set");
    for version in ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1+build.5"] {
        set.publish("λ", version, &manifest("λ", version));
    }
    set.publish("zlib2", "0.1.0", &manifest("zlib2", "0.1.0"));
    let head = set.repo.rev("HEAD");
    set.set("λ", "1.2.0", Part::Yank, &head);
    set.set("zlib2", "0.1.0", Part::Deprecate, &head);
    // No versions: a half, a tombstone, and what is no atom's ref.
    set.set("half", "1.0.0", Part::Atom, &head);
    set.set("gone", "1.0.0", Part::Yank, &head);
    set.repo
        .git(["update-ref", "refs/atoms/x/1.0.0/more/atom", &head]);
    set
}

#[test]
fn of_an_atom_the_newest_first() {
    let world = World::new();
    let set = published(&world);
    let url = set.repo.url();
    world.check(
        &["versions", &format!("{url}::λ")],
        "0
        out: λ 2.0.0-rc.1+build.5
        out: λ 1.10.0
        out: λ 1.2.0 yanked
        out: λ 1.0.0",
    );
    world.check(
        &["versions", &format!("{url}::λ@^1.1")],
        "0\nout: λ 1.10.0\nout: λ 1.2.0 yanked",
    );
}

#[test]
fn of_a_whole_repository_over_http() {
    let world = World::new();
    let set = published(&world);
    set.repo
        .git(["clone", "--quiet", "--mirror", ".", "../www/set.git"]);
    let server = GitHttp::start(&world.env.path("www"));
    let url = format!("{}/set.git", server.url());
    world.check(
        &["versions", &url],
        "0
        out: zlib2 0.1.0 deprecated
        out: λ 2.0.0-rc.1+build.5
        out: λ 1.10.0
        out: λ 1.2.0 yanked
        out: λ 1.0.0",
    );
    let shown = world.run(&["versions", &format!("{url}::zlib2"), "--format", "json"]);
    let root = set.root.to_string();
    let expected = format!(
        r#"out: {{"schema":"eka.versions/1","repository":"{url}","root":"{root}","atoms":[{{"id":"zlib2","digest":""#
    );
    assert!(shown.contains(&expected), "{shown}");
    assert!(
        shown.contains(r#""signed":false,"yanked":false,"yank_reason":null,"deprecated":true,"deprecation_reason":null,"successor":null}"#),
        "{shown}"
    );
}

#[test]
fn of_the_repository_one_works_in() {
    let world = World::new();
    let set = published(&world);
    let work = world.env.repo("work");
    work.git(["remote", "add", "origin", "../set"]);
    let sub = world.path("a/b");
    std::fs::create_dir_all(&sub).unwrap();
    world.check(
        &["-C", "a/b", "versions", "zlib2"],
        "0\nout: zlib2 0.1.0 deprecated",
    );
    world.check(&["versions", "::zlib2"], "0\nout: zlib2 0.1.0 deprecated");
    drop(set);
    work.git(["remote", "rename", "origin", "up"]);
    let shown = world.run(&["versions", "zlib2"]);
    assert!(
        shown.starts_with("1\nerr: eka::repo::no_remote\n"),
        "{shown}"
    );
    assert!(shown.contains("the remotes are: up"), "{shown}");
    let one = world.run(&["versions", "zlib2", "--config", "publish.remotes=up"]);
    assert_eq!(one, "0\nout: zlib2 0.1.0 deprecated\n");
}

#[test]
fn what_is_not_there_is_1() {
    let world = World::new();
    let set = published(&world);
    let url = set.repo.url();
    let code = |uri: &str, code: &str| {
        let shown = world.run(&["versions", uri]);
        assert!(shown.starts_with(&format!("1\nerr: {code}\n")), "{shown}");
        shown
    };
    code(&format!("{url}::none"), "eka::versions::no_atom");
    code(&format!("{url}::half"), "eka::versions::no_atom");
    code(&format!("{url}::gone"), "eka::versions::deleted");
    let shown = code(&format!("{url}::λ@^3"), "eka::versions::no_match");
    assert!(
        shown.contains("there is: `2.0.0-rc.1+build.5`, `1.10.0`"),
        "{shown}"
    );
    let _empty = world.env.repo("empty");
    let empty = world.env.path("empty").display().to_string();
    code(&empty, "eka::versions::no_set");
}

#[test]
fn wrong_uris_are_2() {
    let world = World::new();
    for uri in ["host:8080/x", "nowhere:x", "gh:o/r^^main", "-x", "a b"] {
        let shown = world.run(&["versions", "--", uri]);
        assert!(shown.starts_with("2\n"), "{uri}: {shown}");
    }
}

#[test]
fn no_answer_is_4_and_never_no_version() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let uri = format!("{url}::a");
    let shown = world.run(&["versions", &uri, "--config", "network.retries=0"]);
    assert!(
        shown.starts_with("4\nerr: eka::remote::unreachable\n"),
        "{shown}"
    );
    let shown = world.run(&["versions", &uri, "--offline"]);
    assert!(
        shown.starts_with("4\nerr: eka::context::offline\n"),
        "{shown}"
    );
    assert!(shown.contains("`--offline` forbids it"), "{shown}");
    let mut command = world.eka(&["versions", &uri]);
    let output = command.env("EKA_OFFLINE", "1").output().unwrap();
    let shown = world.show(&output);
    assert!(shown.contains("`EKA_OFFLINE` forbids it"), "{shown}");
}

#[test]
fn offline_is_as_it_was_last_seen() {
    let world = World::new();
    let set = published(&world);
    let url = set.repo.url();
    let uri = format!("{url}::zlib2");
    world.run(&["versions", &uri]);
    set.publish("zlib2", "0.2.0", &manifest("zlib2", "0.2.0"));
    let shown = world.run(&["versions", &uri, "--offline"]);
    assert!(
        shown.starts_with("0\nout: zlib2 0.1.0 deprecated\nerr: `file://"),
        "{shown}"
    );
    assert!(shown.contains("was last seen"), "{shown}");
    let shown = world.run(&["versions", &uri]);
    assert!(shown.starts_with("0\nout: zlib2 0.2.0\n"), "{shown}");
}

#[test]
fn an_interrupt_is_130() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/x::a", listener.local_addr().unwrap());
    let mut command = world.eka(&["versions", &uri]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    // It is connected, and waits for an answer that does not come.
    let _stream = listener.accept().unwrap();
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
}

#[test]
fn hostile_refs_are_left_out_and_told_safely() {
    let world = World::new();
    let set = published(&world);
    let head = set.repo.rev("HEAD");
    set.repo.git([
        "symbolic-ref",
        "refs/atoms/sym/1.0.0/atom",
        "refs/heads/main",
    ]);
    set.repo
        .git(["update-ref", "refs/atoms/a\u{202e}b/1.0.0/atom", &head]);
    set.repo
        .git(["update-ref", "refs/atoms/a\u{202e}b/1.0.0/spec", &head]);
    let shown = world.run(&["versions", &set.repo.url()]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(shown.contains("eka::versions::wrong_kind"), "{shown}");
    assert!(
        !shown.contains("out: sym") && !shown.contains('\u{202e}'),
        "{shown}"
    );
    assert!(!shown.contains("out: a"), "{shown}");
}

#[test]
fn the_users_own_mirror_stands_in_for_a_dead_origin() {
    let world = World::new();
    let set = published(&world);
    let origin = "https://127.0.0.1:1/owner/repo";
    let run = |what: &str, mirrors: &str| {
        let atom = format!("{origin}::zlib2");
        let quick = "network.retries=0";
        let config = format!("mirrors.\"{origin}.git\"={mirrors}");
        world.run(&[what, &atom, "--config", quick, "--config", &config])
    };
    let mirror = set.repo.url();
    let dead = "https://127.0.0.1:1/other";
    for what in ["versions", "info"] {
        let shown = run(what, &format!("[\"{dead}\", \"{mirror}\"]"));
        assert!(
            shown.starts_with("0\n") && shown.contains("zlib2"),
            "{shown}"
        );
        assert!(shown.contains("eka::remote::dead_origin"), "{shown}");
        assert!(shown.contains("introduces no versions"), "{shown}");
        let shown = run(what, &format!("[\"{dead}\"]"));
        let failed = shown.starts_with("4\nerr: eka::remote::unreachable");
        assert!(failed && shown.contains("owner/repo"), "{shown}");
    }
}

#[test]
fn a_path_begins_in_the_folder_one_works_in() {
    let world = World::new();
    let set = published(&world);
    std::fs::create_dir_all(world.path("sub")).unwrap();
    let home = world.env.home().join("set");
    std::os::unix::fs::symlink(set.repo.path(), home).unwrap();
    for (folder, place) in [("sub", "../../set"), ("..", "./set"), ("sub", "~/set")] {
        for what in ["versions", "info", "verify"] {
            let shown = world.run(&["-C", folder, what, &format!("{place}::zlib2")]);
            // The atoms here are made up: what counts is that they were found.
            assert!(!shown.contains("no_repository"), "{shown}");
            assert!(shown.contains("zlib2"), "{shown}");
        }
    }
}
