//! Atoms in git: read, publish, list, fetch.
//!
//! Blocking, over gix; the processes it starts itself are `git push` and `git status`.

pub mod objects;
pub mod blob;
pub mod tree;
mod git;
mod transport_config;
pub mod repo;
pub mod history;
pub mod root;
pub mod read;
pub mod work_tree;
mod staged_pack;
mod whole_pack;
pub mod write;
pub mod tree_guard;
pub mod content;
pub mod nar;
pub mod export;
pub mod diff;
pub mod remote;
pub mod cache;
pub mod crawl;
pub mod pin;
pub mod publish;
