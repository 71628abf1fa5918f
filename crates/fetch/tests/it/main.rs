//! The crate against real servers, and a proxy that breaks things.

#![expect(clippy::unwrap_used, reason = "a test")]

mod download;
#[path = "../../../../fuzz/archive.rs"]
mod archive;
mod tar;
