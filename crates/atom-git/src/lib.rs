//! Atoms in git: read, publish, list, fetch.
//!
//! Blocking, over gix; the one process it starts itself is `git push`.

pub mod repo;
pub mod root;
pub mod read;
pub mod write;
pub mod tree_guard;
pub mod content;
pub mod nar;
pub mod export;
pub mod remote;
pub mod cache;
pub mod crawl;
