//! Both searches, against the plainest ones and against Nix.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../../fuzz/refscan.rs"]
mod properties;

mod candidates;
mod fuzz;
mod mask;
mod nix;
mod references;
