//! The workflows against real folders, processes and repositories.

#![expect(clippy::unwrap_used, reason = "a test")]

mod files;
mod reference;
