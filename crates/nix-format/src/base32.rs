//! Nix's own base32: its alphabet, and the last digit first.

use miette::Diagnostic;
use thiserror::Error;

/// The digits in order of value: no `e`, `o`, `t` or `u`.
const DIGITS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// Why a text is no base32 of Nix's kind.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum Base32Error {
    /// A character is not one of the 32 digits.
    #[error("`{digit}` is not a digit of Nix's base32")]
    #[diagnostic(
        code(eka::base32::digit),
        help("the digits are `0` to `9` and `a` to `z` without `e`, `o`, `t` and `u`")
    )]
    Digit {
        /// The first such character.
        digit: char,
    },
    /// No number of bytes prints as that many digits, or bits beyond the last byte are set.
    #[error("{length} digits of base32 do not end on a byte")]
    #[diagnostic(
        code(eka::base32::length),
        help("a SHA-256 has 52 digits, the hash part of a store path 32")
    )]
    Length {
        /// The number of digits.
        length: usize,
    },
}

/// Prints bytes: `ceil(8 n / 5)` digits for `n` bytes (`libutil/hash.cc`, `printHash32`).
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let length = (bytes.len() * 8).div_ceil(5);
    (0..length)
        .rev()
        .map(|at| {
            let (byte, bit) = (at * 5 / 8, at * 5 % 8);
            let low = u16::from(bytes[byte]);
            let high = bytes.get(byte + 1).copied().map_or(0, u16::from);
            let value = ((high << 8 | low) >> bit) & 0x1f;
            char::from(DIGITS[usize::from(value)])
        })
        .collect()
}

/// Reads what [`encode`] prints, and nothing else.
///
/// # Errors
///
/// [`Base32Error::Digit`] for a foreign character, [`Base32Error::Length`] where the digits hold a
/// part of a byte that is not zero.
pub fn decode(text: &str) -> Result<Vec<u8>, Base32Error> {
    let length = text.chars().count();
    let mut bytes = vec![0; length * 5 / 8];
    for (at, digit) in text.chars().rev().enumerate() {
        let value = u16::try_from(digit)
            .ok()
            .and_then(|it| DIGITS.iter().position(|&other| u16::from(other) == it))
            .and_then(|it| u16::try_from(it).ok())
            .ok_or(Base32Error::Digit { digit })?;
        let (byte, bit) = (at * 5 / 8, at * 5 % 8);
        let [low, high] = (value << bit).to_le_bytes();
        for (offset, part) in [low, high].into_iter().enumerate() {
            match bytes.get_mut(byte + offset) {
                Some(slot) => *slot |= part,
                None if part == 0 => {}
                None => return Err(Base32Error::Length { length }),
            }
        }
    }
    if encode(&bytes).len() != length {
        return Err(Base32Error::Length { length });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &Base32Error) {
        assert_eq!(decode(text).as_ref(), Err(expected), "{text}");
    }

    #[test]
    fn digits_come_last_first() {
        // `nix-hash --to-base32 --type sha1` of the bytes 01 02 … 14.
        let bytes: Vec<u8> = (1..=20).collect();
        assert_eq!(encode(&bytes), "2h9i448h1w70s30b184hh1q60l2060h1");
        assert_eq!(encode(b""), "");
        assert_eq!(encode(&[0xff]), "7z");
    }

    #[test]
    fn what_no_bytes_print_as_is_refused() {
        check("e0", &Base32Error::Digit { digit: 'e' });
        check("0é", &Base32Error::Digit { digit: 'é' });
        check("zz", &Base32Error::Length { length: 2 });
        check("0", &Base32Error::Length { length: 1 });
        check("000", &Base32Error::Length { length: 3 });
    }

    proptest! {
        #[test]
        fn reading_undoes_printing(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert_eq!(decode(&text), Ok(bytes));
        }

        #[test]
        fn printing_undoes_reading(text in "[0-9a-z]{0,40}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
