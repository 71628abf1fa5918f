//! Directories, closures, and every backend by one suite.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../../fuzz/castore.rs"]
mod properties;

mod contract;
mod vectors;
mod directory;
mod closure;
mod memory;
mod disk;
mod files;
mod deep;
mod object;
