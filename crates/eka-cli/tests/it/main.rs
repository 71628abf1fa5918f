//! The `eka` command, run as people run it.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;
mod published;
mod globals;
mod new;
mod config;
mod init;
mod versions;
mod info;
mod add;
mod lock;
mod shells;
