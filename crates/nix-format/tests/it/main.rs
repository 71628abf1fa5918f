//! Held to Nix itself.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the crate is pure, its oracle is not"
)]

#[path = "../../../../fuzz/derivation.rs"]
mod properties;

mod drv;
mod drv_paths;
mod instantiated;
mod changed;
mod built;
mod drv_environment;
mod nar;
#[path = "../../../../fuzz/nar.rs"]
mod property;
mod fuzz;
mod malformed;
mod decode;
mod listing;
mod store_path;
mod tree;
