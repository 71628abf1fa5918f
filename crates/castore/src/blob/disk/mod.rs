//! Blobs in a folder: a file each, whole or not there, verified when it is read.
//!
//! `v1/<2 characters>/<50 characters>` is the blob of that digest, as `groups.rs` says it is kept.
//! `incoming/` has a folder for each process that writes. All are for their owner alone.
//!
//! Each step on the shelf holds a lock on the folder of the two characters: whoever puts, shared;
//! whoever removes, alone. So a blob that is found there and made younger stays there, and one
//! that was found to be old is not made younger before it goes. A process that dies lets go.
//! Locks are those of `flock`: the folder must lie on a disk of the machine.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use self::file::KeptFile;
use self::session::Sessions;
use self::shelf::Shelf;
use self::writer::Writer;
use super::groups::WHOLE;
use super::in_memory::InMemory;
use super::verified::Verified;
use super::{BlobError, BlobReader, BlobWriter, Blobs, Listed};
use crate::Digest;
use crate::blocking::blocking;

mod shelf;
mod session;
mod file;
mod writer;

/// Blobs in a folder; clones share it, and so may other processes.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    shelf: Shelf,
    sessions: Sessions,
}

/// The largest blob that is written where one stands, in bytes: handing a smaller one to another
/// thread costs more than is gained.
const AT_ONCE: usize = 128 << 10;

impl Disk {
    /// Opens a folder, which is made where it is not there.
    ///
    /// # Errors
    ///
    /// [`BlobError::Io`], [`BlobError::Full`].
    pub fn open(path: &Path) -> Result<Self, BlobError> {
        let failed = |source: io::Error| BlobError::at(path, source);
        Ok(Self(Arc::new(Folder {
            path: path.to_owned(),
            shelf: Shelf::open(&path.join("v1")).map_err(failed)?,
            sessions: Sessions::open(&path.join("incoming")).map_err(failed)?,
        })))
    }

    /// Removes what writers left that were killed, and returns how many files that were.
    ///
    /// What living writers are at, in whatever process, stays.
    ///
    /// # Errors
    ///
    /// [`BlobError::Io`].
    pub async fn sweep(&self) -> Result<u64, BlobError> {
        self.blocking(|folder| folder.sessions.sweep()).await
    }

    /// Does something that may wait for the disk, on a thread for that.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, BlobError> {
        let folder = Arc::clone(&self.0);
        let done = blocking(move || work(&folder)).await;
        done.map_err(|source| BlobError::at(&self.0.path, source))
    }

    async fn file(&self, digest: &Digest) -> Result<Option<(KeptFile, u64)>, BlobError> {
        let path = || Shelf::path(&self.0.path.join("v1"), digest);
        let opened = self.0.shelf.open_blob(digest);
        let opened = opened.map_err(|source| BlobError::at(&path(), source))?;
        Ok(opened.map(|(file, len)| (KeptFile::new(file, path()), len)))
    }
}

#[async_trait]
impl Blobs for Disk {
    async fn has(&self, digest: &Digest) -> Result<bool, BlobError> {
        let found = self.0.shelf.has(digest);
        found.map_err(|source| BlobError::at(&self.0.path, source))
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobReader>>, BlobError> {
        let Some((file, len)) = self.file(digest).await? else {
            return Ok(None);
        };
        if len > WHOLE {
            let reader = Verified::open(Box::new(file), *digest, len).await?;
            return Ok(Some(Box::new(reader)));
        }
        let bytes = file.whole(*digest, len).await?;
        Ok(Some(InMemory::open(bytes)))
    }

    async fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Bytes>, BlobError> {
        let Some((file, len)) = self.file(digest).await? else {
            return Ok(None);
        };
        if len <= WHOLE {
            super::within(*digest, len, limit)?;
            return file.whole(*digest, len).await.map(Some);
        }
        let reader = Verified::open(Box::new(file), *digest, len).await?;
        super::read_all(reader, *digest, limit).await.map(Some)
    }

    async fn create(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        Ok(Box::new(Writer::new(self.clone())))
    }

    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        if bytes.len() > AT_ONCE {
            return self.blocking(move |folder| folder.put(&bytes)).await;
        }
        let put = self.0.put(&bytes);
        put.map_err(|source| BlobError::at(&self.0.path, source))
    }

    async fn sync(&self) -> Result<(), BlobError> {
        self.blocking(|folder| folder.shelf.sync()).await
    }

    async fn list(&self, after: Option<&Digest>) -> Result<Vec<Listed>, BlobError> {
        let after = after.copied();
        self.blocking(move |folder| folder.shelf.list(after)).await
    }

    async fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError> {
        let digest = *digest;
        self.blocking(move |folder| folder.shelf.remove(&digest, before))
            .await
    }
}

impl Folder {
    /// Puts bytes that are in memory.
    fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        if bytes.len() as u64 > WHOLE {
            let mut large = self.sessions.begin()?.large()?;
            large.add(bytes)?;
            return large.finish(&self.shelf);
        }
        let digest = Digest::of(bytes);
        let shard = self.shelf.to_put(&digest)?;
        if !shard.keeps(bytes)? {
            let mut temporary = self.sessions.begin()?.temporary()?;
            temporary.write(bytes)?;
            shard.place(temporary)?;
        }
        Ok(digest)
    }
}
