//! The harness, tried against the programs it stands on.

#![expect(clippy::unwrap_used, reason = "a test")]

mod world;
mod http;
mod daemon;
mod proxy;
mod kill;
mod generated;
mod derivations;
