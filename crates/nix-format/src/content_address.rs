//! What a store path's content is named by, and the path that it gets from that.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::hash::{Algorithm, Hash, HashError, Sha256};
use crate::store_dir::StoreDir;
use crate::store_path::{StoreName, StorePath};

/// How the content of a store path is hashed, and the hash; printed as in a narinfo's `CA`:
/// `text:sha256:<base32>`, `fixed:<algorithm>:<base32>`, `fixed:r:<algorithm>:<base32>`
/// (`libstore/content-address.cc`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentAddress {
    /// A file as `builtins.toFile` and derivations are: it may refer to others, not to itself.
    Text(Sha256),
    /// What a fixed-output derivation makes, or `nix-store --add-fixed` adds.
    Fixed {
        /// What is hashed.
        method: Method,
        /// Its hash.
        hash: Hash,
    },
}

/// What a hash is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The bytes of a file that is not executable.
    Flat,
    /// A NAR of whatever it is; printed as `r:`.
    Recursive,
}

/// The store paths whose hash parts occur in a content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Those of others.
    pub others: BTreeSet<StorePath>,
    /// Whether the content's own path occurs in it. Its hash is then taken with zeros (NUL bytes)
    /// in place of its hash part.
    pub itself: bool,
}

/// Why a text is no content address, or a content has no path.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ContentAddressError {
    /// The text begins neither with `text:` nor with `fixed:`, or has no hash behind that.
    #[error("`{text}` is not a content address")]
    #[diagnostic(
        code(eka::content_address::malformed),
        help(
            "write `text:sha256:<hash>`, `fixed:<algorithm>:<hash>`, or `fixed:r:<algorithm>:<hash>`"
        )
    )]
    Malformed {
        /// What was given.
        text: String,
    },
    /// The hash is malformed, or its algorithm not one that is allowed here.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Hash(#[from] HashError),
    /// Only text and trees by SHA-256 may refer to other paths, and only the latter to themselves.
    #[error("content of `{kind}` cannot refer to {}", if *.itself { "itself" } else { "other store paths" })]
    #[diagnostic(
        code(eka::content_address::references),
        help("address it by `fixed:r:sha256`, or take the reference out")
    )]
    References {
        /// The address up to its hash, such as `fixed:r:sha1`.
        kind: String,
        /// Whether it is the reference to itself that is one too many.
        itself: bool,
    },
}

impl ContentAddress {
    /// The address up to the hash: `text:sha256`, `fixed:sha1`, `fixed:r:sha256`.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Text(_) => "text:sha256".to_owned(),
            Self::Fixed { method, hash } => format!("fixed:{method}{}", hash.algorithm()),
        }
    }

    /// The hash.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        match self {
            Self::Text(hash) => Hash::Sha256(*hash),
            Self::Fixed { hash, .. } => *hash,
        }
    }
}

impl References {
    /// Tells the reference of `path` to itself from those to others.
    #[must_use]
    pub fn of(path: &StorePath, references: &BTreeSet<StorePath>) -> Self {
        let others = references.iter().filter(|it| *it != path).cloned();
        Self {
            others: others.collect(),
            itself: references.contains(path),
        }
    }
}

impl StoreDir {
    /// The path of a content (`libstore/store-api.cc`, `makeFixedOutputPath` and `makeTextPath`).
    ///
    /// # Errors
    ///
    /// [`ContentAddressError::References`] where content of that kind cannot refer to these.
    pub fn content_path(
        &self,
        name: StoreName,
        address: &ContentAddress,
        references: &References,
    ) -> Result<StorePath, ContentAddressError> {
        let too_many = |itself| ContentAddressError::References {
            kind: address.kind(),
            itself,
        };
        match address {
            ContentAddress::Text(_) if references.itself => Err(too_many(true)),
            ContentAddress::Text(hash) => Ok(self.path(&self.kind("text", references), hash, name)),
            ContentAddress::Fixed {
                method: Method::Recursive,
                hash: Hash::Sha256(hash),
            } => Ok(self.path(&self.kind("source", references), hash, name)),
            ContentAddress::Fixed { .. } if !references.others.is_empty() => Err(too_many(false)),
            ContentAddress::Fixed { .. } if references.itself => Err(too_many(true)),
            ContentAddress::Fixed { method, hash } => {
                let (algorithm, hash) = (hash.algorithm(), hash.base16());
                let inner = format!("fixed:out:{method}{algorithm}:{hash}:");
                Ok(self.path("output:out", &Sha256::of(inner.as_bytes()), name))
            }
        }
    }

    fn kind(&self, kind: &str, references: &References) -> String {
        let mut text = kind.to_owned();
        for path in &references.others {
            text.push(':');
            text.push_str(&self.print(path));
        }
        if references.itself {
            text.push_str(":self");
        }
        text
    }
}

/// Prints what stands before the algorithm: nothing, or `r:`.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flat => "",
            Self::Recursive => "r:",
        })
    }
}

impl fmt::Display for ContentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.hash().base32())
    }
}

impl FromStr for ContentAddress {
    type Err = ContentAddressError;

    /// Reads what is printed, and as Nix does, hashes in base16 and base64 as well.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || ContentAddressError::Malformed {
            text: text.to_owned(),
        };
        let (kind, rest) = text.split_once(':').ok_or_else(malformed)?;
        let (method, rest) = match rest.strip_prefix("r:") {
            Some(rest) => (Method::Recursive, rest),
            None => (Method::Flat, rest),
        };
        let (algorithm, plain) = rest.split_once(':').ok_or_else(malformed)?;
        let hash = Hash::parse_plain(plain, algorithm.parse::<Algorithm>()?)?;
        match (kind, method) {
            ("fixed", method) => Ok(Self::Fixed { method, hash }),
            ("text", Method::Flat) => Ok(Self::Text(hash.try_into()?)),
            _ => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address() -> impl Strategy<Value = ContentAddress> {
        let algorithm = proptest::sample::select(&Algorithm::ALL);
        let method = prop_oneof![Just(Method::Flat), Just(Method::Recursive)];
        let fixed = (algorithm, method, any::<[u8; 4]>()).prop_map(|(algorithm, method, bytes)| {
            let hash = Hash::of(algorithm, &bytes);
            ContentAddress::Fixed { method, hash }
        });
        let text = any::<[u8; 4]>().prop_map(|it| ContentAddress::Text(Sha256::of(&it)));
        prop_oneof![fixed, text]
    }

    proptest! {
        #[test]
        fn reading_undoes_printing(address in address()) {
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let hash = Sha256::of(b"").base32();
        for text in [
            "",
            "text",
            "text:",
            "fixed:r:",
            "fixed:sha256:",
            &format!("sha256:{hash}"),
            &format!("text:r:sha256:{hash}"),
            &format!("fixed:r:r:sha256:{hash}"),
            &format!("fixed:R:sha256:{hash}"),
            &format!("fixed:git:sha256:{hash}"),
            &format!("fixed:sha512:{hash}"),
            &format!("fixed:sha256:{hash} "),
            &format!("text:sha1:{}", Hash::of(Algorithm::Sha1, b"").base32()),
        ] {
            assert!(text.parse::<ContentAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn who_may_refer_to_what() {
        let check = |address: &str, others: bool, itself: bool, expected: bool| {
            let other = "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source".parse().unwrap();
            let references = References {
                others: others.then_some(other).into_iter().collect(),
                itself,
            };
            let address: ContentAddress = address.parse().unwrap();
            let path = StoreDir::default().content_path(StoreName::source(), &address, &references);
            assert_eq!(path.is_ok(), expected, "{address} {references:?} {path:?}");
        };
        let sha256 = Sha256::of(b"").base32();
        let sha1 = Hash::of(Algorithm::Sha1, b"").base32();
        for (kind, hash, others, itself) in [
            ("text:sha256", &sha256, true, false),
            ("fixed:r:sha256", &sha256, true, true),
            ("fixed:sha256", &sha256, false, false),
            ("fixed:r:sha1", &sha1, false, false),
        ] {
            let address = format!("{kind}:{hash}");
            check(&address, false, false, true);
            check(&address, true, false, others);
            check(&address, false, true, itself);
            check(&address, true, true, others && itself);
        }
    }
}
