//! The `eka` command, run as people run it.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;
mod globals;
mod new;
mod config;
mod shells;
