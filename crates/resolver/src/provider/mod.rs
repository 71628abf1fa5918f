//! resolvo over a universe: hands out ids in the order in which the solver asks.

mod interned;

use std::any::Any;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Display;

use atom::{AtomId, Bucket, Requirement, Version};
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, SolvableId, SolverCache, StringId, VersionSetId, VersionSetUnionId,
};

use crate::error::Cancelled;
use crate::request::{Order, Request};
use crate::resolution::Resolution;
use crate::solve::Missing;
use crate::universe::{Candidate, Dependency, Exclusion, Spec, Universe};
use interned::{Interned, Name, Solvable, index};

/// What resolvo asks; it borrows everything that it names.
pub(crate) struct Provider<'a> {
    universe: &'a Universe,
    request: &'a Request,
    direct: BTreeSet<&'a AtomId>,
    cancelled: &'a dyn Fn() -> Option<Cancelled>,
    interned: RefCell<Interned<'a>>,
}

impl<'a> Provider<'a> {
    pub(crate) fn new(
        universe: &'a Universe,
        request: &'a Request,
        cancelled: &'a dyn Fn() -> Option<Cancelled>,
    ) -> Self {
        Self {
            universe,
            request,
            direct: request.roots.iter().map(|it| &it.atom).collect(),
            cancelled,
            interned: RefCell::default(),
        }
    }

    /// A requirement, in the solver's words.
    pub(crate) fn demand(&self, atom: &'a AtomId, req: &'a Requirement) -> resolvo::Requirement {
        self.demand_in(&mut self.interned.borrow_mut(), atom, req)
    }

    /// What the solver asked for and the universe lacks.
    pub(crate) fn missing(&self) -> Missing {
        self.interned.borrow().missing.clone()
    }

    /// The chosen versions with the edges between them, without those that nothing needs: the
    /// solver may decide more than it must. Of several versions of an atom that satisfy a
    /// requirement, the newest does.
    pub(crate) fn resolution(&self, chosen: &[SolvableId]) -> Resolution {
        let interned = self.interned.borrow();
        let mut by_name = vec![None; interned.n_names()];
        for id in chosen {
            let Solvable { name, version } = interned.behind(*id);
            by_name[index(name.into_raw())] = version;
        }
        let target = |atom: &AtomId, req: &Requirement| {
            if !self.request.split.contains(atom) {
                let name = index(interned.known_whole(atom)?.into_raw());
                return by_name[name].is_some().then_some(name);
            }
            let parts = interned.known_parts(atom);
            let mut parts = parts.map(|it| index(it.into_raw()));
            parts.find(|it| by_name[*it].is_some_and(|(version, _)| req.matches(version)))
        };
        let roots = self.request.roots.iter();
        let mut todo: Vec<_> = roots.filter_map(|it| target(&it.atom, &it.req)).collect();
        let mut places = vec![usize::MAX; by_name.len()];
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        while let Some(at) = todo.pop() {
            let Some((version, candidate)) = by_name[at].filter(|_| places[at] == usize::MAX)
            else {
                continue;
            };
            places[at] = nodes.len();
            let atom = interned.name(NameId::from_raw(interned::id(at))).atom;
            nodes.push((atom, version));
            let dependencies = candidate.dependencies().unwrap_or_default().iter();
            let needs: Vec<_> = dependencies
                .filter_map(|it| target(&it.atom, &it.req))
                .collect();
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
        let solvable = interned.behind(id);
        let atom = interned.name(solvable.name).atom;
        (atom, solvable.version.map(|(version, _)| version))
    }

    /// The atom and requirement behind the solver's words.
    pub(crate) fn requirement(&self, it: resolvo::Requirement) -> (&'a AtomId, &'a Requirement) {
        let interned = self.interned.borrow();
        let set = match it {
            resolvo::Requirement::Single(id) => id,
            resolvo::Requirement::Union(id) => interned.union(id)[0],
        };
        let (name, req) = interned.set(set);
        (interned.name(name).atom, req)
    }

    /// The exclusion behind an id.
    pub(crate) fn reason(&self, id: StringId) -> &'a Exclusion {
        self.interned.borrow().why(id)
    }

    fn demand_in(
        &self,
        interned: &mut Interned<'a>,
        atom: &'a AtomId,
        req: &'a Requirement,
    ) -> resolvo::Requirement {
        let whole = interned.whole(atom);
        if !self.request.split.contains(atom) {
            return interned.version_set(whole, req).into();
        }
        interned.either(whole, req, |interned| {
            let buckets = self.buckets(atom, req).into_iter();
            buckets.map(|it| interned.part(atom, it)).collect()
        })
    }

    /// The buckets that a requirement reaches, in the order in which they are tried: those of
    /// locked versions first, so that a lock is found again.
    fn buckets(&self, atom: &AtomId, req: &Requirement) -> Vec<Bucket> {
        let versions = self.universe.versions(atom).into_iter().flatten();
        let fitting = versions.map(|it| it.0).filter(|it| req.matches(it));
        let mut buckets: Vec<_> = fitting.clone().map(Bucket::of).collect();
        buckets.dedup();
        if !self.is_oldest_first(atom) {
            buckets.reverse();
        }
        if let Some(preferred) = self.preferred(atom) {
            let locked: BTreeSet<_> = fitting
                .filter(|it| preferred.contains(it))
                .map(Bucket::of)
                .collect();
            buckets.sort_by_key(|it| !locked.contains(it));
        }
        buckets
    }

    /// The versions of an atom that the lock holds, where they are to be kept.
    fn preferred(&self, atom: &AtomId) -> Option<&'a BTreeSet<Version>> {
        let locked = self.request.locked.get(atom)?;
        (!self.request.fresh.contains(atom)).then_some(locked)
    }

    fn is_oldest_first(&self, atom: &AtomId) -> bool {
        match self.request.order {
            Order::Newest => false,
            Order::Minimal => true,
            Order::DirectMinimal => self.direct.contains(atom),
        }
    }

    /// The versions that a name stands for.
    fn versions(
        &self,
        Name { atom, bucket }: Name<'a>,
    ) -> Option<impl Iterator<Item = (&'a Version, &'a Candidate)> + use<'a>> {
        let listed = self.universe.versions(atom)?;
        let is_whole = !self.request.split.contains(atom);
        let locked = self.request.locked.get(atom);
        let held = self.request.held.contains(atom).then_some(locked);
        let is_own = move |version: &Version| {
            let in_bucket = bucket.map_or(is_whole, |it| it == Bucket::of(version));
            let is_free = held.is_none_or(|it| it.is_some_and(|it| it.contains(version)));
            in_bucket && is_free
        };
        Some(listed.iter().filter(move |(version, _)| is_own(version)))
    }

    fn requirements(
        &self,
        interned: &mut Interned<'a>,
        dependencies: &'a [Dependency],
    ) -> KnownDependencies {
        KnownDependencies {
            requirements: dependencies
                .iter()
                .map(|it| self.demand_in(interned, &it.atom, &it.req).into())
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
        let (_, req) = interned.set(version_set);
        let fits = |id: &SolvableId| {
            let version = interned.behind(*id).version;
            version.is_none_or(|(version, _)| req.matches(version))
        };
        candidates
            .iter()
            .copied()
            .filter(|it| fits(it) != inverse)
            .collect()
    }

    async fn get_candidates(&self, id: NameId) -> Option<Candidates> {
        let mut interned = self.interned.borrow_mut();
        let name = interned.name(id);
        let Some(versions) = self.versions(name) else {
            interned.missing.packages.insert(name.atom.clone());
            let placeholder = interned.solvable(Solvable {
                name: id,
                version: None,
            });
            return Some(Candidates {
                candidates: vec![placeholder],
                ..Candidates::default()
            });
        };
        let mut found = Candidates {
            candidates: Vec::with_capacity(versions.size_hint().1.unwrap_or_default()),
            ..Candidates::default()
        };
        for (version, candidate) in versions {
            let solvable = interned.solvable(Solvable {
                name: id,
                version: Some((version, candidate)),
            });
            found.candidates.push(solvable);
            if let Some(why) = self.request.excludes(name.atom, version, candidate) {
                found.excluded.push((solvable, interned.reason(why)));
            }
        }
        Some(found)
    }

    /// Versions of one name get their ids oldest first, so an id's order is its version's.
    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        let Some(first) = solvables.first() else {
            return;
        };
        let (atom, _) = self.solvable(*first);
        solvables.sort_unstable();
        if !self.is_oldest_first(atom) {
            solvables.reverse();
        }
        if let Some(preferred) = self.preferred(atom) {
            let is_preferred = |it: &SolvableId| {
                let (_, version) = self.solvable(*it);
                version.is_some_and(|it| preferred.contains(it))
            };
            solvables.sort_by_key(|it| Reverse(is_preferred(it)));
        }
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let mut interned = self.interned.borrow_mut();
        let Solvable { name, version } = interned.behind(solvable);
        let Some((version, candidate)) = version else {
            return Dependencies::Known(KnownDependencies::default());
        };
        match &candidate.spec {
            Spec::Known(dependencies) => {
                Dependencies::Known(self.requirements(&mut interned, dependencies))
            }
            Spec::Excluded(why) => Dependencies::Unknown(interned.reason(why)),
            Spec::Unknown | Spec::Pending => {
                let spec = (interned.name(name).atom.clone(), version.clone());
                interned.missing.specs.insert(spec);
                Dependencies::Known(KnownDependencies::default())
            }
        }
    }

    fn should_cancel_with_value(&self) -> Option<Box<dyn Any>> {
        (self.cancelled)().map(|it| Box::new(it) as Box<dyn Any>)
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
        self.interned.borrow().name(name).atom.id.to_string()
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        self.interned.borrow().set(version_set).1.to_string()
    }

    fn display_string(&self, string_id: StringId) -> impl Display + '_ {
        self.reason(string_id).to_string()
    }

    fn version_set_name(&self, version_set: VersionSetId) -> NameId {
        self.interned.borrow().set(version_set).0
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        self.interned.borrow().behind(solvable).name
    }

    fn version_sets_in_union(&self, id: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        self.interned.borrow().union(id).to_vec().into_iter()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        unreachable!("no condition is ever handed to the solver")
    }
}
