//! The stable shapes of `--format json`, one file a command.
//!
//! Each begins with `schema`, such as `eka.new/1`. A field may be added; for anything else the
//! number goes up.

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
pub(crate) mod listing;
pub(crate) mod nar_hash;
pub(crate) mod drv_show;
pub(crate) mod drv_inhash;
pub(crate) mod store;
pub(crate) mod store_add;
pub(crate) mod store_copy;
pub(crate) mod store_verify;
pub(crate) mod store_roots;
pub(crate) mod store_roots_remove;
pub(crate) mod gc;
pub(crate) mod config;
pub(crate) mod diagnostic;

use serde::Serialize;

/// Prints a shape on one line, without a character that a terminal could obey.
pub(crate) fn print<T: Serialize>(shape: &T) -> String {
    let text =
        serde_json::to_string(shape).expect("our shapes have text keys and no failing parts");
    eka::escape::json(&text).into_owned()
}
