//! What stands under a name, or at the top of a tree.

use crate::{Digest, Target};

/// A directory, a file or a link; what it holds is known by its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A directory: the digest is that of its canonical bytes.
    Directory {
        /// The digest of the bytes that [`Directory::print`](crate::Directory::print) gives.
        digest: Digest,
        /// How many nodes are below it, those of directories that come twice counted each time.
        size: u64,
    },
    /// A file: the digest is that of its bytes.
    File {
        /// The digest of the file's bytes.
        digest: Digest,
        /// How many bytes it has.
        size: u64,
        /// Whether its owner may run it: the one thing of its mode that counts.
        executable: bool,
    },
    /// A link.
    Symlink {
        /// Where it points to, never looked at.
        target: Target,
    },
}

impl Node {
    /// Returns the blob that holds what the node is; a link has none.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        match self {
            Self::Directory { digest, .. } | Self::File { digest, .. } => Some(*digest),
            Self::Symlink { .. } => None,
        }
    }

    /// Returns how many nodes the tree has that begins here, itself included.
    ///
    /// `None` where that is no `u64`.
    #[must_use]
    pub const fn n_nodes(&self) -> Option<u64> {
        match self {
            Self::Directory { size, .. } => size.checked_add(1),
            Self::File { .. } | Self::Symlink { .. } => Some(1),
        }
    }
}
