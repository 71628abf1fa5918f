//! The next parts of a NAR, brought ahead by tasks of their own.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes, BytesMut};
use castore::{Blobs, Digest, Node};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::cursor::{Cursor, Part};
use super::error::RenderError;
use super::file::check_size;
use crate::blocking::joined;

/// A part of a NAR that a task brings; dropped, the task ends.
pub(super) struct Brought {
    pieces: Receiver<Bytes>,
    task: JoinHandle<io::Result<()>>,
    has_ended: bool,
}

/// The largest file that is brought together with others, and about how many bytes of a NAR are
/// brought at a time.
const PIECE: usize = 256 << 10;

/// How many blobs a task opens at a time: those of a disk come at once, those of a network when
/// they come.
const AT_ONCE: usize = 16;

/// How many pieces of a large file may wait to be taken.
const WAITING: usize = 2;

/// Where a blob goes, among the frames before and behind it.
struct Small {
    digest: Digest,
    said: u64,
    /// How many bytes of frames stand before it.
    at: usize,
}

impl Brought {
    /// Begins to bring what stands at the cursor, and moves it behind that; `None` at the end.
    pub(super) fn begin(blobs: &Arc<dyn Blobs>, cursor: &mut Cursor) -> Option<Self> {
        let (mut frames, mut files, mut n_bytes) = (Vec::new(), Vec::new(), 0);
        while n_bytes < PIECE {
            match (cursor.part(), cursor.node().1) {
                (Part::End, _) => break,
                (Part::Contents, Node::File { digest, size, .. }) => {
                    let (digest, said) = (*digest, *size);
                    if said > PIECE as u64 {
                        if n_bytes > 0 {
                            break;
                        }
                        cursor.advance();
                        let blobs = Arc::clone(blobs);
                        return Some(Self::spawn(|to| large(blobs, digest, said, to)));
                    }
                    let at = frames.len();
                    files.push(Small { digest, said, at });
                    n_bytes += usize::try_from(said).expect("it is at most a piece");
                }
                _ => {
                    let frame = cursor.framing();
                    frames.extend_from_slice(frame);
                    n_bytes += frame.len();
                }
            }
            cursor.advance();
        }
        let blobs = Arc::clone(blobs);
        (n_bytes > 0).then(|| Self::spawn(|to| small(blobs, frames, files, to)))
    }

    fn spawn<F>(work: impl FnOnce(Sender<Bytes>) -> F) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (sender, pieces) = channel(WAITING);
        Self {
            pieces,
            task: tokio::spawn(work(sender)),
            has_ended: false,
        }
    }

    /// Takes the next piece, never an empty one; `None` where all of the part was taken.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if let Some(piece) = ready!(self.pieces.poll_recv(cx)) {
            return Poll::Ready(Ok(Some(piece)));
        }
        let done = ready!(self.task.poll_unpin(cx));
        self.has_ended = true;
        Poll::Ready(joined(done).map(|()| None))
    }
}

impl Drop for Brought {
    fn drop(&mut self) {
        if !self.has_ended {
            self.task.abort();
        }
    }
}

/// Brings frames with small files among them, as one piece.
async fn small(
    blobs: Arc<dyn Blobs>,
    frames: Vec<u8>,
    files: Vec<Small>,
    to: Sender<Bytes>,
) -> io::Result<()> {
    let n_contents: u64 = files.iter().map(|it| it.said).sum();
    let n_contents = usize::try_from(n_contents).expect("they are at most two pieces");
    let mut piece = BytesMut::with_capacity(frames.len() + n_contents);
    let mut n_framed = 0;
    let blobs = &*blobs;
    let contents = stream::iter(files).map(|file| async move {
        let bytes = whole(blobs, file.digest, file.said).await?;
        Ok::<_, io::Error>((file.at, bytes))
    });
    let mut contents = contents.buffered(AT_ONCE);
    while let Some((at, bytes)) = contents.try_next().await? {
        piece.put_slice(&frames[n_framed..at]);
        piece.put_slice(&bytes);
        n_framed = at;
    }
    piece.put_slice(&frames[n_framed..]);
    // Where nobody waits for it any more, nothing is lost.
    to.send(piece.freeze()).await.ok();
    Ok(())
}

/// A small file, all of it.
async fn whole(blobs: &dyn Blobs, digest: Digest, said: u64) -> Result<Bytes, RenderError> {
    let got = blobs.get(&digest, said).await;
    let bytes = match got {
        Err(castore::BlobError::Large { size, .. }) => {
            return Err(RenderError::Long { digest, size, said });
        }
        got => got?.ok_or(RenderError::Missing { digest })?,
    };
    check_size(digest, bytes.len() as u64, said)?;
    Ok(bytes)
}

/// Brings a large file, piece by piece.
async fn large(
    blobs: Arc<dyn Blobs>,
    digest: Digest,
    said: u64,
    to: Sender<Bytes>,
) -> io::Result<()> {
    let opened = blobs.open(&digest).await.map_err(RenderError::from)?;
    let reader = opened.ok_or(RenderError::Missing { digest })?;
    check_size(digest, reader.size(), said)?;
    let (mut reader, mut left) = (reader.take(said), said);
    while left > 0 {
        let room = usize::try_from(left).map_or(PIECE, |it| it.min(PIECE));
        let mut piece = BytesMut::with_capacity(room).limit(room);
        while piece.has_remaining_mut() {
            if reader.read_buf(&mut piece).await? == 0 {
                let size = said - reader.limit();
                return Err(RenderError::Short { digest, size, said }.into());
            }
        }
        left -= room as u64;
        if to.send(piece.into_inner().freeze()).await.is_err() {
            break;
        }
    }
    Ok(())
}
