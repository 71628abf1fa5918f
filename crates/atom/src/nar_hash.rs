//! The SHA-256 of a tree's NAR, as atoms and locks write it.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use miette::Diagnostic;
use thiserror::Error;

/// SHA-256 of a NAR, printed `sha256-<base64 with padding>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NarHash(pub [u8; 32]);

/// Why a text is no NAR hash.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` is not a NAR hash")]
#[diagnostic(
    code(eka::nar_hash::malformed),
    help("a NAR hash is `sha256-` and 44 characters of base64")
)]
#[non_exhaustive]
pub struct NarHashError {
    /// What was given.
    pub text: String,
}

impl FromStr for NarHash {
    type Err = NarHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("sha256-")
            .and_then(|it| BASE64.decode(it.as_bytes()).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| NarHashError {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for NarHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256-{}", BASE64.encode(&self.0))
    }
}
