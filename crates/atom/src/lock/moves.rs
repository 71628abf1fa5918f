//! What one lock has that another has not, as `eka lock` reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Lock, LockedAtom, LockedPin, Place, SetRef};
use crate::{Bucket, Id, Name, ObjectId, Version};

/// One difference between two locks. Each prints as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Move {
    /// The atom is new.
    Added {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
    },
    /// The atom is gone.
    Removed {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
    },
    /// The atom has a later version.
    Upgraded {
        /// The atom.
        id: Id,
        /// The version before.
        from: Version,
        /// The version now.
        to: Version,
    },
    /// The atom has an earlier version.
    Downgraded {
        /// The atom.
        id: Id,
        /// The version before.
        from: Version,
        /// The version now.
        to: Version,
    },
    /// The version is the same, and its commit is not: a matter of integrity.
    Rewritten {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The atom commit before.
        from: ObjectId,
        /// The atom commit now.
        to: ObjectId,
    },
    /// The pin is new.
    PinAdded {
        /// The pin.
        pin: Name,
    },
    /// The pin is gone.
    PinRemoved {
        /// The pin.
        pin: Name,
    },
    /// The pin is locked to something else.
    PinMoved {
        /// The pin.
        pin: Name,
    },
}

/// The locked versions of each atom.
type Versions<'a> = BTreeMap<(&'a Id, SetRef), BTreeMap<&'a Version, &'a LockedAtom>>;

/// Says how to come from `old` to `new`: atoms by id and set, then pins by name.
#[must_use]
pub fn between(old: &Lock, new: &Lock) -> Vec<Move> {
    let mut moves = Vec::new();
    let (before, after) = (versions(old), versions(new));
    let atoms: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let none = BTreeMap::new();
    for atom in atoms {
        let before = before.get(atom).unwrap_or(&none);
        let after = after.get(atom).unwrap_or(&none);
        rewritten(before, after, &mut moves);
        let gone = before.keys().filter(|it| !after.contains_key(*it));
        let mut gone: Vec<&Version> = gone.copied().collect();
        let come = after.keys().filter(|it| !before.contains_key(*it));
        let mut come: Vec<&Version> = come.copied().collect();
        // Of several majors each has its own way; with one of each there is no question.
        let alike = |one: &&Version, other: &&Version| Bucket::of(one) == Bucket::of(other);
        moves.extend(pairs(&mut gone, &mut come, alike).map(|it| moved(atom.0, it)));
        if gone.len() == 1 && come.len() == 1 {
            moves.extend(pairs(&mut gone, &mut come, |_, _| true).map(|it| moved(atom.0, it)));
        }
        let id = || atom.0.clone();
        moves.extend(
            gone.into_iter()
                .cloned()
                .map(|version| Move::Removed { id: id(), version }),
        );
        moves.extend(
            come.into_iter()
                .cloned()
                .map(|version| Move::Added { id: id(), version }),
        );
    }
    pins(old, new, &mut moves);
    moves
}

/// Takes out what belongs together: of each kind one.
fn pairs<'a>(
    gone: &mut Vec<&'a Version>,
    come: &mut Vec<&'a Version>,
    alike: impl Fn(&&'a Version, &&'a Version) -> bool,
) -> impl Iterator<Item = (&'a Version, &'a Version)> {
    let mut found = Vec::new();
    gone.retain(|from| {
        let to = come.iter().position(|to| alike(from, to));
        let pair = to.map(|to| (*from, come.remove(to)));
        found.extend(pair);
        pair.is_none()
    });
    found.into_iter()
}

fn moved(id: &Id, (from, to): (&Version, &Version)) -> Move {
    let (id, from, to) = (id.clone(), from.clone(), to.clone());
    if from < to {
        Move::Upgraded { id, from, to }
    } else {
        Move::Downgraded { id, from, to }
    }
}

fn versions(lock: &Lock) -> Versions<'_> {
    let mut versions = Versions::new();
    for atom in &lock.atoms {
        let of_atom = versions.entry((&atom.id, atom.set())).or_default();
        of_atom.insert(&atom.version, atom);
    }
    versions
}

fn rewritten(
    before: &BTreeMap<&Version, &LockedAtom>,
    after: &BTreeMap<&Version, &LockedAtom>,
    moves: &mut Vec<Move>,
) {
    let rev = |it: &LockedAtom| match &it.place {
        Place::Published { rev, .. } => Some(*rev),
        Place::Local { .. } | Place::Patched(_) => None,
    };
    for (version, old) in before {
        let new = after.get(version).and_then(|it| rev(it));
        if let (Some(from), Some(to)) = (rev(old), new)
            && from != to
        {
            moves.push(Move::Rewritten {
                id: old.id.clone(),
                version: (*version).clone(),
                from,
                to,
            });
        }
    }
}

fn pins(old: &Lock, new: &Lock, moves: &mut Vec<Move>) {
    fn by_name(lock: &Lock) -> BTreeMap<&Name, &LockedPin> {
        lock.pins.iter().map(|it| (&it.name, it)).collect()
    }
    let (before, after) = (by_name(old), by_name(new));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        let pin = (*name).clone();
        moves.extend(match (before.get(name), after.get(name)) {
            (None, _) => Some(Move::PinAdded { pin }),
            (_, None) => Some(Move::PinRemoved { pin }),
            (old, new) => (old != new).then_some(Move::PinMoved { pin }),
        });
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { id, version } => write!(f, "+ {id} {version}"),
            Self::Removed { id, version } => write!(f, "- {id} {version}"),
            Self::Upgraded { id, from, to } => write!(f, "↑ {id} {from} → {to}"),
            Self::Downgraded { id, from, to } => write!(f, "↓ {id} {from} → {to}"),
            Self::Rewritten {
                id,
                version,
                from,
                to,
            } => write!(f, "! {id} {version} ({from} → {to})"),
            Self::PinAdded { pin } => write!(f, "+ pin {pin}"),
            Self::PinRemoved { pin } => write!(f, "- pin {pin}"),
            Self::PinMoved { pin } => write!(f, "~ pin {pin}"),
        }
    }
}
