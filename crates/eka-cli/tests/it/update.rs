//! `eka update`: what was asked moves, and nothing else that need not.

use crate::published::{Published, Sets, manifest};
use crate::support::World;

const HEAD: &str = "[atom]
id = \"app\"
version = \"1.0.0\"

[sets]
core = \"https://sets.test/core\"

[deps.core]
";

/// A manifest that depends on atoms of its own set.
fn needs(id: &str, version: &str, deps: &str) -> String {
    format!(
        "{}[sets]\nhere = \"::\"\n[deps.here]\n{deps}\n",
        manifest(id, version)
    )
}

/// `a` and `b` need `util`, `c` stands alone; of each there came a newer version since the lock.
fn world() -> (World, Published) {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    core.publish("a", "1.0.0", &needs("a", "1.0.0", "util = \"^1\""));
    core.publish("b", "1.0.0", &needs("b", "1.0.0", "util = \"^1\""));
    core.publish("c", "1.0.0", &manifest("c", "1.0.0"));
    core.publish("util", "1.0.0", &manifest("util", "1.0.0"));
    world.write(
        "atom.toml",
        &format!("{HEAD}a = \"^1\"\nb = \"^1\"\nc = \"^1\"\n"),
    );
    assert!(world.run(&["lock"]).starts_with("0\n"));
    core.publish("a", "1.1.0", &needs("a", "1.1.0", "util = \"^1.1\""));
    core.publish("b", "1.1.0", &needs("b", "1.1.0", "util = \"^1\""));
    core.publish("c", "1.1.0", &manifest("c", "1.1.0"));
    core.publish("c", "2.0.0", &manifest("c", "2.0.0"));
    core.publish("util", "1.1.0", &manifest("util", "1.1.0"));
    core.publish("util", "1.2.0", &manifest("util", "1.2.0"));
    (world, core)
}

#[test]
fn without_ids_everything_moves() {
    let (world, _core) = world();
    let before = world.read("atom.lock");
    world.check(
        &["update", "--dry-run"],
        "0
        err: would change `[WORLD]/work/atom.lock`
        err:   ↑ a 1.0.0 → 1.1.0
        err:   ↑ b 1.0.0 → 1.1.0
        err:   ↑ c 1.0.0 → 1.1.0
        err:   ↑ util 1.0.0 → 1.2.0",
    );
    assert_eq!(world.read("atom.lock"), before);
    world.check(
        &["update"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   ↑ a 1.0.0 → 1.1.0
        err:   ↑ b 1.0.0 → 1.1.0
        err:   ↑ c 1.0.0 → 1.1.0
        err:   ↑ util 1.0.0 → 1.2.0",
    );
    world.check(
        &["update"],
        "0\nerr: `[WORLD]/work/atom.lock` is up to date (4 atoms)",
    );
    let shown = world.run(&["lock", "--check"]);
    assert!(shown.starts_with("0\n"), "{shown}");
}

#[test]
fn with_ids_only_these_and_what_must() {
    let (world, _core) = world();
    world.check(
        &["update", "b"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   ↑ b 1.0.0 → 1.1.0",
    );
    // `a` cannot move alone.
    let shown = world.run(&["update", "a"]);
    assert!(shown.contains("↑ a 1.0.0 → 1.1.0"), "{shown}");
    assert!(shown.contains("↑ util 1.0.0 →"), "{shown}");
    assert!(!shown.contains(" c "), "{shown}");
}

#[test]
fn several_at_once_and_what_they_need() {
    let (world, _core) = world();
    world.check(
        &["update", "b", "c", "--recursive"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   ↑ b 1.0.0 → 1.1.0
        err:   ↑ c 1.0.0 → 1.1.0
        err:   ↑ util 1.0.0 → 1.2.0",
    );
}

#[test]
fn to_one_version() {
    let (world, _core) = world();
    world.check(
        &["update", "util", "--to", "1.1.0"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   ↑ util 1.0.0 → 1.1.0",
    );
    world.check(
        &["update", "core.util", "--to", "1.0.0"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   ↓ util 1.1.0 → 1.0.0",
    );
    let before = world.read("atom.lock");
    // There is none, and none that the manifest allows.
    let shown = world.run(&["update", "util", "--to", "1.5.0"]);
    assert!(
        shown.starts_with("1\n") && shown.contains("1.2.0"),
        "{shown}"
    );
    let shown = world.run(&["update", "c", "--to", "2.0.0"]);
    assert!(shown.starts_with("1\n"), "{shown}");
    for part in ["`c ^1`", "`c 2.0.0` is tried", "atom.toml:11"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(
        !shown.contains("duplicates"),
        "that would not help: {shown}"
    );
    assert_eq!(world.read("atom.lock"), before);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (world, _core) = world();
    let refused = |args: &[&str], code: &str, part: &str| {
        let before = world.read("atom.lock");
        let shown = world.run(&[&["update"], args].concat());
        assert!(shown.starts_with(code) && shown.contains(part), "{shown}");
        assert_eq!(world.read("atom.lock"), before);
    };
    refused(
        &["utill"],
        "1\nerr: eka::update::not_locked\n",
        "`util` is near",
    );
    refused(
        &["--to", "1.0.0"],
        "2\n",
        "`--to` moves one atom, and 0 are named",
    );
    refused(&["a", "b", "--to", "1.0.0"], "2\n", "and 2 are named");
    refused(&["a", "--to", "^1"], "2\n", "`^1` is no version");
    refused(&["--locked"], "2\n", "`--locked` forbids it");
    refused(&["--frozen"], "2\n", "`--frozen` forbids it");
    let output = world.eka(&["update"]).env("EKA_LOCKED", "1").output();
    let shown = world.show(&output.unwrap());
    assert!(shown.contains("`EKA_LOCKED` forbids it"), "{shown}");
    let shown = world.run(&["update", "--dry-run", "--locked"]);
    assert!(
        shown.starts_with("0\n") && shown.contains("would change"),
        "{shown}"
    );
}

#[test]
fn two_atoms_of_one_id_are_told_apart() {
    let (world, _core) = world();
    let other = Sets::new(&world).set("other");
    other.publish("util", "1.0.0", &manifest("util", "1.0.0"));
    let shown = world.run(&["add", "https://sets.test/other::util@^1"]);
    assert!(shown.starts_with("0\n"), "{shown}");
    let shown = world.run(&["update", "util"]);
    assert!(
        shown.starts_with("1\nerr: eka::update::ambiguous\n")
            && shown.contains("name one of `core.util`, `other.util`")
            || shown.contains("name one of `other.util`, `core.util`"),
        "{shown}"
    );
    let shown = world.run(&["update", "core.util"]);
    assert!(shown.contains("↑ util 1.0.0 → 1.2.0"), "{shown}");
}

#[test]
fn an_atom_of_the_work_tree_moves_by_its_manifest() {
    let (world, _core) = world();
    let _repo = world.env.repo("work");
    world.write("libs/helper/atom.toml", &manifest("helper", "0.1.0"));
    assert!(world.run(&["add", "::helper"]).starts_with("0\n"));
    let shown = world.run(&["update", "helper"]);
    assert!(shown.starts_with("1\nerr: eka::update::local\n"), "{shown}");
    let shown = world.run(&["update", "--all", "b"]);
    assert!(shown.contains("↑ b 1.0.0 → 1.1.0"), "{shown}");
}

#[test]
fn the_oldest_that_fit() {
    let (world, _core) = world();
    assert!(world.run(&["update"]).starts_with("0\n"));
    world.check(
        &["update", "--minimal-versions"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   ↓ a 1.1.0 → 1.0.0
        err:   ↓ b 1.1.0 → 1.0.0
        err:   ↓ c 1.1.0 → 1.0.0
        err:   ↓ util 1.2.0 → 1.0.0",
    );
    let shown = world.run(&["update", "--direct-minimal"]);
    assert!(shown.contains("↑ util 1.0.0 → 1.2.0"), "{shown}");
    assert!(!shown.contains(" a "), "{shown}");
    std::fs::remove_file(world.path("atom.lock")).unwrap();
    let shown = world.run(&["lock", "--minimal-versions"]);
    assert!(shown.contains("+ util 1.0.0"), "{shown}");
}

#[test]
fn as_json() {
    let (world, _core) = world();
    world.check(
        &["update", "b", "--dry-run", "--format", "json"],
        "0
        out: {\"schema\":\"eka.update/1\",\"dry_run\":true,\"locks\":[{\"path\":\"[WORLD]/work/atom.lock\",\"atoms\":4,\"pins\":0,\"written\":false,\"changes\":[\"↑ b 1.0.0 → 1.1.0\"],\"duplicates\":[]}],\"diffs\":null}",
    );
}

#[test]
fn adding_one_dependency_leaves_the_others_alone() {
    let (world, core) = world();
    core.publish("d", "1.0.0", &manifest("d", "1.0.0"));
    world.check(
        &["add", "https://sets.test/core::d@^1"],
        "0
        err: added `d = \"^1\"` in [deps.core]
        err: wrote `[WORLD]/work/atom.lock` (5 atoms)
        err:   + d 1.0.0",
    );
}

#[test]
fn what_must_move_moves_alone() {
    // `d` needs a newer `util`. With it there could come newer versions of all that need `util`,
    // and a solve that only prefers the lock takes some of them.
    let (world, core) = world();
    core.publish("d", "1.0.0", &needs("d", "1.0.0", "util = \"^1.1\""));
    let shown = world.run(&["add", "https://sets.test/core::d@^1"]);
    assert!(shown.contains("+ d 1.0.0"), "{shown}");
    assert!(shown.contains("↑ util 1.0.0 →"), "{shown}");
    for id in ["a", "b", "c"] {
        assert!(!shown.contains(&format!("↑ {id} ")), "{shown}");
    }
}
