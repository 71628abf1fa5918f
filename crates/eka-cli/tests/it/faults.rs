//! Adding and locking where something goes wrong: all is as before, or complete.

use std::fs;
use std::path::Path;
use std::time::Duration;

use testkit::kill::{Victim, campaign, kill_when};

use crate::published::{Sets, manifest};
use crate::support::World;

const APP: &str = "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n";
const URI: &str = "https://sets.test/core::zlib@^1";

fn world() -> (World, Sets) {
    let world = World::new();
    let sets = Sets::new(&world);
    let core = sets.set("core");
    core.publish("zlib", "1.0.0", &manifest("zlib", "1.0.0"));
    world.write("atom.toml", APP);
    (world, sets)
}

/// Whether anything but manifest and lock lies in the folder, and what.
fn strangers(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name());
    let names = names.map(|it| it.to_string_lossy().into_owned());
    names
        .filter(|it| it != "atom.toml" && it != "atom.lock")
        .collect()
}

#[test]
fn whoever_is_killed_while_adding_leaves_both_files_or_neither() {
    let (world, _sets) = world();
    let folder = world.dir();
    assert!(world.run(&["add", URI]).starts_with("0\n"));
    let (toml, lock) = (world.read("atom.toml"), world.read("atom.lock"));
    let tally = campaign(20, 400, |number| {
        let _gone = fs::remove_file(world.path("atom.lock"));
        world.write("atom.toml", APP);
        let delay = Duration::from_micros(u64::from(number % 16) * 400);
        let mut command = world.eka(&["add", URI]);
        let ended = kill_when(&mut command, Victim::Group, delay, || {
            !strangers(&folder).is_empty()
        });
        // The next command of any kind finishes what was decided, and sweeps what was not.
        let shown = world.run(&["lock", "--locked"]);
        let manifest = world.read("atom.toml");
        if manifest == APP {
            assert!(!world.path("atom.lock").exists(), "{shown}");
        } else {
            assert_eq!(
                (manifest, world.read("atom.lock")),
                (toml.clone(), lock.clone()),
                "{shown}"
            );
        }
        assert!(shown.starts_with("0\n"), "{shown}");
        assert!(world.run(&["add", URI]).starts_with("0\n"));
        assert_eq!(world.read("atom.lock"), lock);
        assert_eq!(strangers(&folder), Vec::<String>::new());
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}

#[test]
fn whoever_is_killed_while_asking_leaves_a_cache_that_works() {
    let (world, _sets) = world();
    world.write(
        "atom.toml",
        &format!("{APP}[sets]\ncore = \"https://sets.test/core\"\n[deps.core]\nzlib = \"^1\"\n"),
    );
    assert!(world.run(&["lock"]).starts_with("0\n"));
    let lock = world.read("atom.lock");
    let cache = world.env.home().join(".cache/eka");
    let tally = campaign(20, 400, |number| {
        fs::remove_file(world.path("atom.lock")).unwrap();
        fs::remove_dir_all(&cache).unwrap();
        let delay = Duration::from_micros(u64::from(number % 16) * 800);
        let mut command = world.eka(&["lock"]);
        let ended = kill_when(&mut command, Victim::Group, delay, || cache.exists());
        assert!(world.run(&["lock"]).starts_with("0\n"));
        assert_eq!(world.read("atom.lock"), lock);
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let (world, _sets) = world();
    // The lock and its manifest grow beyond the limit; the cache is full already.
    assert!(world.run(&["add", URI]).starts_with("0\n"));
    let _gone = fs::remove_file(world.path("atom.lock"));
    let long = format!("{APP}# {}\n", "long ".repeat(4000));
    world.write("atom.toml", &long);
    let eka = world.eka(&["add", URI]);
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let mut command = world.env.command("bash");
    command
        .args(["-c", script])
        .arg(eka.get_program())
        .args(eka.get_args());
    command.current_dir(world.dir());
    let shown = world.show(&command.output().unwrap());
    assert!(
        shown.starts_with("1\n") && shown.contains("File too large"),
        "{shown}"
    );
    assert_eq!(world.read("atom.toml"), long);
    assert!(!world.path("atom.lock").exists());
    assert_eq!(strangers(&world.dir()), Vec::<String>::new());
    assert!(world.run(&["add", URI]).starts_with("0\n"));
}

#[test]
fn a_blob_where_a_commit_belongs_is_told() {
    let (world, sets) = world();
    let core = sets.set("core");
    let blob = core
        .repo
        .git_with(["hash-object", "-w", "--stdin"], b"no commit");
    core.publish("zlib", "1.1.0", &manifest("zlib", "1.1.0"));
    core.set("zlib", "1.1.0", atom::refname::Part::Spec, blob.trim());
    let shown = world.run(&["add", URI]);
    assert!(
        shown.starts_with("5\n") && shown.contains("zlib@1.1.0"),
        "{shown}"
    );
    assert_eq!(world.read("atom.toml"), APP);
}

#[test]
fn a_remote_whose_head_is_detached_serves_all_the_same() {
    let (world, sets) = world();
    sets.set("core")
        .repo
        .git(["checkout", "--quiet", "--detach"]);
    assert!(world.run(&["add", URI]).starts_with("0\n"));
}

#[test]
fn from_elsewhere_by_a_relative_folder_and_from_below() {
    let (world, _sets) = world();
    let _repo = world.env.repo("work");
    fs::create_dir_all(world.path("src/deep")).unwrap();
    assert!(
        world
            .run(&["-C", "src/deep", "add", URI])
            .starts_with("0\n")
    );
    assert!(
        world
            .run(&["-C", "../work/src", "lock", "--locked"])
            .starts_with("0\n")
    );
}

#[test]
fn an_alias_that_leads_to_itself_is_told() {
    let (world, _sets) = world();
    let (a, b) = ("aliases.aa=\"bb:x\"", "aliases.bb=\"aa:y\"");
    let shown = world.run(&["add", "--config", a, "--config", b, "aa:repo::zlib@^1"]);
    assert!(shown.starts_with("2\n") && shown.contains("aa"), "{shown}");
    assert_eq!(world.read("atom.toml"), APP);
}
