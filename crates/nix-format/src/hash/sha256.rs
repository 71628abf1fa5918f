//! SHA-256, and the three ways in which Nix prints it.

use std::fmt;
use std::io;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use miette::Diagnostic;
use sha2::Digest as _;
use thiserror::Error;

use crate::base32;

/// A SHA-256.
///
/// Printed, and read, as `sha256-<base64 with padding>` (the form of subresource integrity);
/// [`Sha256::base16`] and [`Sha256::base32`] give the other two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

/// Why a text is no SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` is not a SHA-256")]
#[diagnostic(
    code(eka::sha256::malformed),
    help(
        "write `sha256-` and 44 characters of base64, `sha256:` and 52 of Nix's base32, or `sha256:` and 64 hexadecimal digits"
    )
)]
#[non_exhaustive]
pub struct Sha256Error {
    /// What was given.
    pub text: String,
}

/// Takes bytes piece by piece, and gives their [`Sha256`].
#[derive(Debug, Clone, Default)]
pub struct Sha256Hasher(sha2::Sha256);

impl Sha256 {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// 64 lower-case hexadecimal digits, without a prefix.
    #[must_use]
    pub fn base16(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// 52 digits of Nix's base32, without a prefix.
    #[must_use]
    pub fn base32(&self) -> String {
        base32::encode(&self.0)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256-{}", BASE64.encode(&self.0))
    }
}

impl FromStr for Sha256 {
    type Err = Sha256Error;

    /// Reads `sha256-<base64>`, `sha256:<base32>` and `sha256:<base16>`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = if let Some(base64) = text.strip_prefix("sha256-") {
            BASE64.decode(base64.as_bytes()).ok()
        } else {
            text.strip_prefix("sha256:").and_then(|it| match it.len() {
                64 => HEXLOWER.decode(it.as_bytes()).ok(),
                52 => base32::decode(it).ok(),
                _ => None,
            })
        };
        bytes
            .and_then(|it| it.try_into().ok())
            .map(Self)
            .ok_or_else(|| Sha256Error {
                text: text.to_owned(),
            })
    }
}

impl Sha256Hasher {
    /// Starts with no bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes taken.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl io::Write for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The empty text, as `nix hash` prints it.
    const SRI: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const BASE32: &str = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
    const BASE16: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn each_form_is_what_nix_prints() {
        let hash = Sha256::of(b"");
        assert_eq!(hash.to_string(), SRI);
        assert_eq!(hash.base32(), BASE32);
        assert_eq!(hash.base16(), BASE16);
        assert_eq!(Sha256Hasher::new().finish(), hash);
    }

    #[test]
    fn each_form_is_read() {
        let hash = Ok(Sha256::of(b""));
        assert_eq!(SRI.parse(), hash);
        assert_eq!(format!("sha256:{BASE32}").parse(), hash);
        assert_eq!(format!("sha256:{BASE16}").parse(), hash);
    }

    #[test]
    fn all_else_is_refused() {
        for text in [
            "",
            BASE16,
            "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "sha256:e3b0",
            "sha256-",
        ] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }
}
