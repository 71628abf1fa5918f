//! Held to Nix itself.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the crate is pure, its oracle is not"
)]

#[path = "../../../../fuzz/derivation.rs"]
mod properties;

mod hash;
mod content;
mod cache;
mod signing;
mod loose;
#[path = "../../../../fuzz/cache.rs"]
mod cache_properties;
mod vectors;
mod drv;
mod drv_paths;
mod instantiated;
mod changed;
mod built;
mod seen;
mod drv_environment;
mod generated;
mod attributes;
mod nar;
#[path = "../../../../fuzz/nar.rs"]
mod property;
mod fuzz;
mod malformed;
mod decode;
mod listing;
mod store_path;
mod tree;
