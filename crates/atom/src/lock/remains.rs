//! What can still be made of a lock that is not valid: one that a merge left in two halves, or that
//! does not hold together.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::answers_pin;
use super::{Lock, LockFaults, Names, parse};
use crate::document::conflict;
use crate::manifest::Manifest;

/// What was made out. Neither side need answer a manifest, nor hold together: both are only what a
/// resolution begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// The lock; its upper side, where git's markers part it.
    pub ours: Lock,
    /// The lower side, where git's markers part it.
    pub theirs: Option<Lock>,
}

impl Remains {
    /// Reads a lock that [`Lock::parse`] refuses: what does not fit is left out.
    ///
    /// # Errors
    ///
    /// What keeps the whole from being used: it is no TOML, of a newer version, or a digest lies.
    pub fn parse(text: &str) -> Result<Self, LockFaults> {
        let [ours, theirs] = match conflict::sides(text) {
            None => {
                return Ok(Self {
                    ours: parse::parse_remains(text)?,
                    theirs: None,
                });
            }
            Some(Err(at)) => return Err(parse::no_partner(&at)),
            Some(Ok(sides)) => sides,
        };
        Ok(Self {
            ours: parse::parse_remains(&ours)?,
            theirs: Some(parse::parse_remains(&theirs)?),
        })
    }

    /// Returns all that both sides hold as one lock, to be preferred by a resolution: it may have
    /// several versions of an atom, and one version of two commits.
    ///
    /// Of two pins of one name the one that answers `manifest` counts, and of two such the upper.
    #[must_use]
    pub fn preferences(&self, manifest: &Manifest) -> Lock {
        let sides = || {
            [Some(&self.ours), self.theirs.as_ref()]
                .into_iter()
                .flatten()
        };
        let mut lock = Lock::default();
        for it in sides().flat_map(|it| &it.requires) {
            if !lock.requires.contains(it) {
                lock.requires.push(it.clone());
            }
        }
        let mut roots = BTreeSet::new();
        let sets = sides().flat_map(|it| &it.sets);
        lock.sets = sets.filter(|it| roots.insert(it.root)).cloned().collect();
        for it in sides().flat_map(|it| &it.atoms) {
            let same = |other: &super::LockedAtom| {
                (&other.id, &other.version, &other.place) == (&it.id, &it.version, &it.place)
            };
            if !lock.atoms.iter().any(same) {
                lock.atoms.push(it.clone());
            }
        }
        lock.atoms.sort_by(super::LockedAtom::canonical_order);
        let atoms = lock.atoms.clone();
        let names = Names::of(&atoms);
        for atom in &mut lock.atoms {
            atom.deps.retain(|it| names.find(it).is_some());
        }
        let mut pins = BTreeMap::new();
        for it in sides().flat_map(|it| &it.pins) {
            let asked = manifest.pins.get(&it.name);
            let answers = asked.is_some_and(|asked| answers_pin(&asked.source, &it.source));
            let known = pins.entry(it.name.clone()).or_insert((answers, it));
            if answers && !known.0 {
                *known = (answers, it);
            }
        }
        lock.pins = pins.into_values().map(|it| it.1.clone()).collect();
        lock
    }
}
