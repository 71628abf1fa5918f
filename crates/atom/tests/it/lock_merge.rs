//! Three-way merges of locks, and what is read of a lock that a merge by lines left behind.

use atom::lock::merge::{Clash, both_sides, merge};
use atom::lock::{Lock, Remains};
use atom::manifest::Manifest;
use proptest::prelude::*;

use crate::faults::draw_all;
use crate::lock_diff::lock;

const CORE: &str = "set core https://h.org/core core\n";

/// A lock of the set `core`: `zlib^1 1.3.1` asks for `zlib`, and `-zlib 1.3.1` has it unasked; then
/// its dependencies.
fn core(words: &[&str]) -> String {
    let mut text = CORE.to_owned();
    for line in words {
        let (id, rest) = line.split_once(' ').unwrap();
        match (id.strip_prefix('-'), id.split_once('^')) {
            (Some(id), _) => text += &format!("atom core {id} {rest}\n"),
            (None, Some((id, req))) => {
                text += &format!("require core {id} ^{req}\natom core {id} {rest}\n");
            }
            (None, None) => panic!("{line}"),
        }
    }
    text
}

/// Merges in both orders, which is the same.
fn merged(base: &str, ours: &str, theirs: &str) -> Result<Lock, Clash> {
    let [base, ours, theirs] = [base, ours, theirs].map(lock);
    let merged = merge(&base, &ours, &theirs);
    assert_eq!(merge(&base, &theirs, &ours), merged);
    merged
}

#[track_caller]
fn check(base: &[&str], ours: &[&str], theirs: &[&str], expected: Result<&[&str], &str>) {
    let found = merged(&core(base), &core(ours), &core(theirs));
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found.print(), lock(&core(expected)).print()),
        (Err(found), Err(expected)) => assert_eq!(found.to_string(), expected),
        (found, _) => panic!("{found:?}"),
    }
}

#[test]
fn each_side_adds_its_own() {
    check(
        &["zlib^1 1.3.1"],
        &["zlib^1 1.3.1", "a^1 1.0.0 b@1.0.0", "-b 1.0.0"],
        &["zlib^1 1.3.1", "c^2 2.0.0"],
        Ok(&["zlib^1 1.3.1", "a^1 1.0.0 b@1.0.0", "-b 1.0.0", "c^2 2.0.0"]),
    );
}

#[test]
fn one_side_moves_what_the_other_leaves() {
    check(
        &["zlib^1 1.3.1", "a^1 1.0.0"],
        &["zlib^1 1.4.0", "a^1 1.0.0"],
        &["zlib^1 1.3.1", "a^1 1.1.0"],
        Ok(&["zlib^1 1.4.0", "a^1 1.1.0"]),
    );
    // The same on both sides.
    check(
        &["zlib^1 1.3.1"],
        &["zlib^1 1.4.0", "a^1 1.0.0"],
        &["zlib^1 1.4.0", "b^1 1.0.0"],
        Ok(&["zlib^1 1.4.0", "a^1 1.0.0", "b^1 1.0.0"]),
    );
}

#[test]
fn what_one_side_took_away_goes_unless_it_is_needed() {
    let base = ["a^1 1.0.0 b@1.0.0", "-b 1.0.0", "c^1 1.0.0"];
    check(
        &base,
        &["c^1 1.0.0"],
        &["a^1 1.0.0 b@1.0.0", "-b 1.0.0", "c^1 1.1.0"],
        Ok(&["c^1 1.1.0"]),
    );
    check(
        &base,
        &["c^1 1.0.0"],
        &["a^1 1.0.0 b@1.0.0", "-b 1.0.0", "c^1 1.1.0 b@1.0.0"],
        Ok(&["c^1 1.1.0 b@1.0.0", "-b 1.0.0"]),
    );
}

#[test]
fn what_both_moved_clashes() {
    check(
        &["zlib^1 1.3.1"],
        &["zlib^1 1.4.0"],
        &["zlib^1 1.5.0"],
        Err("both sides changed what is locked of `zlib`"),
    );
    check(
        &["zlib^1 1.3.1"],
        &["zlib^1.2 1.3.1"],
        &["zlib^1.3 1.3.1"],
        Err("both sides changed what is asked of `zlib`"),
    );
    check(
        &["zlib^1 1.3.1", "a^1 1.0.0"],
        &["a^1 1.0.0"],
        &["zlib^1.3 1.3.1", "a^1 1.0.0"],
        Err("both sides changed what is asked of `zlib`"),
    );
    // One raised what the other's new atom depends on.
    check(
        &["zlib^1 1.3.1"],
        &["zlib^1 1.4.0"],
        &["zlib^1 1.3.1", "a^1 1.0.0 zlib@1.3.1"],
        Err("one side needs `zlib` as it was before the other changed it"),
    );
    // The same atom in two versions, where there was none.
    check(
        &["c^1 1.0.0"],
        &["c^1 1.0.0", "a^1 1.0.0 b@1.0.0", "-b 1.0.0"],
        &["c^1 1.0.0", "d^1 1.0.0 b@1.1.0", "-b 1.1.0"],
        Err("both sides changed what is locked of `b`"),
    );
}

#[test]
fn names_follow_the_whole() {
    let base = format!("{CORE}require core a ^1\natom core a 1.0.0\n");
    let ours = format!("{base}require core b ^1\natom core b 1.0.0 a@1.0.0\n");
    let theirs =
        format!("{base}set deep https://h.org/deep deep\nrequire deep a ^1\natom deep a 1.0.0\n");
    let lock = merged(&base, &ours, &theirs).unwrap();
    let b = lock.atoms.iter().find(|it| it.id.as_str() == "b").unwrap();
    assert_eq!(lock.atom(&b.deps[0]), Some(&lock.atoms[0]));
    assert!(b.deps[0].short.is_some(), "two atoms are called a@1.0.0");
}

#[test]
fn sets_and_pins_merge_part_by_part() {
    let base = "set core https://h.org/core - https://m.org/1\nrequire core a ^1\natom core a 1.0.0\npin p 1 x\n";
    let renamed = base.replace("core -", "core core");
    let mirrored = base
        .replace("m.org/1", "m.org/2")
        .replace("pin p 1", "pin p 2");
    let lock = merged(base, &renamed, &mirrored).unwrap();
    assert_eq!(lock.sets[0].names[0].as_str(), "core");
    assert_eq!(lock.sets[0].mirrors[0].to_string(), "https://m.org/2");
    assert!(lock.print().contains(&"2".repeat(40)));
    let other = base.replace("m.org/1", "m.org/3");
    assert!(matches!(
        merged(base, &mirrored, &other),
        Err(Clash::Set(_))
    ));
    let moved = base.replace("pin p 1", "pin p 3");
    assert!(matches!(
        merged(base, &mirrored, &moved),
        Err(Clash::Pin(_))
    ));
    // A pin that the other side only moved goes; one that it asks for otherwise does not.
    let gone = base.replace("pin p 1 x\n", "");
    let mirrored = merged(base, &gone, &mirrored).unwrap();
    assert!(mirrored.pins.is_empty());
    let asked = base.replace("pin p 1 x", "pin p 1 y");
    assert!(matches!(merged(base, &gone, &asked), Err(Clash::Pin(_))));
}

/// A set that one side has no use for may have lost its names there.
#[test]
fn a_set_that_one_side_gave_up_clashes() {
    let base = core(&["a^1 1.0.0"]);
    let theirs = core(&["a^1 1.0.0", "b^1 1.0.0"]);
    assert!(matches!(merged(&base, "", &theirs), Err(Clash::Set(_))));
}

#[test]
fn without_an_ancestor_both_are_taken() {
    let found = merged("", &core(&["a^1 1.0.0"]), &core(&["b^1 1.0.0"])).unwrap();
    assert_eq!(
        found.print(),
        lock(&core(&["a^1 1.0.0", "b^1 1.0.0"])).print()
    );
}

/// What a branch does to one of a few atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Nothing,
    Moves(u8),
    Removes,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        3 => Just(Deed::Nothing),
        1 => (1..4_u8).prop_map(Deed::Moves),
        1 => Just(Deed::Removes),
    ];
    prop::collection::vec(deed, 8)
}

/// The lock after some deeds to atoms that nothing connects. The even ones are there from the
/// start, and so is one that stays, and its set with it.
fn after(deeds: &[Deed]) -> Lock {
    let mut words = core(&["stays^1 1.0.0"]);
    for (at, deed) in deeds.iter().enumerate() {
        let version = match (deed, at % 2) {
            (Deed::Moves(n), _) => n,
            (Deed::Nothing, 0) => &0,
            _ => continue,
        };
        words += &format!("require core a{at} ^1\natom core a{at} 1.{version}.0\n");
    }
    lock(&words)
}

proptest! {
    /// Atoms that only one side touched are as that side has them; where both did other things to
    /// one, there is no merge.
    #[test]
    fn every_atom_is_as_who_changed_it_left_it(ours in deeds(), theirs in deeds()) {
        let base = after(&[Deed::Nothing; 8]);
        let found = merge(&base, &after(&ours), &after(&theirs));
        prop_assert_eq!(&found, &merge(&base, &after(&theirs), &after(&ours)));
        let mut expected = Vec::new();
        let mut clash = false;
        for (at, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let absent = |it: &Deed| at % 2 == 1 && *it == Deed::Removes;
            let normal = |it: &Deed| if absent(it) { Deed::Nothing } else { *it };
            let (ours, theirs) = (normal(ours), normal(theirs));
            // What nobody asks for any more goes, moved or not.
            expected.push(match (ours, theirs) {
                (one, other) if one == other => one,
                (Deed::Nothing, it) | (it, Deed::Nothing) => it,
                (Deed::Removes, _) | (_, Deed::Removes) => Deed::Removes,
                (one, _) => {
                    clash = true;
                    one
                }
            });
        }
        match found {
            Ok(found) => {
                prop_assert!(!clash);
                prop_assert_eq!(found.print(), after(&expected).print());
                let text = found.print();
                prop_assert_eq!(Lock::parse(&text), Ok(found));
            }
            Err(it) => prop_assert!(clash, "{}", it),
        }
    }
}

fn manifest(text: &str) -> Manifest {
    let head = "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n";
    Manifest::parse_own(&format!("{head}{text}")).unwrap()
}

#[test]
fn two_sides_are_preferences() {
    let texts = [
        core(&["a^1 1.0.0", "zlib^1 1.4.0"]),
        core(&["a^1 1.0.0", "b^1 1.0.0", "zlib^1 1.5.0"]),
    ];
    let [ours, theirs] = texts.each_ref().map(|it| lock(it));
    let text = both_sides(&ours.print(), &theirs.print());
    assert!(Lock::parse(&text).is_err());
    for text in [text.clone(), text.replace('\n', "\r\n")] {
        let remains = Remains::parse(&text).unwrap();
        assert_eq!(remains.ours, ours);
        assert_eq!(remains.theirs.as_ref(), Some(&theirs));
        let preferred = remains.preferences(&manifest(""));
        let names: Vec<String> = preferred.atoms.iter().map(|it| it.name()).collect();
        assert_eq!(names, ["a@1.0.0", "b@1.0.0", "zlib@1.4.0", "zlib@1.5.0"]);
    }
}

#[test]
fn of_two_pins_the_one_that_answers_counts() {
    let pin = |rev: &str, at: &str| lock(&format!("pin p {rev} {at}"));
    let asked = manifest("[pins.p]\ngit = \"https://h.org/p\"\nref = \"y\"\n");
    let chosen = |ours: Lock, theirs: Lock| {
        let text = both_sides(&ours.print(), &theirs.print());
        let remains = Remains::parse(&text).unwrap();
        remains.preferences(&asked).pins
    };
    assert_eq!(chosen(pin("1", "x"), pin("2", "y")), pin("2", "y").pins);
    assert_eq!(chosen(pin("2", "y"), pin("1", "x")), pin("2", "y").pins);
    assert_eq!(chosen(pin("1", "y"), pin("2", "y")), pin("1", "y").pins);
}

/// A merge by lines goes through, and what it leaves does not hold together.
#[test]
fn what_does_not_fit_is_left_out() {
    let text = lock(&core(&["zlib^1 1.4.0", "a^1 1.0.0 zlib@1.4.0"])).print();
    let text = text.replace("    \"zlib@1.4.0\",", "    \"zlib@1.3.1\",");
    let text = format!("{text}\n[[atom]]\nid = \"λ-\"\nversion = \"x\"\nset = \"::\"\n");
    assert!(Lock::parse(&text).is_err());
    let remains = Remains::parse(&text).unwrap();
    assert_eq!(remains.theirs, None);
    let preferred = remains.preferences(&manifest(""));
    let names: Vec<String> = preferred.atoms.iter().map(|it| it.name()).collect();
    assert_eq!(names, ["a@1.0.0", "zlib@1.4.0"]);
    assert!(preferred.atoms[0].deps.is_empty());
}

/// Places are those of the whole text.
#[test]
fn of_some_nothing_remains() {
    let refused = |text: &str| {
        let faults = Remains::parse(text).expect_err(text);
        draw_all(&faults, text)
    };
    let good = lock(&core(&["a^1 1.0.0"])).print();
    let digest = good.split("digest = ").nth(1).unwrap();
    let digest = digest.lines().next().unwrap().trim_matches('"');
    let other = lock(&core(&["b^1 1.0.0"])).print();
    let other = other.split("digest = ").nth(1).unwrap();
    let other = other.lines().next().unwrap().trim_matches('"');
    let forged = good.replace(digest, other);
    let told = [
        refused(&both_sides(&good, &forged)),
        refused(&both_sides(&good, "version = 2\n")),
        refused(&both_sides(&good, "version = \n")),
        refused("version = 1\n<<<<<<< HEAD\n"),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::lock::digest: the digest of `a` is not that of its set and id
      42:10 "dlv1n8gpfnokmsaaji63mvvq1s0bs3ke2g3mn89pacg63fkuo74g" (not the digest of (`set`, `id`))
      help: of this set and id it is `4ait5q0jr712pvkfhoddchig1kb6fdf29n0kud0nrkm31a65dde0`; the lock was changed by hand: take it from git again, or remove it and run `eka lock`
    eka::lock::newer: the lock has version `2`, and this `eka` reads version `1`
      25:11 2 (not known here)
      help: a newer `eka` wrote it: use that one, or remove the file and run `eka lock` to write it anew in version `1`
    eka::toml::syntax: not TOML: string values must be quoted, expected literal string
      25:11  (here)
    eka::toml::conflict: the file holds git's conflict markers
      2:1 <<<<<<< (a merge stopped here)
      help: take one side whole, such as by `git checkout --ours atom.lock`, then run `eka lock`
    "#);
}
