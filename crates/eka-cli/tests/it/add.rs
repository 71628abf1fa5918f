//! `eka add` and `eka remove`: both files, or neither.

use std::fs;

use testkit::http::{GitHttp, Serving};

use crate::published::{Sets, manifest};
use crate::support::World;

const APP: &str = "# mine\n[atom]\nid = \"app\"   # short\nversion = \"1.0.0\"\n";

fn world() -> (World, Sets) {
    let world = World::new();
    let sets = Sets::new(&world);
    let core = sets.set("core");
    for version in ["1.2.0", "1.3.1", "2.0.0-rc.1"] {
        core.publish("zlib", version, &manifest("zlib", version));
    }
    core.publish("λ", "0.1.0", &manifest("λ", "0.1.0"));
    world.write("atom.toml", APP);
    (world, sets)
}

#[test]
fn a_dependency_is_declared_and_locked() {
    let (world, _sets) = world();
    world.check(
        &[
            "add",
            "https://sets.test/core::zlib@^1",
            "https://sets.test/core::λ",
        ],
        "0
        err: added `zlib = \"^1\"` in [deps.core]
        err: added `λ = \"^0.1.0\"` in [deps.core]
        err: wrote `[WORLD]/work/atom.lock` (2 atoms)
        err:   + zlib 1.3.1
        err:   + λ 0.1.0",
    );
    let text = world.read("atom.toml");
    assert!(text.starts_with(APP), "{text}");
    assert!(text.contains("core = \"https://sets.test/core\""), "{text}");
    world.check(
        &["remove", "zlib", "λ"],
        "0
        err: removed `zlib = \"^1\"` in [deps.core]
        err: removed `λ = \"^0.1.0\"` in [deps.core]
        err: removed `[WORLD]/work/atom.lock`: there is nothing to lock
        err:   - zlib 1.3.1
        err:   - λ 0.1.0",
    );
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn as_json() {
    let (world, _sets) = world();
    world.check(
        &["add", "--format", "json", "https://sets.test/core::zlib@~1.2", "--set", "c"],
        "0
        out: {\"schema\":\"eka.add/1\",\"manifest\":\"[WORLD]/work/atom.toml\",\"deps\":[{\"set\":\"c\",\"id\":\"zlib\",\"req\":\"~1.2\"}],\"pins\":[],\"lock\":{\"path\":\"[WORLD]/work/atom.lock\",\"atoms\":1,\"pins\":0,\"written\":true,\"changes\":[\"+ zlib 1.2.0\"],\"duplicates\":[]}}",
    );
}

/// Runs a command that must fail, and sees that nothing was written.
#[track_caller]
fn refused(args: &[&str], code: &str, message: &str) {
    let (world, _sets) = world();
    let shown = world.run(args);
    assert!(shown.starts_with(code), "{shown}");
    assert!(shown.contains(message), "{shown}");
    assert_eq!(world.read("atom.toml"), APP);
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn what_cannot_be_added_changes_nothing() {
    refused(
        &["add", "https://sets.test/core::zlip"],
        "1\n",
        "has no atom `zlip`",
    );
    refused(&["add", "https://sets.test/core::zlib@^9"], "1\n", "^9");
    refused(
        &["add", "https://sets.test/none::zlib"],
        "4\n",
        "sets.test/none",
    );
    refused(&["add", "https://sets.test/core"], "2\n", "names no atom");
    refused(&["add", "nope:owner/repo::zlib"], "2\n", "unknown alias");
    refused(&["add", "host:8080/x::zlib"], "2\n", "host:8080/x");
    refused(
        &["add", "::helper"],
        "1\n",
        "the work tree has no atom `helper`",
    );
    refused(
        &["add", "https://sets.test/core::λ-calc@1"],
        "2\n",
        "λ-calc",
    );
    refused(&["remove", "zlib"], "1\n", "no dependency `zlib`");
    refused(
        &["add", "--locked", "https://sets.test/core::zlib@^1"],
        "3\n",
        "--locked",
    );
}

#[test]
fn a_local_atom_of_the_same_id_does_not_stand_in() {
    let (world, _sets) = world();
    let _repo = world.env.repo("work");
    world.write("libs/zlib/atom.toml", &manifest("zlib", "9.0.0"));
    let shown = world.run(&["add", "https://sets.test/core::zlib@^9"]);
    assert!(shown.starts_with("1\n"), "{shown}");
    assert_eq!(world.read("atom.toml"), APP);
}

#[test]
fn a_full_or_read_only_folder_changes_nothing() {
    let (world, _sets) = world();
    fs::create_dir(world.path("atom.lock")).unwrap();
    let shown = world.run(&["add", "https://sets.test/core::zlib@^1"]);
    assert!(
        shown.starts_with("2\n") || shown.starts_with("1\n"),
        "{shown}"
    );
    assert_eq!(world.read("atom.toml"), APP);
}

#[test]
fn aliases_are_expanded_at_add() {
    let (world, _sets) = world();
    let args = [
        "add",
        "--config",
        "aliases.my=\"https://sets.test\"",
        "my:core::zlib@^1",
    ];
    let shown = world.run(&args);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(
        world
            .read("atom.toml")
            .contains("core = \"https://sets.test/core\"")
    );
    assert!(!world.read("atom.lock").contains("my:"));
}

#[test]
fn credentials_reach_neither_file() {
    let (world, _sets) = world();
    world
        .env
        .git_config("[url \"file:///\"]\n\tinsteadOf = https://unused.test/\n");
    let sets = Sets::new(&world);
    let _core = sets.set("core");
    let shown = world.run(&["add", "https://me:secret@sets.test/core::zlib@^1"]);
    for text in [shown, world.read("atom.toml")] {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn a_set_that_only_the_urls_credentials_open_is_told_as_such() {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    core.publish("zlib", "1.0.0", &manifest("zlib", "1.0.0"));
    let serving = Serving {
        login: Some(("ada".to_owned(), "s3cret".to_owned())),
        ..Serving::default()
    };
    let server = GitHttp::start_with(&world.env.path("sets"), &serving);
    let place = format!("{}/core/.git", server.url());
    let opened = place.replace("://", "://ada:s3cret@");
    let before = manifest("it", "1.0.0");
    world.write("atom.toml", &before);
    for atom in ["zlib", "zlib@^1"] {
        let shown = world.run(&["add", &format!("{opened}::{atom}")]);
        assert!(
            shown.starts_with("4\nerr: eka::add::credentials"),
            "{shown}"
        );
        assert!(shown.contains("credential helper or `~/.netrc`"), "{shown}");
        assert_eq!(world.read("atom.toml"), before);
    }
    // What does not open it is no matter of the manifest.
    let wrong = place.replace("://", "://ada:wrong@");
    let shown = world.run(&["add", &format!("{wrong}::zlib@^1")]);
    assert!(
        shown.starts_with("4\nerr: eka::remote::unauthenticated"),
        "{shown}"
    );
    // Git's own means serve the bare URL, and the other as well.
    let netrc = "machine 127.0.0.1 login ada password s3cret\n";
    fs::write(world.env.home().join(".netrc"), netrc).unwrap();
    let shown = world.run(&["add", &format!("{opened}::zlib@^1")]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(
        world.read("atom.toml").contains(&format!("\"{place}\"")),
        "{shown}"
    );
}
