//! Reading hashes: with the algorithm before them, or known from elsewhere.

use std::str::FromStr;

use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use miette::Diagnostic;
use thiserror::Error;

use super::{Algorithm, Hash};
use crate::base32;

/// Why a text is no hash.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum HashError {
    /// The name of an algorithm is none that Nix knows.
    #[error("`{name}` is not a hash algorithm")]
    #[diagnostic(
        code(eka::hash::algorithm),
        help("the algorithms are `md5`, `sha1`, `sha256` and `sha512`")
    )]
    Algorithm {
        /// What was given.
        name: String,
    },
    /// The text has no algorithm before the hash, and none is known.
    #[error("the hash `{text}` does not say its algorithm")]
    #[diagnostic(
        code(eka::hash::no_algorithm),
        help("write `<algorithm>:<hash>`, or `<algorithm>-<base64>`")
    )]
    NoAlgorithm {
        /// What was given.
        text: String,
    },
    /// The hash is of one algorithm, and another is called for.
    #[error("the hash `{text}` is not of `{expected}`")]
    #[diagnostic(
        code(eka::hash::other_algorithm),
        help("hash the same bytes by `{expected}`")
    )]
    OtherAlgorithm {
        /// What was given.
        text: String,
        /// What it must be.
        expected: Algorithm,
    },
    /// The text is in none of the forms of a hash, or too long or short for its algorithm.
    #[error("`{text}` is not a hash of `{algorithm}`")]
    #[diagnostic(
        code(eka::hash::malformed),
        help(
            "it has {} hexadecimal digits, {} of Nix's base32, or {} characters of base64, the only form behind `{algorithm}-`",
            algorithm.base16_length(), algorithm.base32_length(), algorithm.base64_length()
        )
    )]
    Malformed {
        /// What was given.
        text: String,
        /// What it should be a hash of.
        algorithm: Algorithm,
    },
}

impl Hash {
    /// Reads a hash that says its algorithm: `<algorithm>:` before base16, base32 or base64 with
    /// padding, or `<algorithm>-` before base64 (`libutil/hash.cc`, `Hash::parseAnyPrefixed`).
    ///
    /// As with Nix, base16 may have capitals, base64 behind `-` may lack its padding, and bits of
    /// base64 beyond the last byte do not count. Unlike Nix, line feeds within base64 and anything
    /// behind its padding are refused.
    ///
    /// # Errors
    ///
    /// [`HashError::NoAlgorithm`], [`HashError::Algorithm`], [`HashError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let no_algorithm = || HashError::NoAlgorithm {
            text: text.to_owned(),
        };
        let (algorithm, rest, form) = split(text).ok_or_else(no_algorithm)?;
        read(text, algorithm.parse()?, rest, form)
    }

    /// Reads a hash whose algorithm is known; it may still say it, as for [`Hash::parse`]
    /// (`libutil/hash.cc`, `Hash::parseAny`).
    ///
    /// # Errors
    ///
    /// As [`Hash::parse`]; [`HashError::OtherAlgorithm`] where it says another one.
    pub fn parse_as(text: &str, algorithm: Algorithm) -> Result<Self, HashError> {
        if split(text).is_none() {
            return Self::parse_plain(text, algorithm);
        }
        let hash = Self::parse(text)?;
        if hash.algorithm() != algorithm {
            return Err(HashError::OtherAlgorithm {
                text: text.to_owned(),
                expected: algorithm,
            });
        }
        Ok(hash)
    }

    /// Reads a hash that does not say its algorithm: base16, base32 or base64 with padding
    /// (`libutil/hash.cc`, `Hash::parseNonSRIUnprefixed`).
    ///
    /// # Errors
    ///
    /// [`HashError::Malformed`].
    pub fn parse_plain(text: &str, algorithm: Algorithm) -> Result<Self, HashError> {
        read(text, algorithm, text, Form::Any)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    /// As [`Hash::parse`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// What may stand behind the algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Any,
    /// Behind `-`.
    Base64,
}

fn split(text: &str) -> Option<(&str, &str, Form)> {
    let with = |form| move |(algorithm, rest)| (algorithm, rest, form);
    let any = text.split_once(':').map(with(Form::Any));
    any.or_else(|| text.split_once('-').map(with(Form::Base64)))
}

fn read(text: &str, algorithm: Algorithm, rest: &str, form: Form) -> Result<Hash, HashError> {
    let length = rest.len();
    let bytes = if form == Form::Base64 {
        base64(rest, algorithm)
    } else if length == algorithm.base16_length() {
        HEXLOWER_PERMISSIVE.decode(rest.as_bytes()).ok()
    } else if length == algorithm.base32_length() {
        base32::decode(rest).ok()
    } else if length == algorithm.base64_length() {
        base64(rest, algorithm)
    } else {
        None
    };
    bytes
        .and_then(|it| Hash::from_bytes(algorithm, &it))
        .ok_or_else(|| HashError::Malformed {
            text: text.to_owned(),
            algorithm,
        })
}

/// Reads base64 whose padding may lack and whose last bits do not count: whole groups of four
/// characters have neither, so a short last group is filled up with zeros.
fn base64(text: &str, algorithm: Algorithm) -> Option<Vec<u8>> {
    let n_characters = (algorithm.digest_bytes() * 4).div_ceil(3);
    let (characters, padding) = text.split_at_checked(n_characters)?;
    let n_padding = algorithm.base64_length() - n_characters;
    if padding.len() > n_padding || padding.bytes().any(|it| it != b'=') {
        return None;
    }
    let filled = format!("{characters}{}", "A".repeat(n_padding));
    let mut bytes = BASE64_NOPAD.decode(filled.as_bytes()).ok()?;
    bytes.truncate(algorithm.digest_bytes());
    Some(bytes)
}

impl Algorithm {
    const fn base16_length(self) -> usize {
        self.digest_bytes() * 2
    }

    const fn base32_length(self) -> usize {
        (self.digest_bytes() * 8).div_ceil(5)
    }

    /// Padding included.
    const fn base64_length(self) -> usize {
        self.digest_bytes().div_ceil(3) * 4
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash() -> impl Strategy<Value = Hash> {
        let algorithm = proptest::sample::select(&Algorithm::ALL);
        (algorithm, any::<Vec<u8>>()).prop_map(|(algorithm, bytes)| Hash::of(algorithm, &bytes))
    }

    fn refused(text: &str, expected: fn(&HashError) -> bool) {
        let error = Hash::parse(text).expect_err(text);
        assert!(expected(&error), "{text}: {error:?}");
    }

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    /// The last character of base64 before its `=`, and all before that.
    const BASE64: (&str, &str) = ("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa", "0");

    #[test]
    fn what_nix_reads_is_read() {
        let expected = Ok(Hash::of(Algorithm::Sha256, b"abc"));
        let (base64, last) = BASE64;
        for text in [
            format!("sha256:{HEX}"),
            format!("sha256:{}", HEX.to_uppercase()),
            format!("sha256:{base64}{last}="),
            format!("sha256-{base64}{last}="),
            format!("sha256-{base64}{last}"),
            format!("sha256-{base64}1="),
        ] {
            assert_eq!(Hash::parse(&text), expected, "{text}");
            assert_eq!(Hash::parse_as(&text, Algorithm::Sha256), expected, "{text}");
            assert!(Hash::parse_plain(&text, Algorithm::Sha256).is_err());
        }
        for text in [HEX, &format!("{base64}{last}=")] {
            assert_eq!(Hash::parse_as(text, Algorithm::Sha256), expected);
            assert_eq!(Hash::parse_plain(text, Algorithm::Sha256), expected);
        }
    }

    #[test]
    fn all_else_is_refused() {
        let (base64, last) = BASE64;
        for text in ["", HEX] {
            refused(text, |it| matches!(it, HashError::NoAlgorithm { .. }));
        }
        for prefix in ["SHA256:", ":", "-", "sha224:", " sha256:"] {
            let text = format!("{prefix}{HEX}");
            refused(&text, |it| matches!(it, HashError::Algorithm { .. }));
        }
        for text in [
            "sha256:".to_owned(),
            format!("sha512:{HEX}"),
            format!("sha256-{HEX}"),
            format!("sha256: {}", &HEX[1..]),
            format!("sha256:{base64}{last}"),
            format!("sha256-{base64}{last}\n"),
            format!("sha256-{base64}{last}=="),
            format!("sha256-{base64}{last}A"),
            format!("sha256-{base64}=="),
            format!("sha256-{}", base64.replace('+', "-")),
            format!("sha256-{base64}é"),
        ] {
            refused(&text, |it| matches!(it, HashError::Malformed { .. }));
        }
        let error = Hash::parse_as(&format!("sha256:{HEX}"), Algorithm::Sha1);
        assert!(matches!(error, Err(HashError::OtherAlgorithm { .. })));
    }

    proptest! {
        #[test]
        fn every_form_is_read_back(hash in hash()) {
            let algorithm = hash.algorithm();
            for text in [hash.base16(), hash.base32(), hash.base64()] {
                prop_assert_eq!(Hash::parse_plain(&text, algorithm), Ok(hash));
                prop_assert_eq!(Hash::parse(&format!("{algorithm}:{text}")), Ok(hash));
            }
            prop_assert_eq!(Hash::parse(&hash.sri()), Ok(hash));
            prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        }

        #[test]
        fn no_text_is_a_fault_of_ours(text in "(md5|sha1|sha256|sha512)[:-]\\PC{0,110}") {
            if let Ok(hash) = Hash::parse(&text) {
                prop_assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
            }
        }
    }
}
