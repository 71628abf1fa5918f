//! Blobs in memory, for as long as the process lives.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use super::in_memory::InMemory;
use super::{BlobError, BlobReader, BlobWriter, Blobs, Listed, within};
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

    fn keep(&self, digest: Digest, bytes: Bytes) {
        let modified = SystemTime::now();
        self.kept().insert(digest, Kept { bytes, modified });
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
        Ok(self.bytes(digest).map(InMemory::open))
    }

    async fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Bytes>, BlobError> {
        let Some(bytes) = self.bytes(digest) else {
            return Ok(None);
        };
        within(*digest, bytes.len() as u64, limit)?;
        Ok(Some(bytes))
    }

    async fn create(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        Ok(Box::new(Writer {
            memory: self.clone(),
            hasher: blake3::Hasher::new(),
            bytes: BytesMut::new(),
        }))
    }

    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        let digest = Digest::of(&bytes);
        self.keep(digest, bytes);
        Ok(digest)
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

struct Writer {
    memory: Memory,
    /// Goes along, so that nothing is left to hash when the last bytes have come.
    hasher: blake3::Hasher,
    bytes: BytesMut,
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.hasher.update(bytes);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<Digest, BlobError> {
        let digest = Digest(*self.hasher.finalize().as_bytes());
        self.memory.keep(digest, self.bytes.freeze());
        Ok(digest)
    }
}
