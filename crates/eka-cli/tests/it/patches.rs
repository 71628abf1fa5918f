//! Patches: what stands in for an atom for a while, and never in what is committed.

use std::fs;

use testkit::repo::Repo;

use crate::locked::Locked;
use crate::published::{Sets, manifest};
use crate::support::World;

const DEPS: &str = "zlib = \"^1\"\nview = \"^1\"";

/// An atom that depends on `zlib` and on `view`, which depends on `zlib` too.
struct Story {
    world: World,
    sets: Sets,
    repo: Repo,
}

fn app(deps: &str) -> String {
    format!(
        "{}\n[sets]\ncore = \"https://sets.test/core\"\n\n[deps.core]\n{deps}\n",
        manifest("app", "1.0.0"),
    )
}

impl Story {
    /// Everything is locked, committed and ignored as it should be.
    fn new() -> Self {
        let world = World::new();
        let sets = Sets::new(&world);
        let core = sets.set("core");
        core.publish("zlib", "1.3.1", &manifest("zlib", "1.3.1"));
        core.publish("util", "0.1.0", &manifest("util", "0.1.0"));
        let here = "[sets]\nhere = \"::\"\n[deps.here]\nzlib = \"^1.2\"\n";
        core.publish("view", "1.0.0", &(manifest("view", "1.0.0") + here));
        let repo = world.env.repo("work");
        let story = Self { world, sets, repo };
        story.world.write("atom.toml", &app(DEPS));
        story.world.write(".gitignore", "/.eka/local.toml\n");
        story.run(&["lock"], 0);
        story.repo.commit("locked");
        story
    }

    /// A folder with `zlib@1.4.0`, which needs `util`, beside the repository.
    fn with_folder() -> Self {
        let story = Self::new();
        let here = "[sets]\nhere = \"::\"\n[deps.here]\nutil = \"^0.1\"\n";
        let text = manifest("zlib", "1.4.0") + here;
        story.world.write("../zlib/atom.toml", &text);
        story.patch("zlib = \"../zlib\"");
        story
    }

    fn patch(&self, line: &str) {
        let text = format!("[patch.core]\n{line}\n");
        self.world.write(".eka/local.toml", &text);
    }

    #[track_caller]
    fn run(&self, args: &[&str], exit: i32) -> String {
        let shown = self.world.run(args);
        assert!(shown.starts_with(&format!("{exit}\n")), "{args:?}: {shown}");
        shown
    }

    fn patched_lock(&self) -> String {
        self.world.read(".eka/patched/atom.lock")
    }

    /// Somebody else moves `view` in the committed lock, after the patched one was made.
    fn committed_lock_changes(&self) {
        self.run(&["lock"], 0);
        let patched = self.patched_lock();
        let core = self.sets.set("core");
        let here = "[sets]\nhere = \"::\"\n[deps.here]\nzlib = \"^1.2\"\n";
        core.publish("view", "1.1.0", &(manifest("view", "1.1.0") + here));
        let (local, aside) = (".eka/local.toml", "../aside");
        fs::rename(self.world.path(local), self.world.path(aside)).unwrap();
        self.run(&["update", "view"], 0);
        fs::rename(self.world.path(aside), self.world.path(local)).unwrap();
        self.world.write(".eka/patched/atom.lock", &patched);
        self.world
            .write(".eka/patched/committed.lock", "of before\n");
    }
}

const ACTIVE: &str = "err: eka::patch::active
    err:
    err:   ⚠ 1 patch is active
    err:   │     core.zlib → ../zlib
    err:   help: locks lie in `.eka/patched` meanwhile, and `atom.lock` stays as it is; to end it take the
    err:         patches out of `.eka/local.toml`
    ";

#[test]
fn a_folder_stands_in_and_the_committed_lock_stays() {
    let story = Story::with_folder();
    let committed = story.world.read("atom.lock");
    story.world.check(
        &["lock"],
        &format!(
            "0
            {ACTIVE}err: wrote `[WORLD]/work/.eka/patched/atom.lock` (3 atoms)
            err:   + util 0.1.0
            err:   ↑ zlib 1.3.1 → 1.4.0"
        ),
    );
    assert_eq!(story.world.read("atom.lock"), committed);
    let lock = story.patched_lock();
    let folder = story.world.env.path("zlib").canonicalize().unwrap();
    assert!(
        lock.contains(&format!("folder = \"{}\"", folder.display())),
        "{lock}"
    );
    let shown = story.run(&["tree"], 0);
    assert!(
        shown.contains("zlib 1.4.0") && shown.contains("patch"),
        "{shown}"
    );
    for args in [
        &["why", "zlib"][..],
        &["outdated"],
        &["tree", "-i", "util"],
        &["update", "--dry-run"],
    ] {
        let shown = story.run(args, 0);
        assert!(shown.contains("1 patch is active"), "{args:?}: {shown}");
    }
    // All of it is git's to pass by.
    assert_eq!(story.repo.git(["status", "--porcelain"]), "");
    story.run(&["lock"], 0);
    assert_eq!(story.patched_lock(), lock);
    // What the folder asks for is followed.
    story
        .world
        .write("../zlib/atom.toml", &manifest("zlib", "1.5.0"));
    let shown = story.run(&["fetch"], 3);
    assert!(
        shown.contains("1.4.0 → 1.5.0") && shown.contains("run `eka lock`"),
        "{shown}"
    );
    assert!(!shown.contains("commit `"), "{shown}");
    let shown = story.run(&["lock"], 0);
    assert!(
        shown.contains("↑ zlib 1.4.0 → 1.5.0") && shown.contains("- util"),
        "{shown}"
    );
    // And back.
    fs::remove_file(story.world.path(".eka/local.toml")).unwrap();
    story.world.check(
        &["lock", "--locked"],
        "0\nerr: `[WORLD]/work/atom.lock` is up to date (2 atoms)",
    );
    story.run(&["lock"], 0);
    assert_eq!(story.world.read("atom.lock"), committed);
    assert!(!story.world.path(".eka/patched/atom.lock").exists());
    assert_eq!(story.repo.git(["status", "--porcelain"]), "");
}

#[test]
fn what_is_for_everybody_is_refused_meanwhile() {
    let story = Story::with_folder();
    story.run(&["lock"], 0);
    let refused = |args: &[&str], by: &str| {
        let shown = story.run(args, 3);
        assert!(
            shown.contains(&format!("{by}, and 1 patch is active")),
            "{shown}"
        );
        assert!(shown.contains("core.zlib → "), "{shown}");
        assert!(
            shown.contains("take the patches out of `.eka/local.toml`"),
            "{shown}"
        );
    };
    refused(&["lock", "--locked"], "`--locked` was given");
    refused(&["lock", "--frozen"], "`--frozen` was given");
    refused(&["lock", "--check"], "`--check` was given");
    refused(&["fetch", "--locked"], "`--locked` was given");
    refused(&["publish"], "what is published is for everybody");
    let output = story
        .world
        .eka(&["lock"])
        .env("EKA_LOCKED", "1")
        .output()
        .unwrap();
    let shown = story.world.show(&output);
    assert!(
        shown.contains("`--locked` was given (`EKA_LOCKED=1`), and 1 patch"),
        "{shown}"
    );
}

#[test]
fn a_patched_lock_that_was_committed_is_refused_and_mended() {
    let story = Story::with_folder();
    let committed = story.world.read("atom.lock");
    story.run(&["lock"], 0);
    story.world.write("atom.lock", &story.patched_lock());
    fs::remove_file(story.world.path(".eka/local.toml")).unwrap();
    for args in [&["lock", "--locked"][..], &["lock", "--check"], &["fetch"]] {
        let shown = story.run(args, 3);
        assert!(shown.contains("eka::lock::patched"), "{shown}");
        assert!(shown.contains("`zlib` is patched"), "{shown}");
        assert!(
            shown.contains("run `eka lock` and commit the lock"),
            "{shown}"
        );
    }
    story.repo.commit("by mistake");
    let root = story.repo.rev("HEAD");
    story.repo.git(["update-ref", "refs/eka/root", &root]);
    let remote = story.world.env.bare("remote.git");
    story.repo.git(["remote", "add", "origin", &remote.url()]);
    story
        .repo
        .git(["push", "--quiet", "origin", "main", "refs/eka/root"]);
    let shown = story.run(&["publish"], 3);
    assert!(shown.contains("`zlib` is patched"), "{shown}");
    story.run(&["lock"], 0);
    assert_eq!(story.world.read("atom.lock"), committed);
}

#[test]
fn a_repository_stands_in_with_all_its_versions() {
    let story = Story::new();
    // A fork, which has the root of what it was forked from.
    story.sets.copy("core", "fork");
    let fork = story.sets.set("fork");
    fork.publish("zlib", "1.3.2", &manifest("zlib", "1.3.2"));
    story
        .sets
        .set("core")
        .publish("zlib", "1.9.0", &manifest("zlib", "1.9.0"));
    let committed = story.world.read("atom.lock");
    story.patch("zlib = \"https://sets.test/fork\"");
    let shown = story.run(&["lock"], 0);
    assert!(shown.contains("↑ zlib 1.3.1 → 1.3.2"), "{shown}");
    let lock = story.patched_lock();
    assert!(
        lock.contains("origin = \"https://sets.test/fork\"\nroot = "),
        "{lock}"
    );
    story.run(&["tree"], 0);
    // Its versions are kept as others are, and moved as others are.
    fork.publish("zlib", "1.3.3", &manifest("zlib", "1.3.3"));
    story.run(&["lock"], 0);
    assert_eq!(story.patched_lock(), lock);
    let shown = story.run(&["update", "zlib"], 0);
    assert!(shown.contains("↑ zlib 1.3.2 → 1.3.3"), "{shown}");
    // A repository of another root, with a dependency on its own.
    let other = story.sets.set("other");
    let here = "[sets]\nhere = \"::\"\n[deps.here]\nown = \"^1\"\n";
    other.publish("zlib", "1.7.0", &(manifest("zlib", "1.7.0") + here));
    other.publish("own", "1.0.0", &manifest("own", "1.0.0"));
    story.patch("zlib = \"https://sets.test/other\"");
    let shown = story.run(&["lock"], 0);
    assert!(
        shown.contains("+ own 1.0.0") && shown.contains("1.7.0"),
        "{shown}"
    );
    let lock = story.patched_lock();
    assert!(
        lock.contains("origin = \"https://sets.test/other\"\n"),
        "{lock}"
    );
    story.run(&["lock"], 0);
    assert_eq!(story.patched_lock(), lock);
    assert_eq!(story.world.read("atom.lock"), committed);
}

#[test]
fn add_changes_the_manifest_and_not_the_committed_lock() {
    let story = Story::with_folder();
    let committed = story.world.read("atom.lock");
    story.run(&["add", "https://sets.test/core::util@^0.1"], 0);
    assert!(story.world.read("atom.toml").contains("util = \"^0.1\""));
    assert_eq!(story.world.read("atom.lock"), committed);
    assert!(story.patched_lock().contains("folder = "));
}

/// Who pulls is told that there is something to do.
#[test]
fn a_committed_lock_that_changes_moves_the_patched_one() {
    let story = Story::with_folder();
    story.committed_lock_changes();
    let shown = story.run(&["fetch"], 3);
    assert!(
        shown.contains("atom.lock") && shown.contains("changed since"),
        "{shown}"
    );
    let shown = story.run(&["lock"], 0);
    assert!(shown.contains("↑ view 1.0.0 → 1.1.0"), "{shown}");
    let shown = story.run(&["lock"], 0);
    assert!(shown.contains("is up to date"), "{shown}");
}

/// It needs no resolution of its own, and does not hide that one is due.
#[test]
fn an_import_follows_a_committed_lock_that_changed() {
    let story = Story::with_folder();
    story.committed_lock_changes();
    let pin = r#"{"type": "Channel", "name": "nixos-unstable", "url": "https://pkgs.test/a.tar.xz",
        "hash": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#;
    let sources = format!(r#"{{"version": 5, "pins": {{"nixpkgs": {pin}}}}}"#);
    story.world.write("npins/sources.json", &sources);
    let shown = story.run(&["import"], 0);
    assert!(
        shown.contains("↑ view 1.0.0 → 1.1.0") && shown.contains("nixpkgs"),
        "{shown}"
    );
    let shown = story.run(&["lock"], 0);
    assert!(shown.contains("is up to date"), "{shown}");
}

#[test]
fn patches_without_use_and_files_that_git_sees_are_told() {
    let story = Story::new();
    story.world.write(".gitignore", "");
    story
        .world
        .write("../zlib/atom.toml", &manifest("zlib", "1.4.0"));
    let text = "[patch.core]\nutil = \"../util\"\n[patch.nope]\nzlib = \"../zlib\"\n";
    story.world.write(".eka/local.toml", text);
    story
        .world
        .write("../util/atom.toml", &manifest("util", "2.0.0"));
    let shown = story.run(&["lock"], 0);
    for part in [
        "2 patches are active",
        "git does not ignore `.eka/local.toml`",
        "add the line `/.eka/local.toml` to `.gitignore`",
        "the patch `core.util` is not used: nothing depends on `util` of that set",
        "the patch `nope.zlib` is not used: `[sets]` has no `nope`",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = story.run(&["fetch", "--format", "json", "nope"], 1);
    let warnings = shown.matches("\"severity\":\"warning\"").count();
    assert_eq!(warnings, 4, "{shown}");
    // Whoever commits the file would patch everybody.
    story.repo.git(["add", "--force", ".eka/local.toml"]);
    let shown = story.run(&["lock"], 2);
    assert!(shown.contains("`.eka/local.toml` is committed"), "{shown}");
}

#[test]
fn a_patch_stands_in_the_local_file_alone() {
    let story = Story::new();
    story
        .world
        .write(".eka/config.toml", "[patch.core]\nzlib = \"../zlib\"\n");
    let shown = story.run(&["config"], 2);
    assert!(
        shown.contains("patches stand in `.eka/local.toml` alone"),
        "{shown}"
    );
    fs::remove_file(story.world.path(".eka/config.toml")).unwrap();
    let shown = story.run(&["config", "--config", "patch.core.zlib=../zlib"], 2);
    assert!(
        shown.contains("patches stand in `.eka/local.toml` alone"),
        "{shown}"
    );
    story.patch("zlib = \"../zlib\"");
    story
        .world
        .check(&["config", "patch.core.zlib"], "0\nout: ../zlib");
    for (line, part) in [
        ("zlib = \"zlib\"", "eka::patch::target"),
        ("zlib = \"::zlib\"", "eka::patch::target"),
        ("zlib = 1", "`patch.core.zlib` is not a text"),
        ("\"no id\" = \"../zlib\"", "a patch has the form"),
    ] {
        story.patch(line);
        let shown = story.run(&["config"], 2);
        assert!(shown.contains(part), "{line}: {shown}");
    }
    story.world.write(".eka/local.toml", "[patch]\ncore = 1\n");
    let shown = story.run(&["config"], 2);
    assert!(shown.contains("`patch.core` is not a table"), "{shown}");
}

#[test]
fn a_folder_without_the_atom_is_refused() {
    let story = Story::new();
    story.patch("zlib = \"../zlib\"");
    let shown = story.run(&["lock"], 1);
    assert!(
        shown.contains("there is no `atom.toml`") || shown.contains("cannot"),
        "{shown}"
    );
    story
        .world
        .write("../zlib/atom.toml", &manifest("other", "1.0.0"));
    let shown = story.run(&["lock"], 2);
    assert!(
        shown.contains("`../zlib`, which holds the atom `other`"),
        "{shown}"
    );
    // A version that nobody can use is a conflict like any.
    story
        .world
        .write("../zlib/atom.toml", &manifest("zlib", "2.0.0"));
    let shown = story.run(&["lock"], 1);
    assert!(shown.contains("zlib") && shown.contains("2.0.0"), "{shown}");
    assert!(!story.world.path(".eka/patched").exists());
}

/// What is fetched is what stands in, checked against its own claims.
#[test]
fn the_content_comes_from_the_repository_that_stands_in() {
    let locked = Locked::new();
    let committed = locked.world.read("atom.lock");
    let fork = locked.world.env.bare("fork.git");
    locked
        .up
        .git(["push", "--quiet", &fork.url(), "refs/*:refs/*"]);
    locked.lib.write("libs/zlib/new", "of the fork\n");
    locked.atom("zlib", "1.4.0", "");
    locked.run_in("lib", &["lock", "--all"]).exit(0);
    locked.lib.commit("fork");
    locked
        .lib
        .git(["push", "--quiet", &fork.url(), "HEAD:main"]);
    let publish = ["publish", "zlib", "--remote", &fork.url()];
    locked.run_in("lib", &publish).exit(0);
    let patch = format!("[patch.core]\nzlib = \"{}\"\n", fork.url());
    locked.world.write(".eka/local.toml", &patch);
    locked.run(&["lock"]).exit(0);
    let ran = locked.run(&["fetch", "zlib"]);
    ran.exit(0);
    let folder = locked.cache("src").join(&locked.contents()[0]);
    let text = fs::read_to_string(folder.join("new")).unwrap();
    assert_eq!(text, "of the fork\n");
    locked.run(&["verify", "--lock"]).exit(0);
    fs::remove_file(locked.world.path(".eka/local.toml")).unwrap();
    locked.run(&["lock"]).exit(0);
    assert_eq!(locked.world.read("atom.lock"), committed);
    locked.run(&["lock", "--check"]).exit(0);
}

#[test]
fn each_atom_of_a_repository_has_a_lock_beside() {
    let story = Story::with_folder();
    let one = app("zlib = \"^1\"").replace("\"app\"", "\"one\"");
    story.world.write("libs/one/atom.toml", &one);
    story.run(&["lock", "--all"], 0);
    let lock = story.world.read(".eka/patched/libs/one/atom.lock");
    assert!(lock.contains("folder = "), "{lock}");
    assert!(!story.world.path("libs/one/atom.lock").exists());
    let shown = story.run(&["-C", "libs/one", "fetch", "zlib"], 0);
    assert!(shown.contains("/zlib"), "{shown}");
}

/// A repository could have brought a link there.
#[test]
fn nothing_is_written_through_a_link() {
    let story = Story::with_folder();
    let away = story.world.env.path("away");
    fs::create_dir_all(&away).unwrap();
    std::os::unix::fs::symlink(&away, story.world.path(".eka/patched")).unwrap();
    let shown = story.run(&["lock"], 2);
    assert!(shown.contains("is a symbolic link"), "{shown}");
    assert_eq!(fs::read_dir(&away).unwrap().count(), 0);
}
