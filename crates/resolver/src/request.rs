//! What is asked: root requirements, the versions to keep, and which versions to prefer.

use std::collections::BTreeMap;

use atom::{AtomId, Requirement, Version};

/// One question to the solver. The order of `roots` changes neither answer nor error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// What must hold.
    pub roots: Vec<RootRequirement>,
    /// What the lock holds: preferred where it still fits, and selectable even if yanked since.
    pub locked: BTreeMap<AtomId, Version>,
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
