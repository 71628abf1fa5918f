//! Why a lock was not made, or is not as it must be.

use std::path::{Path, PathBuf};

use atom::lock::diff::Change;
use miette::Diagnostic;
use thiserror::Error;

use crate::env;
use crate::exit::Exit;
use crate::patches::{self, PatchError};

/// What keeps `eka lock`, `add` and `remove` from their work.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum LockError {
    /// The lock does not answer the manifest, and must not be changed.
    #[error("`{}` is out of date and {}{}", path.display(), given(by), lines(changes))]
    #[diagnostic(code(eka::lock::out_of_date), help("{}", how_to_lock(path)))]
    OutOfDate {
        /// The lock.
        path: PathBuf,
        /// The flag or variable that forbids a change.
        by: &'static str,
        /// What differs.
        changes: Vec<Change>,
    },
    /// The lock must be what everybody has, and patches are active.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Patch(#[from] PatchError),
    /// `--all` outside of a work tree.
    #[error("there is no work tree whose atoms could be locked")]
    #[diagnostic(
        code(eka::lock::no_work_tree),
        help("run `eka lock --all` in a clone of the repository")
    )]
    NoWorkTree,
}

impl LockError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::OutOfDate { .. } => Exit::OutOfDate,
            Self::NoWorkTree => Exit::Usage,
            Self::Patch(error) => error.exit(),
        }
    }
}

/// How an old lock becomes a current one. One that is made under patches is nobody's to commit.
pub(crate) fn how_to_lock(path: &Path) -> String {
    if patches::is_beside(path) {
        return "run `eka lock`".to_owned();
    }
    format!("run `eka lock` and commit `{}`", path.display())
}

/// A switch by its flag, and by the variable where that turned it on.
pub(crate) fn given(by: &str) -> String {
    let variables = [env::LOCKED, env::FROZEN];
    let variable = variables.iter().find(|it| it.name == by);
    match variable.and_then(|it| it.flag) {
        Some(flag) => format!("`{flag}` was given (`{by}=1`)"),
        None => format!("`{by}` was given"),
    }
}

fn lines(changes: &[Change]) -> String {
    changes.iter().map(|it| format!("\n    {it}")).collect()
}
