//! Over the bytes of a `.drv`, token by token.

use std::borrow::Cow;
use std::ops::Range;

use miette::SourceSpan;

use super::parse::DerivationError;

/// Where reading has come to.
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

/// A text between quotes, and where it stands, with them.
pub(super) struct Quoted<'t> {
    pub(super) bytes: Cow<'t, [u8]>,
    pub(super) at: Range<usize>,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Takes these bytes.
    pub(super) fn token(&mut self, token: &'static str) -> Result<(), DerivationError> {
        if self.skip(token) {
            return Ok(());
        }
        let end = self.text.len().min(self.at + 1);
        Err(DerivationError::Expected {
            expected: token,
            at: span(&(self.at..end)),
        })
    }

    /// Takes these bytes if they are next.
    fn skip(&mut self, token: &str) -> bool {
        let is_next = self.text[self.at..].starts_with(token.as_bytes());
        if is_next {
            self.at += token.len();
        }
        is_next
    }

    /// Refuses more bytes.
    pub(super) fn end(&self) -> Result<(), DerivationError> {
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(DerivationError::Trailing {
            at: span(&(self.at..self.text.len())),
        })
    }

    /// Takes a list; `one` takes each of its elements.
    pub(super) fn list(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<(), DerivationError>,
    ) -> Result<(), DerivationError> {
        self.token("[")?;
        if self.skip("]") {
            return Ok(());
        }
        loop {
            one(self)?;
            if !self.skip(",") {
                return self.token("]");
            }
        }
    }

    /// Takes a text in which Nix writes five bytes as `\"`, `\\`, `\n`, `\r` and `\t`, and no other
    /// (`libstore/derivations.cc`, `printString`).
    pub(super) fn quoted(&mut self) -> Result<Quoted<'t>, DerivationError> {
        let start = self.at;
        self.token("\"")?;
        let mut bytes = Cow::Borrowed(&self.text[self.at..self.at]);
        loop {
            self.run(&mut bytes);
            match self.next(start)? {
                b'"' => break,
                b'\\' => {
                    let byte = self.escaped(start)?;
                    bytes.to_mut().push(byte);
                }
                byte => {
                    let at = span(&(self.at - 1..self.at));
                    return Err(DerivationError::Bare { byte, at });
                }
            }
        }
        let at = start..self.at;
        Ok(Quoted { bytes, at })
    }

    /// Takes bytes that stand for themselves.
    fn run(&mut self, bytes: &mut Cow<'t, [u8]>) {
        let rest = &self.text[self.at..];
        let special = |it: &u8| matches!(it, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
        let run = &rest[..rest.iter().position(special).unwrap_or(rest.len())];
        self.at += run.len();
        if bytes.is_empty() {
            *bytes = Cow::Borrowed(run);
        } else if !run.is_empty() {
            bytes.to_mut().extend_from_slice(run);
        }
    }

    /// Takes what follows a backslash.
    fn escaped(&mut self, start: usize) -> Result<u8, DerivationError> {
        match self.next(start)? {
            b'n' => Ok(b'\n'),
            b'r' => Ok(b'\r'),
            b't' => Ok(b'\t'),
            byte @ (b'"' | b'\\') => Ok(byte),
            byte => Err(DerivationError::Escape {
                byte,
                at: span(&(self.at - 2..self.at)),
            }),
        }
    }

    /// Takes a text that Nix writes as it is: output names, paths, hashes and the system
    /// (`libstore/derivations.cc`, `printUnquotedString`). Nix would read a backslash in it as an
    /// escape, and so another derivation than it wrote.
    pub(super) fn plain(&mut self) -> Result<Quoted<'t>, DerivationError> {
        let start = self.at;
        self.token("\"")?;
        loop {
            match self.next(start)? {
                b'"' => break,
                b'\\' => {
                    let at = span(&(self.at - 1..self.at));
                    return Err(DerivationError::Backslash { at });
                }
                _ => {}
            }
        }
        let bytes = Cow::Borrowed(&self.text[start + 1..self.at - 1]);
        let at = start..self.at;
        Ok(Quoted { bytes, at })
    }

    /// Takes a byte of the text between quotes that begins at `start`.
    fn next(&mut self, start: usize) -> Result<u8, DerivationError> {
        let byte = self.text.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte.ok_or_else(|| DerivationError::Unfinished {
            at: span(&(start..self.at)),
        })
    }
}

impl Quoted<'_> {
    /// The text; what is no UTF-8 in it becomes U+FFFD, which no name, path or hash may hold.
    pub(super) fn as_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Where it stands.
    pub(super) fn span(&self) -> SourceSpan {
        span(&self.at)
    }
}

/// As miette has it.
pub(super) fn span(range: &Range<usize>) -> SourceSpan {
    (range.start, range.len()).into()
}
