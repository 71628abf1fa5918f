//! `eka info`: of the newest version that can be read, whatever a stranger wrote.

use atom::ObjectId;
use atom::refname::Part;
use testkit::http::GitHttp;

use crate::published::{Published, manifest};
use crate::support::World;

const RICH: &str = r#"
[atom]
id = "hello"
version = "1.2.0"
description = "Says hello."
license = "MIT OR Apache-2.0"
homepage = "https://example.org/hello"
tags = ["cli", "demo"]
unknown = "ignored"

[sets]
core = "https://github.com/owner/repo"
here = "::"

[deps.core]
zlib = "^1.3"

[deps.here]
util = "^0.1"

[pins.nixpkgs]
git = "https://github.com/NixOS/nixpkgs"
"#;

#[test]
fn of_the_newest_that_matches() {
    let world = World::new();
    let set = Published::new(&world, "set");
    set.publish("hello", "1.0.0", &manifest("hello", "1.0.0"));
    let spec = set.publish("hello", "1.2.0", RICH);
    set.publish("hello", "1.3.0", &manifest("hello", "1.3.0"));
    set.set("hello", "1.3.0", Part::Yank, &set.repo.rev("HEAD"));
    set.publish("hello", "2.0.0-rc.1", &manifest("hello", "2.0.0-rc.1"));
    let (head, root) = (set.repo.rev("HEAD"), set.root);
    let rev = set.repo.rev("refs/atoms/hello/1.2.0/atom");
    let url = set.repo.url();
    let shown = world.run(&["info", &format!("{url}::hello")]);
    let shown = shown.replace(&spec, "SPEC").replace(&rev, "REV");
    let shown = shown
        .replace(&head, "HEAD")
        .replace(&root.to_string(), "ROOT");
    let line = shown
        .lines()
        .find(|it| it.starts_with("out: digest: "))
        .unwrap()
        .to_owned();
    let shown = shown.replace(&line, "out: digest: DIGEST");
    let expected = "0
out: id: hello
out: version: 1.2.0
out: description: Says hello.
out: license: MIT OR Apache-2.0
out: homepage: https://example.org/hello
out: tags: cli, demo
out: repository: file://[WORLD]/set
out: root: HEAD
out: digest: DIGEST
out: rev: REV
out: spec: SPEC
out: src: HEAD
out: path: libs/it
out: nar: sha256-BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=
";
    assert!(shown.starts_with(expected), "{shown}");
    let rest = &shown[expected.len()..];
    assert!(rest.starts_with("out: store path: /nix/store/"), "{rest}");
    assert!(
        rest.ends_with(
            "-source
out: depends on: https://github.com/owner/repo::zlib@^1.3
out: depends on: ::util@^0.1
out: pin: nixpkgs
out: versions: 2.0.0-rc.1, 1.3.0, 1.2.0, 1.0.0
"
        ),
        "{rest}"
    );
    let shown = world.run(&["info", &format!("{url}::hello@=1.3.0")]);
    assert!(shown.contains("out: version: 1.3.0 yanked\n"), "{shown}");
}

#[test]
fn over_http_as_json_then_offline() {
    let world = World::new();
    let set = Published::new(&world, "set");
    set.publish("hello", "1.2.0", RICH);
    set.repo
        .git(["clone", "--quiet", "--mirror", ".", "../www/set.git"]);
    let server = GitHttp::start(&world.env.path("www"));
    let uri = format!("{}/set.git::hello@^1", server.url());
    let online = world.run(&["info", &uri, "--format", "json"]);
    assert!(online.starts_with(r#"0
out: {"schema":"eka.info/1","id":"hello","version":"1.2.0","description":"Says hello.","license":"MIT OR Apache-2.0","homepage":"https://example.org/hello","tags":["cli","demo"]"#), "{online}");
    assert!(online.contains(r#""dependencies":[{"set":"core","origin":"https://github.com/owner/repo","id":"zlib","requirement":"^1.3"},{"set":"here","origin":null,"id":"util","requirement":"^0.1"}],"pins":["nixpkgs"]"#), "{online}");
    drop(server);
    let offline = world.run(&["info", &uri, "--format", "json", "--offline"]);
    assert_eq!(offline, online);
}

#[test]
fn claims_that_contradict_each_other_are_5() {
    let world = World::new();
    let set = Published::new(&world, "set");
    let other: ObjectId = "1111111111111111111111111111111111111111".parse().unwrap();
    set.publish_as("a", "1.0.0", &manifest("b", "1.0.0"), |_| {});
    set.publish_as("c", "1.0.0", &manifest("c", "1.0.1"), |_| {});
    set.publish_as("d", "1.0.0", &manifest("d", "1.0.0"), |it| it.src = other);
    set.publish_as("e", "1.0.0", &manifest("e", "1.0.0"), |it| {
        it.atom_commit = other;
    });
    set.publish_as("f", "1.0.0", &manifest("f", "1.0.0"), |it| {
        it.atom.root = atom::Root(other);
    });
    for id in ["a", "c", "d", "e", "f"] {
        let shown = world.run(&["info", &format!("{}::{id}", set.repo.url())]);
        assert!(
            shown.starts_with("5\nerr: eka::spec::disagrees\n"),
            "{id}: {shown}"
        );
    }
}

#[test]
fn what_cannot_be_read_gives_way_to_what_can() {
    let world = World::new();
    let set = Published::new(&world, "set");
    set.publish("a", "1.0.0", &manifest("a", "1.0.0"));
    set.publish("a", "1.1.0", "[atom]\nid = 5\n");
    let uri = format!("{}::a", set.repo.url());
    let shown = world.run(&["info", &uri]);
    assert!(
        shown.starts_with("0\nout: id: a\nout: version: 1.0.0\n"),
        "{shown}"
    );
    assert!(shown.contains("err: eka::info::unreadable\n"), "{shown}");
    let shown = world.run(&["info", &format!("{uri}@=1.1.0")]);
    assert!(
        shown.starts_with("1\nerr: eka::spec::manifest\n"),
        "{shown}"
    );
}

#[test]
fn of_an_atom_alone() {
    let world = World::new();
    let shown = world.run(&["info", "gh:owner/repo"]);
    assert!(
        shown.starts_with("2\nerr: eka::info::not_an_atom\n"),
        "{shown}"
    );
}

#[test]
fn what_a_stranger_wrote_reaches_no_terminal_as_it_is() {
    let world = World::new();
    let set = Published::new(&world, "set");
    let evil = r#"[atom]
id = "a"
version = "1.0.0"
description = "red \u001b[31m, back \u202e, hidden \u200b, two\nlines"
tags = ["\u009b2J"]
"#;
    set.publish("a", "1.0.0", evil);
    set.publish("b", "1.0.0", "[atom]\nid = \"\u{202e}\u{1b}[2J\n");
    for args in [
        &["info", "::a"][..],
        &["info", "::a", "--format", "json"],
        &["info", "::b"],
        &["info", "::b", "--format", "json"],
        &["info", "::b", "--color", "never"],
    ] {
        let uri = format!("{}{}", set.repo.url(), args[1]);
        let shown = world.run(&[&["info", &uri], &args[2..]].concat());
        let bad = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}'];
        assert!(!shown.contains(bad), "{args:?}\n{shown:?}");
    }
}
