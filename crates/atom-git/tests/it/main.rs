//! The crate against real repositories and servers.

#![expect(clippy::unwrap_used, reason = "a test")]

mod world;
mod list;
mod faults;
mod fetch;
mod cache;
mod push;
mod crawl;
mod local;
mod repo;
mod root;
mod read;
mod content;
mod staging;
mod tree_guard;
mod nar;
mod export;
mod diff;
mod publish;
mod pin;
