//! `eka outdated`: what is newer than the lock, and what holds it back.

use std::fs;

use atom::refname::Part;

use crate::published::{Sets, manifest};
use crate::support::World;

const APP: &str = "[atom]
id = \"app\"
version = \"1.0.0\"

[sets]
core = \"https://sets.test/core\"
ui = \"https://sets.test/ui\"

[deps.core]
zlib = \"^1\"

[deps.ui]
view = \"^1\"
";

/// `view@1.0.0` of another set asks for `zlib ~1.2`, and the manifest for `^1`: 1.2.0 is locked.
pub(crate) fn world() -> (World, Sets) {
    let world = World::new();
    let sets = Sets::new(&world);
    publish(&sets, "zlib", "1.2.0");
    let view = "[sets]\ns = \"https://sets.test/core\"\n[deps.s]\nzlib = \"~1.2\"\n";
    let view = format!("{}{view}", manifest("view", "1.0.0"));
    sets.set("ui").publish("view", "1.0.0", &view);
    world.write("atom.toml", APP);
    assert!(world.run(&["lock"]).starts_with("0\n"));
    (world, sets)
}

pub(crate) fn publish(sets: &Sets, id: &str, version: &str) {
    sets.set("core")
        .publish(id, version, &manifest(id, version));
}

#[test]
fn the_newest_that_all_allow_and_who_does_not_allow_the_newest() {
    let (world, sets) = world();
    world.check(&["outdated"], "0\nerr: everything is as new as it can be");
    for version in ["1.2.9", "1.3.0", "2.0.0", "2.1.0-rc.1"] {
        publish(&sets, "zlib", version);
    }
    world.check(
        &["outdated"],
        "0
        out: atom  locked  compatible  newest  held back by
        out: zlib  1.2.0   1.2.9       2.0.0   atom.toml (^1), view 1.0.0 (~1.2)
        err: `eka update` moves to what is compatible",
    );
    let shown = world.run(&["outdated", "--exit-code", "-q"]);
    assert!(shown.starts_with("1\nout: atom"), "{shown}");
    world.check(
        &["outdated", "--format", "json"],
        r#"0
        out: {"schema":"eka.outdated/1","locks":[{"id":"app","lock":"[WORLD]/work/atom.lock","n_atoms":2,"outdated":[{"id":"zlib","origin":"core","locked":"1.2.0","compatible":"1.2.9","newest":"2.0.0","yanked":false,"deprecated":false,"held_by":[{"by":null,"by_version":null,"requirement":"^1"},{"by":"view","by_version":"1.0.0","requirement":"~1.2"}]}]}]}"#,
    );
}

#[test]
fn yanked_versions_are_none_to_take_and_are_told_where_they_are_locked() {
    let (world, sets) = world();
    publish(&sets, "zlib", "1.2.9");
    let core = sets.set("core");
    let head = core.repo.rev("HEAD");
    core.set("zlib", "1.2.9", Part::Yank, &head);
    world.check(&["outdated"], "0\nerr: everything is as new as it can be");
    core.set("zlib", "1.2.0", Part::Yank, &head);
    core.set("zlib", "1.2.0", Part::Deprecate, &head);
    world.check(
        &["outdated"],
        "0
        out: atom  locked                   compatible  newest  held back by
        out: zlib  1.2.0 yanked deprecated  1.2.0       1.2.0",
    );
    publish(&sets, "zlib", "1.2.10");
    let shown = world.run(&["outdated"]);
    assert!(
        shown.contains("1.2.0 yanked deprecated  1.2.10      1.2.10"),
        "{shown}"
    );
}

#[test]
fn what_asks_is_brought_where_it_is_not_here() {
    let (world, sets) = world();
    publish(&sets, "zlib", "1.3.0");
    fs::remove_dir_all(world.env.home().join(".cache/eka")).unwrap();
    let row = "out: zlib  1.2.0   1.2.0       1.3.0   view 1.0.0 (~1.2)";
    let shown = world.run(&["outdated"]);
    assert!(shown.contains(row), "{shown}");
    // What was seen serves without the network.
    let shown = world.run(&["outdated", "--offline"]);
    assert!(shown.starts_with("0\n") && shown.contains(row), "{shown}");
}

#[test]
fn a_dead_origin_is_told_and_is_not_up_to_date() {
    let (world, sets) = world();
    publish(&sets, "zlib", "1.3.0");
    sets.remove("ui");
    let shown = world.run(&["outdated"]);
    assert!(shown.starts_with("6\n"), "{shown}");
    assert!(
        shown.contains('⚠') && shown.contains("sets.test/ui"),
        "{shown}"
    );
    assert!(
        shown.contains("zlib  1.2.0   1.2.0       1.3.0   view 1.0.0 (~1.2)"),
        "{shown}"
    );
    sets.remove("core");
    let shown = world.run(&["outdated"]);
    assert!(
        shown.starts_with("4\n") && !shown.contains("out:"),
        "{shown}"
    );
}

#[test]
fn another_set_at_an_origin_is_not_taken_for_it() {
    let (world, sets) = world();
    sets.remove("core");
    publish(&sets, "zlib", "1.9.0");
    let other = sets.set("core").repo;
    other.write("other", "x");
    let commit = other.commit("another root");
    other.git(["update-ref", "refs/eka/root", &commit]);
    let shown = world.run(&["outdated"]);
    assert!(
        shown.starts_with("6\n") && !shown.contains("1.9.0"),
        "{shown}"
    );
    assert!(shown.contains("eka::look::other_set"), "{shown}");
}

#[test]
fn every_lock_of_a_repository() {
    let (world, sets) = world();
    let _repo = world.env.repo("work");
    world.write("libs/b/atom.toml", &APP.replace("\"app\"", "\"b\""));
    assert!(world.run(&["lock", "--all"]).starts_with("0\n"));
    publish(&sets, "zlib", "1.2.1");
    world.check(
        &["outdated", "--all"],
        "0
        out: app:
        out: atom  locked  compatible  newest  held back by
        out: zlib  1.2.0   1.2.1       1.2.1
        out:
        out: b:
        out: atom  locked  compatible  newest  held back by
        out: zlib  1.2.0   1.2.1       1.2.1
        err: `eka update` moves to what is compatible",
    );
}
