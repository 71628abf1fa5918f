//! `eka.fetch/1`.

use eka::fetch::{Fetched, Outcome, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// In the order of the lock.
    atoms: Vec<One>,
}

/// One atom.
#[derive(Debug, Serialize)]
struct One {
    id: String,
    version: String,
    /// `sha256-…` of its NAR; null for an atom of the work tree.
    nar: Option<String>,
    /// Its folder, absolute.
    path: String,
    /// `new`, `present` or `local`.
    outcome: &'static str,
}

impl Shape {
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            schema: "eka.fetch/1",
            atoms: report.atoms.iter().map(One::of).collect(),
        }
    }
}

impl One {
    fn of(atom: &Fetched) -> Self {
        Self {
            id: atom.id.to_string(),
            version: atom.version.to_string(),
            nar: atom.nar.map(|it| it.to_string()),
            path: atom.path.to_string_lossy().into_owned(),
            outcome: match atom.outcome {
                Outcome::New => "new",
                Outcome::Present => "present",
                Outcome::Local => "local",
            },
        }
    }
}
