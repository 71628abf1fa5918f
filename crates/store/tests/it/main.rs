//! The crate as others use it.

#![expect(clippy::unwrap_used, reason = "a test")]

mod world;
mod tree;
mod infos;
mod records;
mod session;
mod ingest;
mod deep;
mod closure;
mod collect;
mod verify;
mod histories;
mod together;
mod killed;
mod full;
mod render;
mod upstream;
