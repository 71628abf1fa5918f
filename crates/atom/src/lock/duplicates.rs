//! The atoms of which a lock holds several versions, and who wants which.

use std::collections::BTreeMap;
use std::fmt;

use super::{DepRef, Lock, LockedAtom, Names, Place, SetRef};
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
    let mut versions: BTreeMap<(&Id, &Digest), Vec<&LockedAtom>> = BTreeMap::new();
    for atom in &lock.atoms {
        if let Place::Published { digest, .. } = &atom.place {
            versions.entry((&atom.id, digest)).or_default().push(atom);
        }
    }
    versions.retain(|_, it| it.len() > 1);
    if versions.is_empty() {
        return Vec::new();
    }
    let names = Names::of(&lock.atoms);
    let duplicate = |((id, digest), mut atoms): ((&Id, &Digest), Vec<&LockedAtom>)| {
        atoms.sort_by(|one, other| one.version.cmp(&other.version));
        let wanted = |atom: &&LockedAtom| Wanted {
            version: atom.version.clone(),
            by: wanters(lock, &names, &atoms, atom),
        };
        Duplicate {
            id: id.clone(),
            digest: *digest,
            versions: atoms.iter().map(wanted).collect(),
        }
    };
    versions.into_iter().map(duplicate).collect()
}

fn wanters(
    lock: &Lock,
    names: &Names<'_>,
    atoms: &[&LockedAtom],
    atom: &LockedAtom,
) -> Vec<Wanter> {
    let set: SetRef = atom.set();
    let newest = |req: &Requirement| atoms.iter().rfind(|it| req.matches(&it.version));
    let roots = lock
        .requires
        .iter()
        .filter(|it| it.id == atom.id && it.set == set)
        .filter(|it| newest(&it.req).is_some_and(|it| it.version == atom.version))
        .map(|it| Wanter::Manifest(it.req.clone()));
    let name = names.dep_ref(atom);
    let others = lock.atoms.iter().filter(|it| it.deps.contains(&name));
    roots
        .chain(others.map(|it| Wanter::Atom(names.dep_ref(it))))
        .collect()
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
