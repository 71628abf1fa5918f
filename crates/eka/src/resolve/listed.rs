//! What there is of the atoms that a lock holds.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, Place};
use atom::url::RepoUrl;
use atom::{AtomId, Id, Root, Version};

use super::ResolveError;
use super::crawl::{ListWant, Source};

/// Which marks a version bears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Its owner took it back.
    pub(crate) yanked: bool,
    /// Its owner advises another.
    pub(crate) deprecated: bool,
}

/// What some atoms' origins have.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// All versions of each atom. Where an origin does not answer and a mirror does, they are those
    /// that the lock holds.
    pub(crate) atoms: BTreeMap<AtomId, BTreeMap<Version, Marks>>,
    /// How many sets only a mirror answered for.
    pub(crate) n_degraded: usize,
    /// Why nothing is known of a set.
    pub(crate) failures: Vec<ResolveError>,
    /// Origins that are another set now than the lock says: the lock's root, and theirs.
    pub(crate) strangers: Vec<(RepoUrl, Root, Root)>,
}

/// Lists all versions of these atoms of a lock, given by their numbers; those of the work tree have
/// none.
pub(crate) fn listed(lock: &Lock, atoms: &[usize], source: &mut dyn Source) -> Listed {
    let mut ids: BTreeMap<Root, BTreeSet<Id>> = BTreeMap::new();
    for atom in atoms.iter().map(|it| &lock.atoms[*it]) {
        if let Place::Published { root, .. } = &atom.place {
            ids.entry(*root).or_default().insert(atom.id.clone());
        }
    }
    let want = |(root, ids): (&Root, &BTreeSet<Id>)| {
        let set = lock.set(root)?;
        Some(ListWant {
            url: set.origin.clone(),
            mirrors: set.mirrors.clone(),
            ids: ids.clone(),
        })
    };
    let wants = ids.iter().filter_map(want).collect();
    let mut facts: BTreeMap<_, _> = source.list(wants).into_iter().collect();
    let mut found = Listed::default();
    for (root, ids) in ids {
        let Some(url) = lock.set(&root).map(|it| it.origin.clone()) else {
            continue;
        };
        let Some(mut its) = facts.remove(&url.key()) else {
            let failure = source.failure(&url);
            found
                .failures
                .push(failure.unwrap_or(ResolveError::NoSet { url }));
            continue;
        };
        if its.root != root {
            found.strangers.push((url, root, its.root));
            continue;
        }
        found.n_degraded += usize::from(its.degraded.is_some());
        for id in ids {
            let versions = its.atoms.remove(&id).unwrap_or_default().into_iter();
            let marks = versions.map(|(version, facts)| {
                let marks = Marks {
                    yanked: facts.yank.is_some(),
                    deprecated: facts.deprecate.is_some(),
                };
                (version, marks)
            });
            found.atoms.insert(AtomId::new(root, id), marks.collect());
        }
    }
    found
}
