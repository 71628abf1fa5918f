//! Remotes: listing, fetching, pushing.

pub mod list;
pub mod fetch;
pub mod push;
