//! The `eka` command, run as people run it.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;
mod published;
mod locked;
mod globals;
mod new;
mod config;
mod init;
mod publish;
mod mirror;
mod versions;
mod info;
mod fetch;
mod fetch_faults;
mod fetch_store;
mod tree;
mod diff;
mod outdated;
mod why;
mod verify;
mod refs;
mod nar;
mod drv;
mod store;
mod store_copy;
mod gc;
mod refs_built;
mod add;
mod import;
mod pins;
mod lock;
mod bounds;
mod update;
mod duplicates;
mod unsolvable;
mod notices;
mod lock_check;
mod lock_merge;
mod patches;
mod determinism;
mod faults;
mod shells;
mod hostile;
mod json_page;
