//! Binary caches: what Nix writes and reads, and what those do that lie, break off or say nothing.

mod world;
mod nix;
mod lies;
mod faults;
mod sent;
mod bucket;
