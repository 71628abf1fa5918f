//! resolvo over a universe: hands out ids in the order in which the solver asks.
//!
//! An id is given when the solver first asks for the thing, never while walking the universe: what
//! else a warmer cache holds has no id, and so no influence on anything that goes by ids.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::hash::{Hash, Hasher};

use ahash::HashMap;
use atom::{AtomId, Requirement, Version};
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, SolvableId, SolverCache, StringId, VersionSetId, VersionSetUnionId,
};

use crate::request::{Order, Request};
use crate::resolution::Resolution;
use crate::solve::Missing;
use crate::universe::{Candidate, Dependency, Exclusion, Spec, Universe};

/// What resolvo asks; it borrows everything that it names.
pub(crate) struct Provider<'a> {
    universe: &'a Universe,
    request: &'a Request,
    direct: BTreeSet<&'a AtomId>,
    cancelled: &'a dyn Fn() -> bool,
    interned: RefCell<Interned<'a>>,
}

/// A version that the solver may choose, or the placeholder of an unknown atom.
#[derive(Clone, Copy)]
pub(crate) struct Solvable<'a> {
    name: NameId,
    version: Option<(&'a Version, &'a Candidate)>,
}

/// An atom, hashed in two steps instead of one for each part of its type.
#[derive(PartialEq, Eq)]
struct AtomKey<'a>(&'a AtomId);

/// A requirement on an atom, hashed by its numbers, and by a pre-release only where it has one.
#[derive(PartialEq, Eq)]
struct SetKey<'a>(NameId, &'a Requirement);

#[derive(Default)]
struct Interned<'a> {
    names: Vec<&'a AtomId>,
    name_ids: HashMap<AtomKey<'a>, NameId>,
    solvables: Vec<Solvable<'a>>,
    version_sets: Vec<(NameId, &'a Requirement)>,
    version_set_ids: HashMap<SetKey<'a>, VersionSetId>,
    reasons: Vec<&'a Exclusion>,
    missing: Missing,
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

impl<'a> Provider<'a> {
    pub(crate) fn new(
        universe: &'a Universe,
        request: &'a Request,
        cancelled: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            universe,
            request,
            direct: request.roots.iter().map(|it| &it.atom).collect(),
            cancelled,
            interned: RefCell::default(),
        }
    }

    pub(crate) fn version_set(&self, atom: &'a AtomId, req: &'a Requirement) -> VersionSetId {
        self.interned.borrow_mut().version_set(atom, req)
    }

    /// What the solver asked for and the universe lacks.
    pub(crate) fn missing(&self) -> Missing {
        self.interned.borrow().missing.clone()
    }

    /// The chosen versions with the edges between them, without those that nothing needs: the
    /// solver may decide more than it must.
    pub(crate) fn resolution(&self, chosen: &[SolvableId]) -> Resolution {
        let interned = self.interned.borrow();
        let mut by_name = vec![None; interned.names.len()];
        for id in chosen {
            let Solvable { name, version } = interned.solvables[index(id.into_raw())];
            by_name[index(name.into_raw())] = version;
        }
        let name = |atom: &AtomId| {
            let id = interned.name_ids.get(&AtomKey(atom))?;
            let name = index(id.into_raw());
            by_name[name].is_some().then_some(name)
        };
        let roots = self.request.roots.iter();
        let mut todo: Vec<_> = roots.filter_map(|it| name(&it.atom)).collect();
        let mut places = vec![usize::MAX; by_name.len()];
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        while let Some(at) = todo.pop() {
            let Some((version, candidate)) = by_name[at].filter(|_| places[at] == usize::MAX)
            else {
                continue;
            };
            places[at] = nodes.len();
            nodes.push((interned.names[at], version));
            let dependencies = candidate.dependencies().unwrap_or_default().iter();
            let needs: Vec<_> = dependencies.filter_map(|it| name(&it.atom)).collect();
            todo.extend(&needs);
            edges.push(needs);
        }
        for edge in edges.iter_mut().flatten() {
            *edge = places[*edge];
        }
        Resolution::from_parts(&nodes, &edges)
    }

    /// The atom and version behind an id; no version for a placeholder.
    pub(crate) fn solvable(&self, id: SolvableId) -> (&'a AtomId, Option<&'a Version>) {
        let interned = self.interned.borrow();
        let solvable = interned.solvables[index(id.into_raw())];
        let atom = interned.names[index(solvable.name.into_raw())];
        (atom, solvable.version.map(|(version, _)| version))
    }

    /// The atom and requirement behind an id.
    pub(crate) fn requirement(&self, id: VersionSetId) -> (&'a AtomId, &'a Requirement) {
        let interned = self.interned.borrow();
        let (name, req) = interned.version_sets[index(id.0)];
        (interned.names[index(name.into_raw())], req)
    }

    /// The exclusion behind an id.
    pub(crate) fn reason(&self, id: StringId) -> &'a Exclusion {
        self.interned.borrow().reasons[index(id.0)]
    }

    fn listing_exclusion(
        &self,
        atom: &AtomId,
        version: &Version,
        candidate: &'a Candidate,
    ) -> Option<&'a Exclusion> {
        let is_locked = self.request.locked.get(atom) == Some(version);
        candidate
            .excluded
            .as_ref()
            .filter(|why| !(is_locked && why.spares_locked()))
    }
}

impl<'a> Interned<'a> {
    fn name(&mut self, atom: &'a AtomId) -> NameId {
        let next = NameId::from_raw(id(self.names.len()));
        let names = &mut self.names;
        *self.name_ids.entry(AtomKey(atom)).or_insert_with(|| {
            names.push(atom);
            next
        })
    }

    fn version_set(&mut self, atom: &'a AtomId, req: &'a Requirement) -> VersionSetId {
        let name = self.name(atom);
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

    fn solvable(&mut self, solvable: Solvable<'a>) -> SolvableId {
        self.solvables.push(solvable);
        SolvableId::from_raw(id(self.solvables.len() - 1))
    }

    fn reason(&mut self, why: &'a Exclusion) -> StringId {
        let found = self.reasons.iter().position(|it| *it == why);
        let position = found.unwrap_or_else(|| {
            self.reasons.push(why);
            self.reasons.len() - 1
        });
        StringId(id(position))
    }

    fn requirements(&mut self, dependencies: &'a [Dependency]) -> KnownDependencies {
        KnownDependencies {
            requirements: dependencies
                .iter()
                .map(|it| self.version_set(&it.atom, &it.req).into())
                .collect(),
            constrains: Vec::new(),
        }
    }
}

impl DependencyProvider for Provider<'_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        version_set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let interned = self.interned.borrow();
        let (_, req) = interned.version_sets[index(version_set.0)];
        let fits = |id: &SolvableId| {
            interned.solvables[index(id.into_raw())]
                .version
                .is_none_or(|(version, _)| req.matches(version))
        };
        candidates
            .iter()
            .copied()
            .filter(|it| fits(it) != inverse)
            .collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        let mut interned = self.interned.borrow_mut();
        let atom = interned.names[index(name.into_raw())];
        let Some(versions) = self.universe.versions(atom) else {
            interned.missing.packages.insert(atom.clone());
            let placeholder = interned.solvable(Solvable {
                name,
                version: None,
            });
            return Some(Candidates {
                candidates: vec![placeholder],
                ..Candidates::default()
            });
        };
        let locked = self.request.locked.get(atom);
        let mut found = Candidates {
            candidates: Vec::with_capacity(versions.len()),
            ..Candidates::default()
        };
        for (version, candidate) in versions {
            let solvable = interned.solvable(Solvable {
                name,
                version: Some((version, candidate)),
            });
            found.candidates.push(solvable);
            if locked == Some(version) {
                found.favored = Some(solvable);
            }
            if let Some(why) = self.listing_exclusion(atom, version, candidate) {
                found.excluded.push((solvable, interned.reason(why)));
            }
        }
        Some(found)
    }

    /// Versions of one atom get their ids oldest first, so an id's order is its version's.
    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        let Some(first) = solvables.first() else {
            return;
        };
        let oldest_first = match self.request.order {
            Order::Newest => false,
            Order::Minimal => true,
            Order::DirectMinimal => self.direct.contains(self.solvable(*first).0),
        };
        solvables.sort_unstable();
        if !oldest_first {
            solvables.reverse();
        }
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let mut interned = self.interned.borrow_mut();
        let Solvable { name, version } = interned.solvables[index(solvable.into_raw())];
        let Some((version, candidate)) = version else {
            return Dependencies::Known(KnownDependencies::default());
        };
        match &candidate.spec {
            Spec::Known(dependencies) => Dependencies::Known(interned.requirements(dependencies)),
            Spec::Excluded(why) => Dependencies::Unknown(interned.reason(why)),
            Spec::Unknown | Spec::Pending => {
                let atom = interned.names[index(name.into_raw())];
                let spec = (atom.clone(), version.clone());
                interned.missing.specs.insert(spec);
                Dependencies::Known(KnownDependencies::default())
            }
        }
    }

    fn should_cancel_with_value(&self) -> Option<Box<dyn Any>> {
        (self.cancelled)().then(|| Box::new(()) as Box<dyn Any>)
    }
}

/// The texts are for resolvo's own traces alone: errors are explained from values.
impl Interner for Provider<'_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl Display + '_ {
        match self.solvable(solvable) {
            (atom, Some(version)) => format!("{}@{version}", atom.id),
            (atom, None) => format!("{}@?", atom.id),
        }
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        let interned = self.interned.borrow();
        interned.names[index(name.into_raw())].id.to_string()
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        self.requirement(version_set).1.to_string()
    }

    fn display_string(&self, string_id: StringId) -> impl Display + '_ {
        self.reason(string_id).to_string()
    }

    fn version_set_name(&self, version_set: VersionSetId) -> NameId {
        self.interned.borrow().version_sets[index(version_set.0)].0
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        self.interned.borrow().solvables[index(solvable.into_raw())].name
    }

    fn version_sets_in_union(&self, _: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        std::iter::empty()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        unreachable!("no condition is ever handed to the solver")
    }
}

fn id(position: usize) -> u32 {
    u32::try_from(position).expect("an index that fits in memory has fewer than 2^32 entries")
}

const fn index(id: u32) -> usize {
    id as usize
}
