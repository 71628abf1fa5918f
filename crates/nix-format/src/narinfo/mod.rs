//! What a binary cache says of a store path: its narinfo.

mod word;
mod error;
mod parse;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::content_address::ContentAddress;
use crate::hash::{Hash, Sha256};
use crate::key::{PublicKey, SecretKey, Signature, fingerprint};
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

pub use error::{NarInfoError, NarInfoFault};
pub use word::{NarUrl, Word, WordError};

/// A narinfo (`libstore/nar-info.cc`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NarInfo {
    /// The store path.
    pub path: StorePath,
    /// Where its NAR lies in the cache.
    pub url: NarUrl,
    /// How the file at `url` is compressed, such as `xz`; `none` where it is the NAR itself, and
    /// `bzip2` where the narinfo does not say it.
    pub compression: Word,
    /// The hash of the file at `url`.
    pub file_hash: Option<Sha256>,
    /// The size of the file at `url`, in bytes; 0 where it is not known.
    pub file_size: u64,
    /// The hash of the NAR.
    pub nar_hash: Sha256,
    /// The size of the NAR, in bytes; no NAR has 0.
    pub nar_size: u64,
    /// The store paths that occur in the NAR, its own included.
    pub references: BTreeSet<StorePath>,
    /// The derivation that it was built by.
    pub deriver: Option<StorePath>,
    /// The system that it was built on; old caches have it.
    pub system: Option<Word>,
    /// The signatures, by whomever.
    pub signatures: BTreeSet<Signature>,
    /// What the path is named by, where that is its content.
    pub ca: Option<ContentAddress>,
}

impl NarInfo {
    /// The longest narinfo that is read, in bytes.
    pub const MAX_BYTES: usize = 4 << 20;
    /// The most references that are read.
    pub const MAX_REFERENCES: usize = 1 << 16;
    /// The most signatures that are read.
    pub const MAX_SIGNATURES: usize = 256;

    /// Prints the narinfo, in Nix's order of fields.
    ///
    /// Where the file has neither hash nor size, their lines are left out; Nix then has no text at
    /// all.
    #[must_use]
    pub fn print(&self, store: &StoreDir) -> String {
        let mut text = String::new();
        let mut line = |field: &str, value: &dyn std::fmt::Display| {
            writeln!(text, "{field}: {value}").expect("a string takes any text");
        };
        line("StorePath", &store.print(&self.path));
        line("URL", &self.url);
        line("Compression", &self.compression);
        if let Some(hash) = self.file_hash {
            line("FileHash", &Hash::from(hash));
        }
        if self.file_hash.is_some() || self.file_size != 0 {
            line("FileSize", &self.file_size);
        }
        line("NarHash", &Hash::from(self.nar_hash));
        line("NarSize", &self.nar_size);
        let references: Vec<String> = self.references.iter().map(StorePath::to_string).collect();
        line("References", &references.join(" "));
        if let Some(deriver) = &self.deriver {
            line("Deriver", deriver);
        }
        if let Some(system) = &self.system {
            line("System", system);
        }
        for signature in &self.signatures {
            line("Sig", signature);
        }
        if let Some(ca) = &self.ca {
            line("CA", ca);
        }
        text
    }

    /// The text that its signatures are of: path, NAR and references; nothing else is signed.
    #[must_use]
    pub fn fingerprint(&self, store: &StoreDir) -> String {
        fingerprint(
            store,
            &self.path,
            &self.nar_hash,
            self.nar_size,
            &self.references,
        )
    }

    /// Adds the signature of a key.
    pub fn sign(&mut self, store: &StoreDir, key: &SecretKey) {
        self.signatures.insert(key.sign(&self.fingerprint(store)));
    }

    /// Whether one of its signatures is by one of the keys.
    #[must_use]
    pub fn is_signed_by(&self, store: &StoreDir, keys: &[PublicKey]) -> bool {
        let fingerprint = self.fingerprint(store);
        keys.iter()
            .any(|it| it.verifies_any(&fingerprint, &self.signatures))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_set;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::content_address::Method;
    use crate::store_path::StoreName;

    fn path() -> impl Strategy<Value = StorePath> {
        ("[A-Za-z0-9+._?=-]{1,20}", any::<[u8; 20]>())
            .prop_map(|(name, hash)| StorePath::from_parts(hash, name.parse().unwrap()))
    }

    fn hash() -> impl Strategy<Value = Sha256> {
        any::<[u8; 32]>().prop_map(Sha256)
    }

    fn word() -> impl Strategy<Value = Word> {
        "[A-Za-z0-9+._-]{1,64}".prop_map(|it| it.parse().unwrap())
    }

    fn signature() -> impl Strategy<Value = Signature> {
        ("[!-9;-~é]{1,9}", any::<[u8; 32]>(), any::<u8>()).prop_map(|(name, seed, text)| {
            let key = SecretKey::from_seed(&name, &seed).unwrap();
            key.sign(&text.to_string())
        })
    }

    fn ca() -> impl Strategy<Value = ContentAddress> {
        let method = prop_oneof![Just(Method::Flat), Just(Method::Recursive)];
        prop_oneof![
            hash().prop_map(ContentAddress::Text),
            (method, hash()).prop_map(|(method, hash)| ContentAddress::Fixed {
                method,
                hash: hash.into(),
            }),
        ]
    }

    fn narinfo() -> impl Strategy<Value = NarInfo> {
        let file = (
            "[a-z0-9]{1,9}(/[a-z0-9]{1,9}){0,2}",
            word(),
            option::of(hash()),
            any::<u64>(),
        );
        let nar = (path(), hash(), 1_u64.., btree_set(path(), 0..4));
        let more = (
            option::of(path()),
            option::of(word()),
            btree_set(signature(), 0..3),
            option::of(ca()),
        );
        (file, nar, more).prop_map(|(file, nar, more)| NarInfo {
            path: nar.0,
            url: file.0.parse().unwrap(),
            compression: file.1,
            file_hash: file.2,
            file_size: file.3,
            nar_hash: nar.1,
            nar_size: nar.2,
            references: nar.3,
            deriver: more.0,
            system: more.1,
            signatures: more.2,
            ca: more.3,
        })
    }

    proptest! {
        #[test]
        fn reading_undoes_printing(narinfo in narinfo()) {
            let store = "/a/store".parse().unwrap();
            let text = narinfo.print(&store);
            prop_assert_eq!(NarInfo::parse(&store, text.as_bytes()), Ok(narinfo));
        }
    }

    #[test]
    fn what_is_not_signed_may_change() {
        let store = StoreDir::default();
        let keys = [1, 2].map(|it| SecretKey::from_seed("key", &[it; 32]).unwrap());
        let mut narinfo = NarInfo {
            path: StorePath::source(&store, &Sha256::of(b""), StoreName::source()),
            url: "nar/a".parse().unwrap(),
            compression: Word::none(),
            file_hash: None,
            file_size: 0,
            nar_hash: Sha256::of(b""),
            nar_size: 1,
            references: BTreeSet::new(),
            deriver: None,
            system: None,
            signatures: BTreeSet::new(),
            ca: None,
        };
        let [ours, other] = keys.each_ref().map(|it| [it.public()]);
        assert!(!narinfo.is_signed_by(&store, &ours));
        narinfo.sign(&store, &keys[0]);
        assert!(narinfo.is_signed_by(&store, &ours));
        assert!(!narinfo.is_signed_by(&store, &other));
        assert!(!narinfo.is_signed_by(&"/other".parse().unwrap(), &ours));
        narinfo.url = "nar/b".parse().unwrap();
        narinfo.sign(&store, &keys[1]);
        assert!(narinfo.is_signed_by(&store, &ours) && narinfo.is_signed_by(&store, &other));
        let changes: [fn(&mut NarInfo); 4] = [
            |it| it.nar_size = 2,
            |it| it.nar_hash = Sha256::of(b"x"),
            |it| it.references.extend([it.path.clone()]),
            |it| it.path = StorePath::from_parts([0; 20], it.path.name().clone()),
        ];
        for change in changes {
            let mut changed = narinfo.clone();
            change(&mut changed);
            assert!(!changed.is_signed_by(&store, &ours), "{changed:?}");
        }
    }
}
