//! Trees out as NARs.

pub(crate) mod tree;
mod unsteady;
mod layout;
mod table;
mod faults;
mod model;
mod stream;
