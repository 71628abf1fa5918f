//! A NAR decoder: a state machine without I/O, fed with pieces that end anywhere.

use super::grammar::{Met, Place, State};
use super::token::Tokens;
use super::{DecodeError, FileKind};

/// Reads a NAR out of pieces, and refuses all that the format does not allow.
///
/// Strict: what it accepts, an [`Encoder`](super::Encoder) that is told the same writes byte for
/// byte. Bounded: it keeps the names that lead to where it is, and one text, each within
/// [`Limits`]; contents are handed on as they lie in the piece.
///
/// ```
/// use nix_format::nar::{Decoder, Event, Writer};
///
/// let mut writer = Writer::new(Vec::new());
/// writer.symlink(b"a")?;
/// let nar = writer.finish()?;
/// let mut decoder = Decoder::default();
/// let mut piece = nar.as_slice();
/// while let Some(event) = decoder.next_event(&mut piece)? {
///     assert!(matches!(event, Event::Symlink { target: b"a" } | Event::End));
/// }
/// decoder.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    state: State,
    tokens: Tokens,
    place: Place,
    failed: Option<DecodeError>,
}

/// What a NAR may hold, beyond what the format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Directories in each other; the root is the first.
    pub depth: usize,
    /// Bytes of a name.
    pub name_bytes: usize,
    /// Bytes of a link's target.
    pub target_bytes: usize,
}

/// What comes next in a NAR.
///
/// ```text
/// node = Directory, { Entry, node }, EndDirectory | File, { Contents }, EndFile | Symlink
/// nar  = node, End
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A directory begins.
    Directory,
    /// An entry of the innermost open directory: its node is next.
    Entry {
        /// Its name: not empty, `.` or `..`, without `/` and NUL, above the one before it.
        name: &'a [u8],
    },
    /// The innermost open directory ends.
    EndDirectory,
    /// A file begins.
    File {
        /// Whether it can be run.
        kind: FileKind,
        /// How many bytes it has.
        size: u64,
        /// Where the first of them stands, in bytes from the beginning of the NAR.
        offset: u64,
    },
    /// The next bytes of the file: never none, and all of them together as many as its size.
    Contents(&'a [u8]),
    /// The file ends.
    EndFile,
    /// A symbolic link.
    Symlink {
        /// Where it leads: not empty, without NUL.
        target: &'a [u8],
    },
    /// The NAR ends; once.
    End,
}

/// The most bytes of a NAR: beyond them no offset of a file leads.
const MOST: u64 = i64::MAX as u64;

impl Default for Limits {
    /// What Linux can hold: names of 255 bytes, targets of 4,095, and 2,048 directories in each
    /// other, more than a path of 4,095 bytes can name.
    fn default() -> Self {
        Self {
            depth: 2_048,
            name_bytes: 255,
            target_bytes: 4_095,
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// Starts at the beginning of a NAR.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            state: State::Magic,
            tokens: Tokens::new(),
            place: Place::new(limits),
            failed: None,
        }
    }

    /// Takes bytes from the front of `input` up to the next event.
    ///
    /// None says that all of the input was taken: go on with the next piece, or
    /// [`finish`](Self::finish) where there is none.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], by variant, for what is no NAR, and from then on for every call.
    pub fn next_event<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Event<'d>>, DecodeError> {
        let whole = *input;
        let Some(met) = self.advance(input)? else {
            return Ok(None);
        };
        // Contents are all that is taken where they are met.
        Ok(Some(self.event(met, whole)))
    }

    /// Says that nothing follows.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] where something must, and the error that [`next_event`](Self::next_event) has
    /// given.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match (&self.failed, self.state) {
            (Some(error), _) => Err(error.clone()),
            (None, State::Done) => Ok(()),
            (None, state) => Err(DecodeError::Truncated {
                at: self.position(),
                expected: state.expected(),
            }),
        }
    }

    /// Returns how many bytes were taken so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.tokens.position()
    }

    /// As [`next_event`](Self::next_event), with an event that borrows nothing.
    pub(super) fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Met>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let met = self.step_to_event(input);
        if let Err(error) = &met {
            self.failed = Some(error.clone());
        }
        met
    }

    /// The event that was met last, with the input from before it.
    pub(super) fn event<'d>(&'d self, met: Met, input: &'d [u8]) -> Event<'d> {
        match met {
            Met::Directory => Event::Directory,
            Met::Entry => Event::Entry {
                name: self.place.last_name(),
            },
            Met::EndDirectory => Event::EndDirectory,
            Met::File { kind, size, offset } => Event::File { kind, size, offset },
            Met::Contents(n_bytes) => Event::Contents(&input[..n_bytes]),
            Met::EndFile => Event::EndFile,
            Met::Symlink => Event::Symlink {
                target: self.place.last_target(),
            },
            Met::End => Event::End,
        }
    }

    /// Whether contents of a file are due, and how many bytes.
    pub(super) const fn contents_left(&self) -> u64 {
        match self.state {
            State::Contents { left, .. } => left,
            _ => 0,
        }
    }

    /// Counts contents that the caller took from elsewhere than a piece; at most what is left.
    pub(super) const fn skip_contents(&mut self, n_bytes: u64) {
        if let State::Contents { left, padding } = self.state {
            self.tokens.passed(n_bytes);
            self.state = State::after_contents(left - n_bytes, padding);
        }
    }

    fn step_to_event(&mut self, input: &mut &[u8]) -> Result<Option<Met>, DecodeError> {
        loop {
            let met = match self.state {
                State::Contents { left, .. } => {
                    let n_bytes =
                        usize::try_from(left).map_or(input.len(), |it| it.min(input.len()));
                    if n_bytes == 0 {
                        return Ok(None);
                    }
                    *input = &input[n_bytes..];
                    self.skip_contents(n_bytes as u64);
                    Some(Met::Contents(n_bytes))
                }
                State::Padding { left } => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    self.padding(left, input)?;
                    None
                }
                State::Size(kind) => {
                    let Some(size) = self.tokens.next_length(input) else {
                        return Ok(None);
                    };
                    Some(self.file(kind, size)?)
                }
                State::End => {
                    self.state = State::Done;
                    Some(Met::End)
                }
                State::Done if input.is_empty() => return Ok(None),
                State::Done => {
                    let at = self.position();
                    return Err(DecodeError::Trailing { at });
                }
                state => {
                    let bound = self.place.bound(state);
                    let Some(token) = self.tokens.next(input, bound)? else {
                        return Ok(None);
                    };
                    let met;
                    (self.state, met) = self.place.step(state, token)?;
                    met
                }
            };
            if met.is_some() {
                return Ok(met);
            }
        }
    }

    fn file(&mut self, kind: FileKind, size: u64) -> Result<Met, DecodeError> {
        let offset = self.position();
        let padding = size.wrapping_neg() % 8;
        let end = size
            .checked_add(padding)
            .and_then(|it| it.checked_add(offset));
        if end.is_none_or(|it| it > MOST) {
            return Err(DecodeError::Large {
                at: offset - 8,
                size,
            });
        }
        self.state = State::after_contents(size, padding as u8);
        Ok(Met::File { kind, size, offset })
    }

    fn padding(&mut self, left: u8, input: &mut &[u8]) -> Result<(), DecodeError> {
        let n_bytes = usize::from(left).min(input.len());
        let (padding, rest) = input.split_at(n_bytes);
        if let Some(n) = padding.iter().position(|&it| it != 0) {
            let at = self.position() + n as u64;
            return Err(DecodeError::Padding { at });
        }
        *input = rest;
        self.tokens.passed(n_bytes as u64);
        self.state = match left - n_bytes as u8 {
            0 => State::FileCloses,
            left => State::Padding { left },
        };
        Ok(())
    }
}
