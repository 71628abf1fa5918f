//! `eka nar`: NARs made of trees, and trees made of NARs; nothing of a store is asked.

mod error;
mod walk;
mod input;
mod pack;
mod unpack;
mod look;
mod hash;

pub use error::NarError;
pub use hash::{HashRequest, Hashed, Of, hash};
pub(crate) use look::Lister;
pub use look::{Listed, Node, Place, cat, list, listing};
pub use nix_format::nar::{Extent, FileKind};
pub use nix_format::{Algorithm, Hash};
pub use pack::{Packed, pack, pack_to};
pub use unpack::{Unpacked, unpack};

pub(crate) use walk::{Fault, tree, write};

pub use crate::refs::Input;
