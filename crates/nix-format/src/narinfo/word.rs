//! The values of a narinfo that are free text to Nix: a place in the cache, and words.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use miette::Diagnostic;
use thiserror::Error;

/// Where a NAR lies, relative to its cache: `nar/<hash>.nar.xz`, perhaps with a query behind it.
///
/// It never leads out of the cache: no scheme, no host, no part that is empty, `.` or `..`, and
/// nothing of that in percent signs either. Nix itself follows all of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NarUrl(String);

/// A word such as `xz` or `x86_64-linux`: 1 to 64 bytes of `A-Z a-z 0-9 + - . _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(String);

/// Why a text is no place in a cache, or no word.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum WordError {
    /// The place is absolute, leads out of the cache, is too long, or holds a foreign character.
    #[error("`{text}` is not a place within a cache")]
    #[diagnostic(
        code(eka::narinfo::url),
        help(
            "it is a relative path such as `nar/<hash>.nar.xz`, at most 1,024 bytes, without `.`, `..` and empty parts"
        )
    )]
    Url {
        /// What was given.
        text: String,
    },
    /// The word is empty, too long, or holds a foreign character.
    #[error("`{text}` is not a word")]
    #[diagnostic(
        code(eka::narinfo::word),
        help("it has 1 to 64 letters, digits and `+-._` of ASCII")
    )]
    Word {
        /// What was given.
        text: String,
    },
}

impl NarUrl {
    /// The longest place, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Word {
    /// The longest word, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// `none`, as the compression of what is not compressed.
    #[must_use]
    pub fn none() -> Self {
        Self("none".to_owned())
    }

    /// `bzip2`, which Nix takes as the compression where none is named.
    #[must_use]
    pub fn bzip2() -> Self {
        Self("bzip2".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NarUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for NarUrl {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |it: u8| it.is_ascii_alphanumeric() || b"-._~+=,@!/?&%".contains(&it);
        let path = text.split('?').next().unwrap_or_default();
        let well_formed = text.len() <= Self::MAX_BYTES
            && text.bytes().all(allowed)
            && path.split('/').all(|it| !matches!(it, "" | "." | ".."))
            && text.split('%').skip(1).all(is_harmless);
        if !well_formed {
            return Err(WordError::Url {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Word {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |it: u8| it.is_ascii_alphanumeric() || b"+-._".contains(&it);
        if !(1..=Self::MAX_BYTES).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(WordError::Word {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether what stands behind a percent sign is two digits of a byte that ends no part of a path,
/// and begins no other meaning.
fn is_harmless(behind: &str) -> bool {
    let byte = behind
        .get(..2)
        .and_then(|it| HEXLOWER_PERMISSIVE.decode(it.as_bytes()).ok());
    byte.is_some_and(|it| !it[0].is_ascii_control() && !b"./\\%".contains(&it[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_within_a_cache_are_taken() {
        for text in [
            "nar/1xsjkazpfgyyy38br89kz2plvdb4dkqcjl5mh0n2py3ndf0sc48j.nar.xz",
            "a",
            "nar/a.nar?hash=b&c=../d",
            "nar/..a/b..",
            "nar/a%20b",
        ] {
            assert_eq!(text.parse::<NarUrl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn places_elsewhere_are_refused() {
        let long = "a".repeat(1025);
        assert!(long[1..].parse::<NarUrl>().is_ok());
        for text in [
            "",
            "/etc/passwd",
            "//host/a",
            "http://host/a",
            "file:///a",
            "x:a",
            "..",
            "../a",
            "nar/../../a",
            "nar/./a",
            "nar//a",
            "nar/",
            "?a",
            "nar/..?a",
            "nar/%2e%2e/a",
            "nar/%2E./a",
            "nar%2fa",
            "nar%5ca",
            "nar/a%0d%0aX:",
            "nar/a%00",
            "nar/%252e",
            "nar/a%",
            "nar/a%4",
            "nar/a%zz",
            "nar\\a",
            "nar/a b",
            "nar/a#b",
            "nar/a\u{7f}",
            "nar/é",
            &long,
        ] {
            assert!(text.parse::<NarUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_held_to_the_rule() {
        let long = "a".repeat(65);
        for text in ["none", "xz", "x86_64-linux", &long[1..]] {
            assert!(text.parse::<Word>().is_ok(), "{text}");
        }
        for text in ["", "a b", "a\n", "é", "a/b", &long] {
            assert!(text.parse::<Word>().is_err(), "{text}");
        }
    }
}
