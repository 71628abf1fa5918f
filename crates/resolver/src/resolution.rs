//! The answer: which version of each atom, and who needs whom.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Version};

/// A set of versions that holds together, with the edges between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    nodes: BTreeMap<(AtomId, Version), BTreeSet<(AtomId, Version)>>,
}

impl Resolution {
    /// Joins chosen versions, each with the chosen versions that it needs.
    #[must_use]
    pub const fn new(nodes: BTreeMap<(AtomId, Version), BTreeSet<(AtomId, Version)>>) -> Self {
        Self { nodes }
    }

    /// The chosen versions, by atom, then version.
    pub fn atoms(&self) -> impl Iterator<Item = (&AtomId, &Version)> {
        self.nodes.keys().map(|(atom, version)| (atom, version))
    }

    /// What a chosen version needs, by atom, then version; nothing where it was not chosen.
    pub fn dependencies(
        &self,
        atom: &AtomId,
        version: &Version,
    ) -> impl Iterator<Item = (&AtomId, &Version)> {
        self.nodes
            .get(&(atom.clone(), version.clone()))
            .into_iter()
            .flatten()
            .map(|(atom, version)| (atom, version))
    }

    /// The chosen versions of one atom, oldest first.
    pub fn versions(&self, atom: &AtomId) -> impl Iterator<Item = &Version> {
        self.atoms()
            .filter(move |(it, _)| *it == atom)
            .map(|(_, version)| version)
    }

    /// How many versions were chosen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
