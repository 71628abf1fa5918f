//! The crate as others use it.

#![expect(clippy::unwrap_used, reason = "a test")]

mod world;
mod infos;
