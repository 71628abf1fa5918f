//! The ids that the solver was given, and what stands behind each.
//!
//! An id is given when the solver first asks for the thing, never while walking the universe: what
//! else a warmer cache holds has no id, and so no influence on anything that goes by ids.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use ahash::HashMap;
use atom::{AtomId, Bucket, Requirement, Version};
use resolvo::{NameId, SolvableId, StringId, VersionSetId, VersionSetUnionId};

use crate::solve::Missing;
use crate::universe::{Candidate, Exclusion};

/// What may be chosen once: an atom, or one bucket of an atom that is split.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) atom: &'a AtomId,
    pub(super) bucket: Option<Bucket>,
}

/// A version that the solver may choose, or the placeholder of an unknown atom.
#[derive(Clone, Copy)]
pub(super) struct Solvable<'a> {
    pub(super) name: NameId,
    pub(super) version: Option<(&'a Version, &'a Candidate)>,
}

/// An atom, hashed in two steps instead of one for each part of its type.
#[derive(PartialEq, Eq)]
struct AtomKey<'a>(&'a AtomId);

/// A requirement on an atom, hashed by its numbers, and by a pre-release only where it has one.
#[derive(PartialEq, Eq)]
struct SetKey<'a>(NameId, &'a Requirement);

#[derive(Default)]
pub(super) struct Interned<'a> {
    names: Vec<Name<'a>>,
    name_ids: HashMap<AtomKey<'a>, NameId>,
    bucket_ids: BTreeMap<(&'a AtomId, Bucket), NameId>,
    solvables: Vec<Solvable<'a>>,
    version_sets: Vec<(NameId, &'a Requirement)>,
    version_set_ids: HashMap<SetKey<'a>, VersionSetId>,
    unions: Vec<Vec<VersionSetId>>,
    /// What was made of requirements on split atoms, by the name of the whole atom.
    split_ids: HashMap<SetKey<'a>, resolvo::Requirement>,
    reasons: Vec<&'a Exclusion>,
    pub(super) missing: Missing,
}

impl Hash for AtomKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0.root.0.as_bytes());
        state.write(self.0.id.as_str().as_bytes());
    }
}

impl Hash for SetKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.0.into_raw());
        for it in &self.1.comparators {
            let (minor, patch) = (it.minor.unwrap_or(u64::MAX), it.patch.unwrap_or(u64::MAX));
            let part = u128::from(it.major) << 64 | u128::from(minor.rotate_left(32) ^ patch);
            state.write_u128(part);
            if !it.pre.is_empty() {
                state.write(it.pre.as_bytes());
            }
        }
    }
}

impl<'a> Interned<'a> {
    /// The name of a whole atom.
    pub(super) fn whole(&mut self, atom: &'a AtomId) -> NameId {
        let next = NameId::from_raw(id(self.names.len()));
        let names = &mut self.names;
        *self.name_ids.entry(AtomKey(atom)).or_insert_with(|| {
            names.push(Name { atom, bucket: None });
            next
        })
    }

    /// The name of one bucket of a split atom.
    pub(super) fn part(&mut self, atom: &'a AtomId, bucket: Bucket) -> NameId {
        let next = NameId::from_raw(id(self.names.len()));
        let names = &mut self.names;
        *self.bucket_ids.entry((atom, bucket)).or_insert_with(|| {
            names.push(Name {
                atom,
                bucket: Some(bucket),
            });
            next
        })
    }

    pub(super) fn version_set(&mut self, name: NameId, req: &'a Requirement) -> VersionSetId {
        let next = VersionSetId(id(self.version_sets.len()));
        let sets = &mut self.version_sets;
        *self
            .version_set_ids
            .entry(SetKey(name, req))
            .or_insert_with(|| {
                sets.push((name, req));
                next
            })
    }

    /// A requirement on a split atom: whichever of `names` comes first, as it was made before.
    pub(super) fn either(
        &mut self,
        whole: NameId,
        req: &'a Requirement,
        names: impl FnOnce(&mut Self) -> Vec<NameId>,
    ) -> resolvo::Requirement {
        if let Some(known) = self.split_ids.get(&SetKey(whole, req)) {
            return *known;
        }
        let names = names(self);
        let sets: Vec<_> = names
            .into_iter()
            .map(|it| self.version_set(it, req))
            .collect();
        let made = match sets.as_slice() {
            // The whole of a split atom has no candidate.
            [] => self.version_set(whole, req).into(),
            [one] => (*one).into(),
            _ => {
                self.unions.push(sets);
                VersionSetUnionId(id(self.unions.len() - 1)).into()
            }
        };
        self.split_ids.insert(SetKey(whole, req), made);
        made
    }

    pub(super) fn solvable(&mut self, solvable: Solvable<'a>) -> SolvableId {
        self.solvables.push(solvable);
        SolvableId::from_raw(id(self.solvables.len() - 1))
    }

    pub(super) fn reason(&mut self, why: &'a Exclusion) -> StringId {
        let found = self.reasons.iter().position(|it| *it == why);
        let position = found.unwrap_or_else(|| {
            self.reasons.push(why);
            self.reasons.len() - 1
        });
        StringId(id(position))
    }
}

/// What stands behind an id.
impl<'a> Interned<'a> {
    pub(super) const fn n_names(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, id: NameId) -> Name<'a> {
        self.names[index(id.into_raw())]
    }

    /// The name of a whole atom, if it was asked for.
    pub(super) fn known_whole(&self, atom: &AtomId) -> Option<NameId> {
        self.name_ids.get(&AtomKey(atom)).copied()
    }

    /// The names of an atom's buckets that were asked for, newest first.
    pub(super) fn known_parts<'b>(
        &'b self,
        atom: &'b AtomId,
    ) -> impl Iterator<Item = NameId> + use<'a, 'b> {
        let own = (atom, Bucket::FIRST)..=(atom, Bucket::LAST);
        self.bucket_ids.range(own).rev().map(|it| *it.1)
    }

    pub(super) fn behind(&self, id: SolvableId) -> Solvable<'a> {
        self.solvables[index(id.into_raw())]
    }

    pub(super) fn set(&self, id: VersionSetId) -> (NameId, &'a Requirement) {
        self.version_sets[index(id.0)]
    }

    pub(super) fn union(&self, id: VersionSetUnionId) -> &[VersionSetId] {
        &self.unions[index(id.0)]
    }

    pub(super) fn why(&self, id: StringId) -> &'a Exclusion {
        self.reasons[index(id.0)]
    }
}

pub(super) fn id(position: usize) -> u32 {
    u32::try_from(position).expect("an index that fits in memory has fewer than 2^32 entries")
}

pub(super) const fn index(id: u32) -> usize {
    id as usize
}
