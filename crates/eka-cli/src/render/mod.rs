//! Reports as text for people, one file a command.
//!
//! Each foreign value goes through [`esc`]; what reaches a terminal is guarded once more where it
//! is written, so that a forgotten one cannot do harm there.

pub(crate) mod new;
pub(crate) mod init;
pub(crate) mod publish;
pub(crate) mod mirror;
pub(crate) mod versions;
pub(crate) mod info;
pub(crate) mod lock;
pub(crate) mod update;
pub(crate) mod add;
pub(crate) mod import;
pub(crate) mod fetch;
pub(crate) mod tree;
pub(crate) mod why;
pub(crate) mod outdated;
pub(crate) mod diff;
pub(crate) mod verify;
pub(crate) mod refs;
pub(crate) mod nar;
pub(crate) mod drv;
pub(crate) mod store;
pub(crate) mod gc;
pub(crate) mod config;

use std::fmt::Display;

use eka::escape::Escaped;

/// A foreign value on one line.
pub(crate) const fn esc<T: Display>(value: T) -> Escaped<T> {
    Escaped(value)
}
