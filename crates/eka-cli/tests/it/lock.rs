//! `eka lock`: what is asked is answered, and nothing else changes.

use std::fs;

use atom::refname::Part;

use crate::published::{Sets, manifest};
use crate::support::World;

const APP: &str = "[atom]
id = \"app\"
version = \"1.0.0\"

[sets]
core = \"https://sets.test/core\"

[deps.core]
zlib = \"^1\"
";

fn world() -> (World, Sets) {
    let world = World::new();
    let sets = Sets::new(&world);
    let core = sets.set("core");
    core.publish("zlib", "1.2.0", &manifest("zlib", "1.2.0"));
    core.publish("zlib", "1.3.1", &manifest("zlib", "1.3.1"));
    core.publish("zlib", "2.0.0", &manifest("zlib", "2.0.0"));
    world.write("atom.toml", APP);
    (world, sets)
}

/// An atom that depends on another of a set of the test's world.
fn dependant(id: &str, version: &str, set: &str, dep: &str, req: &str) -> String {
    format!(
        "{}[sets]\ns = \"https://sets.test/{set}\"\n[deps.s]\n{dep} = \"{req}\"\n",
        manifest(id, version)
    )
}

#[test]
fn the_newest_that_fits_is_locked_and_kept() {
    let (world, sets) = world();
    world.check(
        &["lock"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (1 atom)
        err:   + zlib 1.3.1",
    );
    let text = world.read("atom.lock");
    assert!(
        text.contains("version = \"1.3.1\"") && text.contains("names = [\n    \"core\",\n]"),
        "{text}"
    );
    sets.set("core")
        .publish("zlib", "1.4.0", &manifest("zlib", "1.4.0"));
    world.check(
        &["lock"],
        "0\nerr: `[WORLD]/work/atom.lock` is up to date (1 atom)",
    );
    assert_eq!(world.read("atom.lock"), text);
    // No remote is asked where the lock answers the manifest.
    fs::remove_dir_all(world.env.path("sets")).unwrap();
    world.check(
        &["lock", "--frozen"],
        "0\nerr: `[WORLD]/work/atom.lock` is up to date (1 atom)",
    );
}

#[test]
fn without_dependencies_there_is_nothing_to_lock() {
    let (world, _sets) = world();
    world.write("atom.toml", &manifest("app", "1.0.0"));
    world.check(&["lock"], "0\nerr: nothing to lock");
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn as_json() {
    let (world, _sets) = world();
    world.check(
        &["lock", "--format", "json"],
        "0
        out: {\"schema\":\"eka.lock/1\",\"locks\":[{\"path\":\"[WORLD]/work/atom.lock\",\"atoms\":1,\"pins\":0,\"written\":true,\"changes\":[\"+ zlib 1.3.1\"],\"duplicates\":[]}]}",
    );
}

#[test]
fn what_depends_on_others_is_followed_over_sets() {
    let (world, sets) = world();
    let ui = sets.set("ui");
    ui.publish(
        "view",
        "1.0.0",
        &dependant("view", "1.0.0", "core", "zlib", "~1.2"),
    );
    world.write(
        "atom.toml",
        &APP.replace(
            "[deps.core]",
            "ui = \"https://sets.test/ui\"\n[deps.ui]\nview = \"^1\"\n[deps.core]",
        ),
    );
    world.check(
        &["lock"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (2 atoms)
        err:   + view 1.0.0
        err:   + zlib 1.2.0",
    );
}

#[test]
fn locked_says_what_would_change_and_changes_nothing() {
    let (world, _sets) = world();
    let expected = |given: &str| {
        format!(
            "3
            err: eka::lock::out_of_date
            err:
            err:   × `[WORLD]/work/atom.lock` is out of date and {given}
            err:   │     + zlib     ^1            (not in the lock)
            err:   help: run `eka lock` and commit `[WORLD]/work/atom.lock`"
        )
    };
    world.check(&["lock", "--locked"], &expected("`--locked` was given"));
    assert!(!world.path("atom.lock").exists());
    for (variable, given) in [
        ("EKA_LOCKED", "`--locked` was given (`EKA_LOCKED=1`)"),
        ("EKA_FROZEN", "`--frozen` was given (`EKA_FROZEN=1`)"),
    ] {
        let output = world.eka(&["lock"]).env(variable, "1").output().unwrap();
        let lines = |it: &str| it.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        let shown = world.show(&output);
        assert_eq!(lines(shown.trim()), lines(&expected(given)), "{shown}");
    }
}

/// As the issue of a changed manifest is told: what is new, and what is asked otherwise.
#[test]
fn locked_says_what_was_asked_and_what_was_locked() {
    let (world, sets) = world();
    let core = sets.set("core");
    core.publish("openssl", "3.0.9", &manifest("openssl", "3.0.9"));
    world.write(
        "atom.toml",
        &APP.replace("zlib = \"^1\"", "openssl = \"^3.0\""),
    );
    assert!(world.run(&["lock"]).starts_with("0\n"));
    let deps = "zlib = \"^1.3\"\nopenssl = \"^3.2\"";
    world.write("atom.toml", &APP.replace("zlib = \"^1\"", deps));
    let output = world
        .eka(&["lock"])
        .env("EKA_LOCKED", "1")
        .output()
        .unwrap();
    let shown = world.show(&output);
    for part in [
        "is out of date and `--locked` was given (`EKA_LOCKED=1`)\n",
        " + zlib     ^1.3          (not in the lock)\n",
        " ~ openssl  ^3.0 → ^3.2   (locked 3.0.9)\n",
        "help: run `eka lock` and commit `[WORLD]/work/atom.lock`\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn unsolvable_points_into_the_manifest() {
    let (world, _sets) = world();
    world.write("atom.toml", &APP.replace("^1", "^7"));
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("1\n"), "{shown}");
    for part in ["zlib", "^7", "2.0.0", "atom.toml:9"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn a_dead_remote_is_no_missing_version() {
    let (world, _sets) = world();
    fs::rename(world.env.path("sets"), world.env.path("away")).unwrap();
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("4\n"), "{shown}");
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn a_dead_origin_with_a_mirror_keeps_what_is_locked() {
    let (world, sets) = world();
    let mirrored = APP.replace(
        "core = \"https://sets.test/core\"",
        "core = [\"https://sets.test/core\", \"https://sets.test/mirror\"]",
    );
    world.write("atom.toml", &mirrored);
    sets.copy("core", "mirror");
    assert!(world.run(&["lock"]).starts_with("0\n"));
    sets.remove("core");
    // Another requirement, which the locked version meets.
    world.write("atom.toml", &mirrored.replace("^1", "^1.2"));
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(shown.contains("warning") || shown.contains('⚠'), "{shown}");
    assert!(
        shown.contains("its mirror `https://sets.test/mirror`"),
        "{shown}"
    );
    assert!(world.read("atom.lock").contains("version = \"1.3.1\""));
    // One that it does not meet: the mirror has 2.0.0, and may not introduce it.
    world.write("atom.toml", &mirrored.replace("^1", "^2"));
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("4\n"), "{shown}");
}

#[test]
fn a_version_that_moved_is_refused() {
    let (world, sets) = world();
    assert!(world.run(&["lock"]).starts_with("0\n"));
    let before = world.read("atom.lock");
    let other = format!("{}# other\n", manifest("zlib", "1.3.1"));
    sets.set("core").publish("zlib", "1.3.1", &other);
    world.write("atom.toml", &APP.replace("^1", "^1.3"));
    let shown = world.run(&["lock"]);
    assert!(
        shown.starts_with("5\n") && shown.contains("has moved"),
        "{shown}"
    );
    assert_eq!(world.read("atom.lock"), before);
}

#[test]
fn a_spec_that_disagrees_with_its_refs_is_refused() {
    let (world, sets) = world();
    let core = sets.set("core");
    core.publish_as("zlib", "1.9.0", &manifest("zlib", "1.9.0"), |spec| {
        spec.atom_commit = spec.src;
    });
    let shown = world.run(&["lock"]);
    assert!(
        shown.starts_with("5\n") && shown.contains("zlib@1.9.0"),
        "{shown}"
    );
    core.publish("zlib", "1.9.0", &manifest("zlib", "1.8.0"));
    let shown = world.run(&["lock"]);
    assert!(
        shown.starts_with("5\n") && shown.contains("zlib@1.9.0"),
        "{shown}"
    );
}

#[test]
fn a_tag_where_a_commit_belongs_is_no_version() {
    let (world, sets) = world();
    let core = sets.set("core");
    core.publish("zlib", "1.9.0", &manifest("zlib", "1.9.0"));
    core.repo
        .git(["tag", "-a", "-m", "t", "t", "refs/atoms/zlib/1.9.0/atom"]);
    let tag = core.repo.rev("refs/tags/t");
    core.set("zlib", "1.9.0", Part::Atom, &tag);
    assert!(world.run(&["lock"]).starts_with("0\n"));
    assert!(world.read("atom.lock").contains("version = \"1.3.1\""));
}

#[test]
fn a_foreign_manifest_cannot_name_local_places() {
    let (world, sets) = world();
    let path = world.env.path("sets/core");
    let hostile = format!(
        "{}[sets]\ns = \"file://{}\"\n[deps.s]\nzlib = \"*\"\n",
        manifest("zlib", "1.9.0"),
        path.display()
    );
    sets.set("core").publish("zlib", "1.9.0", &hostile);
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(
        world.read("atom.lock").contains("version = \"1.3.1\""),
        "the version is left out"
    );
}

#[test]
fn atoms_of_the_work_tree_are_locked_where_they_lie() {
    let (world, _sets) = world();
    let _repo = world.env.repo("work");
    world.write(
        "libs/util/atom.toml",
        &dependant("util", "0.1.0", "core", "zlib", "^1"),
    );
    world.write(
        "atom.toml",
        &format!(
            "{}[sets]\nhere = \"::\"\n[deps.here]\nutil = \"^0.1\"\n",
            manifest("app", "1.0.0")
        ),
    );
    assert!(world.run(&["lock", "--all"]).starts_with("0\n"));
    let text = world.read("atom.lock");
    assert!(
        text.contains("set = \"::\"\npath = \"libs/util\"\ndeps = [\n    \"zlib@1.3.1\",\n]"),
        "{text}"
    );
    assert!(world.read("libs/util/atom.lock").contains("zlib"));
    // A new version of it makes the lock stale.
    world.write(
        "libs/util/atom.toml",
        &dependant("util", "0.1.1", "core", "zlib", "^1"),
    );
    let shown = world.run(&["lock", "--locked"]);
    assert!(
        shown.starts_with("3\n") && shown.contains("0.1.0 → 0.1.1"),
        "{shown}"
    );
}

#[test]
fn each_lock_has_the_mirrors_of_its_own_manifest() {
    let (world, sets) = world();
    let _repo = world.env.repo("work");
    sets.copy("core", "mirror");
    let mirrored = "core = [\"https://sets.test/core\", \"https://sets.test/mirror\"]";
    let one = APP.replace("core = \"https://sets.test/core\"", mirrored);
    world.write("one/atom.toml", &one.replace("\"app\"", "\"one\""));
    assert!(world.run(&["lock", "--all"]).starts_with("0\n"));
    assert!(world.read("one/atom.lock").contains("mirrors"));
    assert!(!world.read("atom.lock").contains("mirrors"));
    assert!(world.run(&["lock", "--all", "--locked"]).starts_with("0\n"));
}

#[test]
fn what_git_passes_by_holds_no_atom() {
    let (world, _sets) = world();
    let _repo = world.env.repo("work");
    let _inner = world.env.repo("work/vendored");
    let asks = format!(
        "{}[sets]\nhere = \"::\"\n[deps.here]\nutil = \"*\"\n",
        manifest("app", "1.0.0")
    );
    world.write("atom.toml", &asks);
    world.write(".gitignore", "/target\n");
    world.write("target/atom.toml", &manifest("util", "0.1.0"));
    world.write("vendored/atom.toml", &manifest("util", "0.2.0"));
    let out = world.env.path("outside");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("atom.toml"), manifest("util", "0.3.0")).unwrap();
    std::os::unix::fs::symlink(&out, world.path("link")).unwrap();
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("1\nerr: eka::lock::no_local"), "{shown}");
    world.write("libs/atom.toml", &manifest("util", "0.4.0"));
    assert!(world.run(&["lock"]).starts_with("0\n"));
    assert!(world.read("atom.lock").contains("path = \"libs\""));
}

#[test]
fn two_atoms_of_one_id_are_named() {
    let (world, _sets) = world();
    let _repo = world.env.repo("work");
    world.write("a/atom.toml", &manifest("util", "0.1.0"));
    world.write("b/atom.toml", &manifest("util", "0.1.0"));
    world.write(
        "atom.toml",
        &format!(
            "{}[sets]\nhere = \"::\"\n[deps.here]\nutil = \"^0.1\"\n",
            manifest("app", "1.0.0")
        ),
    );
    let shown = world.run(&["lock"]);
    assert!(
        shown.starts_with("1\n") && shown.contains("`a` and `b` both hold an atom `util`"),
        "{shown}"
    );
}

#[test]
fn a_lock_of_a_newer_version_is_refused_and_stays() {
    let (world, _sets) = world();
    world.write("atom.lock", "version = 2\n");
    let shown = world.run(&["lock"]);
    assert!(shown.starts_with("2\n"), "{shown}");
    assert_eq!(world.read("atom.lock"), "version = 2\n");
}

#[test]
fn offline_uses_what_was_seen() {
    let (world, sets) = world();
    let shown = world.run(&["lock", "--offline"]);
    assert!(shown.starts_with("4\n"), "{shown}");
    assert!(world.run(&["lock"]).starts_with("0\n"));
    let text = world.read("atom.lock");
    fs::remove_file(world.path("atom.lock")).unwrap();
    sets.remove("core");
    let shown = world.run(&["lock", "--offline"]);
    assert!(
        shown.starts_with("0\n") && shown.contains("was last listed"),
        "{shown}"
    );
    assert_eq!(world.read("atom.lock"), text);
}
