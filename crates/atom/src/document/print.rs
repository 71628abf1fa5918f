//! Keys and strings as TOML writes them.

use std::fmt::{self, Write};

/// Writes a basic string: in `"`, control characters escaped, all else as it is.
pub(crate) fn basic_string(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\u{8}' => out.write_str("\\b")?,
            '\t' => out.write_str("\\t")?,
            '\n' => out.write_str("\\n")?,
            '\u{c}' => out.write_str("\\f")?,
            '\r' => out.write_str("\\r")?,
            it if it.is_control() => write!(out, "\\u{:04X}", u32::from(it))?,
            it => out.write_char(it)?,
        }
    }
    out.write_char('"')
}

/// Returns a basic string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    basic_string(text, &mut out).expect("a string takes whatever is written to it");
    out
}

/// Returns a key: bare where it can be.
pub(crate) fn key(key: &str) -> String {
    let bare = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}
