//! The one blob that a reader has open.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use castore::{BlobError, BlobReader, Blobs, Digest};
use tokio::io::{AsyncRead as _, AsyncSeek as _, ReadBuf};

use super::error::RenderError;

type Opened = Result<Option<Box<dyn BlobReader>>, BlobError>;

/// The one blob that a reader has open, or is opening.
///
/// It is kept until another one is read, or until it fails: then it is opened again.
pub(super) struct File {
    blobs: Arc<dyn Blobs>,
    state: State,
}

enum State {
    Closed,
    Opening(Digest, Pin<Box<dyn Future<Output = Opened> + Send>>),
    Open(Digest, Open),
}

struct Open {
    reader: Box<dyn BlobReader>,
    /// Where the reader stands, or is moving to.
    at: u64,
    moving: Moving,
}

/// What is left to do of a move.
#[derive(Clone, Copy)]
enum Moving {
    Rests,
    /// To wait for what the reader was doing: a read may have been given up.
    Ends,
    /// To wait for the move.
    Begun,
}

/// A place in a file, as the tree has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) digest: Digest,
    /// The size of the file.
    pub(super) said: u64,
    /// Below the size.
    pub(super) offset: u64,
}

impl File {
    pub(super) fn new(blobs: Arc<dyn Blobs>) -> Self {
        let state = State::Closed;
        Self { blobs, state }
    }

    /// Reads at least one byte, and none beyond the size of the file.
    ///
    /// After an error the blob is closed, so that the next call tries again.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        wanted: Wanted,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let open = match ready!(self.poll_open(cx, wanted)) {
            Ok(open) => open,
            Err(error) => {
                // What has ended is never polled again.
                self.state = State::Closed;
                return Poll::Ready(Err(error.into()));
            }
        };
        let read = ready!(open.poll_read(cx, wanted, buf));
        if read.is_err() {
            self.state = State::Closed;
        }
        Poll::Ready(read)
    }

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        wanted: Wanted,
    ) -> Poll<Result<&mut Open, RenderError>> {
        let digest = wanted.digest;
        let is_at_hand = match &self.state {
            State::Closed => false,
            State::Opening(it, _) | State::Open(it, _) => *it == digest,
        };
        if !is_at_hand {
            let blobs = Arc::clone(&self.blobs);
            let opening = Box::pin(async move { blobs.open(&digest).await });
            self.state = State::Opening(digest, opening);
        }
        if let State::Opening(_, opening) = &mut self.state {
            let opened = ready!(opening.as_mut().poll(cx));
            let reader = opened?.ok_or(RenderError::Missing { digest })?;
            let open = Open {
                reader,
                at: 0,
                moving: Moving::Rests,
            };
            self.state = State::Open(digest, open);
        }
        let State::Open(_, open) = &mut self.state else {
            unreachable!("it was opened above");
        };
        // Also of a blob that is open: another node may say something else.
        let checked = check_size(digest, open.reader.size(), wanted.said);
        Poll::Ready(checked.map(|()| open))
    }
}

/// Whether a blob has as many bytes as the tree says.
pub(super) const fn check_size(digest: Digest, size: u64, said: u64) -> Result<(), RenderError> {
    match size {
        _ if size < said => Err(RenderError::Short { digest, size, said }),
        _ if size > said => Err(RenderError::Long { digest, size, said }),
        _ => Ok(()),
    }
}

impl Open {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        wanted: Wanted,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_move(cx, wanted.offset))?;
        let left = wanted.said - wanted.offset;
        let n_most = usize::try_from(left).map_or(buf.remaining(), |it| it.min(buf.remaining()));
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(n_most));
        ready!(Pin::new(&mut self.reader).poll_read(cx, &mut part))?;
        let n_bytes = part.filled().len();
        if n_bytes == 0 {
            let Wanted {
                digest,
                said,
                offset: size,
            } = wanted;
            return Poll::Ready(Err(RenderError::Short { digest, size, said }.into()));
        }
        buf.advance(n_bytes);
        self.at += n_bytes as u64;
        Poll::Ready(Ok(()))
    }

    fn poll_move(&mut self, cx: &mut Context<'_>, to: u64) -> Poll<io::Result<()>> {
        let mut reader = Pin::new(&mut self.reader);
        loop {
            self.moving = match self.moving {
                Moving::Rests if self.at == to => return Poll::Ready(Ok(())),
                Moving::Rests => Moving::Ends,
                Moving::Ends => {
                    ready!(reader.as_mut().poll_complete(cx))?;
                    reader.as_mut().start_seek(SeekFrom::Start(to))?;
                    self.at = to;
                    Moving::Begun
                }
                Moving::Begun => {
                    ready!(reader.as_mut().poll_complete(cx))?;
                    Moving::Rests
                }
            }
        }
    }
}
