//! `eka lock --check`: what CI says of a lock.

use std::fs;

use atom::refname::Part;
use testkit::repo::Repo;

use crate::locked::{Locked, false_nar};

/// A clean machine: the lock and the manifest alone.
fn ci(locked: &Locked) -> crate::locked::Ran {
    locked.forget();
    locked.run(&["lock", "--check", "--config", "network.retries=0"])
}

/// `zlib@1.3.1` and `util@0.1.5` are locked, and there is `other@2.0.0`.
fn with_others() -> Locked {
    let locked = Locked::published();
    locked.atom("util", "0.1.5", "");
    locked.atom("other", "2.0.0", "");
    locked.publish("util");
    locked.run_in("lib", &["publish", "other"]).exit(0);
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "zlib = \"^1\"");
    locked.run(&["lock"]).exit(0);
    ci(&locked).exit(0);
    locked
}

/// Edits the lock, and expects to be caught with these words.
#[track_caller]
fn edited(locked: &Locked, parts: &[&str], edit: &dyn Fn(&Locked)) {
    locked.case(|| {
        edit(locked);
        let ran = ci(locked);
        assert!(!ran.shown.starts_with("0\n"), "{}", ran.shown);
        ran.says(parts);
    });
}

/// A second remote with all refs of the first.
fn mirrored() -> (Locked, Repo) {
    let locked = Locked::published();
    let mirror = locked.world.env.bare("mirror.git");
    locked
        .up
        .git(["push", "--quiet", &mirror.url(), "refs/*:refs/*"]);
    let sets = format!("core = [\"{}\", \"{}\"]", locked.up.url(), mirror.url());
    locked.depend(&sets, "zlib = \"^1\"");
    locked.run(&["lock"]).exit(0);
    (locked, mirror)
}

#[test]
fn a_good_lock_passes_and_nothing_is_written() {
    let locked = Locked::new();
    let text = locked.world.read("atom.lock");
    ci(&locked)
        .exit(0)
        .says(&["checked `[WORLD]/work/atom.lock` (2 atoms)"]);
    let ran = locked.run(&["lock", "--check", "--format", "json"]);
    let json = r#"{"schema":"eka.lock/1","locks":[{"path":"[WORLD]/work/atom.lock","atoms":2,"pins":0,"written":false,"changes":[],"duplicates":[]}]}"#;
    assert_eq!(ran.exit(0).out(), [json]);
    assert_eq!(locked.world.read("atom.lock"), text);
    // An atom without dependencies has no lock, and needs none.
    locked.world.write(
        "lone/atom.toml",
        "[atom]\nid = \"lone\"\nversion = \"1.0.0\"\n",
    );
    locked
        .run(&["-C", "lone", "lock", "--check", "--offline"])
        .exit(0);
}

#[test]
fn out_of_date_is_exit_3_with_a_diff() {
    let locked = Locked::new();
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "zlib = \"^2\"");
    ci(&locked).exit(3).says(&["~ zlib ^1 → ^2"]);
}

#[test]
fn newer_releases_and_yanks_change_nothing() {
    let locked = Locked::new();
    locked.atom("util", "0.1.5", "");
    locked.publish("util");
    ci(&locked).exit(0);
    let tree = locked.up.git_with(["mktree"], b"");
    let yank = locked.up.git(["commit-tree", &tree, "-m", "bad"]);
    locked.set("util", "0.1.4", Part::Yank, &yank);
    ci(&locked)
        .exit(0)
        .says(&["eka::lock::yanked", "`util@0.1.4` was yanked"]);
}

#[test]
fn one_dead_remote_is_a_warning_and_all_are_exit_4() {
    let (locked, mirror) = mirrored();
    let away = locked.world.env.path("away");
    fs::rename(mirror.path(), &away).unwrap();
    ci(&locked).exit(0);
    fs::rename(&away, mirror.path()).unwrap();
    fs::rename(locked.up.path(), &away).unwrap();
    let ran = ci(&locked);
    ran.exit(0).says(&["up.git"]);
    assert_eq!(ran.shown.matches("cannot use the remote").count(), 1);
    fs::rename(mirror.path(), locked.world.env.path("away2")).unwrap();
    ci(&locked).exit(4).says(&["up.git"]);
    // What the cache remembers is no answer.
    fs::rename(&away, locked.up.path()).unwrap();
    ci(&locked).exit(0);
    fs::rename(locked.up.path(), &away).unwrap();
    let ran = locked.run(&["lock", "--check", "--config", "network.retries=0"]);
    ran.exit(4);
    locked
        .run(&["lock", "--check", "--offline"])
        .exit(4)
        .says(&["--offline"]);
}

#[test]
fn a_moved_version_is_exit_5_and_names_both() {
    let locked = Locked::new();
    let before = locked.part("util", "0.1.4", Part::Atom);
    locked.forge("util", "0.1.4", |atom, spec| {
        atom.nar = false_nar();
        spec.nar = atom.nar;
    });
    let now = locked.part("util", "0.1.4", Part::Atom);
    ci(&locked)
        .exit(5)
        .says(&["`util@0.1.4` has moved", &before, &now]);
    // Where a mirror still shows the old one, the origin has moved all the same.
    let (locked, _mirror) = mirrored();
    let now = locked.part("zlib", "1.3.1", Part::Atom);
    locked.set("util", "0.1.4", Part::Atom, &now);
    ci(&locked).exit(5).says(&["has moved", &now]);
}

#[test]
fn a_version_that_vanished_everywhere_is_exit_5() {
    let (locked, mirror) = mirrored();
    let rev = locked.part("util", "0.1.4", Part::Atom);
    let name = Locked::name("util", "0.1.4", Part::Atom);
    mirror.git(["update-ref", "-d", &name]);
    ci(&locked).exit(0);
    locked.up.git(["update-ref", "-d", &name]);
    ci(&locked)
        .exit(5)
        .says(&["`util@0.1.4` has vanished", &rev]);
}

#[test]
fn another_spec_must_hold_the_same_tree() {
    // Another source of the same content, as when the same atom is published elsewhere.
    let locked = Locked::new();
    let root = locked.root();
    locked.forge("util", "0.1.4", |_, spec| spec.src = root.0);
    locked.set("util", "0.1.4", Part::Src, &root.to_string());
    ci(&locked).exit(0);
    // Another manifest.
    let text = "[atom]\nid = \"util\"\nversion = \"0.1.4\"\ndescription = \"another\"\n";
    let blob = locked.object("blob", text.as_bytes());
    let entry = format!("100644 blob {blob}\tatom.toml\n");
    let tree = locked.up.git_with(["mktree"], entry.as_bytes());
    locked.forge("util", "0.1.4", |_, spec| spec.tree = tree.parse().unwrap());
    ci(&locked)
        .exit(5)
        .says(&["spec's tree of `util@0.1.4`", &tree]);
    // Another atom commit.
    let locked = Locked::new();
    let other = locked.part("zlib", "1.3.1", Part::Atom);
    locked.forge("util", "0.1.4", |_, spec| {
        spec.atom_commit = other.parse().unwrap();
    });
    ci(&locked).exit(5).says(&[&other]);
    // Another nar.
    let locked = Locked::new();
    let nar = locked.atom_commit("util", "0.1.4").nar.to_string();
    locked.forge("util", "0.1.4", |_, spec| spec.nar = false_nar());
    ci(&locked).exit(5).says(&[&nar, &false_nar().to_string()]);
}

/// A spec commit that no remote has.
const NOBODYS: &str = "1234567890123456789012345678901234567890";

#[test]
fn a_spec_that_nobody_has_is_exit_5() {
    let (locked, mirror) = mirrored();
    let spec = locked.part("util", "0.1.4", Part::Spec);
    locked.edit_lock(&spec, NOBODYS);
    let says = ["eka::claim::lost_spec", NOBODYS, &spec];
    ci(&locked).exit(5).says(&says);
    // Nor does a verification believe it; what is fetched tells its own content.
    locked.run(&["verify", "--lock"]).exit(5).says(&says);
    locked.forget();
    let ran = locked.run(&["fetch"]);
    ran.exit(0)
        .says(&["eka::fetch::lost_spec", NOBODYS, "2 brought"]);
    // A remote that does not answer may have it.
    let away = locked.world.env.path("away");
    fs::rename(mirror.path(), &away).unwrap();
    ci(&locked).exit(0);
}

#[test]
fn a_spec_made_anew_passes_while_a_mirror_has_the_old_one() {
    let (locked, mirror) = mirrored();
    let old = locked.part("util", "0.1.4", Part::Spec);
    let root = locked.root();
    locked.forge("util", "0.1.4", |_, spec| spec.src = root.0);
    locked.set("util", "0.1.4", Part::Src, &root.to_string());
    assert_ne!(locked.part("util", "0.1.4", Part::Spec), old);
    locked.up.git(["gc", "--quiet", "--prune=now"]);
    assert!(
        !locked
            .up
            .try_git(&["cat-file", "-e", &old])
            .status
            .success()
    );
    ci(&locked).exit(0);
    mirror.git([
        "update-ref",
        "-d",
        &Locked::name("util", "0.1.4", Part::Spec),
    ]);
    mirror.git(["gc", "--quiet", "--prune=now"]);
    ci(&locked).exit(5).says(&["eka::claim::lost_spec", &old]);
}

#[test]
fn a_lock_edited_by_hand_is_caught() {
    let locked = with_others();
    let nar = |it: &Locked| it.atom_commit("util", "0.1.5").nar.to_string();
    edited(&locked, &["the nar of `util@0.1.5`"], &|it| {
        it.edit_lock(&nar(it), &false_nar().to_string());
    });
    edited(
        &locked,
        &["the digest of `util` is not that of its set and id"],
        &|it| {
            let digest = it.atom_id("util").digest().to_string();
            it.edit_lock(&digest, &it.atom_id("other").digest().to_string());
        },
    );
    edited(&locked, &["`util@0.1.5` has moved"], &|it| {
        let (rev, other) = (
            it.part("util", "0.1.5", Part::Atom),
            it.part("other", "2.0.0", Part::Atom),
        );
        it.edit_lock(&rev, &other);
    });
    edited(&locked, &["`util@0.1.5`"], &|it| {
        let (spec, other) = (
            it.part("util", "0.1.5", Part::Spec),
            it.part("other", "2.0.0", Part::Spec),
        );
        it.edit_lock(&spec, &other);
    });
}

#[test]
fn a_lock_that_leads_elsewhere_is_caught() {
    let locked = with_others();
    let nar = |it: &Locked| it.atom_commit("util", "0.1.5").nar.to_string();
    // The whole of another atom in place of a dependency.
    edited(
        &locked,
        &["eka::lock::not_the_answer", "other@2.0.0", "util@0.1.5"],
        &|it| {
            let swap = |part| {
                let (from, to) = (
                    it.part("util", "0.1.5", part),
                    it.part("other", "2.0.0", part),
                );
                it.edit_lock(&from, &to);
            };
            swap(Part::Atom);
            swap(Part::Spec);
            let other = it.atom_commit("other", "2.0.0");
            it.edit_lock(&nar(it), &other.nar.to_string());
            it.edit_lock(
                &it.atom_id("util").digest().to_string(),
                &other.atom.digest().to_string(),
            );
            it.edit_lock(
                "id = \"util\"\nversion = \"0.1.5\"",
                "id = \"other\"\nversion = \"2.0.0\"",
            );
            it.edit_lock("util@0.1.5", "other@2.0.0");
        },
    );
    // A dependency left out.
    edited(
        &locked,
        &["not_the_answer", "needed, and not in the lock"],
        &|it| {
            let text = it.world.read("atom.lock");
            let start = text.find("[[atom]]").unwrap();
            let end = start + 2 + text[start + 2..].find("[[atom]]").unwrap();
            let text = format!("{}{}", &text[..start], &text[end..]);
            it.world.write(
                "atom.lock",
                &text.replace("deps = [\n    \"util@0.1.5\",\n]\n", ""),
            );
        },
    );
}

#[test]
fn a_set_taken_from_elsewhere_is_caught() {
    let locked = Locked::new();
    // A fork: the same root, and versions of its own.
    let fork = locked.world.env.bare("fork.git");
    locked
        .up
        .git(["push", "--quiet", &fork.url(), "refs/*:refs/*"]);
    locked.edit_lock(&locked.up.url(), &fork.url());
    ci(&locked).exit(3).says(&["the set lies elsewhere"]);
}

#[test]
fn all_locks_of_a_repository() {
    let locked = Locked::published();
    locked
        .run_in("lib", &["lock", "--check", "--all"])
        .exit(0)
        .says(&["libs/zlib/atom.lock"]);
    let path = locked.lib.path().join("libs/zlib/atom.lock");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("version = \"0.1.4\"", "version = \"0.1.3\""),
    )
    .unwrap();
    locked.run_in("lib", &["lock", "--check", "--all"]).exit(3);
}

#[test]
fn locks_that_were_made_at_different_times_pass_together() {
    let locked = Locked::published();
    let _repo = locked.world.env.repo("work");
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.1\"");
    let text = locked.world.read("atom.toml");
    locked.run(&["lock"]).exit(0);
    locked.atom("util", "0.1.5", "");
    locked.publish("util");
    locked
        .world
        .write("other/atom.toml", &text.replace("\"app\"", "\"other\""));
    locked.run(&["-C", "other", "lock"]).exit(0);
    assert!(locked.world.read("atom.lock").contains("\"0.1.4\""));
    assert!(locked.world.read("other/atom.lock").contains("\"0.1.5\""));
    locked.run(&["lock", "--check", "--all"]).exit(0);
    // Nor need there be one answer to both.
    let deny = text.replace("[atom]\n", "[atom]\nduplicates = \"deny\"\n");
    locked.world.write(
        "other/atom.toml",
        &deny
            .replace("\"app\"", "\"other\"")
            .replace("^0.1", "=0.1.5"),
    );
    locked
        .world
        .write("atom.toml", &text.replace("^0.1", "=0.1.4"));
    locked.run(&["lock"]).exit(0);
    locked.run(&["-C", "other", "lock"]).exit(0);
    locked.run(&["lock", "--all", "--locked"]).exit(0);
    locked.run(&["lock", "--check", "--all"]).exit(0);
}

#[test]
fn a_poisoned_cache_is_no_witness() {
    let locked = Locked::new();
    locked.run(&["lock", "--check"]).exit(0);
    let refs = locked.cache("refs");
    for entry in fs::read_dir(refs).unwrap() {
        fs::write(entry.unwrap().path(), "eka refs 1\n").unwrap();
    }
    locked.run(&["lock", "--check"]).exit(0);
    let now = locked.part("zlib", "1.3.1", Part::Atom);
    locked.set("util", "0.1.4", Part::Atom, &now);
    locked.run(&["lock", "--check"]).exit(5);
}

#[test]
fn a_mirror_that_shows_another_commit_is_no_witness() {
    let (locked, mirror) = mirrored();
    let other = locked.part("zlib", "1.3.1", Part::Atom);
    let name = Locked::name("util", "0.1.4", Part::Atom);
    mirror.git(["update-ref", &name, &other]);
    let quick = ["fetch", "--config", "network.retries=0"];
    let odd = ["eka::fetch::odd_mirror", "asked for by its id", &other];
    // The origin serves: nobody asks the mirror.
    locked.forget();
    locked.run(&quick).exit(0).says_nothing_of(&odd[..1]);
    // The origin is dead: the mirror has the locked commit, and does not show it.
    locked.forget();
    let away = locked.world.env.path("away");
    fs::rename(locked.up.path(), &away).unwrap();
    let ran = locked.run(&quick);
    ran.exit(0).says(&odd).says(&["up.git", "2 brought"]);
    ci(&locked).exit(4);
    // The origin shows nothing any more, though it has the commits.
    fs::rename(&away, locked.up.path()).unwrap();
    locked.up.git(["update-ref", "-d", &name]);
    ci(&locked).exit(5).says(&odd).says(&["has vanished"]);
    let ran = locked.run(&quick);
    ran.exit(0)
        .says(&odd)
        .says(&["eka::fetch::gone", "2 brought"]);
}
