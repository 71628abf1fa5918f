//! Why a tree cannot be read as a NAR.

use std::io;

use castore::{BlobError, ClosureError, Digest};
use miette::Diagnostic;
use thiserror::Error;

/// Why a tree cannot be read as a NAR.
///
/// What reads gives it as an [`io::Error`] of the kind that stands beside each variant, with this
/// as its inner error.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RenderError {
    /// A directory of the tree is missing, or not what it is said to be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Closure(#[from] ClosureError),
    /// The NAR would have more than 2^63 − 1 bytes, where no offset leads.
    #[error("the tree below `{digest}` has more bytes than a NAR can hold")]
    #[diagnostic(
        code(eka::store::nar_large),
        help("whoever made the tree is broken or lies about the sizes of its files")
    )]
    Large {
        /// The directory, or the file where that alone is too large.
        digest: Digest,
    },
    /// A file's blob is not here: [`NotFound`](io::ErrorKind::NotFound).
    #[error("blob `{digest}` is missing")]
    #[diagnostic(
        code(eka::store::blob_missing),
        help("what holds the tree is not whole: `eka store verify --repair` brings it again")
    )]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// A blob ends before the size that the tree says:
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    #[error("blob `{digest}` ends after {size} bytes, and is said to have {said}")]
    #[diagnostic(
        code(eka::store::blob_short),
        help("whoever made the tree, or keeps its blobs, is broken or lies")
    )]
    Short {
        /// The blob.
        digest: Digest,
        /// How many bytes it has.
        size: u64,
        /// How many the tree says.
        said: u64,
    },
    /// A blob goes on beyond the size that the tree says, and nothing of it is handed out:
    /// [`InvalidInput`](io::ErrorKind::InvalidInput).
    #[error("blob `{digest}` has {size} bytes, and is said to have {said}")]
    #[diagnostic(
        code(eka::store::blob_long),
        help("whoever made the tree, or keeps its blobs, is broken or lies")
    )]
    Long {
        /// The blob.
        digest: Digest,
        /// How many bytes it has.
        size: u64,
        /// How many the tree says.
        said: u64,
    },
    /// A blob cannot be opened: the kind that [`BlobError`] has.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blob(#[from] BlobError),
    /// A seek leads before the beginning; the position is as it was:
    /// [`InvalidInput`](io::ErrorKind::InvalidInput).
    #[error("no NAR has an offset below zero")]
    #[diagnostic(
        code(eka::store::nar_seek),
        help("seek to an offset from 0 to the length of the NAR")
    )]
    Negative,
    /// A seek begins while another one is under way; that one goes on:
    /// [`Other`](io::ErrorKind::Other).
    #[error("already seeking")]
    #[diagnostic(
        code(eka::store::nar_seeking),
        help("complete the seek that is under way before the next one")
    )]
    Seeking,
    /// A NAR that is read in order has failed before: [`Other`](io::ErrorKind::Other).
    #[error("the NAR has failed before its end")]
    #[diagnostic(
        code(eka::store::nar_failed),
        help("the error that came first says why; begin anew")
    )]
    Failed,
}

impl From<RenderError> for io::Error {
    fn from(error: RenderError) -> Self {
        let kind = match error {
            RenderError::Blob(error) => return error.into(),
            RenderError::Closure(_) | RenderError::Large { .. } => io::ErrorKind::InvalidData,
            RenderError::Missing { .. } => io::ErrorKind::NotFound,
            RenderError::Short { .. } => io::ErrorKind::UnexpectedEof,
            RenderError::Long { .. } | RenderError::Negative => io::ErrorKind::InvalidInput,
            RenderError::Seeking | RenderError::Failed => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
