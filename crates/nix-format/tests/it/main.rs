//! Held to Nix itself.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the crate is pure, its oracle is not"
)]

mod nar;
mod store_path;
mod tree;
