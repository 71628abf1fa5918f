//! The atoms of which a lock holds several versions, and who wants which.

use std::collections::BTreeMap;
use std::fmt;

use super::{DepRef, Graph, Lock, Names, Place};
use crate::{Digest, Id, Requirement, Version};

/// An atom of which a lock holds several versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Its id.
    pub id: Id,
    /// Its identity.
    pub digest: Digest,
    /// Its versions, oldest first.
    pub versions: Vec<Wanted>,
}

/// One of several versions, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The version.
    pub version: Version,
    /// The manifest first, then atoms in the order of the lock; never none in a lock that answers
    /// its manifest.
    pub by: Vec<Wanter>,
}

/// Who wants a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanter {
    /// The manifest, by this requirement.
    Manifest(Requirement),
    /// A locked atom.
    Atom(DepRef),
}

/// Finds the atoms of which `lock` holds several versions, by id, then digest.
///
/// A requirement of the manifest wants the newest version that fits it, as a resolution does.
#[must_use]
pub fn of(lock: &Lock) -> Vec<Duplicate> {
    let mut versions: BTreeMap<(&Id, &Digest), Vec<usize>> = BTreeMap::new();
    for (at, atom) in lock.atoms.iter().enumerate() {
        if let Place::Published { digest, .. } = &atom.place {
            versions.entry((&atom.id, digest)).or_default().push(at);
        }
    }
    versions.retain(|_, it| it.len() > 1);
    if versions.is_empty() {
        return Vec::new();
    }
    let (graph, names) = (Graph::of(lock), Names::of(&lock.atoms));
    let wanted = |at: usize| {
        let asked = graph.asked(at).iter();
        let others = graph.needed_by(at).iter().map(|it| &lock.atoms[*it]);
        let others = others.map(|it| Wanter::Atom(names.dep_ref(it)));
        Wanted {
            version: lock.atoms[at].version.clone(),
            by: asked
                .map(|it| Wanter::Manifest(it.req.clone()))
                .chain(others)
                .collect(),
        }
    };
    let duplicate = |((id, digest), mut atoms): ((&Id, &Digest), Vec<usize>)| {
        atoms.sort_by_key(|it| &lock.atoms[*it].version);
        Duplicate {
            id: id.clone(),
            digest: *digest,
            versions: atoms.into_iter().map(wanted).collect(),
        }
    };
    versions.into_iter().map(duplicate).collect()
}

/// `the manifest (^1)`, or the atom as a lock names it.
impl fmt::Display for Wanter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(req) => write!(f, "the manifest ({req})"),
            Self::Atom(atom) => write!(f, "{atom}"),
        }
    }
}
