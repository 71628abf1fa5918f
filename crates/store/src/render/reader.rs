//! The NAR of a tree, read from any offset.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use castore::{Blobs, Node};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

use super::cursor::{Cursor, Part};
use super::error::RenderError;
use super::file::{File, Wanted};
use super::layout::Layout;

/// The NAR of a tree, read from any offset; what is skipped is neither read nor rendered.
///
/// A seek only notes where to go on; beyond the end it leads to the end. The next read finds the
/// place in logarithmic time, opens the blob there and moves it to the place. One blob is open at
/// a time: it stays open for as long as no other one is read, and is moved then.
///
/// A read that fails leaves the position where it is, and the next one tries again. The errors are
/// [`RenderError`]s or what the blob's own reader says.
pub struct NarReader {
    cursor: Cursor,
    file: File,
    /// At most the length.
    position: u64,
    /// Where a seek leads that was begun and not completed.
    seeking: Option<u64>,
}

impl NarReader {
    /// Stands at the beginning; nothing is read for it.
    #[must_use]
    pub fn new(blobs: Arc<dyn Blobs>, layout: Arc<Layout>) -> Self {
        Self {
            cursor: Cursor::new(layout),
            file: File::new(blobs),
            position: 0,
            seeking: None,
        }
    }

    /// Where everything stands in it.
    #[must_use]
    pub const fn layout(&self) -> &Arc<Layout> {
        self.cursor.layout()
    }

    /// How many bytes the NAR has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no NAR is empty")]
    pub fn len(&self) -> u64 {
        self.layout().len()
    }

    fn complete_seek(&mut self) {
        if let Some(to) = self.seeking.take() {
            self.position = to;
        }
    }
}

impl AsyncRead for NarReader {
    /// Reads frames as far as there is room, and at most one file: where a part was read, the
    /// caller gets it, whatever becomes of the next file.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.complete_seek();
        let n_before = buf.filled().len();
        while buf.remaining() > 0 {
            this.cursor.seek(this.position);
            let n_filled = buf.filled().len();
            let within = this.position - this.cursor.start();
            match (this.cursor.part(), this.cursor.node().1) {
                (Part::End, _) => break,
                (Part::Contents, Node::File { digest, size, .. }) => {
                    if n_filled > n_before {
                        break;
                    }
                    let wanted = Wanted {
                        digest: *digest,
                        said: *size,
                        offset: within,
                    };
                    ready!(this.file.poll_read(cx, wanted, buf))?;
                }
                _ => {
                    let within = usize::try_from(within).expect("a frame is in memory");
                    let left = &this.cursor.framing()[within..];
                    buf.put_slice(&left[..left.len().min(buf.remaining())]);
                }
            }
            this.position += (buf.filled().len() - n_filled) as u64;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for NarReader {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        if this.seeking.is_some() {
            return Err(RenderError::Seeking.into());
        }
        let len = this.len();
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => len.checked_add_signed(by),
            // No sum is too large: both are below 2^63.
            SeekFrom::Current(by) => this.position.checked_add_signed(by),
        };
        this.seeking = Some(to.ok_or(RenderError::Negative)?.min(len));
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        this.complete_seek();
        Poll::Ready(Ok(this.position))
    }
}
