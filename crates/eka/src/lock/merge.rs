//! Locks in git: the merge driver, and a lock that a merge left in two halves.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use atom::lock::duplicates;
use atom::lock::merge::{Clash, both_sides, merge};
use atom::lock::moves::{self, Move};
use atom::lock::{Lock, LockFaults, Remains};
use atom::source::Sourced;
use miette::Diagnostic;
use thiserror::Error;

use super::{Locked, Outcome, Report};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::LOCK;

/// The largest lock, in bytes.
const MAX_BYTES: u64 = atom_git::read::MAX_LOCK_BYTES;

/// What git hands to its merge driver: three files, of whatever names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Three {
    /// `%O`: the lock as it was before the two parted; empty where there was none.
    pub base: PathBuf,
    /// `%A`: the lock of the one side. The merged lock is written here.
    pub ours: PathBuf,
    /// `%B`: the lock of the other side.
    pub theirs: PathBuf,
}

/// Why locks were not merged. What both sides hold stands in `%A` then, between conflict markers.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum MergeError {
    /// A resolution has to decide.
    #[error("the lock is not merged: {clash}")]
    #[diagnostic(
        code(eka::lock::clash),
        help(
            "merge `atom.toml`, then run `eka lock`, which reads both sides, and `git add atom.lock`"
        )
    )]
    Clash {
        /// What the two sides do not agree on.
        clash: Clash,
    },
    /// One of the three is no lock.
    #[error("the lock is not merged: {which} cannot be read")]
    #[diagnostic(
        code(eka::lock::not_a_lock),
        help(
            "merge `atom.toml`, then remove `atom.lock` or take one side of it, and run `eka lock`"
        )
    )]
    NotALock {
        /// Which.
        which: &'static str,
        /// Why not.
        #[source]
        #[diagnostic_source]
        source: Sourced<LockFaults>,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(
        code(eka::lock::merge_file),
        help("git gives a merge driver three files: `eka lock --merge %O %A %B`")
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Merges locks as git's merge driver: no manifest is looked at, and no remote is asked.
///
/// The report's one lock is `%A`, compared with what it was.
///
/// # Errors
///
/// [`MergeError`].
pub fn merge_files(ctx: &Context<'_>, three: &Three) -> Result<Report, Error> {
    let [base, ours, theirs] = [&three.base, &three.ours, &three.theirs].map(|it| ctx.dir.join(it));
    let texts = [read(&base)?, read(&ours)?, read(&theirs)?];
    let (lock, moves) = match merged(&texts) {
        Ok(merged) => merged,
        Err(error) => {
            write(&ours, &both_sides(&texts[1], &texts[2]))?;
            return Err(error.into());
        }
    };
    write(&ours, &lock.print())?;
    let outcome = Outcome::Written { moves };
    Ok(Report {
        locks: vec![Locked {
            path: ours,
            n_atoms: lock.atoms.len(),
            n_pins: lock.pins.len(),
            outcome,
            duplicates: duplicates::of(&lock),
        }],
    })
}

/// The merged lock, and what it has that ours has not.
fn merged(texts: &[String; 3]) -> Result<(Lock, Vec<Move>), MergeError> {
    let [base, ours, theirs] = texts;
    let base = parse(base, "what both sides began with")?;
    let ours = parse(ours, "our side")?;
    let theirs = parse(theirs, "their side")?;
    let lock = merge(&base, &ours, &theirs).map_err(|clash| MergeError::Clash { clash })?;
    let moves = moves::between(&ours, &lock);
    Ok((lock, moves))
}

/// Where there is no file, git gives an empty one.
fn parse(text: &str, which: &'static str) -> Result<Lock, MergeError> {
    if text.trim().is_empty() {
        return Ok(Lock::default());
    }
    Lock::parse(text).map_err(|error| MergeError::NotALock {
        which,
        source: Sourced::new(error, LOCK, text),
    })
}

fn read(path: &Path) -> Result<String, MergeError> {
    let read = || {
        let mut text = String::new();
        let file = File::open(path)?;
        file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("it is larger than a lock may be"));
        }
        Ok(text)
    };
    read().map_err(|source| io_error("read", path, source))
}

fn write(path: &Path, text: &str) -> Result<(), MergeError> {
    std::fs::write(path, text).map_err(|source| io_error("write", path, source))
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> MergeError {
    let path = path.to_owned();
    MergeError::Io {
        action,
        path,
        source,
    }
}

impl MergeError {
    /// What it means for the command. (Git takes what is above 128 for a breakdown, and all else
    /// but 0 for a conflict.)
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Clash { .. } => Exit::No,
            Self::NotALock { .. } | Self::Io { .. } => Exit::Usage,
        }
    }
}

/// A lock is written anew from both sides of a merge.
#[derive(Debug, Error, Diagnostic)]
#[error("`{}` holds both sides of a merge, and is written anew", path.display())]
#[diagnostic(
    severity(warning),
    code(eka::lock::both_sides),
    help("what either side has is kept where it fits; see what changed by `git diff`")
)]
struct BothSides {
    path: PathBuf,
}

/// A lock is written anew from what can be read of it.
#[derive(Debug, Error, Diagnostic)]
#[error("`{}` is not valid as a whole, and is written anew", path.display())]
#[diagnostic(
    severity(warning),
    code(eka::lock::remains),
    help("what can be read of it is kept where it fits; see what changed by `git diff`")
)]
struct Mended {
    path: PathBuf,
    #[related]
    faults: Vec<Sourced<LockFaults>>,
}

/// What is left of a lock that [`Lock::parse`] refuses with `faults`, and says so; none where
/// nothing may be used.
pub(super) fn remains(
    ctx: &Context<'_>,
    path: &Path,
    text: &str,
    faults: Sourced<LockFaults>,
) -> Result<Remains, Sourced<LockFaults>> {
    let remains = Remains::parse(text).map_err(|error| Sourced {
        error,
        text: faults.text.clone(),
    })?;
    let path = path.to_owned();
    if remains.theirs.is_some() {
        ctx.warn(BothSides { path });
    } else {
        let faults = vec![faults];
        ctx.warn(Mended { path, faults });
    }
    Ok(remains)
}
