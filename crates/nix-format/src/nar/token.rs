//! One text of a NAR, length and padding checked, out of pieces that end anywhere.

use super::DecodeError;

/// Gathers one text after the other.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    /// The beginning of a text whose end has not come; at most its limit and 15 bytes.
    begun: Vec<u8>,
    /// Whether `begun` was handed out whole, and must make room.
    is_used: bool,
    /// How many bytes were taken, those of `begun` included.
    position: u64,
}

/// What a text is for, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// A word of the format.
    Word { expected: &'static str },
    /// A name or a target.
    Text { what: &'static str, limit: usize },
}

/// A text and where it begins, with its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) at: u64,
    pub(super) text: &'a [u8],
}

/// The bytes of a length.
const LENGTH: usize = 8;

/// The bytes of the longest word, `nix-archive-1`.
const WORD: usize = 13;

impl Tokens {
    pub(super) const fn new() -> Self {
        Self {
            begun: Vec::new(),
            is_used: false,
            position: 0,
        }
    }

    /// How many bytes were taken so far.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Counts bytes that do not pass through here.
    pub(super) const fn passed(&mut self, n_bytes: u64) {
        self.position += n_bytes;
    }

    /// Takes the next text; none where its end has not come, with all of the input taken.
    pub(super) fn next<'t, 'i: 't>(
        &'t mut self,
        input: &mut &'i [u8],
        bound: Bound,
    ) -> Result<Option<Token<'t>>, DecodeError> {
        self.make_room();
        if self.begun.is_empty()
            && let Some(length) = input.first_chunk()
        {
            let at = self.position;
            let length = bounded(*length, at, bound)?;
            let size = LENGTH + padded(length);
            if let Some((token, rest)) = input.split_at_checked(size) {
                *input = rest;
                self.position += size as u64;
                return text(token, length, at).map(Some);
            }
        }
        self.gather(input, bound)
    }

    /// Takes the next length alone: what it counts does not pass through here.
    pub(super) fn next_length(&mut self, input: &mut &[u8]) -> Option<u64> {
        self.make_room();
        let length = if self.begun.is_empty()
            && let Some((length, rest)) = input.split_first_chunk()
        {
            *input = rest;
            self.position += LENGTH as u64;
            *length
        } else {
            self.fill(input, LENGTH);
            let length = *self.begun.first_chunk()?;
            self.is_used = true;
            length
        };
        Some(u64::from_le_bytes(length))
    }

    /// As [`Tokens::next`], for what ends in another piece than it begins in.
    fn gather(
        &mut self,
        input: &mut &[u8],
        bound: Bound,
    ) -> Result<Option<Token<'_>>, DecodeError> {
        let at = self.position - self.begun.len() as u64;
        self.fill(input, LENGTH);
        let Some(length) = self.begun.first_chunk() else {
            return Ok(None);
        };
        let length = bounded(*length, at, bound)?;
        let size = LENGTH + padded(length);
        self.fill(input, size);
        if self.begun.len() < size {
            return Ok(None);
        }
        self.is_used = true;
        text(&self.begun, length, at).map(Some)
    }

    /// Moves bytes of the input to `begun`, until it holds so many or the input ends.
    fn fill(&mut self, input: &mut &[u8], size: usize) {
        let wanted = size.saturating_sub(self.begun.len()).min(input.len());
        let (taken, rest) = input.split_at(wanted);
        self.begun.extend_from_slice(taken);
        self.position += wanted as u64;
        *input = rest;
    }

    fn make_room(&mut self) {
        if self.is_used {
            self.begun.clear();
            self.is_used = false;
        }
    }
}

/// How many bytes a text takes with its padding.
const fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

fn bounded(length: [u8; LENGTH], at: u64, bound: Bound) -> Result<usize, DecodeError> {
    let length = u64::from_le_bytes(length);
    let most = match bound {
        Bound::Word { .. } => WORD,
        Bound::Text { limit, .. } => limit,
    };
    let fits = usize::try_from(length).ok().filter(|&it| it <= most);
    fits.ok_or(match bound {
        Bound::Word { expected } => DecodeError::NoWord {
            at,
            length,
            expected,
        },
        Bound::Text { what, limit } => DecodeError::Long {
            at,
            what,
            length,
            limit,
        },
    })
}

fn text(token: &[u8], length: usize, at: u64) -> Result<Token<'_>, DecodeError> {
    let (text, padding) = token[LENGTH..].split_at(length);
    match padding.iter().position(|&it| it != 0) {
        None => Ok(Token { at, text }),
        Some(n) => Err(DecodeError::Padding {
            at: at + (LENGTH + length + n) as u64,
        }),
    }
}
