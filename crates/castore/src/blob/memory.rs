//! Blobs in memory, for as long as the process lives.

use std::collections::BTreeMap;
use std::io::{self, Cursor, SeekFrom};
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

use super::{BlobError, BlobReader, BlobWriter, Blobs, Listed};
use crate::Digest;

/// Blobs in memory; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<Digest, Kept>>>);

#[derive(Debug, Clone)]
struct Kept {
    bytes: Bytes,
    modified: SystemTime,
}

/// How many blobs one call of `list` names.
const PAGE: usize = 1024;

impl Memory {
    /// Begins with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Digest, Kept>> {
        // Every change is one call on the map: a panic elsewhere leaves nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, bytes: Bytes) -> Digest {
        let digest = Digest::of(&bytes);
        let modified = SystemTime::now();
        self.kept().insert(digest, Kept { bytes, modified });
        digest
    }

    fn bytes(&self, digest: &Digest) -> Option<Bytes> {
        self.kept().get(digest).map(|it| it.bytes.clone())
    }
}

#[async_trait]
impl Blobs for Memory {
    async fn has(&self, digest: &Digest) -> Result<bool, BlobError> {
        Ok(self.kept().contains_key(digest))
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobReader>>, BlobError> {
        let open = |bytes| Box::new(Reader(Cursor::new(bytes))) as Box<dyn BlobReader>;
        Ok(self.bytes(digest).map(open))
    }

    async fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Bytes>, BlobError> {
        let Some(bytes) = self.bytes(digest) else {
            return Ok(None);
        };
        let (digest, size) = (*digest, bytes.len() as u64);
        if size > limit {
            return Err(BlobError::Large {
                digest,
                size,
                limit,
            });
        }
        Ok(Some(bytes))
    }

    async fn create(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        Ok(Box::new(Writer {
            memory: self.clone(),
            bytes: BytesMut::new(),
        }))
    }

    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        Ok(self.keep(bytes))
    }

    async fn sync(&self) -> Result<(), BlobError> {
        Ok(())
    }

    async fn list(&self, after: Option<&Digest>) -> Result<Vec<Listed>, BlobError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let kept = self.kept();
        let behind = kept.range((from, Bound::Unbounded)).take(PAGE);
        let listed = behind.map(|(digest, kept)| Listed {
            digest: *digest,
            size: kept.bytes.len() as u64,
            modified: kept.modified,
        });
        Ok(listed.collect())
    }

    async fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError> {
        let mut kept = self.kept();
        let old = kept.get(digest).is_some_and(|it| it.modified < before);
        Ok(old && kept.remove(digest).is_some())
    }
}

struct Reader(Cursor<Bytes>);

impl BlobReader for Reader {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncSeek for Reader {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(to)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(cx)
    }
}

struct Writer {
    memory: Memory,
    bytes: BytesMut,
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<Digest, BlobError> {
        let Self { memory, bytes } = *self;
        Ok(memory.keep(bytes.freeze()))
    }
}
