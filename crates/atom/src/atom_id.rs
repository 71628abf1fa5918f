//! An atom's identity: the set's root and the id, and the digest of the two.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32HEX_NOPAD;
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
        let upper = text.to_ascii_uppercase();
        let lower = !text.contains(|it: char| it.is_ascii_uppercase());
        BASE32HEX_NOPAD
            .decode(upper.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .filter(|_| lower)
            .map(Self)
            .ok_or_else(|| DigestError {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = BASE32HEX_NOPAD.encode(&self.0);
        text.make_ascii_lowercase();
        f.write_str(&text)
    }
}
