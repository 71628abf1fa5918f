//! An atom's identity: the set's root and the id, and the digest of the two.

use std::fmt;
use std::str::FromStr;

use data_encoding::{Encoding, Specification};
use miette::Diagnostic;
use thiserror::Error;

use crate::{Id, Root};

/// What an atom is called everywhere: its set's root and its id in that set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomId {
    /// The set.
    pub root: Root,
    /// The name in the set.
    pub id: Id,
}

/// The BLAKE3 digest of an [`AtomId`], printed as 52 characters of lower-case base32hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Why a text is no digest.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` is not an atom's digest")]
#[diagnostic(
    code(eka::digest::malformed),
    help("a digest is 52 characters of lower-case base32hex")
)]
#[non_exhaustive]
pub struct DigestError {
    /// What was given.
    pub text: String,
}

impl AtomId {
    /// Joins a set and an id.
    #[must_use]
    pub const fn new(root: Root, id: Id) -> Self {
        Self { root, id }
    }

    /// The digest: `keyed_hash(derive_key("AtomId", root bytes), id in UTF-8)`
    /// (`docs/reference/formats.md`, section 1).
    #[must_use]
    pub fn digest(&self) -> Digest {
        let key = blake3::derive_key("AtomId", self.root.0.as_bytes());
        Digest(*blake3::keyed_hash(&key, self.id.as_str().as_bytes()).as_bytes())
    }
}

impl Digest {
    /// The first 8 characters of the printed form, as a lock's `deps` tell equal names apart.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        base32hex()
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| DigestError {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32hex().encode(&self.0))
    }
}

/// RFC 4648 base32hex in lower case, without padding.
fn base32hex() -> Encoding {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789abcdefghijklmnopqrstuv");
    specification
        .encoding()
        .expect("32 distinct symbols are an encoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(root: &str, id: &str, expected: &str) {
        let atom = AtomId::new(root.parse().unwrap(), id.parse().unwrap());
        assert_eq!(atom.digest().to_string(), expected);
        assert_eq!(expected.parse::<Digest>().unwrap(), atom.digest());
    }

    #[test]
    fn digests_agree_with_the_known_answers() {
        let root = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
        check(
            root,
            "nix-lock",
            "r3rlam6bd31t9i04ggug7avs8vf8981q7a3b6gobemk1gfs50qm0",
        );
        check(
            root,
            "dev",
            "3ot6f917im3d5qhs1jdo2samkthlahg5qcr4ql5e2neomv2v6dt0",
        );
        let root = "68b63bd131acd23bdfd57983fe85ba7c092ce02f";
        check(
            root,
            "atom-nix",
            "r9ilp2p4bpkup8bejuqrg042m6ohc0rtcn2fks94otlrhnquhnv0",
        );
    }
}
