//! Writes a blob of any size: the disk is at work while more bytes come.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::session::{Session, Temporary};
use super::shelf::Shelf;
use super::{AT_ONCE, Disk};
use crate::Digest;
use crate::blob::groups::{Growing, WHOLE};
use crate::blob::{BlobError, BlobWriter};
use crate::blocking::joined;

/// A blob that is being written to a folder.
pub(super) struct Writer {
    disk: Disk,
    /// What came last: all, as long as the blob may be a small one.
    buffer: Vec<u8>,
    large: Option<Writing>,
}

/// The disk at work; it gives back the buffer that it wrote, empty.
type Writing = JoinHandle<io::Result<(Large, Vec<u8>)>>;

/// A blob that is too large to be kept in memory.
pub(super) struct Large {
    temporary: Temporary,
    growing: Growing,
}

impl Session {
    /// Begins a large blob.
    pub(super) fn large(self: Arc<Self>) -> io::Result<Large> {
        Ok(Large {
            temporary: self.temporary()?,
            growing: Growing::default(),
        })
    }
}

impl Large {
    /// Takes bytes; but for the last, whole groups.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.growing.add(bytes);
        self.temporary.write(bytes)
    }

    /// Puts the blob in its place.
    pub(super) fn finish(mut self, shelf: &Shelf) -> io::Result<Digest> {
        let (digest, tail) = self.growing.finish();
        self.temporary.write(&tail)?;
        shelf.to_put(&digest)?.place(self.temporary)?;
        Ok(digest)
    }
}

/// How many bytes are handed to the disk at a time: a whole number of groups.
#[expect(clippy::cast_possible_truncation, reason = "it is a mebibyte")]
const PIECE: usize = WHOLE as usize;

impl Writer {
    pub(super) const fn new(disk: Disk) -> Self {
        Self {
            disk,
            buffer: Vec::new(),
            large: None,
        }
    }

    /// Hands a full buffer to the disk, once it has done with the one before.
    async fn spill(&mut self) -> Result<(), BlobError> {
        let (large, next) = match self.large.take() {
            Some(writing) => {
                let (large, next) = self.written(writing).await?;
                (Some(large), next)
            }
            None => (None, Vec::with_capacity(PIECE)),
        };
        let buffer = std::mem::replace(&mut self.buffer, next);
        let folder = Arc::clone(&self.disk.0);
        self.large = Some(tokio::task::spawn_blocking(move || {
            let mut large = match large {
                Some(large) => large,
                None => folder.sessions.begin()?.large()?,
            };
            large.add(&buffer)?;
            let mut buffer = buffer;
            buffer.clear();
            Ok((large, buffer))
        }));
        Ok(())
    }

    async fn written(&self, writing: Writing) -> Result<(Large, Vec<u8>), BlobError> {
        let ended = joined(writing.await);
        ended.map_err(|source| BlobError::at(&self.disk.0.path, source))
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        while !bytes.is_empty() {
            // A full buffer waits: it may be all there is.
            if self.buffer.len() == PIECE {
                self.spill().await?;
            }
            let len = bytes.len().min(PIECE - self.buffer.len());
            self.buffer.extend_from_slice(&bytes[..len]);
            bytes = &bytes[len..];
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Digest, BlobError> {
        let buffer = std::mem::take(&mut self.buffer);
        let Some(writing) = self.large.take() else {
            if buffer.len() <= AT_ONCE {
                let put = self.disk.0.put(&buffer);
                return put.map_err(|source| BlobError::at(&self.disk.0.path, source));
            }
            return self.disk.blocking(move |folder| folder.put(&buffer)).await;
        };
        let (mut large, _) = self.written(writing).await?;
        let finish = self.disk.blocking(move |folder| {
            large.add(&buffer)?;
            large.finish(&folder.shelf)
        });
        finish.await
    }
}
