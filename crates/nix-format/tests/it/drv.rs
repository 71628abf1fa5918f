//! Derivations that Nix wrote, and what is nearly one of them.

use std::path::{Path, PathBuf};

use nix_format::derivation::{Derivation, print_json};
use nix_format::{StoreDir, StorePath};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::properties;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/drv")
}

/// The golden derivations: base name and text.
pub(crate) fn golden() -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|it| it.unwrap());
    let mut all: Vec<_> = entries
        .map(|it| (it.file_name().into_string().unwrap(), it.path()))
        .filter(|(name, _)| name.ends_with(".drv"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    all.sort();
    assert_eq!(all.len(), 8);
    all
}

#[test]
fn what_nix_writes_is_read_and_printed_back() {
    let store = StoreDir::default();
    for (name, text) in golden() {
        let derivation = Derivation::parse(&store, &text).unwrap();
        assert_eq!(derivation.print(&store), text, "{name}");
    }
}

#[test]
fn json_is_what_nix_prints() {
    let store = StoreDir::default();
    let parse = |(name, text): (String, Vec<u8>)| {
        let path: StorePath = name.parse().unwrap();
        (path, Derivation::parse(&store, &text).unwrap())
    };
    let all: Vec<_> = golden().into_iter().map(parse).collect();
    let json = print_json(&store, all.iter().map(|(path, it)| (path, it)));
    let expected = std::fs::read(folder().join("show.json")).unwrap();
    assert_eq!(json, expected.trim_ascii_end());
}

#[test]
fn a_text_cut_short_is_refused_at_its_end() {
    for (name, text) in golden() {
        for end in 0..text.len() {
            properties::drv(&text[..end]);
            let cut = Derivation::parse(&StoreDir::default(), &text[..end]);
            assert!(cut.is_err(), "{name} up to {end}");
        }
    }
}

/// A golden text with a few bytes set, put in, taken out or said twice.
fn near() -> impl Strategy<Value = Vec<u8>> {
    let texts: Vec<_> = golden().into_iter().map(|(_, text)| text).collect();
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        r#"[\\"nrt\[\](),]{0,4}|sha256|r:|impure|/nix/store/"#.prop_map(String::into_bytes),
    ];
    let change = (any::<Index>(), any::<Index>(), 0..40_usize, piece);
    let changes = prop::collection::vec(change, 0..4);
    (prop::sample::select(texts), changes).prop_map(|(mut text, changes)| {
        for (at, from, length, mut piece) in changes {
            let at = at.index(text.len() + 1);
            let end = text.len().min(at + length % 8);
            if length >= 8 {
                let from = from.index(text.len() + 1);
                piece = text[from..text.len().min(from + length)].to_vec();
            }
            text.splice(at..end, piece);
        }
        text
    })
}

proptest! {
    #[test]
    fn what_is_read_is_printed_back(text in near()) {
        properties::drv(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(text: Vec<u8>) {
        properties::drv(&text);
    }
}
