//! The folder that store paths lie in, and all that depends on where it is.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::hash::Sha256;
use crate::store_path::{StoreName, StorePath, StorePathError};

/// A store's folder: an absolute path of at most 4,095 bytes, each of its parts a name, without a
/// slash at its end. It is part of what every store path hashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreDir(String);

/// Why a text is no store's folder, or no path within one.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum StoreDirError {
    /// The folder is not absolute, not in its shortest form, too long, or holds a control character.
    #[error("`{text}` cannot be the folder of a store")]
    #[diagnostic(
        code(eka::store_dir::malformed),
        help(
            "it is an absolute path of at most 4,095 bytes, without `.`, `..`, `//`, control characters or a slash at its end"
        )
    )]
    Malformed {
        /// What was given.
        text: String,
    },
    /// The path lies elsewhere.
    #[error("`{text}` is not in the store `{store}`")]
    #[diagnostic(
        code(eka::store_dir::outside),
        help("a path in the store is `{store}/<hash>-<name>`")
    )]
    Outside {
        /// What was given.
        text: String,
        /// The store's folder.
        store: StoreDir,
    },
    /// What stands behind the folder is no store path.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Path(#[from] StorePathError),
}

impl StoreDir {
    /// The longest folder, in bytes: what Linux takes for a path.
    pub const MAX_BYTES: usize = 4095;

    /// The text, such as `/nix/store`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Prints the full path: `<store>/<hash>-<name>`.
    #[must_use]
    pub fn print(&self, path: &StorePath) -> String {
        format!("{self}/{path}")
    }

    /// Reads what [`StoreDir::print`] prints, and nothing else.
    ///
    /// # Errors
    ///
    /// [`StoreDirError::Outside`], [`StoreDirError::Path`].
    pub fn parse(&self, text: &str) -> Result<StorePath, StoreDirError> {
        Ok(self.strip(text)?.parse()?)
    }

    /// Reads a path in the store or below a path in the store; gives what stands behind the store
    /// path too, which is empty or begins with `/` and is not looked at
    /// (`libstore/store-api.cc`, `toStorePath`).
    ///
    /// # Errors
    ///
    /// As [`StoreDir::parse`].
    pub fn parse_within<'a>(&self, text: &'a str) -> Result<(StorePath, &'a str), StoreDirError> {
        let behind = self.strip(text)?;
        let end = behind.find('/').unwrap_or(behind.len());
        let (base, rest) = behind.split_at(end);
        Ok((base.parse()?, rest))
    }

    /// The path that `kind` and a hash make, such as `output:out` and the hash of a derivation
    /// (`libstore/store-api.cc`, `makeStorePath`).
    #[must_use]
    pub fn path(&self, kind: &str, hash: &Sha256, name: StoreName) -> StorePath {
        let (hash, text) = (hash.base16(), name.as_str());
        let fingerprint = format!("{kind}:sha256:{hash}:{self}:{text}");
        StorePath::from_parts(fold(&Sha256::of(fingerprint.as_bytes())), name)
    }

    fn strip<'a>(&self, text: &'a str) -> Result<&'a str, StoreDirError> {
        text.strip_prefix(&self.0)
            .and_then(|it| it.strip_prefix('/'))
            .ok_or_else(|| StoreDirError::Outside {
                text: text.to_owned(),
                store: self.clone(),
            })
    }
}

/// `/nix/store`.
impl Default for StoreDir {
    fn default() -> Self {
        Self("/nix/store".to_owned())
    }
}

impl fmt::Display for StoreDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StoreDir {
    type Err = StoreDirError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |it: &str| !matches!(it, "" | "." | "..");
        let well_formed = text.len() <= Self::MAX_BYTES
            && !text.contains(char::is_control)
            && text
                .strip_prefix('/')
                .is_some_and(|it| it.split('/').all(is_name));
        if !well_formed {
            return Err(StoreDirError::Malformed {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source";

    #[test]
    fn folders_are_held_to_the_rule() {
        for text in ["/nix/store", "/s", "/a b/.c/é", "/..."] {
            assert_eq!(text.parse::<StoreDir>().unwrap().to_string(), text);
        }
        let long = format!("/{}", "a".repeat(4095));
        for text in [
            "",
            "/",
            "nix/store",
            "/nix/store/",
            "/nix//store",
            "/nix/./store",
            "/nix/../store",
            "/..",
            "/a\n",
            "/a\0",
            &long,
        ] {
            assert!(text.parse::<StoreDir>().is_err(), "{text}");
        }
        assert!(long[1..].replacen('a', "/", 1).parse::<StoreDir>().is_ok());
    }

    #[test]
    fn a_path_prints_as_it_is_read() {
        for store in ["/nix/store", "/s"] {
            let store: StoreDir = store.parse().unwrap();
            let full = format!("{store}/{BASE}");
            let path = store.parse(&full).unwrap();
            assert_eq!(path, BASE.parse().unwrap());
            assert_eq!(store.print(&path), full);
            assert_eq!(store.parse_within(&full), Ok((path.clone(), "")));
            let below = format!("{full}/bin/../x");
            assert_eq!(store.parse_within(&below), Ok((path, "/bin/../x")));
            assert!(store.parse(&below).is_err());
        }
    }

    #[test]
    fn what_lies_elsewhere_is_refused() {
        let store = StoreDir::default();
        for text in [
            "",
            "/nix/store",
            BASE,
            "/nix/storeX",
            "/gnu/store/x",
            "nix/store/x",
        ] {
            let error = store.parse(text).expect_err(text);
            assert!(matches!(error, StoreDirError::Outside { .. }), "{text}");
        }
        for text in [
            "/nix/store/",
            "/nix/store/x",
            "/nix/store//x",
            "/nix/store/../x",
        ] {
            for error in [
                store.parse(text).expect_err(text),
                store.parse_within(text).expect_err(text),
            ] {
                assert!(matches!(error, StoreDirError::Path(_)), "{text}");
            }
        }
        let wide = format!("//nix/store/{BASE}");
        assert!(store.parse(&wide).is_err());
    }
}
