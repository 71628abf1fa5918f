//! Finds the references to store paths, as Nix makes them, in any bytes.
//!
#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod mask;
mod spec;
mod references;
mod runs;
mod candidates;

pub use candidates::{CandidateError, Candidates, Hit, HitMut, Hits, HitsMut, Search};
pub use mask::{Mask, MaskError};
pub use references::{Input, Offsets, ReferenceFeed, References, references};
pub use spec::{NAME_MAX, SpecError, StoreSpec};
