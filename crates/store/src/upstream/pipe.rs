//! Bytes from a thread that downloads to one that reads; what comes again after a restart is
//! passed over.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use fetch::Target;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many pieces wait at most; each has at most 64 KiB.
const N_AHEAD: usize = 16;

/// Where one writes.
pub(super) struct Pipe {
    to: Sender<io::Result<Bytes>>,
    n_handed: u64,
    /// How much is still to come again.
    n_again: u64,
}

/// Where another reads, on a thread that may block; dropped, it ends whoever writes next.
pub(super) struct Outlet {
    from: Receiver<io::Result<Bytes>>,
    piece: Bytes,
    has_ended: bool,
}

/// Makes a pipe.
pub(super) fn pipe() -> (Pipe, Outlet) {
    let (to, from) = channel(N_AHEAD);
    let pipe = Pipe {
        to,
        n_handed: 0,
        n_again: 0,
    };
    let outlet = Outlet {
        from,
        piece: Bytes::new(),
        has_ended: false,
    };
    (pipe, outlet)
}

impl Pipe {
    /// Hands on what a stream gives.
    pub(super) async fn carry<E>(
        self,
        mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
        fault: impl Fn(E) -> io::Error,
    ) {
        while let Some(piece) = pieces.next().await {
            let has_failed = piece.is_err();
            let sent = self.to.send(piece.map_err(&fault)).await;
            if has_failed || sent.is_err() {
                return;
            }
        }
    }

    /// Ends it with an error.
    pub(super) fn fail(self, error: io::Error) {
        // Where nobody reads any more, nobody is told.
        self.to.blocking_send(Err(error)).ok();
    }
}

impl Target for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let again = usize::try_from(self.n_again).unwrap_or(usize::MAX);
        let again = again.min(bytes.len());
        self.n_again -= again as u64;
        let new = &bytes[again..];
        if new.is_empty() {
            return Ok(());
        }
        self.n_handed += new.len() as u64;
        let sent = self.to.blocking_send(Ok(Bytes::copy_from_slice(new)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// What was handed on is not taken back. Whether what comes now is the same, the hash of the
    /// whole tells.
    fn restart(&mut self) -> io::Result<()> {
        self.n_again = self.n_handed;
        Ok(())
    }
}

impl Read for Outlet {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !self.piece.has_remaining() && !self.has_ended {
            match self.from.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => self.has_ended = true,
            }
        }
        let n = buf.len().min(self.piece.len());
        buf[..n].copy_from_slice(&self.piece.split_to(n));
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_passed_over() {
        let (mut pipe, mut outlet) = pipe();
        for bytes in ["ab", "cd"] {
            pipe.write(bytes.as_bytes()).unwrap();
        }
        pipe.restart().unwrap();
        pipe.write(b"abc").unwrap();
        pipe.restart().unwrap();
        for bytes in ["ab", "cde", "f"] {
            pipe.write(bytes.as_bytes()).unwrap();
        }
        drop(pipe);
        let mut read = String::new();
        outlet.read_to_string(&mut read).unwrap();
        assert_eq!(read, "abcdef");
    }
}
