//! Reads a blob that is in memory, and was verified when it came there.

use std::io::{self, Cursor, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

use super::BlobReader;

/// A reader of bytes in memory.
pub(crate) struct InMemory(Cursor<Bytes>);

impl InMemory {
    pub(crate) fn open(bytes: Bytes) -> Box<dyn BlobReader> {
        Box::new(Self(Cursor::new(bytes)))
    }
}

impl BlobReader for InMemory {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

impl AsyncRead for InMemory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncSeek for InMemory {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(to)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(cx)
    }
}
