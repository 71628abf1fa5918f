//! `eka.outdated/1`.

use eka::look::{Ask, Asker};
use eka::outdated::{Aged, Outdated, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    locks: Vec<One<'a>>,
}

#[derive(Debug, Serialize)]
struct One<'a> {
    id: &'a str,
    lock: String,
    n_atoms: usize,
    /// In the order of the lock.
    outdated: Vec<Atom<'a>>,
}

#[derive(Debug, Serialize)]
struct Atom<'a> {
    id: &'a str,
    /// What the manifest calls its set, else the set's URL.
    origin: &'a str,
    locked: String,
    compatible: String,
    newest: String,
    yanked: bool,
    deprecated: bool,
    held_by: Vec<Demand<'a>>,
}

/// A requirement, and who has it.
#[derive(Debug, Serialize)]
pub(super) struct Demand<'a> {
    /// `null` for the manifest itself.
    by: Option<&'a str>,
    by_version: Option<String>,
    requirement: Option<String>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.outdated/1",
            locks: report.locks.iter().map(One::of).collect(),
        }
    }
}

impl<'a> One<'a> {
    fn of(aged: &'a Aged) -> Self {
        Self {
            id: aged.id.as_str(),
            lock: aged.path.to_string_lossy().into_owned(),
            n_atoms: aged.n_atoms,
            outdated: aged.atoms.iter().map(Atom::of).collect(),
        }
    }
}

impl<'a> Atom<'a> {
    fn of(it: &'a Outdated) -> Self {
        Self {
            id: it.id.as_str(),
            origin: &it.origin,
            locked: it.locked.to_string(),
            compatible: it.compatible.to_string(),
            newest: it.newest.to_string(),
            yanked: it.yanked,
            deprecated: it.deprecated,
            held_by: it.held_by.iter().map(Demand::of).collect(),
        }
    }
}

impl<'a> Demand<'a> {
    pub(super) fn of(ask: &'a Ask) -> Self {
        let (by, by_version) = match &ask.by {
            Asker::Manifest => (None, None),
            Asker::Atom { id, version, .. } => (Some(id.as_str()), Some(version.to_string())),
        };
        Self {
            by,
            by_version,
            requirement: ask.req.as_ref().map(ToString::to_string),
        }
    }
}
