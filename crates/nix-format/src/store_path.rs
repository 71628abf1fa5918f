//! Store paths: the rule for names, and the paths of source trees and files.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::base32;
use crate::hash::Sha256;
use crate::store_dir::StoreDir;

/// The name at the end of a store path: 1 to 211 bytes of `A-Z a-z 0-9 + - . _ ? =`
/// (`libstore/path.cc`, `checkName`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreName(String);

/// The base name of a store path: a hash of 20 bytes and a name, printed `<32 digits>-<name>`.
///
/// Paths are in the order of what they print as, as everywhere in Nix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// The name holds a character that no name may hold.
    #[error("`{name}` cannot be the name of a store path")]
    #[diagnostic(
        code(eka::store_path::name),
        help("a name holds letters, digits and `+-._?=` of ASCII")
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

    /// Whether every release of Nix takes the name: those after 2.19 refuse `.` and `..`, alone or
    /// before a `-`.
    #[must_use]
    pub fn is_portable(&self) -> bool {
        !matches!(self.0.split('-').next(), Some("." | ".."))
    }
}

impl FromStr for StoreName {
    type Err = StorePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(StorePathError::NameLength { length: text.len() });
        }
        let allowed = |it: u8| it.is_ascii_alphanumeric() || b"+-._?=".contains(&it);
        if !text.bytes().all(allowed) {
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
    /// `nar` is the SHA-256 of the tree's NAR
    /// (`libstore/store-api.cc`, `makeFixedOutputPath` without references).
    #[must_use]
    pub fn source(store: &StoreDir, nar: &Sha256, name: StoreName) -> Self {
        store.path("source", nar, name)
    }

    /// The path of a file that is named by the hash of its bytes: what `fetchurl` gives, and
    /// `nix-store --add-fixed sha256`. The file is not executable.
    ///
    /// `hash` is the SHA-256 of the file
    /// (`libstore/store-api.cc`, `makeFixedOutputPath` of a flat hash).
    #[must_use]
    pub fn file(store: &StoreDir, hash: &Sha256, name: StoreName) -> Self {
        let inner = format!("fixed:out:sha256:{}:", hash.base16());
        store.path("output:out", &Sha256::of(inner.as_bytes()), name)
    }

    /// The path of these parts.
    #[must_use]
    pub const fn from_parts(hash: [u8; 20], name: StoreName) -> Self {
        Self { hash, name }
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

    /// The hash's 20 bytes.
    #[must_use]
    pub const fn hash_bytes(&self) -> &[u8; 20] {
        &self.hash
    }

    /// Whether the name ends in `.drv` (`libstore/path.cc`, `isDerivation`).
    #[must_use]
    pub fn is_derivation(&self) -> bool {
        self.name.0.ends_with(".drv")
    }
}

impl Ord for StorePath {
    fn cmp(&self, other: &Self) -> Ordering {
        // The first digit is the top of the last byte, and the digits ascend in ASCII.
        let digits = self.hash.iter().rev().cmp(other.hash.iter().rev());
        digits.then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for StorePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_path_of_a_source_is_that_of_nix() {
        // `nix-store --add-fixed --recursive sha256` of an empty folder called `source`.
        let nar = "sha256-pQpattmS9VmO3ZIQUFn66az8GSmB4IvYhTTCFn6SUmo=";
        let path = StorePath::source(
            &StoreDir::default(),
            &nar.parse().unwrap(),
            StoreName::source(),
        );
        assert_eq!(path.to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(path));
    }

    #[test]
    fn the_path_of_a_file_is_that_of_nix() {
        // `nix-store --add-fixed sha256` of a file `hello.txt` that holds `hello` and a line feed.
        let path = StorePath::file(
            &StoreDir::default(),
            &Sha256::of(b"hello\n"),
            "hello.txt".parse().unwrap(),
        );
        assert_eq!(path.to_string(), HELLO);
    }

    const HELLO: &str = "gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt";
    const EMPTY: &str = "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source";

    #[test]
    fn names_are_held_to_the_rule() {
        let long = "a".repeat(211);
        for name in [
            "a",
            "source",
            "a.b",
            ".a",
            "...",
            ".",
            "..",
            ".-a",
            "..-a",
            "0",
            "_",
            "-",
            "a-b+c?d=e",
            &long,
        ] {
            assert!(name.parse::<StoreName>().is_ok(), "{name}");
        }
        let too_long = "a".repeat(212);
        for name in ["", "a b", "a~", "a/b", "é", "a\0", &too_long] {
            assert!(name.parse::<StoreName>().is_err(), "{name}");
        }
    }

    #[test]
    fn newer_releases_refuse_names_of_folders() {
        for (name, portable) in [
            (".", false),
            ("..", false),
            (".-a", false),
            ("..-a", false),
            (".a", true),
            ("...", true),
            ("-.", true),
            ("source", true),
        ] {
            let name: StoreName = name.parse().unwrap();
            assert_eq!(name.is_portable(), portable, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn paths_are_in_the_order_of_their_texts(
            one: [u8; 20],
            other: [u8; 20],
            names in ["[0-9a-z.+-]{1,3}", "[0-9a-z.+-]{1,3}"],
            same: bool,
        ) {
            let [first, second] = names.map(|it| it.parse().unwrap());
            let one = StorePath::from_parts(one, first);
            let hash = if same { *one.hash_bytes() } else { other };
            let other = StorePath::from_parts(hash, second);
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
            prop_assert_eq!(one.to_string().parse(), Ok(one));
        }
    }

    #[test]
    fn derivations_are_told_by_their_names() {
        for (name, expected) in [
            ("a.drv", true),
            (".drv", true),
            ("a.drv-b", false),
            ("drv", false),
        ] {
            let path = StorePath::from_parts([0; 20], name.parse().unwrap());
            assert_eq!(path.is_derivation(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_store_path_is_refused() {
        for text in [
            "",
            "source",
            "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8",
            "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8source",
            "0ccnxa25whszw7mgbgyzdm4nqc0zwne8-source",
            "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-",
            "/nix/store/0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source",
        ] {
            assert!(text.parse::<StorePath>().is_err(), "{text}");
        }
    }
}
