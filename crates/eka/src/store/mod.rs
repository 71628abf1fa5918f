//! `eka store` and `eka gc`: Nix's paths in a store of our own.
//!
//! The store is async; the one runtime is made here, and only by a command that opens the store.

mod error;
mod open;
mod named;
mod known;
mod add;
mod look;
mod roots;
mod caches;
mod copy;
mod verify;
mod gc;

pub use ::store::infos::Registered;
pub use add::{AddReport, AddRequest, Added, add};
pub use copy::{CopyReport, CopyRequest, copy};
pub use error::StoreError;
pub use fetch::compression::Compression;
pub use gc::{GcReport, GcRequest, Gone, gc};
pub use known::Known;
pub use look::{cat, closure, info, list, listing};
pub use roots::{Keeper, Kept, Released, RootsRequest, keep, release, roots};
pub use verify::{Repair, Unsound, VerifyReport, VerifyRequest, verify};

pub(crate) use add::{plain, take_in};
pub(crate) use open::Opened;
