//! Locks in git: the merge driver, conflict markers, and what other commands say of them.

use testkit::repo::Repo;

use crate::published::{Sets, manifest};
use crate::support::World;

/// An atom whose dependencies are these lines.
fn app(deps: &[&str]) -> String {
    format!(
        "{}\n[sets]\ncore = \"https://sets.test/core\"\n\n[deps.core]\n{}\n",
        manifest("app", "1.0.0"),
        deps.join("\n")
    )
}

/// A repository with a locked atom, and a set with `a`, `b` and `zlib@1.2.0`.
struct Story {
    world: World,
    sets: Sets,
    repo: Repo,
}

/// How git merges locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Driver,
    Lines(&'static str),
}

const WAYS: [Way; 4] = [
    Way::Driver,
    Way::Lines("merge"),
    Way::Lines("diff3"),
    Way::Lines("zdiff3"),
];

impl Story {
    fn new(way: Way) -> Self {
        let world = World::new();
        let sets = Sets::new(&world);
        let repo = world.env.repo("work");
        let story = Self { world, sets, repo };
        for (id, version) in [("a", "1.0.0"), ("b", "1.0.0"), ("zlib", "1.2.0")] {
            story.publish(id, version);
        }
        match way {
            Way::Driver => {
                // The two lines of the guide, but for the path of the binary.
                story.repo.write(".gitattributes", "atom.lock merge=eka\n");
                let eka = env!("CARGO_BIN_EXE_eka");
                let driver = format!("{eka} lock --merge %O %A %B");
                story.repo.git(["config", "merge.eka.driver", &driver]);
            }
            Way::Lines(style) => {
                story.repo.git(["config", "merge.conflictStyle", style]);
            }
        }
        story.locked(&["zlib = \"^1\""]);
        story
    }

    fn publish(&self, id: &str, version: &str) {
        let core = self.sets.set("core");
        core.publish(id, version, &manifest(id, version));
    }

    /// Locks and commits the atom with these dependencies.
    fn locked(&self, deps: &[&str]) {
        self.world.write("atom.toml", &app(deps));
        self.run(&["lock"], 0);
        self.repo.commit("change");
    }

    /// A branch `other` and `main`, each with dependencies of its own.
    fn part(&self, other: &[&str], main: &[&str]) {
        self.repo.git(["switch", "--quiet", "-c", "other"]);
        self.locked(other);
        self.repo.git(["switch", "--quiet", "main"]);
        self.locked(main);
    }

    /// Each branch moves `zlib`, and a still newer one is published.
    fn parted_by_zlib(way: Way) -> Self {
        let story = Self::new(way);
        story.publish("zlib", "1.3.0");
        story.repo.git(["switch", "--quiet", "-c", "other"]);
        story.locked(&["zlib = \"^1.3\""]);
        story.publish("zlib", "1.4.0");
        story.repo.git(["switch", "--quiet", "main"]);
        story.locked(&["zlib = \"^1.4\""]);
        story.publish("zlib", "1.5.0");
        story
    }

    #[track_caller]
    fn run(&self, args: &[&str], exit: i32) -> String {
        let shown = self.world.run(args);
        assert!(shown.starts_with(&format!("{exit}\n")), "{args:?}: {shown}");
        shown
    }

    #[track_caller]
    fn git(&self, args: &[&str], ends_well: bool) {
        let out = self.repo.try_git(args);
        assert_eq!(out.status.success(), ends_well, "{args:?}: {out:?}");
    }

    fn has(&self, line: &str) -> bool {
        self.world.read("atom.lock").lines().any(|it| it == line)
    }
}

#[test]
fn the_driver_merges_what_each_side_added() {
    let story = Story::new(Way::Driver);
    story.part(
        &["a = \"^1\"", "zlib = \"^1\""],
        &["zlib = \"^1\"", "b = \"^1\""],
    );
    story.git(&["merge", "--no-edit", "other"], true);
    assert_eq!(
        story.world.read("atom.toml"),
        app(&["a = \"^1\"", "zlib = \"^1\"", "b = \"^1\""])
    );
    let merged = story.world.read("atom.lock");
    story.run(&["lock", "--frozen"], 0);
    story.run(&["lock", "--check"], 0);
    std::fs::remove_file(story.world.path("atom.lock")).unwrap();
    story.run(&["lock"], 0);
    assert_eq!(story.world.read("atom.lock"), merged);
}

#[test]
fn the_driver_merges_in_a_rebase_too() {
    let story = Story::new(Way::Driver);
    story.part(
        &["a = \"^1\"", "zlib = \"^1\""],
        &["zlib = \"^1\"", "b = \"^1\""],
    );
    story.git(&["rebase", "other"], true);
    story.run(&["lock", "--frozen"], 0);
    assert!(story.has("id = \"a\"") && story.has("id = \"b\""));
}

#[test]
fn where_both_changed_the_lock_eka_lock_reads_both_sides() {
    for way in WAYS {
        let story = Story::parted_by_zlib(way);
        story.git(&["merge", "--no-edit", "other"], false);
        let lock = story.world.read("atom.lock");
        assert!(
            lock.contains("<<<<<<< ") && lock.contains(">>>>>>> "),
            "{way:?}"
        );
        // First the manifest, which is a person's to merge.
        let shown = story.run(&["lock"], 2);
        assert!(
            shown.contains("atom.toml") && shown.contains("conflict markers"),
            "{shown}"
        );
        assert_eq!(story.world.read("atom.lock"), lock);
        story.world.write("atom.toml", &app(&["zlib = \"^1.3\""]));
        for args in [
            &["lock", "--locked"][..],
            &["lock", "--check"],
            &["fetch"],
            &["add", "https://sets.test/core::a@^1"],
        ] {
            let shown = story.run(args, 2);
            assert!(shown.contains("run `eka lock`"), "{args:?}: {shown}");
        }
        assert_eq!(story.world.read("atom.lock"), lock);
        let shown = story.run(&["lock"], 0);
        assert!(shown.contains("holds both sides of a merge"), "{shown}");
        // One of the two that were locked, and not the newest there is.
        assert!(story.has("version = \"1.4.0\""), "{way:?} {shown}");
        story.run(&["lock", "--check"], 0);
        story.git(&["add", "atom.toml", "atom.lock"], true);
        story.git(&["commit", "--quiet", "--no-edit"], true);
    }
}

#[test]
fn a_rebase_stops_and_goes_on() {
    for way in WAYS {
        let story = Story::parted_by_zlib(way);
        story.git(&["rebase", "other"], false);
        story.world.write("atom.toml", &app(&["zlib = \"~1.3\""]));
        story.run(&["lock"], 0);
        assert!(story.has("version = \"1.3.0\""), "{way:?}");
        story.git(&["add", "atom.toml", "atom.lock"], true);
        story.git(&["-c", "core.editor=true", "rebase", "--continue"], true);
        story.run(&["lock", "--frozen"], 0);
    }
}

#[test]
fn a_lock_of_windows_with_markers_is_read() {
    let story = Story::parted_by_zlib(Way::Lines("merge"));
    story.git(&["merge", "--no-edit", "other"], false);
    story.world.write("atom.toml", &app(&["zlib = \"^1.3\""]));
    let lock = story.world.read("atom.lock").replace('\n', "\r\n");
    story.world.write("atom.lock", &lock);
    story.run(&["lock"], 0);
    assert!(story.has("version = \"1.4.0\""));
    assert!(!story.world.read("atom.lock").contains('\r'));
}

#[test]
fn the_driver_says_what_it_cannot_decide_and_keeps_both() {
    let story = Story::parted_by_zlib(Way::Driver);
    let text = |rev: &str| story.repo.git(["show", &format!("{rev}:atom.lock")]) + "\n";
    let texts = [text("main~"), text("main"), text("other")];
    for (name, text) in ["O", "A", "B"].iter().zip(&texts) {
        story.world.write(name, text);
    }
    story.world.check(
        &["lock", "--merge", "O", "A", "B"],
        "1
        err: eka::lock::clash
        err:
        err:   × the lock is not merged: both sides changed what is asked of `zlib`
        err:   help: merge `atom.toml`, then run `eka lock`, which reads both sides, and `git add atom.lock`",
    );
    let both = format!(
        "<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n",
        texts[1], texts[2]
    );
    assert_eq!(story.world.read("A"), both);
    story.world.write("A", "version = 2\n");
    let shown = story.run(&["lock", "--merge", "O", "A", "B"], 2);
    assert!(shown.contains("our side cannot be read"), "{shown}");
    assert!(
        story
            .world
            .read("A")
            .starts_with("<<<<<<< ours\nversion = 2\n=======\n")
    );
    story.run(&["lock", "--merge", "O", "A", "nope"], 2);
    story.run(&["lock", "--merge", "O", "A"], 2);
    story.run(&["lock", "--merge", "O", "A", "B", "--locked"], 2);
}

#[test]
fn the_driver_answers_as_json() {
    let story = Story::new(Way::Driver);
    let lock = story.world.read("atom.lock");
    story.world.write("O", "");
    story.world.write("A", "");
    story.world.write("B", &lock);
    story.world.check(
        &["lock", "--merge", "O", "A", "B", "--format", "json"],
        "0
        out: {\"schema\":\"eka.lock/1\",\"locks\":[{\"path\":\"[WORLD]/work/A\",\"atoms\":1,\"pins\":0,\"written\":true,\"changes\":[\"+ zlib 1.2.0\"],\"duplicates\":[]}]}",
    );
    assert_eq!(story.world.read("A"), lock);
    story.world.check(
        &["lock", "--merge", "O", "A", "B"],
        "0\nerr: merged the lock (1 atom)",
    );
}

/// Lines may merge where what they say does not.
#[test]
fn a_lock_that_does_not_hold_together_is_mended() {
    let story = Story::new(Way::Lines("merge"));
    story.publish("zlib", "1.3.0");
    let lock = story.world.read("atom.lock");
    let broken = format!("{lock}deps = [\n    \"gone@1.0.0\",\n]\n");
    story.world.write("atom.lock", &broken);
    let shown = story.run(&["fetch"], 2);
    assert!(shown.contains("run `eka lock`"), "{shown}");
    let shown = story.run(&["lock"], 0);
    assert!(shown.contains("is not valid as a whole"), "{shown}");
    assert!(shown.contains("depends on `gone@1.0.0`"), "{shown}");
    assert_eq!(story.world.read("atom.lock"), lock);
}
