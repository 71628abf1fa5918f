//! Reads a large blob in any order, and hands out no byte that was not verified.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

use super::groups::{GROUP, Groups, Part, Spans, size_of};
use super::{BlobError, BlobReader};
use crate::Digest;

/// The file that keeps a large blob, wherever it lies.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// Reads a part into a buffer whose content does not matter; fewer bytes where the file ends.
    async fn read(&self, part: Part, buffer: Vec<u8>) -> Result<Vec<u8>, BlobError>;

    /// The most bytes to read at a time, a multiple of a group.
    fn window(&self) -> u64;

    /// Returns the error that says that the blob is not what its digest says.
    fn damaged(&self, digest: Digest) -> BlobError;
}

/// A reader of a large blob.
pub(crate) struct Verified {
    blob: Arc<Blob>,
    position: u64,
    /// Where a window that was not read for a seek begins.
    expected: u64,
    window: Window,
    loading: Option<Loading>,
}

type Loading = Pin<Box<dyn Future<Output = Result<Window, BlobError>> + Send>>;

struct Blob {
    source: Box<dyn Source>,
    digest: Digest,
    size: u64,
    spans: Spans,
}

/// Bytes of the blob, verified.
#[derive(Default)]
struct Window {
    at: u64,
    bytes: Vec<u8>,
    /// The groups that were looked at last.
    groups: Option<Groups>,
}

impl Verified {
    /// Opens a blob by the length of its file.
    pub(crate) async fn open(
        source: Box<dyn Source>,
        digest: Digest,
        file_len: u64,
    ) -> Result<Self, BlobError> {
        let damaged = || source.damaged(digest);
        let size = size_of(file_len).ok_or_else(damaged)?;
        let values = source.read(Spans::part(size), Vec::new()).await?;
        let spans = Spans::verify(digest, size, &values).ok_or_else(damaged)?;
        let blob = Blob {
            source,
            digest,
            size,
            spans,
        };
        Ok(Self {
            blob: Arc::new(blob),
            position: 0,
            expected: 0,
            window: Window::default(),
            loading: None,
        })
    }

    /// Returns the bytes at the position, some windows' worth; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>, BlobError> {
        if self.position >= self.blob.size {
            return Ok(None);
        }
        self.window = self.load().await?;
        self.expected = self.window.end();
        let from = usize::try_from(self.position - self.window.at).expect("less than a group");
        self.position = self.expected;
        Ok(Some(&self.window.bytes[from..]))
    }

    /// Begins to read the window around the position.
    fn load(&mut self) -> Loading {
        let at = self.position / GROUP * GROUP;
        let mut window = std::mem::take(&mut self.window);
        // Reading on is rewarded by larger windows; a seek costs one group.
        let len = match at == self.expected {
            true => (window.bytes.len() as u64 * 2).clamp(GROUP, self.blob.source.window()),
            false => GROUP,
        };
        window.at = at;
        Box::pin(Arc::clone(&self.blob).load(window, len))
    }
}

impl Window {
    const fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }
}

impl Blob {
    async fn load(self: Arc<Self>, window: Window, len: u64) -> Result<Window, BlobError> {
        let Window { at, bytes, groups } = window;
        let damaged = || self.source.damaged(self.digest);
        let groups = match groups {
            Some(groups) if groups.hold(at) => groups,
            _ => {
                let part = self.spans.groups_part(at);
                let values = self.source.read(part, Vec::new()).await?;
                self.spans.groups(at, &values).ok_or_else(damaged)?
            }
        };
        let len = (self.size - at).min(len).min(groups.end() - at);
        let bytes = self.source.read(Part { at, len }, bytes).await?;
        if bytes.len() as u64 != len || !groups.verify(at, &bytes) {
            return Err(damaged());
        }
        let groups = Some(groups);
        Ok(Window { at, bytes, groups })
    }
}

impl BlobReader for Verified {
    fn size(&self) -> u64 {
        self.blob.size
    }
}

impl AsyncRead for Verified {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if let Some(loading) = &mut this.loading {
                let loaded = ready!(loading.as_mut().poll(cx));
                this.loading = None;
                this.window = loaded?;
                this.expected = this.window.end();
            }
            if this.position >= this.blob.size {
                return Poll::Ready(Ok(()));
            }
            let window = &this.window;
            let from = this.position.checked_sub(window.at);
            let from = from.and_then(|it| usize::try_from(it).ok());
            let held = from.and_then(|from| window.bytes.get(from..));
            if let Some(held) = held.filter(|it| !it.is_empty()) {
                let len = held.len().min(buf.remaining());
                buf.put_slice(&held[..len]);
                this.position += len as u64;
                return Poll::Ready(Ok(()));
            }
            this.loading = Some(this.load());
        }
    }
}

impl AsyncSeek for Verified {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        let sought = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => this.blob.size.checked_add_signed(by),
            SeekFrom::Current(by) => this.position.checked_add_signed(by),
        };
        let before = "a seek before the start, or beyond all numbers";
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, before);
        this.position = sought.ok_or_else(invalid)?;
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position))
    }
}
