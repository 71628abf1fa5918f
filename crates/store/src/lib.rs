//! Nix's store paths on content-addressed trees: what is registered, how it comes and how it goes.

mod info;
pub mod session;
pub mod roots;
pub mod infos;

pub use info::PathInfo;
