//! What is asked: root requirements, the versions to keep, and which versions to prefer.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Requirement, Version};

use crate::universe::{Candidate, Exclusion};

/// One question to the solver. The order of `roots` changes neither answer nor error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// What must hold.
    pub roots: Vec<RootRequirement>,
    /// What the lock holds: preferred where it still fits, and selectable even if yanked since.
    /// Several versions of an atom where the lock holds several majors.
    pub locked: BTreeMap<AtomId, BTreeSet<Version>>,
    /// Atoms whose locked versions are the only choice.
    pub held: BTreeSet<AtomId>,
    /// Atoms whose locked versions are selectable as others are, and not preferred.
    pub fresh: BTreeSet<AtomId>,
    /// Atoms that may be chosen once in each compatibility [`Bucket`](atom::Bucket); all others once.
    pub split: BTreeSet<AtomId>,
    /// Whether yanked versions count as any other.
    pub allow_yanked: bool,
    /// Which of several fitting versions is tried first.
    pub order: Order,
}

/// A requirement of the caller's own manifest or command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRequirement {
    /// The atom.
    pub atom: AtomId,
    /// The versions that will do.
    pub req: Requirement,
    /// The caller's name for the place it came from; comes back in a conflict.
    pub token: usize,
}

/// Which of several fitting versions is tried first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// The newest.
    #[default]
    Newest,
    /// The oldest, of every atom.
    Minimal,
    /// The oldest of each atom that a root names, the newest of all others.
    DirectMinimal,
}

/// Whether an answer may hold several majors of one atom, where there is none without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duplicates {
    /// It may, of the atoms that the conflict is about.
    #[default]
    Allow,
    /// One version of each atom.
    Deny,
}

impl Request {
    /// Whether the lock holds this version.
    #[must_use]
    pub fn locks(&self, atom: &AtomId, version: &Version) -> bool {
        self.locked.get(atom).is_some_and(|it| it.contains(version))
    }

    /// Why the listing rules a version out in this request.
    pub(crate) fn excludes<'a>(
        &self,
        atom: &AtomId,
        version: &Version,
        candidate: &'a Candidate,
    ) -> Option<&'a Exclusion> {
        let why = candidate.excluded.as_ref()?;
        let allowed = self.allow_yanked && *why == Exclusion::Yanked
            || why.spares_locked() && self.locks(atom, version);
        (!allowed).then_some(why)
    }
}
