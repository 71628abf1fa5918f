//! Real git servers and generators for tests and the demo.
//!
//! A failure here is a failure of the test that asked: everything panics with what it wanted.
#![expect(
    clippy::missing_panics_doc,
    reason = "a test's harness: every failure is a panic that names its cause"
)]

pub mod tools;
pub mod env;
pub mod repo;
pub mod s3;
pub mod process;
mod lighttpd;
pub mod http;
pub mod files;
pub mod daemon;
pub mod proxy;
pub mod scripted;
pub mod kill;
mod import;
pub mod monorepo;
pub mod nix;
pub mod derivations;
pub mod atoms;
pub mod graph;
