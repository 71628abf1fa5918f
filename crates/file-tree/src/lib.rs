//! Trees of files, written under a guard: nothing outside is touched, all is there or nothing.
//!
//! Whoever reads a tree from elsewhere, an archive, a repository or a NAR, writes it by a
//! [`Writer`]: each step is taken under a handle on the folder above and follows no link, and links
//! are made last.

mod writer;
mod new_tree;
mod error;

pub use error::TreeError;
pub use new_tree::{NewTree, ROOT};
pub use writer::{FileMode, Writer};
