//! What an output is called.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::store_path::StoreName;

/// The name of an output, such as `out` or `dev`: 1 to 211 bytes of `A-Z a-z 0-9 + - . _ ? =`.
///
/// It ends the name of the output's path, unless it is `out`; so it holds what a path's name may.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputName(String);

/// A text that is no name of an output.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` cannot be the name of an output")]
#[diagnostic(
    code(eka::drv::output_name),
    help("a name holds 1 to 211 letters, digits and `+-._?=` of ASCII")
)]
#[non_exhaustive]
pub struct OutputNameError {
    /// What was given.
    pub text: String,
}

impl OutputName {
    /// `out`, the output that is meant where none is named.
    #[must_use]
    pub fn out() -> Self {
        Self("out".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OutputName {
    type Err = OutputNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |it: u8| it.is_ascii_alphanumeric() || b"+-._?=".contains(&it);
        if (1..=StoreName::MAX_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(OutputNameError {
                text: text.to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_the_rule() {
        let long = "a".repeat(211);
        for name in ["out", "a", ".", "a.b-c", &long] {
            assert!(name.parse::<OutputName>().is_ok(), "{name}");
        }
        let too_long = "a".repeat(212);
        for name in ["", "a b", "a/b", "é", "a\"", "a\0", &too_long] {
            assert!(name.parse::<OutputName>().is_err(), "{name}");
        }
    }
}
