//! `eka.lock/1`.

use eka::lock::{Locked, Outcome, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    locks: Vec<One>,
}

/// One lock.
#[derive(Debug, Serialize)]
pub(crate) struct One {
    /// Its file.
    path: String,
    /// How many atoms it holds.
    atoms: usize,
    /// Whether it was written.
    written: bool,
    /// What is other than before, a line each.
    changes: Vec<String>,
}

impl Shape {
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            schema: "eka.lock/1",
            locks: report.locks.iter().map(One::of).collect(),
        }
    }
}

impl One {
    pub(crate) fn of(lock: &Locked) -> Self {
        let (written, changes) = match &lock.outcome {
            Outcome::Current => (false, Vec::new()),
            Outcome::Written { moves } => (true, moves.iter().map(ToString::to_string).collect()),
        };
        Self {
            path: lock.path.to_string_lossy().into_owned(),
            atoms: lock.n_atoms,
            written,
            changes,
        }
    }
}
