//! Pins: inputs that are not atoms. Resolved, hashed, locked, brought and checked.

mod edit;
mod resolve;
mod git;
mod file;
mod bring;
mod check;
mod error;

pub use bring::Fetched;
pub(crate) use bring::{chosen, put, source};
pub use check::{Claim, Verified};
pub(crate) use check::{check, verify};
pub use edit::{Asked, At, Edited, Source, name};
pub(crate) use edit::{add, add_ref, by_name, remove};
pub use error::{PinsError, ValueError};
pub(crate) use resolve::{Fresh, Pins};
