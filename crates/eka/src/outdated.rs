//! `eka outdated`: which locked atoms have newer versions, and what holds them back.

use std::path::PathBuf;

use atom::lock::{Graph, Lock, Place};
use atom::{AtomId, Id, Version};

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Access;
use crate::lock::{Opened, Scene, Scope, folders};
use crate::look::{self, Ask, Asks, Offers};

/// Which locks to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Which.
    pub scope: Scope,
}

/// What there is that the locks do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One entry a lock, by folder.
    pub locks: Vec<Aged>,
    /// Of how many sets no newer version can be known, since their origins gave no answer.
    pub n_silent: usize,
}

/// What one lock does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aged {
    /// The atom that the lock belongs to.
    pub id: Id,
    /// The lock's file.
    pub path: PathBuf,
    /// How many atoms it holds.
    pub n_atoms: usize,
    /// The atoms that have a newer version, or whose version bears a mark, in the order of the lock.
    pub atoms: Vec<Outdated>,
}

/// A locked atom that is not the newest, or is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// The atom.
    pub id: Id,
    /// Where it comes from, in a few words.
    pub origin: String,
    /// The locked version.
    pub locked: Version,
    /// The newest version that all who ask for it allow.
    pub compatible: Version,
    /// The newest version.
    pub newest: Version,
    /// Whether the locked version was taken back.
    pub yanked: bool,
    /// Whether its owner advises another.
    pub deprecated: bool,
    /// Who does not allow the newest.
    pub held_by: Vec<Ask>,
}

/// Compares locks with what their origins have now.
///
/// A pre-release counts where the locked version is one; a yanked version never does.
///
/// # Errors
///
/// What makes manifests and locks unreadable, and what keeps all remotes from answering.
pub fn outdated(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let mut report = Report {
        locks: Vec::new(),
        n_silent: 0,
    };
    for folder in folders(&mut scene, request.scope)? {
        let opened = Opened::open(ctx, &folder, Access::Read)?;
        look::warn_if_stale(ctx, &mut scene, &opened)?;
        let path = opened.lock_path();
        let lock = opened.lock.unwrap_or_default();
        let all: Vec<usize> = (0..lock.atoms.len()).collect();
        let offers = Offers::list(&mut scene, &lock, &all)?;
        report.n_silent += offers.n_silent();
        report.locks.push(Aged {
            id: opened.manifest.id,
            path,
            n_atoms: lock.atoms.len(),
            atoms: atoms(&mut scene, &lock, &offers)?,
        });
    }
    Ok(report)
}

fn atoms(scene: &mut Scene<'_>, lock: &Lock, offers: &Offers) -> Result<Vec<Outdated>, Error> {
    let graph = Graph::of(lock);
    let found: Vec<(usize, Range)> = (0..lock.atoms.len())
        .filter_map(|at| Some((at, Range::of(lock, at, offers)?)))
        .filter(|(_, it)| it.is_behind() || it.yanked || it.deprecated)
        .collect();
    let asks = Asks::read(scene, &graph, found.iter().map(|it| it.0))?;
    let outdated = found.into_iter().map(|(at, range)| {
        let atom = &lock.atoms[at];
        let asks = asks.of(at);
        Outdated {
            id: atom.id.clone(),
            origin: look::origin(lock, &atom.place),
            locked: atom.version.clone(),
            compatible: range.compatible(&asks).clone(),
            newest: range.newest().clone(),
            yanked: range.yanked,
            deprecated: range.deprecated,
            held_by: asks
                .into_iter()
                .filter(|it| !it.allows(range.newest()))
                .collect(),
        }
    });
    Ok(outdated.collect())
}

/// The locked version of an atom, and those that are newer and may be taken.
#[derive(Debug)]
pub(crate) struct Range {
    locked: Version,
    yanked: bool,
    deprecated: bool,
    /// Ascending.
    newer: Vec<Version>,
}

impl Range {
    /// None for an atom of the work tree, and where its origin gave no answer.
    pub(crate) fn of(lock: &Lock, at: usize, offers: &Offers) -> Option<Self> {
        let atom = &lock.atoms[at];
        let Place::Published { root, .. } = &atom.place else {
            return None;
        };
        let offered = offers.of(&AtomId::new(*root, atom.id.clone()))?;
        let marks = offered.get(&atom.version).copied().unwrap_or_default();
        let pre = !atom.version.pre.is_empty();
        let newer = offered.iter().filter(|(version, marks)| {
            **version > atom.version && !marks.yanked && (pre || version.pre.is_empty())
        });
        Some(Self {
            locked: atom.version.clone(),
            yanked: marks.yanked,
            deprecated: marks.deprecated,
            newer: newer.map(|it| it.0.clone()).collect(),
        })
    }

    pub(crate) fn is_behind(&self) -> bool {
        !self.newer.is_empty()
    }

    /// The newest version; the locked one where nothing is newer.
    pub(crate) fn newest(&self) -> &Version {
        self.newer.last().unwrap_or(&self.locked)
    }

    /// The newest version that all of these allow; the locked one where no newer is.
    pub(crate) fn compatible(&self, asks: &[Ask]) -> &Version {
        let allowed = |it: &&Version| asks.iter().all(|ask| ask.allows(it));
        self.newer
            .iter()
            .rev()
            .find(allowed)
            .unwrap_or(&self.locked)
    }
}

impl Report {
    /// Whether any lock could have something newer, or holds something that is marked.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.locks.iter().any(|it| !it.atoms.is_empty())
    }

    /// What it means for the command: that some sets gave no answer is not done in full.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self.n_silent {
            0 => Exit::Done,
            _ => Exit::Partial,
        }
    }
}

impl Outdated {
    /// Whether `eka update` would move it.
    #[must_use]
    pub fn can_move(&self) -> bool {
        self.compatible > self.locked
    }
}
