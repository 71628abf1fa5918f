//! The crate against real repositories and servers.

#![expect(clippy::unwrap_used, reason = "a test")]

mod world;
mod list;
mod faults;
mod fetch;
mod cache;
mod push;
mod crawl;
