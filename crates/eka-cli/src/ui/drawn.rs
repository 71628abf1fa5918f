//! An answer in colors: each text of it is guarded, and only our own colors pass.

use std::io::{self, IsTerminal, Write as _};

use eka::env::Env;
use eka::escape;

use crate::cli::Color;
use crate::failure::Failure;
use crate::globals::is_terminal;

/// Whether what is shown is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// They are.
    Colored,
    /// They are not.
    Plain,
}

/// What a line is, and so how it is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shade {
    /// As it is.
    Plain,
    /// A heading.
    Heading,
    /// A place.
    Place,
    /// Something new.
    Added,
    /// Something that is gone.
    Removed,
}

/// Whether anybody still reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody does.
    There,
    /// Nobody does: they had enough.
    Gone,
}

/// Lines for stdout.
#[derive(Debug)]
pub(crate) struct Drawn {
    ink: Ink,
    text: String,
    /// Whether a character or a byte was written in another form.
    pub(crate) escaped: bool,
}

impl Ink {
    /// What is asked for; else by what `stream` is.
    pub(crate) fn new(color: Color, env: &Env, stream: &impl IsTerminal) -> Self {
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => env.get("NO_COLOR").is_none() && is_terminal(stream, env),
        };
        if colored { Self::Colored } else { Self::Plain }
    }
}

impl Drawn {
    pub(crate) const fn new(ink: Ink) -> Self {
        Self {
            ink,
            text: String::new(),
            escaped: false,
        }
    }

    /// Adds a line of foreign bytes. What is no UTF-8 is written as `\xNN`.
    pub(crate) fn line(&mut self, shade: Shade, bytes: &[u8]) {
        let before = match (self.ink, shade) {
            (Ink::Plain, _) | (_, Shade::Plain) => "",
            (_, Shade::Heading) => "\x1b[1m",
            (_, Shade::Place) => "\x1b[36m",
            (_, Shade::Added) => "\x1b[32m",
            (_, Shade::Removed) => "\x1b[31m",
        };
        self.text.push_str(before);
        for chunk in bytes.utf8_chunks() {
            for part in chunk.valid().split_inclusive('\n') {
                // A line feed would begin a line of another kind.
                let (line, feed) = part.strip_suffix('\n').map_or((part, ""), |it| (it, "\\n"));
                let shown = escape::lines(line);
                self.escaped |= shown != line || !feed.is_empty();
                self.text.push_str(&shown);
                self.text.push_str(feed);
            }
            for byte in chunk.invalid() {
                self.escaped = true;
                self.text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        self.text
            .push_str(if before.is_empty() { "\n" } else { "\x1b[0m\n" });
    }

    /// Writes all lines, and forgets them.
    pub(crate) fn flush(&mut self) -> Result<Reader, Failure> {
        let text = std::mem::take(&mut self.text);
        stdout_bytes(text.as_bytes())
    }
}

/// Writes bytes as they are: for programs, never for a terminal.
pub(crate) fn stdout_bytes(bytes: &[u8]) -> Result<Reader, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(source) if source.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(source) => Err(Failure::Stdout { source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ink: Ink, shade: Shade, bytes: &[u8], expected: &str) {
        let mut drawn = Drawn::new(ink);
        drawn.line(shade, bytes);
        assert_eq!(drawn.text, expected);
        let guarded = expected.contains('\\');
        assert_eq!(drawn.escaped, guarded, "{expected}");
    }

    #[test]
    fn only_our_own_colors_pass() {
        check(Ink::Plain, Shade::Added, b"+ a\tb", "+ a\tb\n");
        check(Ink::Colored, Shade::Added, b"+a", "\x1b[32m+a\x1b[0m\n");
        check(Ink::Colored, Shade::Plain, b" a", " a\n");
        check(
            Ink::Colored,
            Shade::Removed,
            "-\x1b[2J\u{202e}\r".as_bytes(),
            "\x1b[31m-\\u{1b}[2J\\u{202e}\\r\x1b[0m\n",
        );
        check(Ink::Plain, Shade::Plain, b" \xe9\xff!", " \\xe9\\xff!\n");
        check(Ink::Plain, Shade::Plain, b" a\nb", " a\\nb\n");
    }
}
