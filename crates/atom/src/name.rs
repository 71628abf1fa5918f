//! The short names of sets, pins and fetches.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

/// The name of a set, a pin or a fetch: `[a-z][a-z0-9-]*`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` is not a name")]
#[diagnostic(
    code(eka::name::malformed),
    help("a name is a lower-case letter, then letters, digits and `-`; at most 64 bytes")
)]
#[non_exhaustive]
pub struct NameError {
    /// What was given.
    pub text: String,
}

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        let ok = text.len() <= 64
            && text
                .bytes()
                .next()
                .is_some_and(|it| it.is_ascii_lowercase())
            && text.bytes().all(rest);
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError {
                text: text.to_owned(),
            })
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
