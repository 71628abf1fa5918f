//! Looks atoms up by the names that other atoms of a lock have for them.

use std::collections::HashMap;

use super::{DepRef, LockedAtom};
use crate::{Digest, Id, Version};

/// The atoms of a lock by id.
#[derive(Debug)]
pub struct Names<'a> {
    by_id: HashMap<&'a Id, Vec<Named<'a>>>,
}

/// An atom, and the first 8 characters of its digest.
#[derive(Debug)]
struct Named<'a> {
    atom: &'a LockedAtom,
    short: Option<String>,
}

impl<'a> Names<'a> {
    /// Sorts the atoms by name.
    #[must_use]
    pub fn of(atoms: &'a [LockedAtom]) -> Self {
        let mut by_id: HashMap<_, Vec<_>> = HashMap::new();
        for atom in atoms {
            let short = atom.digest().map(Digest::short);
            by_id
                .entry(&atom.id)
                .or_default()
                .push(Named { atom, short });
        }
        Self { by_id }
    }

    /// How many atoms have one id and version, whatever their sets.
    #[must_use]
    pub fn n_alike(&self, id: &Id, version: &Version) -> usize {
        self.alike(id, version).count()
    }

    /// Finds the atom that `dep` names; none where there is none, or more than one.
    #[must_use]
    pub fn find(&self, dep: &DepRef) -> Option<&'a LockedAtom> {
        let mut alike = self.alike(&dep.id, &dep.version);
        if dep.short.is_none()
            && let (Some(only), None) = (alike.next(), alike.next())
        {
            return Some(only.atom);
        }
        let alike = self.alike(&dep.id, &dep.version);
        let mut named = alike.filter(|it| it.short == dep.short);
        match (named.next(), named.next()) {
            (Some(it), None) => Some(it.atom),
            _ => None,
        }
    }

    fn alike(&self, id: &Id, version: &Version) -> impl Iterator<Item = &Named<'a>> {
        let all = self.by_id.get(id).into_iter().flatten();
        all.filter(move |it| it.atom.version == *version)
    }

    /// Returns how other atoms name `atom`: with a part of its digest only where another has the
    /// same id and version, and never where it is local.
    #[must_use]
    pub fn dep_ref(&self, atom: &LockedAtom) -> DepRef {
        let mut alike = self.alike(&atom.id, &atom.version);
        let shared = alike.any(|it| it.atom.place != atom.place);
        DepRef {
            id: atom.id.clone(),
            version: atom.version.clone(),
            short: atom.digest().filter(|_| shared).map(Digest::short),
        }
    }
}
