//! Writes a blob to an object store: a large one waits on a disk until its digest names it.

use std::io::{self, Read as _, Seek as _, Write as _};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::{ObjectStoreExt as _, WriteMultipart};

use super::{Objects, Shelf, is_fresh};
use crate::Digest;
use crate::blob::groups::{Growing, WHOLE, file_len};
use crate::blob::{BlobError, BlobWriter};
use crate::blocking::blocking;

/// A blob that is being written to an object store.
pub(super) struct Writer {
    objects: Objects,
    /// What came last: all, as long as the blob may be a small one.
    buffer: Vec<u8>,
    spooled: Option<Spooled>,
}

/// A large blob in a file that has no name.
struct Spooled {
    file: std::fs::File,
    growing: Growing,
    len: u64,
}

/// How many bytes are written to the disk at a time: a whole number of groups.
#[expect(clippy::cast_possible_truncation, reason = "it is a mebibyte")]
const PIECE: usize = WHOLE as usize;

/// The bytes of a part of an upload: S3 takes 10,000 of them, each of at least 5 MiB.
const PART: u64 = 8 << 20;
const MAX_PARTS: u64 = 10_000;

/// How many parts are under way at a time.
const AT_ONCE: usize = 4;

impl Spooled {
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.growing.add(bytes);
        self.len += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

impl Writer {
    pub(super) const fn new(objects: Objects) -> Self {
        Self {
            objects,
            buffer: Vec::new(),
            spooled: None,
        }
    }

    /// Writes the buffer to the disk.
    async fn spill(&mut self) -> Result<(), BlobError> {
        let spooled = self.spooled.take();
        let mut buffer = std::mem::take(&mut self.buffer);
        let shelf = Arc::clone(&self.objects.0);
        let spilled = blocking(move || {
            let mut spooled = match spooled {
                Some(spooled) => spooled,
                None => Spooled {
                    file: tempfile::tempfile_in(&shelf.spool)?,
                    growing: Growing::default(),
                    len: 0,
                },
            };
            spooled.add(&buffer)?;
            buffer.clear();
            Ok((spooled, buffer))
        });
        let (spooled, buffer) = spilled.await.map_err(|it| self.spool_failed(it))?;
        self.spooled = Some(spooled);
        self.buffer = buffer;
        Ok(())
    }

    fn spool_failed(&self, source: io::Error) -> BlobError {
        BlobError::at(&self.objects.0.spool, source)
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
        if self.spooled.is_none() {
            let bytes = std::mem::take(&mut self.buffer);
            return self.objects.0.put(bytes.into()).await;
        }
        self.spill().await?;
        let spooled = self.spooled.take().expect("it was spilled");
        let rewound = blocking(move || {
            let Spooled {
                mut file,
                growing,
                len,
            } = spooled;
            let (digest, tail) = growing.finish();
            file.write_all(&tail)?;
            file.rewind()?;
            Ok((file, digest, len))
        });
        let (file, digest, size) = rewound.await.map_err(|it| self.spool_failed(it))?;
        let shelf = &self.objects.0;
        let len = file_len(size).expect("so many bytes were written");
        let there = shelf.head(&digest).await?;
        let sound = match there {
            Some(meta) if meta.size == len && is_fresh(&meta) => {
                verifies(&self.objects, &digest).await?
            }
            _ => false,
        };
        if !sound {
            shelf.upload(&digest, file, len).await?;
        }
        Ok(digest)
    }
}

/// Whether a large blob that is there is what it should be: it costs its reading, and spares
/// whoever puts it again from trusting whoever else may write to the store.
async fn verifies(objects: &Objects, digest: &Digest) -> Result<bool, BlobError> {
    use crate::Blobs as _;
    use tokio::io::AsyncReadExt as _;

    let mut reader = match objects.open(digest).await {
        Ok(Some(reader)) => reader,
        Ok(None) | Err(BlobError::Corrupt { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut piece = vec![0; 1 << 16];
    loop {
        match reader.read(&mut piece).await {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            // It is written again, which fails by itself where the store is away.
            Err(_) => return Ok(false),
        }
    }
}

impl Shelf {
    /// Uploads a large blob in parts; it is there when the last one is.
    async fn upload(
        &self,
        digest: &Digest,
        mut file: std::fs::File,
        len: u64,
    ) -> Result<(), BlobError> {
        let key = self.key(digest);
        let failed = |error| self.failed(&key, error);
        let part = PART.max(len.div_ceil(MAX_PARTS));
        let part_len = usize::try_from(part).unwrap_or(usize::MAX);
        let upload = self.store.put_multipart(&key).await.map_err(failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_len);
        loop {
            let read = blocking(move || {
                let mut bytes = Vec::new();
                (&mut file).take(part).read_to_end(&mut bytes)?;
                Ok((file, Bytes::from(bytes)))
            });
            let bytes;
            (file, bytes) = match read.await {
                Ok(read) => read,
                Err(error) => {
                    upload.abort().await.map_err(failed)?;
                    return Err(BlobError::at(&self.spool, error));
                }
            };
            if bytes.is_empty() {
                break;
            }
            if let Err(error) = upload.wait_for_capacity(AT_ONCE).await {
                // The first fault is told; parts that stay are the store's to expire.
                upload.abort().await.ok();
                return Err(failed(error));
            }
            upload.put(bytes);
        }
        upload.finish().await.map(drop).map_err(failed)
    }
}
