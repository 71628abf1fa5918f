//! Locks: one canonical text each, and what is wrong with the others.

use atom::lock::{DepRef, Lock, LockFault, LockFaults, LockedAtom, LockedSet, Place};
use atom::lock::{GitAsked, LockedPin, LockedPinSource, Names, Require, SetRef};
use atom::url::RepoUrl;
use atom::{AtomId, Id, Name, NarHash, ObjectId, Requirement, Root, Version};
use proptest::prelude::*;

use crate::faults::{cases, draw_all};
use crate::vectors::bytes;

fn parse(text: &str) -> Lock {
    Lock::parse(text).unwrap_or_else(|it| panic!("{}\n{text}", draw_all(&it, text)))
}

#[test]
fn canonical_texts_are_printed_back() {
    for name in ["empty", "example", "names"] {
        let text = String::from_utf8(bytes(&format!("lock/canonical/{name}.lock"))).unwrap();
        assert_eq!(parse(&text).print(), text, "{name}");
    }
}

/// `loose.toml` says in another order, spelling and layout of TOML what `names.lock` says.
#[test]
fn any_toml_of_the_shape_is_read() {
    let loose = String::from_utf8(bytes("lock/loose.toml")).unwrap();
    let canonical = String::from_utf8(bytes("lock/canonical/names.lock")).unwrap();
    assert_eq!(parse(&loose).print(), canonical);
    assert_eq!(parse(&loose.replace('\n', "\r\n")).print(), canonical);
    assert_eq!(parse(&loose).canonical(), parse(&canonical));
}

#[test]
fn faults_are_reported_all_at_once_and_where_they_are() {
    for case in cases("lock/invalid.txt") {
        let faults = Lock::parse(&case.text).expect_err(&case.name);
        assert_eq!(draw_all(&faults, &case.text), case.faults, "{}", case.name);
    }
}

/// What a committed lock may not hold is read where none is meant to be committed.
#[test]
fn patched_atoms_are_printed_back() {
    let cases = cases("lock/invalid.txt");
    let case = cases.iter().find(|it| it.name == "patched atoms").unwrap();
    assert!(faults(&case.text).is_patched());
    let lock = Lock::parse_patched(&case.text).unwrap();
    let text = lock.print();
    assert_eq!(
        Lock::parse_patched(&text).unwrap(),
        lock.clone().canonical()
    );
    assert_eq!(lock.atoms.len(), 2);
    let lines = |it: &str| it.lines().filter(|it| !it.is_empty()).count();
    assert_eq!(lines(&text), lines(&case.text));
    // Beside another fault it is one like any.
    let other = case.text.replace("1.0.0", "1");
    assert!(!faults(&other).is_patched() && Lock::parse_patched(&other).is_err());
    let remains = atom::lock::Remains::parse(&case.text).unwrap();
    assert!(remains.ours.atoms.is_empty());
}

fn set(root: &str) -> String {
    format!("[[set]]\nroot = \"{root}\"\norigin = \"https://h.org/{root}\"\n")
}

fn atom(root: &str, id: &str, version: &str) -> String {
    let digest = AtomId::new(root.parse().unwrap(), id.parse().unwrap()).digest();
    let commit = "1".repeat(40);
    let nar = NarHash([7; 32]);
    format!(
        "[[atom]]\nid = \"{id}\"\nversion = \"{version}\"\ndigest = \"{digest}\"\nset = \"{root}\"\n\
         rev = \"{commit}\"\nspec = \"{commit}\"\nnar = \"{nar}\"\n"
    )
}

/// Two roots under which the digests of `a` begin with the same 8 characters, found by trying.
const ALIKE: [&str; 2] = [
    "000da57400000000000000000000000000000000",
    "000df00b00000000000000000000000000000000",
];

fn faults(text: &str) -> LockFaults {
    Lock::parse(text).expect_err(text)
}

#[test]
fn two_atoms_of_one_name_are_a_matter_of_integrity() {
    let sets = ALIKE.map(set).concat();
    let atoms = ALIKE.map(|it| atom(it, "a", "1.0.0")).concat();
    let text = format!("version = 1\n{sets}{atoms}");
    let found = faults(&text);
    assert!(
        matches!(&found.faults[..], [LockFault::EqualNames { .. }]),
        "{found:?}"
    );
    assert!(found.is_integrity());
    assert_eq!(
        draw_all(&found, &text),
        "eka::lock::equal_names: two atoms of the lock are called `a@1.0.0#vm9hp2ih`\n  \
         20:7 \"000df00b00000000000000000000000000000000\" (differs from an atom above in the rest of its digest)\n  \
         help: their digests begin alike, which does not happen by chance: find out who published the second set, and depend on one of the two\n"
    );
    // Of different versions they are told apart.
    let atoms = [atom(ALIKE[0], "a", "1.0.0"), atom(ALIKE[1], "a", "2.0.0")].concat();
    parse(&format!("version = 1\n{sets}{atoms}"));
}

#[test]
fn a_wrong_digest_is_a_matter_of_integrity_and_a_wrong_form_is_not() {
    for case in cases("lock/invalid.txt") {
        let integrity = case.faults.contains("eka::lock::digest: ");
        assert_eq!(
            faults(&case.text).is_integrity(),
            integrity,
            "{}",
            case.name
        );
    }
}

#[test]
fn deps_are_found_by_the_least_name_that_tells_them_apart() {
    let lock = parse(&String::from_utf8(bytes("lock/canonical/names.lock")).unwrap());
    let names = Names::of(&lock.atoms);
    for atom in &lock.atoms {
        assert_eq!(names.find(&names.dep_ref(atom)), Some(atom));
        assert_eq!(lock.atom(&lock.dep_ref(atom)), Some(atom));
    }
    let spelled = |it: &str| it.parse::<DepRef>().unwrap();
    // A bare name is the local atom's, where there is one.
    let local = names.find(&spelled("a@1.0.0")).unwrap();
    assert!(matches!(local.place, Place::Local { .. }));
    assert_eq!(names.find(&spelled("a@1.0.0#00000000")), None);
    assert_eq!(names.find(&spelled("nope@1.0.0")), None);
}

fn ids() -> impl Strategy<Value = Id> {
    let ids = ["a", "b", "zlib2", "λ", "ひらがな", "my-atom"];
    prop::sample::select(ids.to_vec()).prop_map(|it| it.parse().unwrap())
}

fn versions() -> impl Strategy<Value = Version> {
    "(0|1|2|10)\\.(0|9|10)\\.0(-rc\\.(1|2|10|lock))?(\\+(build|5))?"
        .prop_map(|it| it.parse().unwrap())
}

fn requirements() -> impl Strategy<Value = Requirement> {
    "(\\^|~|=|>=|)(1|2)(\\.[0-9](\\.[0-9])?)?|\\*|>=1, <3".prop_map(|it| it.parse().unwrap())
}

fn object_ids() -> impl Strategy<Value = ObjectId> {
    any::<[u8; 20]>().prop_map(ObjectId::new)
}

fn urls() -> impl Strategy<Value = RepoUrl> {
    let urls = [
        "https://h.org/a",
        "https://h.org/b",
        "ssh://git@h.org:2222/r",
        "file:///srv/r",
        "../r \"q",
        "git://h.org/λ",
    ];
    prop::sample::select(urls.to_vec()).prop_map(|it| RepoUrl::parse(it).unwrap())
}

fn names() -> impl Strategy<Value = Name> {
    "[a-c][a-c0-9-]{0,3}".prop_map(|it| it.parse().unwrap())
}

fn pins() -> impl Strategy<Value = LockedPinSource> {
    let git = (
        urls(),
        object_ids(),
        any::<[u8; 32]>(),
        0..3_u8,
        requirements(),
    );
    let git = git.prop_map(|(git, rev, nar, asked, req)| LockedPinSource::Git {
        git,
        asked: match asked {
            0 => GitAsked::Commit,
            1 => GitAsked::Ref("refs/heads/a\"b".to_owned()),
            _ => GitAsked::Version(req),
        },
        rev,
        nar: NarHash(nar),
    });
    let tar = any::<[u8; 32]>().prop_map(|nar| LockedPinSource::Tar {
        tar: "https://h.org/x.tar?a=\"b\\".parse().unwrap(),
        nar: NarHash(nar),
    });
    let url = any::<[u8; 32]>().prop_map(|hash| LockedPinSource::Url {
        url: "file:///srv/x".parse().unwrap(),
        hash: atom::download::FileHash(hash),
    });
    prop_oneof![git, tar, url]
}

/// An atom before it is known which sets and other atoms there are.
type Seed = (Id, Version, Option<usize>, ObjectId, Vec<usize>);

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let set = prop::option::of(0..3_usize);
    let deps = prop::collection::vec(any::<usize>(), 0..4);
    prop::collection::vec((ids(), versions(), set, object_ids(), deps), 0..12)
}

prop_compose! {
    /// A lock that holds together: whose sets are declared, and whose names are names.
    fn locks()(
        seeds in seeds(),
        mut sets in prop::collection::vec((object_ids(), prop::collection::btree_set(names(), 0..3), urls(), prop::collection::vec(urls(), 0..3)), 3),
        asked in prop::collection::btree_map(0..12_usize, requirements(), 0..6),
        pins in prop::collection::btree_map(names(), pins(), 0..3),
    ) -> Lock {
        sets.dedup_by_key(|it| it.0);
        let sets: Vec<LockedSet> = sets.into_iter().map(|(root, names, origin, mirrors)| LockedSet {
            root: Root(root),
            names: names.into_iter().collect(),
            origin,
            mirrors,
        }).collect();
        let mut atoms: Vec<LockedAtom> = Vec::new();
        for (id, version, set, commit, _) in &seeds {
            let place = match set {
                Some(at) => {
                    let root = sets[at % sets.len()].root;
                    Place::Published {
                        root,
                        digest: AtomId::new(root, id.clone()).digest(),
                        rev: *commit,
                        spec: *commit,
                        nar: NarHash([1; 32]),
                    }
                }
                None => Place::Local { path: format!("libs/{id} \"q\"").parse().unwrap() },
            };
            let atom = LockedAtom { id: id.clone(), version: version.clone(), place, deps: Vec::new() };
            let same = |it: &LockedAtom| (&it.id, &it.version, it.set()) == (id, version, atom.set());
            if !atoms.iter().any(same) {
                atoms.push(atom);
            }
        }
        let names: Vec<DepRef> = atoms.iter().map(|it| Names::of(&atoms).dep_ref(it)).collect();
        for (atom, seed) in atoms.iter_mut().zip(&seeds) {
            atom.deps = seed.4.iter().map(|it| names[it % names.len()].clone()).collect();
        }
        let mut requires: Vec<Require> = Vec::new();
        for (at, req) in asked.into_iter().filter(|it| it.0 < atoms.len()) {
            let (id, set) = (atoms[at].id.clone(), atoms[at].set());
            if !requires.iter().any(|it| it.id == id && it.set == set) {
                requires.push(Require { id, req, set });
            }
        }
        let pins = pins.into_iter().map(|(name, source)| LockedPin { name, source }).collect();
        Lock { requires, sets, atoms, pins }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_printed_is_read_back(lock in locks()) {
        let text = lock.print();
        let canonical = lock.canonical();
        prop_assert_eq!(&parse(&text), &canonical);
        prop_assert_eq!(canonical.print(), text);
    }

    /// The order in which a lock was put together does not reach its text.
    #[test]
    fn the_order_of_parts_is_no_matter(lock in locks(), turn in 0..12_usize) {
        let text = lock.print();
        let mut other = lock;
        other.requires.reverse();
        other.sets.reverse();
        other.pins.reverse();
        let n = other.atoms.len().max(1);
        other.atoms.rotate_left(turn % n);
        for atom in &mut other.atoms {
            atom.deps.reverse();
        }
        prop_assert_eq!(other.print(), text);
    }

    /// The layout that people see: line ends, blank lines, order of sections and of keys.
    #[test]
    fn the_text_has_the_canonical_layout(lock in locks()) {
        let text = lock.print();
        prop_assert!(text.starts_with("version = 1\n") && text.ends_with('\n'));
        prop_assert!(!text.contains("\n\n\n") && !text.ends_with("\n\n") && !text.contains('\r'));
        let headers: Vec<&str> = text.lines().filter(|it| it.starts_with("[[")).collect();
        let order = ["[[require]]", "[[set]]", "[[atom]]", "[[pin]]"];
        let rank = |it: &&str| order.iter().position(|other| other == it).unwrap();
        prop_assert!(headers.is_sorted_by_key(rank));
        prop_assert!(!text.contains("= []"));
        for (before, line) in text.lines().zip(text.lines().skip(1)) {
            prop_assert!(!line.starts_with("[[") || before.is_empty());
            let item = line.strip_prefix("    ");
            prop_assert!(item.is_none_or(|it| it.starts_with('"') && it.ends_with("\",")));
        }
    }
}

#[test]
fn sets_are_named_by_their_text() {
    let root: Root = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac".parse().unwrap();
    let late: Root = "a".repeat(40).parse().unwrap();
    let mut refs = [SetRef::Root(late), SetRef::Here, SetRef::Root(root)];
    refs.sort();
    assert_eq!(
        refs.map(|it| it.to_string()),
        [root.to_string(), "::".to_owned(), late.to_string()]
    );
    assert_eq!("::".parse::<SetRef>().unwrap(), SetRef::Here);
}
