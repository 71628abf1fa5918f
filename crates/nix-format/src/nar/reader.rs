//! Reads a NAR from a stream, event by event.

use std::io::{self, Read};

use miette::Diagnostic;
use thiserror::Error;

use super::{DecodeError, Decoder, Event, Limits};

/// Reads a NAR from `R`, in pieces of its own.
///
/// ```
/// use std::io::Read as _;
///
/// use nix_format::nar::{Event, FileKind, Reader, Writer};
///
/// let mut writer = Writer::new(Vec::new());
/// writer.file(FileKind::Regular, 2)?;
/// writer.contents(b"hi")?;
/// let nar = writer.finish()?;
/// let mut reader = Reader::new(nar.as_slice());
/// let mut found = String::new();
/// while let Some(event) = reader.next_event()? {
///     if let Event::File { .. } = event {
///         // What is not read of it comes as events.
///         reader.contents().read_to_string(&mut found)?;
///     }
/// }
/// assert_eq!(found, "hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    decoder: Decoder,
    inner: R,
    buffer: Box<[u8]>,
    /// Which of the buffer was read and not taken.
    start: usize,
    end: usize,
}

/// The contents of the file that a [`Reader`] has met last.
#[derive(Debug)]
pub struct Contents<'r, R>(&'r mut Reader<R>);

/// Why a NAR cannot be read from a stream.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ReadError {
    /// It is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Decode(#[from] DecodeError),
    /// The stream failed.
    #[error("the NAR cannot be read beyond byte {at}")]
    #[diagnostic(code(eka::nar::read))]
    Io {
        /// How many bytes were read.
        at: u64,
        /// What the stream says.
        #[source]
        source: io::Error,
    },
}

/// How many bytes are read at a time.
const PIECE: usize = 128 << 10;

impl<R: Read> Reader<R> {
    /// Starts a NAR at the beginning of `inner`.
    #[must_use]
    pub fn new(inner: R) -> Self {
        Self::with_limits(inner, Limits::default())
    }

    /// As [`Reader::new`], with limits of one's own.
    #[must_use]
    pub fn with_limits(inner: R, limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            inner,
            buffer: vec![0; PIECE].into(),
            start: 0,
            end: 0,
        }
    }

    /// Reads up to the next event.
    ///
    /// None comes after [`Event::End`], where the stream ends too.
    ///
    /// # Errors
    ///
    /// [`ReadError::Decode`] for what is no NAR, also where bytes follow it; [`ReadError::Io`].
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, ReadError> {
        loop {
            let whole = &self.buffer[self.start..self.end];
            let mut left = whole;
            let met = self.decoder.advance(&mut left)?;
            let start = self.start;
            self.start += whole.len() - left.len();
            if let Some(met) = met {
                return Ok(Some(self.decoder.event(met, &self.buffer[start..])));
            }
            if self.fill()? == 0 {
                self.decoder.finish()?;
                return Ok(None);
            }
        }
    }

    /// Reads what is left of the file that was met last; nothing elsewhere.
    ///
    /// A stream that ends in it is `UnexpectedEof` around a [`DecodeError`].
    #[must_use]
    pub const fn contents(&mut self) -> Contents<'_, R> {
        Contents(self)
    }

    /// Returns how many bytes of the NAR were taken so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.decoder.position()
    }

    /// Reads the next piece, where all of the last was taken, and returns how many bytes it has.
    fn fill(&mut self) -> Result<usize, ReadError> {
        loop {
            match self.inner.read(&mut self.buffer) {
                Ok(n_bytes) => {
                    (self.start, self.end) = (0, n_bytes);
                    return Ok(n_bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let at = self.position();
                    return Err(ReadError::Io { at, source });
                }
            }
        }
    }
}

impl<R: Read> Read for Contents<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.0;
        let left = usize::try_from(reader.decoder.contents_left()).unwrap_or(usize::MAX);
        let wanted = left.min(buf.len());
        if wanted == 0 {
            return Ok(0);
        }
        let ready = &reader.buffer[reader.start..reader.end];
        let n_bytes = if ready.is_empty() {
            let n_bytes = reader.inner.read(&mut buf[..wanted])?;
            if n_bytes == 0 {
                let cut = reader.decoder.finish().expect_err("contents are left");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, cut));
            }
            n_bytes
        } else {
            let n_bytes = wanted.min(ready.len());
            buf[..n_bytes].copy_from_slice(&ready[..n_bytes]);
            reader.start += n_bytes;
            n_bytes
        };
        reader.decoder.skip_contents(n_bytes as u64);
        Ok(n_bytes)
    }
}
