//! The one guard between foreign text and a terminal: no control, bidi or invisible character
//! passes.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Shows a value on one line: what a terminal could obey, or a reader could not see, is written
/// as `\u{…}` (`\n`, `\r` and `\t` by their short names).
#[derive(Debug, Clone, Copy)]
pub struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Guard { out: f }, "{}", self.0)
    }
}

struct Guard<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
}

impl fmt::Write for Guard<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_unsafe) {
            match part.chars().next_back().filter(|it| is_unsafe(*it)) {
                Some(last) => {
                    self.out.write_str(&part[..part.len() - last.len_utf8()])?;
                    write!(self.out, "{}", last.escape_default())?;
                }
                None => self.out.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// Escapes one line of text; see [`Escaped`].
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.contains(is_unsafe) {
        Cow::Owned(Escaped(text).to_string())
    } else {
        Cow::Borrowed(text)
    }
}

/// Escapes text of many lines: line feeds and tabs stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    let bad = |it: char| !matches!(it, '\n' | '\t') && is_unsafe(it);
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for it in text.chars() {
        if bad(it) {
            out.extend(it.escape_default());
        } else {
            out.push(it);
        }
    }
    Cow::Owned(out)
}

/// Escapes within JSON text: there such characters stand only inside strings, where `\u` and four
/// digits mean the same character.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for it in text.chars() {
        if is_unsafe(it) && it != '\n' {
            for unit in it.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes all text");
            }
        } else {
            out.push(it);
        }
    }
    Cow::Owned(out)
}

/// Masks a source text without moving a byte, so that spans into it still fit: each character
/// that may not pass becomes others of the same length. Line feeds and tabs stay.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let bad = |it: char| !matches!(it, '\n' | '\t') && is_unsafe(it);
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let masked = text.chars().map(|it| match (bad(it), it.len_utf8()) {
        (false, _) => it.to_string(),
        // A carriage return before a line feed ends a line as the author's editor does.
        (true, 1) => if it == '\r' { " " } else { "?" }.to_owned(),
        (true, 2) => "¿".to_owned(),
        (true, 3) => "\u{fffd}".to_owned(),
        (true, _) => "\u{fffd}?".to_owned(),
    });
    Cow::Owned(masked.collect())
}

/// Whether a character could steer a terminal or hide from a reader: controls (C0, C1, DEL),
/// line and paragraph separators, bidi controls, and what is drawn as nothing
/// (Unicode's `Default_Ignorable_Code_Point`, and the interlinear annotation marks).
#[must_use]
pub const fn is_unsafe(it: char) -> bool {
    if matches!(it, ' '..='~') {
        return false;
    }
    it.is_ascii_control()
        || matches!(it,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(line(input), expected);
        assert_eq!(Escaped(input).to_string(), expected);
    }

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        check("plain λ ひらがな", "plain λ ひらがな");
        check("a\x1b[31mb", "a\\u{1b}[31mb");
        check("a\nb\tc\rd", "a\\nb\\tc\\rd");
        check("ab\u{202e}cd", "ab\\u{202e}cd");
        check("g\u{200b}it", "g\\u{200b}it");
        check("\u{9b}2J", "\\u{9b}2J");
        check("tag\u{e0041}", "tag\\u{e0041}");
        assert_eq!(lines("a\nb\x07"), "a\nb\\u{7}");
        assert_eq!(json("\"\u{202e}\u{e0041}\""), "\"\\u202e\\udb40\\udc41\"");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_passes(text in any::<String>()) {
            prop_assert!(!line(&text).contains(is_unsafe));
            prop_assert!(!lines(&text).contains(|it| !matches!(it, '\n' | '\t') && is_unsafe(it)));
            prop_assert!(!json(&text).contains(|it| it != '\n' && is_unsafe(it)));
        }

        #[test]
        fn a_mask_keeps_every_offset(text in any::<String>()) {
            let masked = mask(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert!(!masked.contains(|it| !matches!(it, '\n' | '\t') && is_unsafe(it)));
            for (at, it) in text.char_indices().filter(|(_, it)| !is_unsafe(*it)) {
                prop_assert!(masked[at..].starts_with(it));
            }
        }
    }
}
