//! Nix's store paths on content-addressed trees: what is registered, how it comes and how it goes.

mod info;
mod store;
pub mod session;
pub mod roots;
pub mod infos;
pub mod records;
pub mod ingest;
pub mod closure;
pub mod collect;
pub mod verify;
pub mod render;
pub mod upstream;
mod blocking;

pub use info::PathInfo;
pub use store::{Session, Store, StoreError};
