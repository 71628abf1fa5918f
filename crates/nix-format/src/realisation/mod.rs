//! Which path an output of a derivation became: a realisation, as caches keep it in
//! `realisations/<id>.doi`.

mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::derivation::OutputName;
use crate::hash::{Hash, Sha256};
use crate::key::{PublicKey, SecretKey, Signature};
use crate::store_path::StorePath;

pub use parse::RealisationError;

/// An output by what its derivation reads, printed and read as `sha256:<base16>!<output>`
/// (`libstore/realisation.cc`, `DrvOutput`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DrvOutput {
    /// The derivation's hash modulo.
    pub drv_hash: Sha256,
    /// The output's name.
    pub output: OutputName,
}

/// What was built of an output (`libstore/realisation.cc`, `Realisation`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realisation {
    /// The output.
    pub id: DrvOutput,
    /// Its path.
    pub out_path: StorePath,
    /// The signatures, by whomever.
    pub signatures: BTreeSet<Signature>,
    /// The realisations that were read by the build and that its output refers to.
    pub dependent_realisations: BTreeMap<DrvOutput, StorePath>,
}

impl Realisation {
    /// The longest text that is read, in bytes.
    pub const MAX_BYTES: usize = 4 << 20;
    /// The most signatures that are read.
    pub const MAX_SIGNATURES: usize = 256;

    /// Prints the JSON in one line, its keys in order, without a line feed.
    #[must_use]
    pub fn print(&self) -> String {
        self.json(Some(
            self.signatures.iter().map(Signature::to_string).collect(),
        ))
    }

    /// The text that its signatures are of: all but the signatures.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.json(None)
    }

    /// Adds the signature of a key.
    pub fn sign(&mut self, key: &SecretKey) {
        self.signatures.insert(key.sign(&self.fingerprint()));
    }

    /// Whether one of its signatures is by one of the keys.
    #[must_use]
    pub fn is_signed_by(&self, keys: &[PublicKey]) -> bool {
        let fingerprint = self.fingerprint();
        keys.iter()
            .any(|it| it.verifies_any(&fingerprint, &self.signatures))
    }

    fn json(&self, signatures: Option<Vec<String>>) -> String {
        let dependent = self.dependent_realisations.iter();
        let printed = Printed {
            dependent_realisations: dependent
                .map(|(id, path)| (id.to_string(), path.to_string()))
                .collect(),
            id: self.id.to_string(),
            out_path: self.out_path.to_string(),
            signatures,
        };
        serde_json::to_string(&printed).expect("texts and maps of texts are JSON")
    }
}

/// The keys in the order in which Nix prints them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    dependent_realisations: BTreeMap<String, String>,
    id: String,
    out_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<Vec<String>>,
}

impl fmt::Display for DrvOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}!{}", self.drv_hash.base16(), self.output)
    }
}

impl FromStr for DrvOutput {
    type Err = RealisationError;

    /// Reads what is printed, and nothing else: an id is a file's name in a cache. Nix reads the hash
    /// in its other forms too.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || RealisationError::Id {
            text: text.to_owned(),
        };
        let (hash, output) = text.split_once('!').ok_or_else(malformed)?;
        let id = Self {
            drv_hash: Hash::parse(hash)?.try_into()?,
            output: output.parse()?,
        };
        (id.to_string() == text).then_some(id).ok_or_else(malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, btree_set};
    use proptest::prelude::*;

    use super::*;

    fn path() -> impl Strategy<Value = StorePath> {
        ("[A-Za-z0-9+._?=-]{1,20}", any::<[u8; 20]>())
            .prop_map(|(name, hash)| StorePath::from_parts(hash, name.parse().unwrap()))
    }

    fn id() -> impl Strategy<Value = DrvOutput> {
        ("[A-Za-z0-9+._?=-]{1,9}", any::<[u8; 32]>()).prop_map(|(output, hash)| DrvOutput {
            drv_hash: Sha256(hash),
            output: output.parse().unwrap(),
        })
    }

    fn signature() -> impl Strategy<Value = Signature> {
        (r#"[!-9;-~é"\\]{1,9}"#, any::<[u8; 32]>()).prop_map(|(name, seed)| {
            let key = SecretKey::from_seed(&name, &seed).unwrap();
            key.sign("x")
        })
    }

    proptest! {
        #[test]
        fn reading_undoes_printing(
            id in id(),
            out_path in path(),
            signatures in btree_set(signature(), 0..3),
            dependent_realisations in btree_map(id(), path(), 0..4),
        ) {
            let realisation = Realisation { id, out_path, signatures, dependent_realisations };
            let text = realisation.print();
            prop_assert_eq!(Realisation::parse(text.as_bytes()), Ok(realisation));
        }

        #[test]
        fn ids_are_in_the_order_of_their_texts(one in id(), other in id(), same: bool) {
            let hash = if same { one.drv_hash } else { other.drv_hash };
            let other = DrvOutput { drv_hash: hash, ..other };
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }
    }

    #[test]
    fn all_but_the_signatures_is_signed() {
        let key = SecretKey::from_seed("key", &[1; 32]).unwrap();
        let id: DrvOutput = format!("sha256:{}!out", Sha256::of(b"").base16())
            .parse()
            .unwrap();
        let mut realisation = Realisation {
            id,
            out_path: StorePath::from_parts([0; 20], "a".parse().unwrap()),
            signatures: BTreeSet::new(),
            dependent_realisations: BTreeMap::new(),
        };
        realisation.sign(&SecretKey::from_seed("other", &[2; 32]).unwrap());
        let keys = [key.public()];
        assert!(!realisation.is_signed_by(&keys));
        realisation.sign(&key);
        assert!(realisation.is_signed_by(&keys));
        let changes: [fn(&mut Realisation); 4] = [
            |it| it.id.output = "dev".parse().unwrap(),
            |it| it.id.drv_hash = Sha256::of(b"x"),
            |it| it.out_path = StorePath::from_parts([1; 20], "a".parse().unwrap()),
            |it| {
                it.dependent_realisations
                    .extend([(it.id.clone(), it.out_path.clone())]);
            },
        ];
        for change in changes {
            let mut changed = realisation.clone();
            change(&mut changed);
            assert!(!changed.is_signed_by(&keys), "{changed:?}");
        }
    }
}
