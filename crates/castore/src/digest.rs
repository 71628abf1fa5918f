//! What content is called: its BLAKE3 digest.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32HEX_NOPAD;
use miette::Diagnostic;
use thiserror::Error;

/// The BLAKE3 digest of a blob, printed as 52 characters of lower-case base32hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Why a text is no digest.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{}` is not the digest of a blob", text.escape_debug())]
#[diagnostic(
    code(eka::castore::digest),
    help("a digest is 52 characters of lower-case base32hex")
)]
#[non_exhaustive]
pub struct DigestError {
    /// What was given.
    pub text: String,
}

impl Digest {
    /// How many characters the printed form has.
    pub const TEXT_LEN: usize = 52;

    /// Returns the digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.to_ascii_uppercase();
        let lower = !text.contains(|it: char| it.is_ascii_uppercase());
        BASE32HEX_NOPAD
            .decode(upper.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .filter(|_| lower)
            .map(Self)
            .ok_or_else(|| DigestError {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; Self::TEXT_LEN];
        BASE32HEX_NOPAD.encode_mut(&self.0, &mut text);
        text.make_ascii_lowercase();
        f.write_str(std::str::from_utf8(&text).expect("base32hex is ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_it_is_read() {
        let digest = Digest::of(b"");
        let text = digest.to_string();
        // `af1349b9f5f9a1a6a0404dea36dcc949…`, by the test vectors of BLAKE3.
        assert_eq!(text, "ls9kjeflv6gqd8209nl3dn6996dsm9e9ln0h5ducja9slp0v69h0");
        assert_eq!(text.parse(), Ok(digest));
        for bad in [
            "",
            &text[1..],
            &text.to_uppercase(),
            &format!("{text}a"),
            &format!("{}v", &text[..51]),
            &text.replace('l', "é"),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
