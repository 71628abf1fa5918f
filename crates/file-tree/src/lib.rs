//! Trees of files, read and written under a guard: nothing outside is touched, all is there or nothing.
//!
//! Whoever reads a tree from elsewhere, an archive, a repository or a NAR, writes it by a
//! [`Writer`]: each step is taken under a handle on the folder above and follows no link, and links
//! are made last. Whoever reads one that may change meanwhile goes a [`Way`].

mod way;
mod writer;
mod new_tree;
mod error;

pub use error::TreeError;
pub use new_tree::{NewTree, ROOT};
pub use way::Way;
pub use writer::{FileMode, Writer};
