//! Pieces of a stream, handed to two threads that work on the same bytes.

use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc::Sender;

/// The bytes of a piece.
const PIECE: usize = 256 << 10;

/// How many pieces either thread may be behind.
pub(super) const N_AHEAD: usize = 8;

/// The ways to both threads.
#[derive(Clone)]
pub(super) struct Pipes {
    pub(super) to_hash: Sender<Bytes>,
    pub(super) to_tree: Sender<Bytes>,
}

/// How far a stream came.
#[derive(Default)]
pub(super) struct Pumped {
    pub(super) n_bytes: u64,
    /// Why it broke off.
    pub(super) fault: Option<io::Error>,
    /// Whether a thread wanted no more.
    pub(super) was_refused: bool,
}

/// Pieces that both threads have let go of, to be filled again.
#[derive(Default)]
struct Ring(VecDeque<Bytes>);

impl Ring {
    fn empty(&mut self) -> BytesMut {
        if self.0.len() <= 2 * N_AHEAD {
            return BytesMut::with_capacity(PIECE);
        }
        match self.0.pop_front().map(Bytes::try_into_mut) {
            Some(Ok(mut piece)) => {
                piece.clear();
                piece
            }
            _ => BytesMut::with_capacity(PIECE),
        }
    }

    fn full(&mut self, piece: BytesMut) -> Bytes {
        let piece = piece.freeze();
        self.0.push_back(piece.clone());
        piece
    }
}

/// Reads to the end, or to the first piece that goes beyond `bound` bytes.
pub(super) async fn pump(mut source: impl AsyncRead + Unpin, pipes: &Pipes, bound: u64) -> Pumped {
    let mut pumped = Pumped::default();
    let mut ring = Ring::default();
    while pumped.n_bytes <= bound {
        let mut piece = ring.empty();
        while piece.len() < PIECE {
            // A buffer that is full would grow.
            let mut room = (&mut source).take((PIECE - piece.len()) as u64);
            match room.read_buf(&mut piece).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    pumped.fault = Some(error);
                    break;
                }
            }
        }
        if piece.is_empty() || pumped.fault.is_some() {
            break;
        }
        pumped.n_bytes += piece.len() as u64;
        let piece = ring.full(piece);
        let hashed = pipes.to_hash.send(piece.clone()).await;
        if hashed.is_err() || pipes.to_tree.send(piece).await.is_err() {
            pumped.was_refused = true;
            break;
        }
    }
    pumped
}

/// As [`pump`], on a thread that may block.
pub(super) fn pump_blocking(mut source: impl Read, pipes: &Pipes, bound: u64) -> Pumped {
    let mut pumped = Pumped::default();
    while pumped.n_bytes <= bound {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut source).take(PIECE as u64).read_to_end(&mut piece);
        if let Err(error) = read {
            pumped.fault = Some(error);
        }
        if piece.is_empty() || pumped.fault.is_some() {
            break;
        }
        pumped.n_bytes += piece.len() as u64;
        let piece = Bytes::from(piece);
        let hashed = pipes.to_hash.blocking_send(piece.clone());
        if hashed.is_err() || pipes.to_tree.blocking_send(piece).is_err() {
            pumped.was_refused = true;
            break;
        }
    }
    pumped
}
