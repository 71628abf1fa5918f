//! Looks atoms up by the names that other atoms of a lock have for them.

use std::collections::HashMap;

use super::{DepRef, LockedAtom};
use crate::{Digest, Id, Version};

/// The atoms of a lock by id.
#[derive(Debug)]
pub struct Names<'a> {
    by_id: HashMap<&'a Id, Vec<&'a LockedAtom>>,
}

impl<'a> Names<'a> {
    /// Sorts the atoms by name.
    #[must_use]
    pub fn of(atoms: &'a [LockedAtom]) -> Self {
        let mut by_id: HashMap<_, Vec<_>> = HashMap::new();
        for atom in atoms {
            by_id.entry(&atom.id).or_default().push(atom);
        }
        Self { by_id }
    }

    /// The atoms of one id and version, whatever their sets.
    #[must_use]
    pub fn alike(&self, id: &Id, version: &Version) -> Vec<&'a LockedAtom> {
        let all = self.by_id.get(id).into_iter().flatten().copied();
        all.filter(|it| it.version == *version).collect()
    }

    /// Finds the atom that `dep` names; none where there is none, or more than one.
    #[must_use]
    pub fn find(&self, dep: &DepRef) -> Option<&'a LockedAtom> {
        let alike = self.alike(&dep.id, &dep.version);
        let named = |it: &&LockedAtom| match (&dep.short, it.digest()) {
            (Some(short), Some(digest)) => digest.short() == *short,
            (Some(_), None) => false,
            (None, digest) => digest.is_none() || alike.len() == 1,
        };
        let mut named = alike.iter().copied().filter(named);
        match (named.next(), named.next()) {
            (Some(atom), None) => Some(atom),
            _ => None,
        }
    }

    /// Returns how other atoms name `atom`: with a part of its digest only where another has the
    /// same id and version, and never where it is local.
    #[must_use]
    pub fn dep_ref(&self, atom: &LockedAtom) -> DepRef {
        let alike = self.alike(&atom.id, &atom.version);
        let shared = alike.iter().any(|it| it.place != atom.place);
        DepRef {
            id: atom.id.clone(),
            version: atom.version.clone(),
            short: atom.digest().filter(|_| shared).map(Digest::short),
        }
    }
}
