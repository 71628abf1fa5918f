//! Ref names to (id, version, part) and back; whatever else a server shows is dropped.

use atom::refname::{AtomRef, Part, ROOT_REF, id_prefix};
use proptest::prelude::*;

use crate::vectors;

#[test]
fn golden_names_are_read_and_printed_back() {
    for row in vectors::list(&vectors::json("refname/refname.json"), Some("read")) {
        let field = |key| vectors::text(&row, key);
        let parsed = AtomRef::parse(field("name").as_bytes()).unwrap();
        assert_eq!(parsed.id.as_str(), field("id"));
        assert_eq!(parsed.version.to_string(), field("version"));
        assert_eq!(parsed.part.as_str(), field("part"));
        assert_eq!(parsed.to_string(), field("name"));
    }
}

#[test]
fn foreign_names_are_dropped() {
    for row in vectors::list(&vectors::json("refname/refname.json"), Some("dropped")) {
        let name = row.as_str().unwrap();
        assert_eq!(AtomRef::parse(name.as_bytes()), None, "{row}");
    }
    let long = "a".repeat(65_536);
    for name in [
        b"refs/atoms/\xff/1.0.0/atom".to_vec(),
        b"refs/atoms/a/1.0.0\xff/atom".to_vec(),
        b"refs/atoms/a/1.0.0/atom\0".to_vec(),
        format!("refs/atoms/{long}/1.0.0/atom").into_bytes(),
        format!("refs/atoms/a/1.0.0-{long}/atom").into_bytes(),
        format!("refs/atoms/a/1.0.0/{long}").into_bytes(),
        format!("refs/atoms{}", "/a".repeat(32_768)).into_bytes(),
    ] {
        assert_eq!(AtomRef::parse(&name), None, "{}", name.escape_ascii());
    }
}

#[test]
fn the_longest_name_fits_a_file_system() {
    let version = format!("1.0.0-{}.lock", "a".repeat(189));
    let name = AtomRef::new("a".parse().unwrap(), version.parse().unwrap(), Part::Atom);
    let text = name.to_string();
    assert!(text.split('/').all(|it| it.len() <= 255));
    assert_eq!(AtomRef::parse(text.as_bytes()), Some(name));
    assert!(format!("{version}a").parse::<atom::Version>().is_err());
}

#[test]
fn a_prefix_ends_where_the_id_does() {
    assert_eq!(id_prefix(&"λ".parse().unwrap()), "refs/atoms/λ/");
    assert_eq!(ROOT_REF, "refs/eka/root");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_dropped(bytes: Vec<u8>) {
        drop(AtomRef::parse(&bytes));
    }

    #[test]
    fn what_is_read_is_printed_back(
        id in "[a-zλ.]{0,3}",
        version in "[0-9]\\.[0-9]\\.[0-9]{1,2}([-+][a-z0-9]{1,3}(\\.lock|%2Elock|%2elock|\\.1)?)?",
        part in "atom|spec|src|sig|yank|deprecate|x",
    ) {
        let name = format!("refs/atoms/{id}/{version}/{part}");
        if let Some(parsed) = AtomRef::parse(name.as_bytes()) {
            prop_assert_eq!(parsed.to_string(), name);
        }
    }

    #[test]
    fn what_is_printed_is_read_back(
        id in "[a-zλ][a-z0-9λ-]{0,8}",
        version in "[0-9]\\.[0-9]\\.[0-9](-[a-z][a-z0-9]{0,3}(\\.lock)?)?(\\+[a-z0-9]{1,4}(\\.lock)?)?",
        part in proptest::sample::select(Part::ALL.to_vec()),
    ) {
        let name = AtomRef::new(id.parse().unwrap(), version.parse().unwrap(), part);
        let text = name.to_string();
        prop_assert!(!text.contains(".lock/"));
        prop_assert_eq!(AtomRef::parse(text.as_bytes()), Some(name));
    }
}
