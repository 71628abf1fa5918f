//! `eka why`: who asks, and why not a newer one.

use crate::locked::Locked;
use crate::outdated::{publish, world};
use crate::published::{Sets, manifest};
use crate::support::World;

/// Publishes an atom of the set `core` that asks for another of `ui`.
fn publish_dependant(sets: &Sets, id: &str, version: &str, dep: &str) {
    let text = format!(
        "{}[sets]\ns = \"https://sets.test/ui\"\n[deps.s]\n{dep}\n",
        manifest(id, version)
    );
    sets.set("core").publish(id, version, &text);
}

/// Locks what `core` has.
fn lock(world: &World, deps: &str) {
    let text = format!(
        "{}[sets]\ncore = \"https://sets.test/core\"\n[deps.core]\n{deps}\n",
        manifest("app", "1.0.0")
    );
    world.write("atom.toml", &text);
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("0\n"), "{shown}");
}

#[test]
fn who_asks_and_that_it_is_the_newest() {
    let (world, _sets) = world();
    world.check(
        &["why", "zlib"],
        "0
        out: zlib 1.2.0 (core)
        out: asked for by
        out:   atom.toml   ^1
        out:   view 1.0.0  ~1.2
        out: it is the newest version",
    );
}

#[test]
fn why_not_a_newer_one() {
    let (world, sets) = world();
    for version in ["1.2.9", "1.3.0", "2.0.0", "2.1.0-rc.1"] {
        publish(&sets, "zlib", version);
    }
    let before = world.read("atom.lock");
    world.check(
        &["why", "zlib"],
        "0
        out: zlib 1.2.0 (core)
        out: asked for by
        out:   atom.toml   ^1
        out:   view 1.0.0  ~1.2
        out: not 2.0.0, since
        out:   `zlib 2.0.0` is tried, but the manifest requires `zlib ^1`
        out: 1.2.9 can be had: `eka update zlib`",
    );
    let shown = world.run(&["why", "zlib", "--format", "json"]);
    for part in [
        r#"{"schema":"eka.why/1","id":"app","lock":"[WORLD]/work/atom.lock","atoms":[{"id":"zlib","version":"1.2.0","origin":"core","asked_by":[{"by":null,"by_version":null,"requirement":"^1","path":[]},{"by":"view","by_version":"1.0.0","requirement":"~1.2","path":["view@1.0.0"]}],"state":"held","newest":"2.0.0","possible":"1.2.9","command":"eka update zlib","why_not":{"message":"`zlib 2.0.0` is tried, but the manifest requires `zlib ^1`""#,
        r#""help":[],"held_by":[]}}]}"#,
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(world.read("atom.lock"), before);
    // What it says can be had, is had.
    assert!(
        world
            .run(&["update", "zlib"])
            .contains("↑ zlib 1.2.0 → 1.2.9")
    );
    let shown = world.run(&["why", "zlib"]);
    assert!(!shown.contains("can be had"), "{shown}");
}

#[test]
fn a_newer_one_that_nothing_keeps_away() {
    let (world, sets) = world();
    lock(&world, "zlib = \"1\"");
    publish(&sets, "zlib", "1.3.0");
    world.check(
        &["why", "core.zlib"],
        "0
        out: zlib 1.2.0 (core)
        out: asked for by
        out:   atom.toml  ^1
        out: 1.3.0 is newer, and nothing is in its way: `eka update zlib`",
    );
    let shown = world.run(&["why", "zlib", "--format", "json"]);
    let free = r#""state":"free","newest":"1.3.0","possible":"1.3.0","command":"eka update zlib","why_not":null"#;
    assert!(shown.contains(free), "{shown}");
    assert!(
        world
            .run(&["update", "zlib"])
            .contains("↑ zlib 1.2.0 → 1.3.0")
    );
}

#[test]
fn the_shortest_way_from_the_manifest() {
    let (world, sets) = world();
    publish_dependant(&sets, "deep", "1.0.0", "view = \"^1\"");
    publish(&sets, "zlib", "2.0.0");
    lock(&world, "zlib = \">=1\"\ndeep = \"^1\"");
    world.check(
        &["why", "zlib"],
        "0
        out: zlib 1.2.0 (core)
        out: asked for by
        out:   atom.toml   >=1
        out:   view 1.0.0  ~1.2  deep 1.0.0 → view 1.0.0
        out: not 2.0.0, since
        out:   it would stand beside an older one, which is asked for by view 1.0.0 (~1.2)",
    );
    let shown = world.run(&["why", "zlib", "--format", "json"]);
    let held = r#""why_not":{"message":null,"help":[],"held_by":[{"by":"view","by_version":"1.0.0","requirement":"~1.2"}]}"#;
    assert!(shown.contains(held), "{shown}");
    // That the older one moves too makes it no less a second one.
    publish(&sets, "zlib", "1.2.9");
    let shown = world.run(&["why", "zlib"]);
    let told = "out: not 2.0.0, since
out:   it would stand beside an older one, which is asked for by view 1.0.0 (~1.2)
out: 1.2.9 can be had: `eka update zlib`
";
    assert!(shown.ends_with(told), "{shown}");
}

#[test]
fn several_versions_of_one_atom() {
    let (world, sets) = world();
    publish(&sets, "zlib", "2.0.0");
    publish_dependant(&sets, "deep", "1.0.0", "view = \"^1\"");
    lock(&world, "zlib = \"^2\"\ndeep = \"^1\"");
    publish(&sets, "zlib", "2.0.1");
    let one = world.run(&["why", "zlib@1"]);
    let two = world.run(&["why", "zlib@2"]);
    let both = world.run(&["why", "zlib"]);
    assert_eq!(
        one,
        "0
out: zlib 1.2.0 (core)
out: asked for by
out:   view 1.0.0  ~1.2  deep 1.0.0 → view 1.0.0
out: not 2.0.1, since
out:   it would stand beside an older one, which is asked for by view 1.0.0 (~1.2)
"
    );
    assert_eq!(
        two,
        "0
out: zlib 2.0.0 (core)
out: asked for by
out:   atom.toml  ^2
out: 2.0.1 is newer, and nothing is in its way: `eka update zlib`
"
    );
    let joined = format!("{one}out:\n{}", two.trim_start_matches("0\n"));
    assert_eq!(both, joined);
}

#[test]
fn without_an_answer_who_asks_is_told_all_the_same() {
    let (world, sets) = world();
    publish(&sets, "zlib", "1.2.9");
    sets.remove("core");
    let shown = world.run(&["why", "zlib"]);
    assert!(
        shown.starts_with("0\nout: zlib 1.2.0 (core)\nout: asked for by\n"),
        "{shown}"
    );
    assert!(
        shown.contains("out: whether there is a newer version is not known"),
        "{shown}"
    );
    assert!(shown.contains("sets.test/core"), "{shown}");
}

#[test]
fn what_is_not_locked_and_what_lies_in_the_work_tree() {
    let story = Locked::published();
    story.run_in("lib", &["lock", "--all"]).exit(0);
    let ran = story.run_in("lib/libs/zlib", &["why", "util"]);
    let expected = [
        "util 0.1.4 (::libs/util)",
        "asked for by",
        "  atom.toml  >=0.1, <1",
        "it is whatever the work tree holds",
    ];
    assert_eq!(ran.exit(0).out(), expected);
    story
        .run_in("lib/libs/zlib", &["why", "utli"])
        .exit(1)
        .says(&["eka::look::not_locked", "did you mean `util`?"]);
    story
        .run(&["why", "util"])
        .exit(2)
        .says(&["eka::project::no_atom"]);
}
