//! The solver alone: everything looked up in tables made beforehand, and the answer a list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use atom::{AtomId, Requirement, Version};
use resolver::{Request, Universe};
use resolvo::utils::Pool;
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, Problem, SolvableId, Solver, SolverCache, StringId, VersionSetId,
    VersionSetUnionId,
};

/// How many versions the solver chooses.
pub(crate) fn solve(tables: &Tables, request: &Request) -> Option<usize> {
    let roots: BTreeSet<_> = request.roots.iter().map(|it| &it.atom).collect();
    let requirements = roots.into_iter().map(|it| tables.any[it].into()).collect();
    let mut solver = Solver::new(Bare(tables));
    let answer = solver.solve(Problem::new().requirements(requirements));
    answer.ok().map(|it| it.len())
}

struct Bare<'a>(&'a Tables);

#[derive(Default)]
pub(crate) struct Tables {
    pool: Pool<Set>,
    candidates: Vec<Vec<SolvableId>>,
    versions: Vec<Version>,
    requirements: Vec<Requirement>,
    dependencies: Vec<Vec<VersionSetId>>,
    /// The requirement `*` on each atom.
    any: BTreeMap<AtomId, VersionSetId>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Set(String);

impl resolvo::utils::VersionSet for Set {
    type V = String;
}

impl Tables {
    pub(crate) fn new(universe: &Universe) -> Self {
        let mut tables = Self::default();
        for (atom, versions) in universe.atoms() {
            let name = tables.pool.intern_package_name(atom.id.to_string());
            let own: Vec<_> = versions
                .keys()
                .map(|it| tables.pool.intern_solvable(name, it.to_string()))
                .collect();
            tables.versions.extend(versions.keys().cloned());
            tables.candidates.push(own);
        }
        for (atom, versions) in universe.atoms() {
            for candidate in versions.values() {
                let needs = candidate.dependencies().unwrap_or_default();
                let sets = needs.iter().map(|it| tables.set(&it.atom, &it.req));
                let sets = sets.collect();
                tables.dependencies.push(sets);
            }
            let any = tables.set(atom, &Requirement::any());
            tables.any.insert(atom.clone(), any);
        }
        tables
    }

    fn set(&mut self, atom: &AtomId, req: &Requirement) -> VersionSetId {
        let name = self.pool.intern_package_name(atom.id.to_string());
        let id = self.pool.intern_version_set(name, Set(req.to_string()));
        if id.0 as usize == self.requirements.len() {
            self.requirements.push(req.clone());
        }
        id
    }
}

impl DependencyProvider for Bare<'_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        version_set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let req = &self.0.requirements[version_set.0 as usize];
        let fits = |it: &SolvableId| req.matches(&self.0.versions[it.into_raw() as usize]);
        let candidates = candidates.iter().copied();
        candidates.filter(|it| fits(it) != inverse).collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        Some(Candidates {
            candidates: self.0.candidates[name.into_raw() as usize].clone(),
            ..Candidates::default()
        })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        solvables.sort_unstable_by(|one, other| other.cmp(one));
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let sets = &self.0.dependencies[solvable.into_raw() as usize];
        Dependencies::Known(KnownDependencies {
            requirements: sets.iter().map(|it| (*it).into()).collect(),
            constrains: Vec::new(),
        })
    }
}

impl Interner for Bare<'_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl Display + '_ {
        &self.0.pool.resolve_solvable(solvable).record
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        self.0.pool.resolve_package_name(name)
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        &self.0.pool.resolve_version_set(version_set).0
    }

    fn display_string(&self, string_id: StringId) -> impl Display + '_ {
        self.0.pool.resolve_string(string_id)
    }

    fn version_set_name(&self, version_set: VersionSetId) -> NameId {
        self.0.pool.resolve_version_set_package_name(version_set)
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        self.0.pool.resolve_solvable(solvable).name
    }

    fn version_sets_in_union(&self, _: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        std::iter::empty()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        unreachable!("no condition is ever handed to the solver")
    }
}
