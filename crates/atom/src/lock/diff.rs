//! Whether a lock still answers its manifest, without asking anybody; and what one lock has that
//! another has not.

use std::collections::BTreeSet;
use std::fmt;

use super::{GitAsked, Lock, LockedAtom, LockedPinSource, LockedSet, Names, Require, SetRef};
use crate::manifest::{Dep, GitAt, Manifest, PinSource, Set, SetPlace};
use crate::url::{RepoKey, RepoUrl};
use crate::{Id, Name, Requirement, Version};

/// Why a lock does not answer its manifest. Each prints as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The manifest asks for it, and the lock does not know.
    Added {
        /// The atom.
        id: Id,
        /// What is asked.
        req: Requirement,
    },
    /// The lock answers what the manifest no longer asks.
    Removed {
        /// The atom.
        id: Id,
        /// What was asked.
        req: Requirement,
    },
    /// The manifest asks for other versions than the lock answers for.
    Changed {
        /// The atom.
        id: Id,
        /// What was asked.
        from: Requirement,
        /// What is asked.
        to: Requirement,
        /// The version that was the answer.
        locked: Option<Version>,
    },
    /// The set of that name lies elsewhere now.
    SetMoved {
        /// The set.
        set: Name,
        /// Where the lock has it.
        from: String,
        /// Where the manifest has it.
        to: String,
    },
    /// The set has other mirrors now, or the same in another order.
    MirrorsChanged {
        /// The set.
        set: Name,
    },
    /// The manifest has another name for the set now.
    SetRenamed {
        /// Where it lies.
        origin: RepoUrl,
        /// The names in the lock.
        from: Vec<Name>,
        /// The names in the manifest.
        to: Vec<Name>,
    },
    /// No atom of the lock is what was asked for.
    Unmet {
        /// The atom.
        id: Id,
        /// What is asked.
        req: Requirement,
    },
    /// Nothing that was asked for leads to this atom.
    Unreachable {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
    },
    /// No atom of the lock is of this set.
    SetUnused {
        /// Where it lies.
        origin: RepoUrl,
    },
    /// An atom of the work tree has another version now.
    LocalVersion {
        /// The atom.
        id: Id,
        /// The version in the lock.
        from: Version,
        /// The version in its manifest.
        to: Version,
    },
    /// The atom is to be patched, and the lock has it as it is published, or by another patch.
    Patched {
        /// The atom.
        id: Id,
        /// What the lock has, where it has the atom.
        from: String,
        /// What is to stand in for it.
        to: String,
    },
    /// The lock has a patched atom, and there is no such patch any more.
    Unpatched {
        /// The atom.
        id: Id,
        /// What stands in for it.
        from: String,
    },
    /// The committed lock that a patched one was made from is another now.
    Rebased,
    /// The manifest has a pin that the lock has not.
    PinAdded {
        /// The pin.
        pin: Name,
    },
    /// The lock has a pin that the manifest has not.
    PinRemoved {
        /// The pin.
        pin: Name,
    },
    /// The manifest asks for another source or revision than the lock has.
    PinChanged {
        /// The pin.
        pin: Name,
    },
}

/// Says what keeps `lock` from answering `manifest`; nothing where it does.
///
/// What no text can tell is not asked: whether a newer version exists, or a commit still does.
/// Atoms of the work tree are checked by [`of_local`], for it takes their manifests.
#[must_use]
pub fn of_manifest(manifest: &Manifest, lock: &Lock) -> Vec<Change> {
    let mut changes = Vec::new();
    requires(manifest, lock, &mut changes);
    sets(manifest, lock, &mut changes);
    answers(lock, &mut changes);
    pins(manifest, lock, &mut changes);
    changes
}

/// Says what keeps `lock` from answering the manifest of one of its atoms of the work tree.
#[must_use]
pub fn of_local(manifest: &Manifest, atom: &LockedAtom, lock: &Lock) -> Vec<Change> {
    let mut changes = Vec::new();
    if manifest.version != atom.version {
        changes.push(Change::LocalVersion {
            id: atom.id.clone(),
            from: atom.version.clone(),
            to: manifest.version.clone(),
        });
    }
    let names = Names::of(&lock.atoms);
    let locked: Vec<&LockedAtom> = atom.deps.iter().filter_map(|it| names.find(it)).collect();
    let answers = |dep: &Dep, it: &LockedAtom| {
        it.id == dep.id && may_be_of(manifest.set_of(dep), it.set(), (lock, atom.set()))
    };
    for dep in &manifest.deps {
        let mut all = locked.iter().filter(|it| answers(dep, it)).peekable();
        let (id, req) = (dep.id.clone(), dep.req.clone());
        if all.peek().is_none() {
            changes.push(Change::Added { id, req });
        } else if !all.any(|it| dep.req.matches(&it.version)) {
            changes.push(Change::Unmet { id, req });
        }
    }
    for it in locked {
        if !manifest.deps.iter().any(|dep| answers(dep, it)) {
            let (id, version) = (it.id.clone(), it.version.clone());
            changes.push(Change::Unreachable { id, version });
        }
    }
    changes
}

/// Whether a set as a manifest words it may be the one of a locked atom; `here` is what it calls
/// `::`. A URL that the lock does not know may be a further name of any set, for a set is settled
/// nearer to the top.
fn may_be_of(set: Option<&Set>, locked: SetRef, (lock, here): (&Lock, SetRef)) -> bool {
    match (set.map(|it| &it.place), locked) {
        (None, _) => false,
        (Some(SetPlace::Here), locked) => locked == here,
        (Some(SetPlace::At { .. }), SetRef::Here) => false,
        (Some(SetPlace::At { origin, .. }), SetRef::Root(root)) => {
            let known = lock.sets.iter().find(|it| lies_at(it, &origin.key()));
            known.is_none_or(|it| it.root == root)
        }
    }
}

fn lies_at(set: &LockedSet, key: &RepoKey) -> bool {
    set.origin.key() == *key || set.mirrors.iter().any(|it| it.key() == *key)
}

/// What the manifest asks, against what the lock was made for.
fn requires(manifest: &Manifest, lock: &Lock, changes: &mut Vec<Change>) {
    let mut kept = BTreeSet::new();
    for dep in &manifest.deps {
        let (id, to) = (dep.id.clone(), dep.req.clone());
        let set = manifest
            .set_of(dep)
            .and_then(|it| set_ref(&dep.set, it, lock));
        let same = |it: &&Require| it.id == dep.id && Some(it.set) == set;
        let Some(asked) = lock.requires.iter().find(same) else {
            changes.push(Change::Added { id, req: to });
            continue;
        };
        kept.insert((&asked.id, asked.set));
        if asked.req != dep.req {
            let locked = answering(asked, lock).map(|it| it.version.clone()).next();
            let from = asked.req.clone();
            changes.push(Change::Changed {
                id,
                from,
                to,
                locked,
            });
        }
    }
    for asked in &lock.requires {
        if !kept.contains(&(&asked.id, asked.set)) {
            let (id, req) = (asked.id.clone(), asked.req.clone());
            changes.push(Change::Removed { id, req });
        }
    }
}

/// The lock's set for one of the manifest: by where it lies, else by its name.
fn set_ref(name: &Name, set: &Set, lock: &Lock) -> Option<SetRef> {
    let Some(origin) = set.place.origin() else {
        return Some(SetRef::Here);
    };
    let by_place = |it: &&LockedSet| it.origin.key() == origin.key();
    let by_name = |it: &&LockedSet| it.names.contains(name);
    let found = lock.sets.iter().find(by_place);
    let found = found.or_else(|| lock.sets.iter().find(by_name));
    found.map(|it| SetRef::Root(it.root))
}

/// The locked atoms that answer a requirement.
fn answering<'a>(asked: &'a Require, lock: &'a Lock) -> impl Iterator<Item = &'a LockedAtom> {
    let answers = |it: &&LockedAtom| {
        it.id == asked.id && it.set() == asked.set && asked.req.matches(&it.version)
    };
    lock.atoms.iter().filter(answers)
}

/// The manifest's sets, as far as anything is asked of them, against those of the lock.
fn sets(manifest: &Manifest, lock: &Lock, changes: &mut Vec<Change>) {
    let used = |name: &Name| manifest.deps.iter().any(|it| it.set == *name);
    for (name, set) in manifest.sets.iter().filter(|(name, _)| used(name)) {
        let Some(origin) = set.place.origin() else {
            continue;
        };
        let by_name = lock.sets.iter().find(|it| it.names.contains(name));
        if let Some(locked) = by_name.filter(|it| it.origin.key() != origin.key()) {
            changes.push(Change::SetMoved {
                set: name.clone(),
                from: locked.origin.to_string(),
                to: origin.public().to_string(),
            });
        }
    }
    for locked in &lock.sets {
        let at_place: Vec<(&Name, &Set)> = manifest
            .sets
            .iter()
            .filter(|(_, it)| {
                it.place
                    .origin()
                    .is_some_and(|it| it.key() == locked.origin.key())
            })
            .collect();
        names(locked, &at_place, &used, manifest, changes);
        // Of several names for one place the least text settles the mirrors, as it does the origin.
        let settles = at_place
            .iter()
            .filter(|(name, _)| used(name))
            .min_by_key(|(_, it)| {
                let texts = |it: &[RepoUrl]| it.iter().map(|it| it.public().to_string()).collect();
                let origin = it.place.origin().map(|it| it.public().to_string());
                let mirrors: Vec<String> = texts(it.place.mirrors());
                (origin, mirrors)
            });
        let keys = |it: &[RepoUrl]| it.iter().map(RepoUrl::key).collect::<Vec<_>>();
        if let Some((name, set)) = settles
            && keys(set.place.mirrors()) != keys(&locked.mirrors)
        {
            let set = (*name).clone();
            changes.push(Change::MirrorsChanged { set });
        }
    }
}

/// The names of one set: each that is used is in the lock, and each in the lock is in the manifest.
fn names(
    locked: &LockedSet,
    at_place: &[(&Name, &Set)],
    used: &impl Fn(&Name) -> bool,
    manifest: &Manifest,
    changes: &mut Vec<Change>,
) {
    let missing = |it: &&(&Name, &Set)| used(it.0) && !locked.names.contains(it.0);
    // A name that lies elsewhere now was reported as a set that moved.
    let gone = |it: &&Name| !manifest.sets.contains_key(it);
    if at_place.iter().any(|it| missing(&it)) || locked.names.iter().any(|it| gone(&it)) {
        changes.push(Change::SetRenamed {
            origin: locked.origin.clone(),
            from: locked.names.clone(),
            to: at_place.iter().map(|it| it.0.clone()).collect(),
        });
    }
}

/// Each requirement has its answer, and nothing else is in the lock.
fn answers(lock: &Lock, changes: &mut Vec<Change>) {
    let mut todo: Vec<&LockedAtom> = Vec::new();
    for asked in &lock.requires {
        let before = todo.len();
        todo.extend(answering(asked, lock));
        if todo.len() == before {
            let (id, req) = (asked.id.clone(), asked.req.clone());
            changes.push(Change::Unmet { id, req });
        }
    }
    let key = |it: &LockedAtom| (it.id.clone(), it.version.clone(), it.set());
    let names = Names::of(&lock.atoms);
    let mut reached = BTreeSet::new();
    while let Some(atom) = todo.pop() {
        if reached.insert(key(atom)) {
            todo.extend(atom.deps.iter().filter_map(|it| names.find(it)));
        }
    }
    for atom in lock.atoms.iter().filter(|it| !reached.contains(&key(it))) {
        let (id, version) = (atom.id.clone(), atom.version.clone());
        changes.push(Change::Unreachable { id, version });
    }
    for set in &lock.sets {
        if !lock
            .atoms
            .iter()
            .any(|it| it.set() == SetRef::Root(set.root))
        {
            let origin = set.origin.clone();
            changes.push(Change::SetUnused { origin });
        }
    }
}

fn pins(manifest: &Manifest, lock: &Lock, changes: &mut Vec<Change>) {
    for (name, pin) in &manifest.pins {
        let pin_name = name.clone();
        match lock.pins.iter().find(|it| it.name == *name) {
            None => changes.push(Change::PinAdded { pin: pin_name }),
            Some(it) if !answers_pin(&pin.source, &it.source) => {
                changes.push(Change::PinChanged { pin: pin_name });
            }
            Some(_) => {}
        }
    }
    for pin in lock
        .pins
        .iter()
        .filter(|it| !manifest.pins.contains_key(&it.name))
    {
        let pin = pin.name.clone();
        changes.push(Change::PinRemoved { pin });
    }
}

/// Whether a locked pin is of the source and the revision that are asked for.
#[must_use]
pub fn answers_pin(asked: &PinSource, locked: &LockedPinSource) -> bool {
    match (asked, locked) {
        (
            PinSource::Git { url, at },
            LockedPinSource::Git {
                git, asked, rev, ..
            },
        ) => {
            let same = match (at, asked) {
                (GitAt::Head, GitAsked::Commit) => true,
                (GitAt::Rev(wanted), GitAsked::Commit) => wanted == rev,
                (GitAt::Ref(wanted), GitAsked::Ref(asked)) => wanted == asked,
                (GitAt::Version(wanted), GitAsked::Version(asked)) => wanted == asked,
                _ => false,
            };
            same && url.key() == git.key()
        }
        (PinSource::Tar { url }, LockedPinSource::Tar { tar, .. }) => url == tar,
        (PinSource::Url { url: wanted }, LockedPinSource::Url { url, .. }) => wanted == url,
        _ => false,
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { id, req } => line(f, '+', id, req, &"not in the lock"),
            Self::Removed { id, req } => line(f, '-', id, req, &"no longer asked for"),
            Self::Changed {
                id,
                from,
                to,
                locked,
            } => {
                let note = match locked {
                    Some(it) => format!("locked {it}"),
                    None => "nothing locked".to_owned(),
                };
                line(f, '~', id, &format!("{from} → {to}"), &note)
            }
            Self::SetMoved { set, from, to } => line(
                f,
                '~',
                set,
                &format!("{from} → {to}"),
                &"the set lies elsewhere",
            ),
            Self::MirrorsChanged { set } => line(f, '~', set, &"mirrors", &"changed"),
            Self::SetRenamed { origin, from, to } => {
                let names = |it: &[Name]| match it {
                    [] => "no name".to_owned(),
                    it => it.iter().map(Name::as_str).collect::<Vec<_>>().join(", "),
                };
                let change = format!("{} → {}", names(from), names(to));
                line(f, '~', &"names", &change, &format!("of {origin}"))
            }
            Self::Unmet { id, req } => line(f, '!', id, req, &"no locked version will do"),
            Self::Unreachable { id, version } => line(f, '-', id, version, &"nothing needs it"),
            Self::SetUnused { origin } => line(f, '-', &"set", origin, &"no atom is of it"),
            Self::LocalVersion { id, from, to } => {
                line(f, '~', id, &format!("{from} → {to}"), &"in the work tree")
            }
            Self::Patched { id, from, to } => {
                line(f, '~', id, &format!("{from} → {to}"), &"patched")
            }
            Self::Unpatched { id, from } => line(f, '~', id, from, &"patched no more"),
            Self::Rebased => line(f, '~', &"lock", &"atom.lock", &"changed since"),
            Self::PinAdded { pin } => line(f, '+', pin, &"pin", &"not in the lock"),
            Self::PinRemoved { pin } => line(f, '-', pin, &"pin", &"no longer asked for"),
            Self::PinChanged { pin } => line(f, '~', pin, &"pin", &"another source or revision"),
        }
    }
}

/// Prints `+ zlib     ^1.3          (not in the lock)`.
fn line(
    f: &mut fmt::Formatter<'_>,
    sign: char,
    what: &impl fmt::Display,
    change: &impl fmt::Display,
    note: &impl fmt::Display,
) -> fmt::Result {
    let (what, change) = (what.to_string(), change.to_string());
    write!(f, "{sign} {what:<8} {change:<13} ({note})")
}
