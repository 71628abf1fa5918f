//! Canonical bytes of directories: golden ones, any, and those that are refused.

use castore::{Digest, Directory, DirectoryError, Name, NameFault, Node, Target};
use proptest::prelude::*;

use crate::{properties, vectors};

#[test]
fn golden_directories_print_as_they_are_read() {
    let all = vectors::load("directories.json");
    for golden in all.as_array().unwrap() {
        let is = &golden["is"];
        let entries = golden["entries"].as_array().unwrap().iter().map(|entry| {
            let digest = || entry["digest"].as_str().unwrap().parse::<Digest>().unwrap();
            let size = || entry["size"].as_u64().unwrap();
            let node = match entry["kind"].as_str().unwrap() {
                "directory" => directory_of(digest(), size()),
                "symlink" => Node::Symlink {
                    target: Target::new(vectors::latin(&entry["target"])).unwrap(),
                },
                kind => Node::File {
                    digest: digest(),
                    size: size(),
                    executable: kind == "executable",
                },
            };
            (Name::new(vectors::latin(&entry["name"])).unwrap(), node)
        });
        let directory = Directory::new(entries.rev()).unwrap();
        let bytes = vectors::hex(&golden["bytes"]);
        assert_eq!(directory.print(), bytes, "{is}");
        assert_eq!(Directory::parse(&bytes).as_ref(), Ok(&directory), "{is}");
        assert_eq!(directory.digest().to_string(), golden["digest"], "{is}");
        assert_eq!(directory.size(), golden["size"], "{is}");
        properties::directory(&bytes);
    }
}

fn directory_of(digest: Digest, size: u64) -> Node {
    Node::Directory { digest, size }
}

/// Entries as bytes, after the magic.
fn bytes(entries: &[&[u8]]) -> Vec<u8> {
    [b"dir1".as_slice()]
        .iter()
        .chain(entries)
        .flat_map(|it| it.iter().copied())
        .collect()
}

fn entry(kind: u8, name: &[u8], size: u64) -> Vec<u8> {
    let len = u8::try_from(name.len()).unwrap();
    let mut out = vec![kind, len];
    out.extend_from_slice(name);
    out.extend_from_slice(&[7; 32]);
    out.extend_from_slice(&size.to_le_bytes());
    out
}

#[test]
fn what_is_not_canonical_is_refused() {
    let check = |bytes: &[u8], expected: DirectoryError| {
        let shown = bytes.escape_ascii().to_string();
        assert_eq!(Directory::parse(bytes), Err(expected), "{shown}");
    };
    check(b"", DirectoryError::Magic);
    check(b"dir", DirectoryError::Magic);
    check(b"dir2", DirectoryError::Magic);
    check(b"dir1f", DirectoryError::Short { at: 4 });
    let (a, b) = (entry(b'f', b"a", 1), entry(b'x', b"b", 1));
    assert!(Directory::parse(&bytes(&[&a, &b])).is_ok());
    let name = |name: &str| name.to_owned();
    check(&bytes(&[&b, &a]), DirectoryError::Order { name: name("a") });
    check(&bytes(&[&a, &a]), DirectoryError::Twice { name: name("a") });
    let full = bytes(&[&a, &b]);
    for end in 5..full.len() {
        let whole = end == 4 + a.len();
        assert_eq!(Directory::parse(&full[..end]).is_ok(), whole, "{end}");
    }
    let named = |shown: &str, fault| DirectoryError::Name {
        shown: shown.to_owned(),
        fault,
    };
    let one = |name: &[u8]| bytes(&[&entry(b'd', name, 0)]);
    check(&one(b""), named("", NameFault::Empty));
    check(&one(b".."), named("..", NameFault::Dots));
    check(&one(b"a/b"), named("a/b", NameFault::Slash));
    check(&one(b"a\0"), named("a\\x00", NameFault::Nul));
    check(b"dir1l\x01a\0\0", named("", NameFault::Empty));
    check(b"dir1l\x01a\x01\0\0", named("\\x00", NameFault::Nul));
    let odd = bytes(&[&entry(b'D', b"a", 0)]);
    check(&odd, DirectoryError::Kind { at: 4, kind: b'D' });
    let most = entry(b'd', b"a", u64::MAX);
    check(&bytes(&[&most]), DirectoryError::Overflow);
    let (half, other) = (entry(b'd', b"a", 1 << 63), entry(b'd', b"b", (1 << 63) - 2));
    check(&bytes(&[&half, &other]), DirectoryError::Overflow);
    let (half, other) = (entry(b'd', b"a", 1 << 63), entry(b'd', b"b", (1 << 63) - 3));
    let full = Directory::parse(&bytes(&[&half, &other])).unwrap();
    assert_eq!(full.size(), u64::MAX);
    assert_eq!(full.node().n_nodes(), None);
}

#[test]
fn what_no_reader_would_take_cannot_be_made() {
    let name = |text: &str| Name::new(text).unwrap();
    let link = || Node::Symlink {
        target: Target::new(vec![b't'; Target::MAX_BYTES]).unwrap(),
    };
    let twice = Directory::new([
        (name("b"), link()),
        (name("a"), link()),
        (name("b"), link()),
    ]);
    let name_b = String::from("b");
    assert_eq!(twice, Err(DirectoryError::Twice { name: name_b }));
    let n_entries = Directory::MAX_BYTES / Target::MAX_BYTES + 1;
    let many = (0..n_entries).map(|at| (name(&at.to_string()), link()));
    assert!(matches!(
        Directory::new(many),
        Err(DirectoryError::Large { .. })
    ));
    let large = vec![0; Directory::MAX_BYTES + 1];
    assert!(matches!(
        Directory::parse(&large),
        Err(DirectoryError::Large { .. })
    ));
}

prop_compose! {
    fn any_entry()(
        kind in prop::sample::select(b"dfxlz".to_vec()),
        name in prop::collection::vec(prop::sample::select(b"ab./\0\xff".to_vec()), 0..4),
        size in prop_oneof![0..9u64, Just(u64::MAX)],
        target in prop::collection::vec(prop::sample::select(b"t\0/".to_vec()), 0..3),
    ) -> Vec<u8> {
        if kind != b'l' {
            return entry(kind, &name, size);
        }
        let mut out = vec![kind, u8::try_from(name.len()).unwrap()];
        out.extend_from_slice(&name);
        out.extend_from_slice(&u16::try_from(target.len()).unwrap().to_le_bytes());
        out.extend_from_slice(&target);
        out
    }
}

proptest! {
    #[test]
    fn whatever_is_read_prints_as_itself(
        mut entries in prop::collection::vec(any_entry(), 0..6),
        sorted in any::<bool>(),
        cut in 0..4usize,
    ) {
        if sorted {
            entries.sort_by(|a, b| a[1..].cmp(&b[1..]));
        }
        let mut all = b"dir1".to_vec();
        all.extend(entries.concat());
        all.truncate(all.len() - if cut == 3 { 1 } else { 0 });
        properties::directory(&all);
    }
}
