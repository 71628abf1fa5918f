//! `eka.lock/1`.

use eka::lock::{Duplicate, Locked, Outcome, Report, Wanter};
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
    /// How many pins it holds.
    pins: usize,
    /// Whether it was written.
    pub(crate) written: bool,
    /// What is other than before, a line each.
    changes: Vec<String>,
    /// The atoms of which it holds several versions.
    duplicates: Vec<Several>,
}

/// An atom of which a lock holds several versions.
#[derive(Debug, Serialize)]
struct Several {
    id: String,
    digest: String,
    /// Oldest first.
    versions: Vec<Wanted>,
}

/// One of several versions.
#[derive(Debug, Serialize)]
struct Wanted {
    version: String,
    /// Who wants it: atoms as the lock names them, `null` for the manifest.
    by: Vec<Option<String>>,
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
            pins: lock.n_pins,
            written,
            changes,
            duplicates: lock.duplicates.iter().map(Several::of).collect(),
        }
    }
}

impl Several {
    fn of(duplicate: &Duplicate) -> Self {
        let by = |it: &Wanter| match it {
            Wanter::Manifest(_) => None,
            Wanter::Atom(atom) => Some(atom.to_string()),
        };
        let wanted = |it: &eka::lock::Wanted| Wanted {
            version: it.version.to_string(),
            by: it.by.iter().map(by).collect(),
        };
        Self {
            id: duplicate.id.to_string(),
            digest: duplicate.digest.to_string(),
            versions: duplicate.versions.iter().map(wanted).collect(),
        }
    }
}
