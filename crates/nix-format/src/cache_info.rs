//! What a binary cache says of itself: `nix-cache-info`.

use std::fmt::Write as _;

use miette::Diagnostic;
use thiserror::Error;

use crate::store_dir::{StoreDir, StoreDirError};

/// A `nix-cache-info` (`libstore/binary-cache-store.cc`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheInfo {
    /// The store whose paths it has.
    pub store_dir: StoreDir,
    /// Whether it may be asked for many paths at once, most of which it has not.
    pub wants_mass_query: bool,
    /// The smaller, the earlier it is asked.
    pub priority: Option<u32>,
}

/// Why bytes are no `nix-cache-info`.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum CacheInfoError {
    /// There are more bytes than any needs.
    #[error("a nix-cache-info of {length} bytes")]
    #[diagnostic(
        code(eka::cache_info::length),
        help("at most {} bytes are read", CacheInfo::MAX_BYTES)
    )]
    Length {
        /// How many there are.
        length: usize,
    },
    /// It does not say which store it is of; what is no `nix-cache-info` at all does not either.
    #[error("a nix-cache-info without `StoreDir`")]
    #[diagnostic(
        code(eka::cache_info::store_dir),
        help("see what the server has at `/nix-cache-info`: is it a binary cache?")
    )]
    NoStoreDir,
    /// A line cannot be read, or gives a field again.
    #[error("line {line} of a nix-cache-info has a bad `{field}`")]
    #[diagnostic(
        code(eka::cache_info::value),
        help(
            "`StoreDir` is an absolute path, `Priority` a number, `WantMassQuery` 0 or 1, each there once"
        )
    )]
    Value {
        /// Its number, from 1.
        line: usize,
        /// The name of the field.
        field: &'static str,
    },
    /// The store's folder is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    StoreDir(#[from] StoreDirError),
}

impl CacheInfo {
    /// The longest that is read, in bytes.
    pub const MAX_BYTES: usize = 64 << 10;

    /// Reads it; lines and fields that are unknown are passed over, as with Nix.
    ///
    /// # Errors
    ///
    /// Each variant of [`CacheInfoError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CacheInfoError> {
        if bytes.len() > Self::MAX_BYTES {
            let length = bytes.len();
            return Err(CacheInfoError::Length { length });
        }
        let text = String::from_utf8_lossy(bytes);
        let (mut store_dir, mut priority, mut wants_mass_query) = (None, None, None);
        for (at, line) in text.lines().enumerate() {
            let Some((field, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            let bad = |field| CacheInfoError::Value {
                line: at + 1,
                field,
            };
            match field {
                "StoreDir" if store_dir.is_some() => return Err(bad("StoreDir")),
                "StoreDir" => store_dir = Some(value.parse()?),
                "Priority" => {
                    let number = value.parse().map_err(|_| bad("Priority"))?;
                    if priority.replace(number).is_some() {
                        return Err(bad("Priority"));
                    }
                }
                "WantMassQuery" => {
                    let wants = match value {
                        "0" => false,
                        "1" => true,
                        _ => return Err(bad("WantMassQuery")),
                    };
                    if wants_mass_query.replace(wants).is_some() {
                        return Err(bad("WantMassQuery"));
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            store_dir: store_dir.ok_or(CacheInfoError::NoStoreDir)?,
            wants_mass_query: wants_mass_query.unwrap_or(false),
            priority,
        })
    }

    /// Prints it; what is as it is by itself is left out, as with Nix.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = format!("StoreDir: {}\n", self.store_dir.as_str());
        if self.wants_mass_query {
            text.push_str("WantMassQuery: 1\n");
        }
        if let Some(priority) = self.priority {
            writeln!(text, "Priority: {priority}").expect("a string takes any text");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reading_undoes_printing(
            dir in "/[a-z]{1,9}(/[a-z]{1,9})?",
            wants_mass_query: bool,
            priority: Option<u32>,
        ) {
            let info = CacheInfo { store_dir: dir.parse().unwrap(), wants_mass_query, priority };
            prop_assert_eq!(CacheInfo::parse(info.print().as_bytes()), Ok(info));
        }

        #[test]
        fn anything_is_read_or_refused(bytes: Vec<u8>) {
            drop(CacheInfo::parse(&bytes));
        }
    }

    #[test]
    fn what_servers_say_is_read() {
        // That of cache.nixos.org.
        let info = CacheInfo::parse(b"StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n");
        let expected = CacheInfo {
            store_dir: StoreDir::default(),
            wants_mass_query: true,
            priority: Some(40),
        };
        assert_eq!(info, Ok(expected));
        // Nix writes this alone.
        let plain = CacheInfo::parse(b"StoreDir: /nix/store\n").unwrap();
        assert_eq!(plain.print(), "StoreDir: /nix/store\n");
    }

    #[test]
    fn what_is_none_is_refused() {
        let long = vec![b'\n'; CacheInfo::MAX_BYTES + 1];
        for bytes in [
            b"".as_slice(),
            b"<!DOCTYPE html><html><p style=\"a: b\">StoreDir: /nix/store</p>",
            b"StoreDir: store\n",
            b"StoreDir: /nix/store\nStoreDir: /nix/store\n",
            b"StoreDir: /nix/store\nPriority: -1\n",
            b"StoreDir: /nix/store\nPriority: 1\nPriority: 1\n",
            b"StoreDir: /nix/store\nWantMassQuery: yes\n",
            &long,
        ] {
            assert!(CacheInfo::parse(bytes).is_err());
        }
    }
}
