//! The whole NAR of a tree, in order.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use castore::Blobs;
use futures_util::Stream;
use tokio::io::{AsyncRead, ReadBuf};

use super::ahead::Brought;
use super::cursor::Cursor;
use super::error::RenderError;
use super::layout::Layout;

/// The whole NAR of a tree, in order: pieces of up to some 512 KiB, or bytes.
///
/// What comes next is brought by tasks of the runtime while what came last is taken; some 5 MiB
/// are under way at most. It ends at its length or with an error, after which it gives no more
/// pieces, and of bytes the error [`RenderError::Failed`]: what is cut off never looks whole.
pub struct NarStream {
    blobs: Arc<dyn Blobs>,
    /// Where what was not begun starts.
    cursor: Cursor,
    ahead: VecDeque<Brought>,
    /// What is left of the piece that was taken last as bytes.
    piece: Bytes,
    has_failed: bool,
}

/// How many parts are brought at a time, the one that is taken included.
const N_AHEAD: usize = 4;

impl NarStream {
    /// Stands at the beginning; nothing is brought before it is asked.
    ///
    /// It is to be polled on a runtime of tokio.
    #[must_use]
    pub fn new(blobs: Arc<dyn Blobs>, layout: Arc<Layout>) -> Self {
        Self {
            blobs,
            cursor: Cursor::new(layout),
            ahead: VecDeque::new(),
            piece: Bytes::new(),
            has_failed: false,
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

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            while self.ahead.len() < N_AHEAD
                && let Some(next) = Brought::begin(&self.blobs, &mut self.cursor)
            {
                self.ahead.push_back(next);
            }
            let Some(first) = self.ahead.front_mut() else {
                return Poll::Ready(Ok(None));
            };
            match ready!(first.poll_piece(cx)) {
                Ok(None) => drop(self.ahead.pop_front()),
                Ok(piece) => return Poll::Ready(Ok(piece)),
                Err(error) => {
                    self.has_failed = true;
                    self.ahead.clear();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl Stream for NarStream {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.has_failed {
            return Poll::Ready(None);
        }
        if this.piece.has_remaining() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut this.piece))));
        }
        this.poll_piece(cx).map(Result::transpose)
    }
}

impl AsyncRead for NarStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if this.has_failed {
            return Poll::Ready(Err(RenderError::Failed.into()));
        }
        if !this.piece.has_remaining() {
            match ready!(this.poll_piece(cx))? {
                Some(piece) => this.piece = piece,
                None => return Poll::Ready(Ok(())),
            }
        }
        let n_bytes = this.piece.len().min(buf.remaining());
        buf.put_slice(&this.piece.split_to(n_bytes));
        Poll::Ready(Ok(()))
    }
}
