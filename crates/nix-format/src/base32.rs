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

/// What a byte is worth as a digit; [`NO_DIGIT`] for those that are none.
const VALUES: [u8; 256] = values();

const NO_DIGIT: u8 = 0xff;

const fn values() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 32 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// Prints bytes: `ceil(8 n / 5)` digits for `n` bytes (`libutil/hash.cc`, `printHash32`).
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "digits are ASCII")]
pub fn encode(bytes: &[u8]) -> String {
    let length = (bytes.len() * 8).div_ceil(5);
    let mut digits = vec![0; length];
    let (mut bits, mut n_bits) = (0_u32, 0);
    let mut rest = bytes.iter();
    for digit in digits.iter_mut().rev() {
        if n_bits < 5 {
            bits |= rest.next().map_or(0, |it| u32::from(*it)) << n_bits;
            n_bits += 8;
        }
        *digit = DIGITS[(bits & 0x1f) as usize];
        bits >>= 5;
        n_bits -= 5;
    }
    String::from_utf8(digits).expect("digits are ASCII")
}

/// Reads what [`encode`] prints, and nothing else.
///
/// # Errors
///
/// [`Base32Error::Digit`] for a foreign character, [`Base32Error::Length`] where the digits hold a
/// part of a byte that is not zero.
pub fn decode(text: &str) -> Result<Vec<u8>, Base32Error> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut n_bits) = (0_u32, 0);
    for digit in text.bytes().rev() {
        let value = VALUES[usize::from(digit)];
        if value == NO_DIGIT {
            return Err(foreign(text));
        }
        bits |= u32::from(value) << n_bits;
        n_bits += 5;
        if n_bits >= 8 {
            bytes.push((bits & 0xff) as u8);
            bits >>= 8;
            n_bits -= 8;
        }
    }
    if bits != 0 || n_bits >= 5 {
        let length = text.len();
        return Err(Base32Error::Length { length });
    }
    Ok(bytes)
}

fn foreign(text: &str) -> Base32Error {
    let is_digit = |it: char| u8::try_from(it).is_ok_and(|it| VALUES[usize::from(it)] != NO_DIGIT);
    let digit = text.chars().find(|it| !is_digit(*it));
    Base32Error::Digit {
        digit: digit.expect("a byte that is no digit is part of a character that is none"),
    }
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
        check("eé0", &Base32Error::Digit { digit: 'e' });
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
