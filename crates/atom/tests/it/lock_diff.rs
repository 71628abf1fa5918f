//! What keeps a lock from answering its manifest, and how two locks differ.

use atom::lock::{Lock, LockedAtom, diff, moves};
use atom::manifest::Manifest;
use atom::{AtomId, NarHash};

const CORE: &str = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
const DEEP: &str = "68b63bd131acd23bdfd57983fe85ba7c092ce02f";

/// A lock in few words, one a line:
/// `require <set> <id> <req>`, `set <root> <origin> <names>|- <mirrors>…`,
/// `atom <set>[@<rev digit>] <id> <version> <deps>…`, `pin <name> <rev digit> <ref>`.
pub(crate) fn lock(words: &str) -> Lock {
    let mut text = "version = 1\n".to_owned();
    let lines = words.lines().map(str::trim).filter(|it| !it.is_empty());
    for line in lines {
        let words: Vec<&str> = line.split(' ').filter(|it| !it.is_empty()).collect();
        text += &match words[..] {
            ["require", set, id, ref req @ ..] => format!(
                "[[require]]\nid = \"{id}\"\nreq = \"{}\"\nset = \"{}\"\n",
                req.join(" "),
                root(set)
            ),
            ["set", set, origin, names, ref mirrors @ ..] => format!(
                "[[set]]\nroot = \"{}\"\norigin = \"{origin}\"\nnames = {:?}\nmirrors = {mirrors:?}\n",
                root(set),
                names.split(',').filter(|it| *it != "-").collect::<Vec<_>>(),
            ),
            ["atom", set, id, version, ref deps @ ..] => atom(set, id, version, deps),
            ["pin", name, rev, at] => format!(
                "[[pin]]\nname = \"{name}\"\ngit = \"https://h.org/p\"\nref = \"{at}\"\nrev = \"{}\"\nnar = \"{}\"\n",
                rev.repeat(40),
                NarHash([0; 32])
            ),
            _ => panic!("{line}"),
        };
    }
    Lock::parse(&text).unwrap_or_else(|it| panic!("{it:?}\n{text}"))
}

fn atom(set: &str, id: &str, version: &str, deps: &[&str]) -> String {
    let (set, rev) = set.split_once('@').unwrap_or((set, "1"));
    let head = format!(
        "[[atom]]\nid = \"{id}\"\nversion = \"{version}\"\nset = \"{}\"\ndeps = {deps:?}\n",
        root(set)
    );
    if set == "::" {
        return format!("{head}path = \"libs/{id}\"\n");
    }
    let digest = AtomId::new(root(set).parse().unwrap(), id.parse().unwrap()).digest();
    let rev = rev.repeat(40);
    let nar = NarHash([0; 32]);
    format!("{head}digest = \"{digest}\"\nrev = \"{rev}\"\nspec = \"{rev}\"\nnar = \"{nar}\"\n")
}

fn root(set: &str) -> &str {
    match set {
        "core" => CORE,
        "deep" => DEEP,
        other => other,
    }
}

fn manifest(more: &str) -> Manifest {
    let text = format!("[atom]\nid = \"top\"\nversion = \"1.0.0\"\n{more}");
    Manifest::parse_own(&text).unwrap_or_else(|it| panic!("{it:?}\n{text}"))
}

const SETS: &str =
    "[sets]\ncore = [\"https://h.org/core\", \"https://m.org/core\"]\nhere = \"::\"\n";

const DEPS: &str = "[deps.core]\nzlib = \"^1.3\"\nopenssl = \"^3\"\n[deps.here]\nutil = \"^0.1\"\n";

const LOCKED: &str = "
    require core openssl ^3
    require core zlib ^1.3
    require :: util ^0.1
    set core https://h.org/core core https://m.org/core
    set deep https://h.org/deep -
    atom core zlib 1.3.1
    atom core openssl 3.0.9 base@1.0.0
    atom deep base 1.0.0
    atom :: util 0.1.4 zlib@1.3.1
";

#[track_caller]
fn check(manifest: &Manifest, lock: &Lock, expected: &[&str]) {
    let found: Vec<String> = diff::of_manifest(manifest, lock)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_lock_that_answers_its_manifest_has_no_changes() {
    check(&manifest(&format!("{SETS}{DEPS}")), &lock(LOCKED), &[]);
    check(&manifest(""), &lock(""), &[]);
    // Set by set and key by key it is the same, by whichever scheme and in whatever spelling.
    let sets = SETS.replace("https://h.org/core", "ssh://git@H.org/core.git");
    check(
        &manifest(&format!("{sets}{}", DEPS.replace("^3", "3"))),
        &lock(LOCKED),
        &[],
    );
    // A set that nothing is asked of is nobody's concern.
    let sets = SETS.replace("here", "idle = \"https://h.org/idle\"\nhere");
    check(&manifest(&format!("{sets}{DEPS}")), &lock(LOCKED), &[]);
    let sets = SETS.replace("here", "deep = \"https://h.org/deep\"\nhere");
    check(&manifest(&format!("{sets}{DEPS}")), &lock(LOCKED), &[]);
}

#[test]
fn requirements_that_differ_are_told() {
    let deps = DEPS
        .replace("openssl = \"^3\"", "openssl = \"^3.2\"\nnew = \"*\"")
        .replace("util = \"^0.1\"", "");
    check(
        &manifest(&format!("{SETS}{deps}")),
        &lock(LOCKED),
        &[
            "+ new      *             (not in the lock)",
            "~ openssl  ^3 → ^3.2     (locked 3.0.9)",
            "- util     ^0.1          (no longer asked for)",
        ],
    );
    check(
        &manifest(&format!("{SETS}{DEPS}")),
        &lock(""),
        &[
            "+ openssl  ^3            (not in the lock)",
            "+ zlib     ^1.3          (not in the lock)",
            "+ util     ^0.1          (not in the lock)",
        ],
    );
}

#[test]
fn one_id_of_another_set_is_another_atom() {
    let deps = DEPS.replace("[deps.here]\nutil", "[deps.here]\nzlib");
    check(
        &manifest(&format!("{SETS}{deps}")),
        &lock(LOCKED),
        &[
            "+ zlib     ^0.1          (not in the lock)",
            "- util     ^0.1          (no longer asked for)",
        ],
    );
}

#[test]
fn sets_that_differ_are_told() {
    let lock = lock(LOCKED);
    let check = |from: &str, to: &str, expected: &[&str]| {
        let sets = SETS.replace(from, to);
        assert_ne!(sets, SETS);
        let deps = DEPS.replace(
            "deps.core",
            if to.contains("renamed") {
                "deps.renamed"
            } else {
                "deps.core"
            },
        );
        check(&manifest(&format!("{sets}{deps}")), &lock, expected);
    };
    check(
        "https://h.org/core",
        "https://h.org/fork",
        &["~ core     https://h.org/core → https://h.org/fork (the set lies elsewhere)"],
    );
    check(
        "https://m.org/core",
        "https://n.org/core",
        &["~ core     mirrors       (changed)"],
    );
    check(
        ", \"https://m.org/core\"",
        "",
        &["~ core     mirrors       (changed)"],
    );
    check(
        "core =",
        "renamed =",
        &["~ names    core → renamed (of https://h.org/core)"],
    );
    check(
        "[\"https://h.org/core\", \"https://m.org/core\"]",
        "\"::\"",
        &[
            "+ openssl  ^3            (not in the lock)",
            "+ zlib     ^1.3          (not in the lock)",
            "- openssl  ^3            (no longer asked for)",
            "- zlib     ^1.3          (no longer asked for)",
        ],
    );
}

#[test]
fn what_does_not_hold_together_is_told() {
    let top = manifest(&format!("{SETS}{DEPS}"));
    let check = |from: &str, to: &str, expected: &[&str]| {
        let words = LOCKED.replace(from, to);
        assert_ne!(words, LOCKED);
        check(&top, &lock(&words), expected);
    };
    check(
        "atom core zlib 1.3.1\n",
        "atom core zlib 1.2.0\n atom core zlib 1.3.1-rc.1\n atom deep zlib 1.3.1\n",
        &[
            "! zlib     ^1.3          (no locked version will do)",
            "- zlib     1.2.0         (nothing needs it)",
            "- zlib     1.3.1-rc.1    (nothing needs it)",
        ],
    );
    check(
        "openssl 3.0.9 base@1.0.0",
        "openssl 3.0.9",
        &["- base     1.0.0         (nothing needs it)"],
    );
    check(
        "atom deep base 1.0.0\n",
        "atom core base 1.0.0\n",
        &["- set      https://h.org/deep (no atom is of it)"],
    );
    check(
        "atom :: util 0.1.4 zlib@1.3.1",
        "",
        &["! util     ^0.1          (no locked version will do)"],
    );
}

#[test]
fn pins_that_differ_are_told() {
    let pin = |it: &str| manifest(&format!("[pins]\n{it}"));
    let locked = lock("pin p 1 main");
    check(
        &pin("p = { git = \"https://h.org/p\", ref = \"main\" }"),
        &locked,
        &[],
    );
    check(
        &pin("p = { git = \"ssh://git@h.org/p.git\", ref = \"main\" }"),
        &locked,
        &[],
    );
    for changed in [
        "p = { git = \"https://h.org/q\", ref = \"main\" }",
        "p = { git = \"https://h.org/p\", ref = \"next\" }",
        "p = { git = \"https://h.org/p\" }",
        "p = { git = \"https://h.org/p\", version = \"*\" }",
        "p = { git = \"https://h.org/p\", rev = \"1111111111111111111111111111111111111111\" }",
        "p = { url = \"https://h.org/p\" }",
    ] {
        check(
            &pin(changed),
            &locked,
            &["~ p        pin           (another source or revision)"],
        );
    }
    check(
        &pin("q = { url = \"https://h.org/q\" }"),
        &locked,
        &[
            "+ q        pin           (not in the lock)",
            "- p        pin           (no longer asked for)",
        ],
    );
}

#[test]
fn atoms_of_the_work_tree_are_held_to_their_manifests() {
    let lock = lock(LOCKED);
    let util: &LockedAtom = lock
        .atoms
        .iter()
        .find(|it| it.id.as_str() == "util")
        .unwrap();
    let check = |version: &str, more: &str, expected: &[&str]| {
        let text = format!("[atom]\nid = \"util\"\nversion = \"{version}\"\n{more}");
        let manifest = Manifest::parse_own(&text).unwrap();
        let found: Vec<String> = diff::of_local(&manifest, util, &lock)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    };
    let core = |it: &str| format!("[sets]\nc = \"https://h.org/core\"\n[deps.c]\n{it}");
    check("0.1.4", &core("zlib = \"^1\""), &[]);
    // A mirror of the set, or a further URL that the lock does not know, may be the same set.
    check(
        "0.1.4",
        "[sets]\nc = \"https://m.org/core\"\n[deps.c]\nzlib = \"^1\"",
        &[],
    );
    check(
        "0.1.4",
        "[sets]\nc = \"https://other.org/c\"\n[deps.c]\nzlib = \"^1\"",
        &[],
    );
    check(
        "0.2.0",
        &core("zlib = \"^1\""),
        &["~ util     0.1.4 → 0.2.0 (in the work tree)"],
    );
    check(
        "0.1.4",
        &core("zlib = \"^2\""),
        &["! zlib     ^2            (no locked version will do)"],
    );
    check(
        "0.1.4",
        &core("zlib = \"^1\"\nnew = \"^1\""),
        &["+ new      ^1            (not in the lock)"],
    );
    check(
        "0.1.4",
        "",
        &["- zlib     1.3.1         (nothing needs it)"],
    );
    for other in ["https://h.org/deep", "::"] {
        check(
            "0.1.4",
            &format!("[sets]\nc = \"{other}\"\n[deps.c]\nzlib = \"^1\""),
            &[
                "+ zlib     ^1            (not in the lock)",
                "- zlib     1.3.1         (nothing needs it)",
            ],
        );
    }
}

/// What is other, by moves.
#[track_caller]
fn moves(old: &str, new: &str, expected: &[&str]) {
    let sets = "set core https://h.org/core -\n set deep https://h.org/deep -\n";
    let lock = |it: &str| lock(&format!("{sets}{it}"));
    let found = moves::between(&lock(old), &lock(new));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn each_of_several_majors_moves_by_itself() {
    let check = moves;
    check(
        "atom core a 1.0.0\n atom core a 2.0.0",
        "atom core a 1.1.0\n atom core a 2.1.0",
        &["↑ a 1.0.0 → 1.1.0", "↑ a 2.0.0 → 2.1.0"],
    );
    check(
        "atom core a 0.1.0\n atom core a 0.2.3\n atom core a 0.0.1",
        "atom core a 0.2.1\n atom core a 0.3.0\n atom core a 0.0.2",
        &[
            "↓ a 0.2.3 → 0.2.1",
            "- a 0.0.1",
            "- a 0.1.0",
            "+ a 0.0.2",
            "+ a 0.3.0",
        ],
    );
}

#[test]
fn two_locks_differ_by_moves() {
    let check = moves;
    check("atom core a 1.0.0", "atom core a 1.0.0", &[]);
    check(
        "",
        "atom core a 1.0.0\n atom :: b 1.0.0",
        &["+ a 1.0.0", "+ b 1.0.0"],
    );
    check("atom core a 1.0.0", "", &["- a 1.0.0"]);
    check(
        "atom core a 1.9.0",
        "atom core a 1.10.0",
        &["↑ a 1.9.0 → 1.10.0"],
    );
    check(
        "atom core a 1.0.0",
        "atom core a 1.0.0-rc.1",
        &["↓ a 1.0.0 → 1.0.0-rc.1"],
    );
    check(
        "atom core a 1.0.0",
        "atom core a 1.0.0\n atom core a 2.0.0",
        &["+ a 2.0.0"],
    );
    check(
        "atom core a 1.0.0",
        "atom deep a 1.0.0",
        &["- a 1.0.0", "+ a 1.0.0"],
    );
    check(
        "atom core@1 a 1.0.0",
        "atom core@2 a 1.0.0",
        &[
            "! a 1.0.0 (1111111111111111111111111111111111111111 → 2222222222222222222222222222222222222222)",
        ],
    );
    check(
        "pin p 1 main",
        "pin p 2 main\n pin q 1 main",
        &["~ pin p", "+ pin q"],
    );
    check("pin p 1 main", "", &["- pin p"]);
}

#[test]
fn several_versions_are_told_with_who_wants_which() {
    let one = "require core x ^2\nset core https://h.org/r c\natom core x 2.1.0";
    assert_eq!(atom::lock::duplicates::of(&lock(one)), []);
    // Of another set, an atom of that id is another atom.
    let other = format!(
        "{one} y@1.0.0\nset deep https://h.org/d -\natom deep x 1.0.0\natom core y 1.0.0 x@1.0.0"
    );
    assert_eq!(atom::lock::duplicates::of(&lock(&other)), []);
    let lock = lock(
        "require core a ^1
        require core b ^1
        require core x >=1
        set core https://h.org/r c
        atom core a 1.0.0 x@1.5.0
        atom core b 1.0.0 x@1.5.0 x@2.1.0
        atom core x 1.5.0
        atom core x 2.1.0",
    );
    let found = atom::lock::duplicates::of(&lock);
    let [x] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (x.id.as_str(), Some(&x.digest)),
        ("x", lock.atoms[2].digest())
    );
    let show = |it: &atom::lock::duplicates::Wanted| {
        let by: Vec<String> = it.by.iter().map(ToString::to_string).collect();
        format!("{} for {}", it.version, by.join(", "))
    };
    assert_eq!(
        x.versions.iter().map(show).collect::<Vec<_>>(),
        [
            "1.5.0 for a@1.0.0, b@1.0.0",
            "2.1.0 for the manifest (>=1), b@1.0.0"
        ]
    );
    assert_eq!(Lock::parse(&lock.print()), Ok(lock.canonical()));
}
