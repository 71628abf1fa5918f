//! Reads a blob's file: at once what is in memory, else on a thread that may wait.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rustix::buffer::spare_capacity;

use crate::Digest;
use crate::blob::BlobError;
use crate::blob::groups::Part;
use crate::blob::verified::Source;
use crate::blocking::blocking;

/// The file of a blob, open.
pub(super) struct KeptFile {
    file: Arc<OwnedFd>,
    path: PathBuf,
}

/// The most bytes of a large blob that are read and verified at a time.
const WINDOW: u64 = 256 << 10;

impl KeptFile {
    pub(super) fn new(file: OwnedFd, path: PathBuf) -> Self {
        let file = Arc::new(file);
        Self { file, path }
    }

    /// Reads and verifies a blob that is kept as it is.
    pub(super) async fn whole(&self, digest: Digest, len: u64) -> Result<Bytes, BlobError> {
        let bytes = self.read(Part { at: 0, len }, Vec::new()).await?;
        if bytes.len() as u64 != len || Digest::of(&bytes) != digest {
            return Err(self.damaged(digest));
        }
        Ok(bytes.into())
    }
}

#[async_trait]
impl Source for KeptFile {
    async fn read(&self, part: Part, mut buffer: Vec<u8>) -> Result<Vec<u8>, BlobError> {
        if part.len == 0 {
            return Ok(Vec::new());
        }
        if read_cached(self.file.as_fd(), part, &mut buffer) {
            return Ok(buffer);
        }
        let file = Arc::clone(&self.file);
        let read = blocking(move || {
            read(file.as_fd(), part, &mut buffer)?;
            Ok(buffer)
        });
        read.await
            .map_err(|source| BlobError::at(&self.path, source))
    }

    fn window(&self) -> u64 {
        WINDOW
    }

    fn damaged(&self, digest: Digest) -> BlobError {
        let place = self.path.display().to_string();
        BlobError::Corrupt { digest, place }
    }
}

/// Reads a file of this length, or what there is of it.
pub(super) fn read_all(file: BorrowedFd<'_>, len: u64) -> io::Result<Vec<u8>> {
    let mut buffer = Vec::new();
    read(file, Part { at: 0, len }, &mut buffer)?;
    Ok(buffer)
}

/// Reads a part, waiting for the disk; less where the file ends.
fn read(file: BorrowedFd<'_>, part: Part, buffer: &mut Vec<u8>) -> io::Result<()> {
    let len = usize::try_from(part.len).map_err(|_| io::ErrorKind::FileTooLarge)?;
    buffer.clear();
    // The length is a file's own, or at most a window.
    buffer.reserve_exact(len);
    while buffer.len() < len {
        let at = part.at + buffer.len() as u64;
        match rustix::io::pread(file, spare_capacity(buffer), at) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    buffer.truncate(len);
    Ok(())
}

/// Reads a part if that needs no waiting: all of it is in memory.
#[cfg(target_os = "linux")]
fn read_cached(file: BorrowedFd<'_>, part: Part, buffer: &mut Vec<u8>) -> bool {
    use rustix::io::{ReadWriteFlags, preadv2};

    let Ok(len) = usize::try_from(part.len) else {
        return false;
    };
    // What is in it already need not be cleared: it is overwritten, or not used.
    buffer.resize(len, 0);
    let parts = &mut [io::IoSliceMut::new(buffer)];
    // Some file systems never say what they have in memory: then it is read as if it were not.
    preadv2(file, parts, part.at, ReadWriteFlags::NOWAIT).is_ok_and(|read| read == len)
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_: BorrowedFd<'_>, _: Part, _: &mut Vec<u8>) -> bool {
    false
}
