//! One file a command: flags, and the call of the workflow.

pub(crate) mod new;
pub(crate) mod init;
pub(crate) mod publish;
pub(crate) mod mirror;
pub(crate) mod versions;
pub(crate) mod info;
pub(crate) mod locking;
pub(crate) mod choosing;
pub(crate) mod add;
pub(crate) mod import;
pub(crate) mod remove;
pub(crate) mod lock;
pub(crate) mod update;
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
pub(crate) mod completions;
pub(crate) mod man;

use std::fmt::Write as _;

use eka::Exit;

/// The variables that no option stands for, and the exit codes, for the long help.
pub(crate) fn variables_and_exit_codes() -> String {
    let mut text = String::from("Variables:");
    for variable in eka::env::ALL.iter().filter(|it| it.flag.is_none()) {
        write!(text, "\n  {}  {}", variable.name, variable.doc).expect("a string takes all");
    }
    text.push_str("\n\nExit codes:");
    for exit in Exit::ALL {
        write!(text, "\n  {:>3}  {}", exit.code(), exit.meaning()).expect("a string takes all");
    }
    text
}
