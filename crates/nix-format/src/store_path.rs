//! Store paths: the rule for names, and the path of a source tree.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::base32;
use crate::hash::Sha256;

/// The name at the end of a store path: 1 to 211 bytes of `A-Z a-z 0-9 + - . _ ? =`, not starting
/// with `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreName(String);

/// The base name of a store path: a hash of 20 bytes and a name, printed `<32 digits>-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath {
    hash: [u8; 20],
    name: StoreName,
}

/// Why a text is no store path, or no name of one.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum StorePathError {
    /// The name is empty or longer than 211 bytes.
    #[error("a store path's name of {length} bytes")]
    #[diagnostic(code(eka::store_path::name_length), help("a name has 1 to 211 bytes"))]
    NameLength {
        /// Its length in bytes.
        length: usize,
    },
    /// The name starts with `.`, or holds a character that no name may hold.
    #[error("`{name}` cannot be the name of a store path")]
    #[diagnostic(
        code(eka::store_path::name),
        help("a name holds letters, digits and `+-._?=` of ASCII, and does not start with `.`")
    )]
    Name {
        /// What was given.
        name: String,
    },
    /// The text does not begin with 32 digits of base32 and `-`.
    #[error("`{text}` is not the base name of a store path")]
    #[diagnostic(
        code(eka::store_path::malformed),
        help("it is 32 digits of Nix's base32, `-`, and a name")
    )]
    Malformed {
        /// What was given.
        text: String,
    },
}

impl StoreName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 211;

    /// `source`, as `fetchGit` and `fetchTarball` name what they bring.
    #[must_use]
    pub fn source() -> Self {
        Self("source".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StoreName {
    type Err = StorePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(StorePathError::NameLength { length: text.len() });
        }
        let allowed = |it: u8| it.is_ascii_alphanumeric() || b"+-._?=".contains(&it);
        if text.starts_with('.') || !text.bytes().all(allowed) {
            return Err(StorePathError::Name {
                name: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl StorePath {
    /// The path of a tree that is named by its content: what `builtins.path` and `fetchGit` give,
    /// and `nix-store --add-fixed --recursive sha256`.
    ///
    /// `nar` is the SHA-256 of the tree's NAR, `store_dir` the store's folder without a trailing
    /// slash, such as `/nix/store`
    /// (`libstore/store-api.cc`, `makeFixedOutputPath` without references).
    #[must_use]
    pub fn source(store_dir: &str, nar: &Sha256, name: StoreName) -> Self {
        let fingerprint = format!(
            "source:sha256:{}:{store_dir}:{}",
            nar.base16(),
            name.as_str()
        );
        Self {
            hash: fold(&Sha256::of(fingerprint.as_bytes())),
            name,
        }
    }

    /// The name after the hash.
    #[must_use]
    pub const fn name(&self) -> &StoreName {
        &self.name
    }

    /// The hash's 32 digits.
    #[must_use]
    pub fn hash_part(&self) -> String {
        base32::encode(&self.hash)
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.hash_part(), self.name.0)
    }
}

impl FromStr for StorePath {
    type Err = StorePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || StorePathError::Malformed {
            text: text.to_owned(),
        };
        let (hash, rest) = text.split_at_checked(32).ok_or_else(malformed)?;
        let name = rest.strip_prefix('-').ok_or_else(malformed)?;
        let hash = base32::decode(hash).map_err(|_| malformed())?;
        Ok(Self {
            hash: hash.try_into().map_err(|_| malformed())?,
            name: name.parse()?,
        })
    }
}

/// Folds a SHA-256 to 20 bytes by exclusive or (`libutil/hash.cc`, `compressHash`).
fn fold(hash: &Sha256) -> [u8; 20] {
    let mut folded = [0; 20];
    for (at, byte) in hash.0.iter().enumerate() {
        folded[at % 20] ^= byte;
    }
    folded
}
