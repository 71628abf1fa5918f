//! Blobs: bytes by their digest, wherever they are kept.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use miette::Diagnostic;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncSeek};

use self::verified::Verified;
use crate::Digest;

mod memory;
mod in_memory;
mod groups;
mod verified;
mod disk;
#[cfg(feature = "object")]
mod object;

pub use disk::Disk;
pub use memory::Memory;
#[cfg(feature = "object")]
pub use object::{Login, Objects, S3};

/// A place that keeps blobs by their digest.
///
/// What is handed out is what the digest says: it was verified on the way. What is put is there
/// whole or not at all, whoever else puts the same, and puts right what was damaged.
/// Directories are blobs, of their canonical bytes.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Says whether a blob is here. Its bytes are not looked at.
    ///
    /// # Errors
    ///
    /// [`BlobError`] where that cannot be found out.
    async fn has(&self, digest: &Digest) -> Result<bool, BlobError>;

    /// Opens a blob to read all of it or parts; `None` where it is not here.
    ///
    /// No byte is handed out that was not verified.
    ///
    /// # Errors
    ///
    /// [`BlobError`]; of reading, an [`io::Error`] whose inner error is one.
    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobReader>>, BlobError>;

    /// Returns all of a blob, of at most `limit` bytes; `None` where it is not here.
    ///
    /// # Errors
    ///
    /// [`BlobError::Large`] where it has more bytes, before they are read; [`BlobError`].
    async fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Bytes>, BlobError>;

    /// Begins a blob of any size, whose digest is known when it is finished.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    async fn create(&self) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// Puts a blob that is in memory; nothing is written where it is here and sound.
    ///
    /// # Errors
    ///
    /// [`BlobError`]; then it is not here, or as it was.
    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError>;

    /// Returns once everything that was put through this handle survives a loss of power.
    ///
    /// # Errors
    ///
    /// [`BlobError`]; then some of it may not.
    async fn sync(&self) -> Result<(), BlobError>;

    /// Returns some blobs behind `after`, in the order of digests: at least one, unless there is
    /// none. So one lists all by passing the last one's digest until nothing comes.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    async fn list(&self, after: Option<&Digest>) -> Result<Vec<Listed>, BlobError>;

    /// Removes a blob that nobody has put since `before`, and says whether it did.
    ///
    /// A put that is under way counts: either it ends before, and the blob stays, or it finds the
    /// blob gone and writes it anew. Readers that have it open read on.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    async fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError>;
}

/// A blob that is being read.
///
/// Seeking behind the end is not an error, reading there gives nothing.
pub trait BlobReader: AsyncRead + AsyncSeek + Send + Unpin {
    /// How many bytes the blob has: certain once its last byte was read.
    fn size(&self) -> u64;
}

/// A blob that is being written; dropped before it is finished, it leaves nothing.
#[async_trait]
pub trait BlobWriter: Send {
    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// [`BlobError`]; then the writer is good for nothing but to be dropped.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError>;

    /// Puts the blob in its place and returns its digest.
    ///
    /// # Errors
    ///
    /// [`BlobError`]; then nothing was put.
    async fn finish(self: Box<Self>) -> Result<Digest, BlobError>;
}

/// A blob as a list names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The digest it is kept under.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// When it was put last.
    pub modified: SystemTime,
}

/// Why a blob cannot be read or written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum BlobError {
    /// What is kept under a digest is something else.
    #[error("blob `{digest}` in `{place}` is damaged")]
    #[diagnostic(
        code(eka::castore::corrupt),
        help("it is written anew when the same bytes are put again")
    )]
    Corrupt {
        /// The digest it is kept under.
        digest: Digest,
        /// Where it is kept.
        place: String,
    },
    /// A blob is larger than the reader takes.
    #[error("blob `{digest}` has {size} bytes, more than {limit}")]
    #[diagnostic(
        code(eka::castore::large),
        help("whatever names it as something small is broken or lies")
    )]
    Large {
        /// The blob.
        digest: Digest,
        /// How many bytes it has.
        size: u64,
        /// How many were allowed.
        limit: u64,
    },
    /// There is no room.
    #[error("there is no room left in `{place}`")]
    #[diagnostic(
        code(eka::castore::full),
        help("free some space, or raise the quota; nothing half-written was kept")
    )]
    Full {
        /// Where blobs are kept.
        place: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// Whether a blob is there cannot be found out.
    #[error("`{place}` cannot be asked")]
    #[diagnostic(
        code(eka::castore::unreachable),
        help("is the server up, the address right, and may you read and write there?")
    )]
    Unreachable {
        /// The object, escaped.
        place: String,
        /// What the store says.
        source: io::Error,
    },
    /// The place cannot be read or written.
    #[error("`{place}` cannot be used")]
    #[diagnostic(
        code(eka::castore::io),
        help("does the path exist, on a disk that works, and is it yours?")
    )]
    Io {
        /// The file or folder.
        place: String,
        /// What the operating system says.
        source: io::Error,
    },
}

impl BlobError {
    /// An error of the operating system at a path.
    fn at(path: &Path, source: io::Error) -> Self {
        let place = path.to_string_lossy().escape_debug().to_string();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { place, source }
            }
            _ => Self::Io { place, source },
        }
    }
}

impl From<BlobError> for io::Error {
    fn from(error: BlobError) -> Self {
        let kind = match &error {
            BlobError::Corrupt { .. } => io::ErrorKind::InvalidData,
            BlobError::Large { .. } => io::ErrorKind::FileTooLarge,
            BlobError::Full { source, .. }
            | BlobError::Io { source, .. }
            | BlobError::Unreachable { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}

/// Holds a blob to the most bytes that its reader takes.
pub(crate) const fn within(digest: Digest, size: u64, limit: u64) -> Result<(), BlobError> {
    if size > limit {
        return Err(BlobError::Large {
            digest,
            size,
            limit,
        });
    }
    Ok(())
}

/// Reads all of a large blob.
pub(crate) async fn read_all(
    mut reader: Verified,
    digest: Digest,
    limit: u64,
) -> Result<Bytes, BlobError> {
    within(digest, reader.size(), limit)?;
    let mut bytes = Vec::new();
    while let Some(part) = reader.next().await? {
        bytes.extend_from_slice(part);
    }
    Ok(bytes.into())
}
