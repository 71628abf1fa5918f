//! Hashes of the four kinds that Nix knows, in all the forms in which it writes them.

mod sha256;
mod hasher;
mod parse;

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};

use crate::base32;

pub use hasher::Hasher;
pub use parse::HashError;
pub use sha256::{Sha256, Sha256Error, Sha256Hasher};

/// A way to hash, printed and read as `md5`, `sha1`, `sha256` or `sha512`
/// (`libutil/hash.cc`, `printHashType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5: 16 bytes; broken, read because old packages name their sources by it.
    Md5,
    /// SHA-1: 20 bytes; broken, as MD5.
    Sha1,
    /// SHA-256: 32 bytes.
    Sha256,
    /// SHA-512: 64 bytes.
    Sha512,
}

/// A hash and its algorithm, printed as `<algorithm>:<base32>`, which is how narinfos, content
/// addresses and Nix's database have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// An MD5.
    Md5([u8; 16]),
    /// A SHA-1.
    Sha1([u8; 20]),
    /// A SHA-256.
    Sha256(Sha256),
    /// A SHA-512.
    Sha512([u8; 64]),
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// Its name, as Nix writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of a hash, in bytes.
    #[must_use]
    pub const fn digest_bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or_else(|| HashError::Algorithm {
                name: text.to_owned(),
            })
    }
}

impl Hash {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The hash that `bytes` are, where there are as many as the algorithm makes.
    #[must_use]
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Md5 => Self::Md5(bytes.try_into().ok()?),
            Algorithm::Sha1 => Self::Sha1(bytes.try_into().ok()?),
            Algorithm::Sha256 => Self::Sha256(Sha256(bytes.try_into().ok()?)),
            Algorithm::Sha512 => Self::Sha512(bytes.try_into().ok()?),
        })
    }

    /// What it was made by.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Md5(_) => Algorithm::Md5,
            Self::Sha1(_) => Algorithm::Sha1,
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Its bytes: [`Algorithm::digest_bytes`] of them.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        match self {
            Self::Md5(bytes) => bytes,
            Self::Sha1(bytes) => bytes,
            Self::Sha256(hash) => &hash.0,
            Self::Sha512(bytes) => bytes,
        }
    }

    /// Lower-case hexadecimal digits, without a prefix.
    #[must_use]
    pub fn base16(&self) -> String {
        HEXLOWER.encode(self.bytes())
    }

    /// Digits of Nix's base32, without a prefix.
    #[must_use]
    pub fn base32(&self) -> String {
        base32::encode(self.bytes())
    }

    /// Base64 with padding, without a prefix.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64.encode(self.bytes())
    }

    /// The form of subresource integrity: `<algorithm>-<base64>`.
    #[must_use]
    pub fn sri(&self) -> String {
        format!("{}-{}", self.algorithm(), self.base64())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm(), self.base32())
    }
}

impl From<Sha256> for Hash {
    fn from(hash: Sha256) -> Self {
        Self::Sha256(hash)
    }
}

impl TryFrom<Hash> for Sha256 {
    type Error = HashError;

    fn try_from(hash: Hash) -> Result<Self, Self::Error> {
        match hash {
            Hash::Sha256(hash) => Ok(hash),
            other => Err(HashError::OtherAlgorithm {
                text: other.to_string(),
                expected: Algorithm::Sha256,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `nix hash to-base16`, `to-base32`, `to-base64` and `to-sri` print of the hash of `abc`.
    fn check(algorithm: Algorithm, base16: &str, base32: &str, base64: &str) {
        let hash = Hash::of(algorithm, b"abc");
        assert_eq!(hash.algorithm(), algorithm);
        assert_eq!(hash.bytes().len(), algorithm.digest_bytes());
        assert_eq!(hash.base16(), base16);
        assert_eq!(hash.base32(), base32);
        assert_eq!(hash.base64(), base64);
        assert_eq!(hash.to_string(), format!("{algorithm}:{base32}"));
        assert_eq!(hash.sri(), format!("{algorithm}-{base64}"));
        assert_eq!(Hash::from_bytes(algorithm, hash.bytes()), Some(hash));
        assert_eq!(Hash::from_bytes(algorithm, &hash.bytes()[1..]), None);
    }

    #[test]
    fn each_form_is_what_nix_prints() {
        check(
            Algorithm::Md5,
            "900150983cd24fb0d6963f7d28e17f72",
            "3jgzhjhz9zjvbb0kyj7jc500ch",
            "kAFQmDzST7DWlj99KOF/cg==",
        );
        check(
            Algorithm::Sha1,
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "kpcd173cq987hw957sx6m0868wv3x6d9",
            "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
        );
        check(
            Algorithm::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        );
        check(
            Algorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "2gs8k559z4rlahfx0y688s49m2vvszylcikrfinm30ly9rak69236nkam5ydvly1ai7xac99vxfc4ii84hawjbk876blyk1jfhkbbyx",
            "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==",
        );
    }

    #[test]
    fn algorithms_print_as_they_are_read() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        for name in ["", "SHA256", "sha224", "sha256 "] {
            assert!(name.parse::<Algorithm>().is_err(), "{name}");
        }
    }

    #[test]
    fn only_a_sha256_becomes_one() {
        let hash = Sha256::of(b"abc");
        assert_eq!(Sha256::try_from(Hash::from(hash)), Ok(hash));
        assert!(Sha256::try_from(Hash::of(Algorithm::Sha512, b"abc")).is_err());
    }
}
