//! What there is of the atoms that a lock holds.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, Place};
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

/// All versions of each atom.
pub(crate) type Listed = BTreeMap<AtomId, BTreeMap<Version, Marks>>;

/// Lists all versions of what a lock holds of other repositories. Where an origin does not answer
/// and a mirror does, those are the ones that the lock holds.
pub(crate) fn listed(lock: &Lock, source: &mut dyn Source) -> Result<Listed, ResolveError> {
    let mut ids: BTreeMap<Root, BTreeSet<Id>> = BTreeMap::new();
    for atom in &lock.atoms {
        if let Place::Published { root, .. } = &atom.place {
            ids.entry(*root).or_default().insert(atom.id.clone());
        }
    }
    let want = |root: &Root, ids: &BTreeSet<Id>| {
        let set = lock.set(root)?;
        Some(ListWant {
            url: set.origin.clone(),
            mirrors: set.mirrors.clone(),
            ids: ids.clone(),
        })
    };
    let wants = ids.iter().filter_map(|(root, ids)| want(root, ids));
    let mut facts: BTreeMap<_, _> = source.list(wants.collect()).into_iter().collect();
    let mut found = Listed::new();
    for (root, ids) in ids {
        let Some(url) = lock.set(&root).map(|it| it.origin.clone()) else {
            continue;
        };
        let Some(mut facts) = facts.remove(&url.key()) else {
            let failure = source.failure(&url);
            return Err(failure.unwrap_or(ResolveError::NoSet { url }));
        };
        for id in ids {
            let versions = facts.atoms.remove(&id).unwrap_or_default();
            let marks = versions.into_iter().map(|(version, facts)| {
                let marks = Marks {
                    yanked: facts.yank.is_some(),
                    deprecated: facts.deprecate.is_some(),
                };
                (version, marks)
            });
            found.insert(AtomId::new(root, id), marks.collect());
        }
    }
    Ok(found)
}
