//! The golden narinfos and realisations, and what one changed byte makes of them.

use std::collections::BTreeMap;
use std::path::Path;

use nix_format::{NarInfo, PublicKey, Realisation, SecretKey, StoreDir};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cache::files;
use crate::cache_properties;

fn golden(folder: &str, extension: &str) -> BTreeMap<String, Vec<u8>> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    files(&vectors.join(folder), extension)
}

fn narinfos() -> BTreeMap<String, Vec<u8>> {
    golden("narinfo", ".narinfo")
}

fn realisations() -> BTreeMap<String, Vec<u8>> {
    golden("realisation", ".doi")
}

/// The key that `make.sh` signs with.
fn key() -> PublicKey {
    let seed: [u8; 32] = std::array::from_fn(|it| u8::try_from(it).unwrap());
    SecretKey::from_seed("vectors-1", &seed).unwrap().public()
}

#[test]
fn what_nix_wrote_is_read_checked_and_printed_back() {
    let store = StoreDir::default();
    let (narinfos, realisations) = (narinfos(), realisations());
    assert_eq!((narinfos.len(), realisations.len()), (4, 3));
    for (name, bytes) in narinfos {
        let narinfo = NarInfo::parse(&store, &bytes).unwrap();
        assert_eq!(narinfo.print(&store).as_bytes(), bytes, "{name}");
        let signed = narinfo.is_signed_by(&store, &[key()]);
        assert_eq!(signed, name != "text.narinfo", "{name}");
    }
    for (name, bytes) in realisations {
        let realisation = Realisation::parse(&bytes).unwrap();
        assert_eq!(realisation.print().as_bytes(), bytes, "{name}");
        assert!(realisation.is_signed_by(&[key()]), "{name}");
    }
}

/// Reads `bytes` with each byte changed in several ways; gives what was read as the same in spite
/// of that.
fn unnoticed<T: PartialEq, E>(bytes: &[u8], parse: impl Fn(&[u8]) -> Result<T, E>) -> Vec<Vec<u8>> {
    let original = parse(bytes).ok();
    assert!(original.is_some());
    let mut same = Vec::new();
    let mut changed = bytes.to_vec();
    for at in 0..bytes.len() {
        for byte in [
            bytes[at] ^ 1,
            bytes[at] ^ 0x20,
            b'0',
            b'A',
            b' ',
            b'\n',
            0,
            0xff,
        ] {
            changed[at] = byte;
            if byte != bytes[at] && parse(&changed).ok() == original {
                same.push(changed.clone());
            }
        }
        changed[at] = bytes[at];
    }
    same
}

/// Whether the only harm is to the name of a field or key that has nothing: it is as good as none.
fn of_nothing(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let unknown = |it: &str| it.ends_with(": ") && it != "References: ";
    let is_narinfo = text.lines().any(unknown);
    let empty = r#""dependentRealisations":{}"#;
    is_narinfo || text.contains("\":{},") && !text.contains(empty)
}

#[test]
fn one_changed_byte_is_noticed() {
    let store = StoreDir::default();
    let check = |name: &str, same: Vec<Vec<u8>>| {
        let same = same.iter().find(|it| !of_nothing(it));
        assert!(
            same.is_none(),
            "{name}: {:?}",
            String::from_utf8_lossy(same.unwrap())
        );
    };
    for (name, bytes) in narinfos() {
        check(&name, unnoticed(&bytes, |it| NarInfo::parse(&store, it)));
    }
    for (name, bytes) in realisations() {
        check(&name, unnoticed(&bytes, Realisation::parse));
    }
}

#[test]
fn a_missing_byte_or_end_is_noticed() {
    let store = StoreDir::default();
    for (name, bytes) in narinfos() {
        let original = NarInfo::parse(&store, &bytes);
        for at in 0..bytes.len() {
            let less = [&bytes[..at], &bytes[at + 1..]].concat();
            for changed in [&less[..], &bytes[..at]] {
                let same = NarInfo::parse(&store, changed) == original;
                assert!(!same || of_nothing(changed), "{name} {at}");
            }
        }
    }
}

/// Any bytes, or one of `seeds` with a few bytes set, or a piece of it again elsewhere.
fn near(seeds: BTreeMap<String, Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let seed = proptest::sample::select(seeds.into_values().collect::<Vec<_>>());
    let set = prop::collection::vec((any::<Index>(), any::<u8>()), 0..4);
    let piece = (any::<Index>(), any::<Index>(), 0..40_usize);
    let changed = (seed, set, piece).prop_map(|(mut bytes, set, (from, to, length))| {
        for (at, byte) in set {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let piece = bytes[from..bytes.len().min(from + length)].to_vec();
        bytes.splice(to..to, piece);
        bytes
    });
    prop_oneof![1 => any::<Vec<u8>>(), 6 => changed]
}

proptest! {
    #[test]
    fn any_narinfo(bytes in near(narinfos())) {
        cache_properties::narinfo(&bytes);
    }

    #[test]
    fn any_realisation(bytes in near(realisations())) {
        cache_properties::realisation(&bytes);
    }
}
