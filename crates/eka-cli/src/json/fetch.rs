//! `eka.fetch/1`.

use eka::fetch::{Fetched, Outcome, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// In the order of the lock.
    atoms: Vec<One>,
    /// In the order of the lock.
    pins: Vec<OnePin>,
}

/// One pin.
#[derive(Debug, Serialize)]
struct OnePin {
    name: String,
    /// `git`, `tar` or `url`.
    kind: &'static str,
    /// `sha256-…` of its NAR, or of the file that a `url` is.
    hash: String,
    /// Its folder or file, absolute.
    path: String,
    /// `new` or `present`.
    outcome: &'static str,
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
            pins: report.pins.iter().map(OnePin::of).collect(),
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
            outcome: outcome(atom.outcome),
        }
    }
}

impl OnePin {
    fn of(pin: &eka::pins::Fetched) -> Self {
        Self {
            name: pin.name.to_string(),
            kind: pin.kind,
            hash: pin.hash.clone(),
            path: pin.path.to_string_lossy().into_owned(),
            outcome: outcome(pin.outcome),
        }
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::New => "new",
        Outcome::Present => "present",
        Outcome::Local => "local",
    }
}
