//! The next parts of a NAR, brought ahead by tasks of their own.

use std::io::{self, SeekFrom};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes, BytesMut};
use castore::{Blobs, Digest, Node};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::cursor::{Cursor, Part};
use super::error::RenderError;
use super::file::check_size;
use crate::blocking::joined;

/// A part of a NAR that tasks bring; dropped, they end.
pub(super) struct Brought {
    /// Each has so many bytes of every stride, the first of the first.
    lanes: Vec<Lane>,
    /// The lane of the next byte, and how many it has before it is another's turn.
    turn: usize,
    left: u64,
}

/// A task, and what it has brought.
struct Lane {
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

/// How many tasks read a large file, by turns: one alone cannot keep up with a thread that only
/// reads, as it verifies what it reads.
const N_LANES: usize = 2;

/// How many bytes of a large file one task reads before the next one's turn.
const STRIDE: u64 = 512 << 10;

/// The bytes of a large file that are handed on at a time: they stay near the processor.
const SLICE: u64 = 64 << 10;

/// How many of those may wait to be taken: a turn.
const WAITING: usize = 8;

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
                        return Some(Self::large(blobs, digest, said));
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
        (n_bytes > 0).then(|| Self {
            lanes: vec![Lane::spawn(|to| small(blobs, frames, files, to))],
            turn: 0,
            left: u64::MAX,
        })
    }

    fn large(blobs: &Arc<dyn Blobs>, digest: Digest, said: u64) -> Self {
        let lanes = (0..N_LANES as u64).map(|lane| {
            let blobs = Arc::clone(blobs);
            Lane::spawn(move |to| large(blobs, digest, said, lane, to))
        });
        Self {
            lanes: lanes.collect(),
            turn: 0,
            left: STRIDE,
        }
    }

    /// Takes the next piece, never an empty one; `None` where all of the part was taken.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.left == 0 {
            self.turn = (self.turn + 1) % self.lanes.len();
            self.left = STRIDE;
        }
        // The lane whose turn it is ends where the part does, or fails: then the others do as well.
        let lane = &mut self.lanes[self.turn];
        if let Some(piece) = ready!(lane.pieces.poll_recv(cx)) {
            self.left -= piece.len() as u64;
            return Poll::Ready(Ok(Some(piece)));
        }
        let done = ready!(lane.task.poll_unpin(cx));
        lane.has_ended = true;
        Poll::Ready(joined(done).map(|()| None))
    }
}

impl Lane {
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
}

impl Drop for Lane {
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

/// Brings the strides of a large file that are a lane's, slice by slice.
async fn large(
    blobs: Arc<dyn Blobs>,
    digest: Digest,
    said: u64,
    lane: u64,
    to: Sender<Bytes>,
) -> io::Result<()> {
    let opened = blobs.open(&digest).await.map_err(RenderError::from)?;
    let mut reader = opened.ok_or(RenderError::Missing { digest })?;
    check_size(digest, reader.size(), said)?;
    let strides = (lane * STRIDE..said).step_by((N_LANES as u64 * STRIDE) as usize);
    for stride in strides {
        let (mut at, end) = (stride, said.min(stride + STRIDE));
        if at > 0 {
            reader.seek(SeekFrom::Start(at)).await?;
        }
        while at < end {
            let room = (end - at).min(SLICE);
            let mut slice = BytesMut::with_capacity(room as usize).limit(room as usize);
            while slice.has_remaining_mut() {
                if reader.read_buf(&mut slice).await? == 0 {
                    let size = at + slice.get_ref().len() as u64;
                    return Err(RenderError::Short { digest, size, said }.into());
                }
            }
            at += room;
            if to.send(slice.into_inner().freeze()).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
