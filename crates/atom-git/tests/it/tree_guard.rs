//! Trees that mean harm.

use atom::ObjectId;
use atom_git::repo::Repo;
use atom_git::tree::Tree;
use atom_git::tree_guard::{Fault, GuardError, Limits, NameFault, check_name, guard};
use proptest::prelude::*;
use testkit::env::Env;
use testkit::repo::Repo as Made;

use crate::local::{Crafted, blob, craft, id, open};

const NOWHERE: &str = "00000000000000000000000000000000000000ff";

struct World {
    made: Made,
    repo: Repo,
    file: ObjectId,
    _env: Env,
}

impl World {
    fn new() -> Self {
        let env = Env::new();
        let made = env.repo("here");
        let file = blob(&made, b"x");
        Self {
            repo: open(&made),
            made,
            file,
            _env: env,
        }
    }

    fn guard(&self, entries: &[Crafted<'_>]) -> Result<usize, GuardError> {
        let tree = craft(&self.made, entries);
        let passed = guard(self.repo.objects(), tree, &Limits::default())?;
        assert_eq!(passed.id(), tree);
        Ok(passed.n_files())
    }

    /// The tree is refused at the top and a folder deeper, and for that fault.
    fn refused(&self, entries: &[Crafted<'_>], expected: Fault) {
        let check = |result: Result<usize, GuardError>| match result {
            Err(GuardError::Entry { fault, path }) => {
                assert_eq!(fault, expected, "{entries:?}");
                assert!(
                    path.is_ascii() && !path.contains(char::is_control),
                    "{path}"
                );
            }
            other => panic!("{entries:?}: {other:?}"),
        };
        check(self.guard(entries));
        let below = craft(&self.made, entries);
        check(self.guard(&[("100644", b"a", self.file), ("40000", b"b", below)]));
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let world = World::new();
    for (name, fault) in [
        (b"".as_slice(), Fault::Name(NameFault::Empty)),
        (b".", Fault::Name(NameFault::Dots)),
        (b"..", Fault::Name(NameFault::Dots)),
        (b"a/b", Fault::Name(NameFault::Separator)),
        (b"/", Fault::Name(NameFault::Separator)),
        (b"../x", Fault::Name(NameFault::Separator)),
        (b"a\\b", Fault::Name(NameFault::Separator)),
        (b"\x1b[2J", Fault::Name(NameFault::Control)),
        (b"a\nb", Fault::Name(NameFault::Control)),
        (b"a\x7f", Fault::Name(NameFault::Control)),
        ("a\u{85}".as_bytes(), Fault::Name(NameFault::Control)),
        (b"\xff", Fault::Name(NameFault::NotUtf8)),
        (b"a\xc3", Fault::Name(NameFault::NotUtf8)),
        (b".git", Fault::Name(NameFault::DotGit)),
        (b".GIT", Fault::Name(NameFault::DotGit)),
        (b".gIt", Fault::Name(NameFault::DotGit)),
        (b"git~1", Fault::Name(NameFault::DotGit)),
        (b"GIT~1", Fault::Name(NameFault::DotGit)),
        (b".git ", Fault::Name(NameFault::DotGit)),
        (b".git. .", Fault::Name(NameFault::DotGit)),
        (b"git~1...", Fault::Name(NameFault::DotGit)),
        (b".git::$INDEX_ALLOCATION", Fault::Name(NameFault::DotGit)),
        (b".git:stream", Fault::Name(NameFault::DotGit)),
        (".g\u{200c}it".as_bytes(), Fault::Name(NameFault::DotGit)),
        (
            "\u{feff}.G\u{202e}IT\u{206f}".as_bytes(),
            Fault::Name(NameFault::DotGit),
        ),
    ] {
        for mode in ["100644", "120000"] {
            world.refused(&[(mode, name, world.file)], fault);
        }
        let folder = craft(&world.made, &[("100644", b"file", world.file)]);
        world.refused(&[("40000", name, folder)], fault);
    }
}

#[test]
fn names_that_only_look_alike_pass() {
    for name in [
        ".gitignore",
        ".github",
        ".gitx",
        "git",
        "git~2",
        "git~10",
        ".git_",
        "x.git",
        "...",
        ".a",
        "a ",
        "a.",
        " ",
        "-",
        "λ",
        "CON",
        "a:b",
        "~",
        ".gi\u{fe0f}t",
    ] {
        assert_eq!(check_name(name.as_bytes()), Ok(()), "{name}");
    }
}

#[test]
fn modes_that_git_does_not_write_are_refused() {
    let world = World::new();
    let gitlink = ("160000", b"sub".as_slice(), id(NOWHERE));
    world.refused(&[gitlink], Fault::Gitlink);
    for mode in [
        "100600", "100640", "100666", "100777", "104755", "644", "0100644", "040000", "10644",
        "120777", "60000", "0", "",
    ] {
        world.refused(&[(mode, b"file", world.file)], Fault::OddMode);
    }
    let good = ["100644", "100664", "100755", "120000"];
    let names = [b"a", b"b", b"c", b"d"].map(<[u8; 1]>::as_slice);
    let entries: Vec<_> = good
        .into_iter()
        .zip(names)
        .map(|(mode, name)| (mode, name, world.file))
        .collect();
    assert_eq!(world.guard(&entries).unwrap(), 4);
}

#[test]
fn names_that_come_twice_or_out_of_order_are_refused() {
    let world = World::new();
    let file = world.file;
    let folder = craft(&world.made, &[("100644", b"file", file)]);
    world.refused(
        &[("100644", b"a", file), ("100644", b"a", file)],
        Fault::Twice,
    );
    // A link, then a folder of its name, with and without something between them.
    world.refused(
        &[("120000", b"a", file), ("40000", b"a", folder)],
        Fault::Twice,
    );
    let between = [
        ("120000", b"a".as_slice(), file),
        ("100644", b"a.b", file),
        ("40000", b"a", folder),
    ];
    world.refused(&between, Fault::Twice);
    world.refused(
        &[("100644", b"b", file), ("100644", b"a", file)],
        Fault::Order,
    );
    // By bytes, a folder's name ending in a slash.
    world.refused(
        &[("40000", b"b", folder), ("100644", b"b-d", file)],
        Fault::Order,
    );
    world.refused(
        &[("100644", b"b0", file), ("40000", b"b", folder)],
        Fault::Order,
    );
    let good = [
        ("100644", b"B".as_slice(), file),
        ("100644", b"b-d", file),
        ("100644", b"b.d", file),
        ("40000", b"b", folder),
        ("100644", b"b0", file),
    ];
    assert_eq!(world.guard(&good).unwrap(), 5);
}

#[test]
fn trees_that_are_no_lists_of_entries_are_refused() {
    let world = World::new();
    let write = |bytes: &[u8]| {
        let arguments = ["hash-object", "--literally", "-t", "tree", "-w", "--stdin"];
        id(&world.made.git_with(arguments, bytes))
    };
    let whole = Tree::print([]).as_bytes().to_vec();
    assert!(whole.is_empty());
    for bytes in [
        b"100644 a\0short".as_slice(),
        b"100644 a",
        b"garbage",
        b"100644 \0",
        b" ",
    ] {
        let guarded = guard(world.repo.objects(), write(bytes), &Limits::default());
        assert!(matches!(guarded, Err(GuardError::Object(_))), "{bytes:?}");
    }
    // A blob where a tree is due, and a tree that is not there.
    for odd in [world.file, id(NOWHERE)] {
        let guarded = world.guard(&[("40000", b"a", odd)]);
        assert!(matches!(guarded, Err(GuardError::Object(_))));
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let world = World::new();
    let mut tree = craft(&world.made, &[("100644", b"file", world.file)]);
    // Each of ten levels holds the one below it ten times: ten milliards of files.
    for _ in 0..10 {
        let entries: Vec<_> = [b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"]
            .map(|name| ("40000", name.as_slice(), tree))
            .to_vec();
        tree = craft(&world.made, &entries);
    }
    let check = |depth, entries| {
        let limits = Limits {
            depth,
            entries,
            ..Limits::default()
        };
        guard(world.repo.objects(), tree, &limits).unwrap_err()
    };
    assert!(matches!(
        check(64, 5_000),
        GuardError::Entries { limit: 5_000, .. }
    ));
    assert!(matches!(
        check(10, 1_000_000),
        GuardError::Depth { limit: 10, .. }
    ));
    assert!(check(64, 5_000).to_string().contains("5000"));
    let flat = craft(
        &world.made,
        &[("100644", b"a", world.file), ("100644", b"b", world.file)],
    );
    let limits = |depth, entries| Limits {
        depth,
        entries,
        ..Limits::default()
    };
    guard(world.repo.objects(), flat, &limits(1, 2)).unwrap();
    let over = guard(world.repo.objects(), flat, &limits(1, 1));
    assert!(matches!(over, Err(GuardError::Entries { limit: 1, .. })));
}

/// What git's own check says of a name, at its strictest.
#[test]
fn all_names_that_git_takes_for_its_own_folder_are_refused() {
    let world = World::new();
    for name in [
        ".git",
        ".Git",
        "git~1",
        "GIT~1",
        ".git ",
        ".git.",
        ".g\u{200d}it",
        ".git\u{200b}",
        ".gitmodules",
        "git~2",
        ".git:x",
        "git~1:x",
        ".git x",
        "x.git",
    ] {
        let tree = craft(&world.made, &[("100644", name.as_bytes(), world.file)]);
        let commit = world
            .made
            .git(["commit-tree", "-m", "x", &tree.to_string()]);
        let out = world.made.try_git(&["fsck", "--strict", commit.as_str()]);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        let found = said.contains(&format!("{tree}: hasDotgit"));
        let ours = check_name(name.as_bytes()) == Err(Fault::Name(NameFault::DotGit));
        assert_eq!(ours, found, "{name}: {said}");
    }
}

proptest! {
    /// Whatever passes is one component that every file system keeps in its folder.
    #[test]
    fn what_passes_is_one_harmless_component(name in proptest::collection::vec(any::<u8>(), 0..8)) {
        if check_name(&name).is_ok() {
            let text = std::str::from_utf8(&name).unwrap();
            let components: Vec<_> = std::path::Path::new(text).components().collect();
            prop_assert!(matches!(components[..], [std::path::Component::Normal(_)]));
            prop_assert!(!text.contains(['\\', '\0']) && !text.contains(char::is_control));
        }
    }

    /// The folder of git in any case, with code points that HFS+ ignores and tails that NTFS drops.
    #[test]
    fn no_disguise_of_dot_git_passes(
        upper in proptest::collection::vec(any::<bool>(), 4),
        ignored in proptest::collection::vec((0..5_usize, prop::sample::select(vec!['\u{200c}', '\u{200f}', '\u{202a}', '\u{206e}', '\u{feff}'])), 0..4),
        tail in "[. ]{0,3}(:[a-z$]*)?",
    ) {
        let cased = ".git".chars().zip(upper).map(|(it, upper)| if upper { it.to_ascii_uppercase() } else { it });
        let plain: String = cased.collect();
        prop_assert_eq!(check_name(format!("{plain}{tail}").as_bytes()), Err(Fault::Name(NameFault::DotGit)));
        let mut disguised: Vec<char> = plain.chars().collect();
        for (at, it) in ignored {
            disguised.insert(at.min(disguised.len()), it);
        }
        let disguised: String = disguised.into_iter().collect();
        prop_assert_eq!(check_name(disguised.as_bytes()), Err(Fault::Name(NameFault::DotGit)));
    }

    /// Any bytes at all: no panic.
    #[test]
    fn any_bytes_are_a_tree_or_not(bytes: Vec<u8>) {
        for entry in Tree::new(bytes).entries() {
            let Ok(entry) = entry else { break };
            let _ = (entry.kind(), check_name(entry.name));
        }
    }
}
