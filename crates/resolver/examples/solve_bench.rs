//! Times a solve from memory against the bare solver on the same problems, and prints the ratio.
//!
//! `cargo run --release -p resolver --example solve_bench`. Both check versions against requirements.
//! The bare solver has all else in tables made beforehand, and its answer is a list; ours starts
//! from a universe, and draws the edges of its answer.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads a clock and prints"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant};

use atom::{AtomId, Requirement, Version};
use resolver::{Dependency, Outcome, Request, RootRequirement, Spec, Universe, solve};
use resolvo::utils::Pool;
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, Problem, SolvableId, Solver, SolverCache, StringId, VersionSetId,
    VersionSetUnionId,
};

const N_ATOMS: usize = 2_000;
const N_VERSIONS: usize = 20;
const N_PROBLEMS: usize = 40;
const N_ROUNDS: usize = 7;

fn main() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let universe = index(&mut dice);
    let tables = Tables::new(&universe);
    let requests: Vec<_> = (0..N_PROBLEMS).map(|_| request(&mut dice)).collect();
    let (mut ours, mut bare) = (Duration::ZERO, Duration::ZERO);
    for request in &requests {
        let (our_time, bare_time) = best(
            || ours_once(&universe, request),
            || bare_once(&tables, request),
        );
        ours += our_time;
        bare += bare_time;
    }
    println!("ours  {:>9.3} ms", ours.as_secs_f64() * 1e3);
    println!("bare  {:>9.3} ms", bare.as_secs_f64() * 1e3);
    println!("ratio {:>9.3}", ours.as_secs_f64() / bare.as_secs_f64());
}

/// The least time of several runs of each, turn by turn, so that a busy machine slows both.
fn best(
    ours: impl Fn() -> Option<usize>,
    bare: impl Fn() -> Option<usize>,
) -> (Duration, Duration) {
    let timed = |run: &dyn Fn() -> Option<usize>| {
        let start = Instant::now();
        let answer = black_box(run());
        (start.elapsed(), answer)
    };
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..N_ROUNDS {
        let (our_time, our_atoms) = timed(&ours);
        let (bare_time, bare_atoms) = timed(&bare);
        assert_eq!(our_atoms, bare_atoms, "both find the same answer");
        best = (best.0.min(our_time), best.1.min(bare_time));
    }
    best
}

fn ours_once(universe: &Universe, request: &Request) -> Option<usize> {
    match solve(universe, request) {
        Outcome::Solved(resolution) => Some(resolution.len()),
        _ => None,
    }
}

fn bare_once(tables: &Tables, request: &Request) -> Option<usize> {
    let roots: BTreeSet<_> = request.roots.iter().map(|it| &it.atom).collect();
    let requirements = roots.into_iter().map(|it| tables.any[it].into()).collect();
    let mut solver = Solver::new(Bare(tables));
    let answer = solver.solve(Problem::new().requirements(requirements));
    answer.ok().map(|it| it.len())
}

/// The xorshift generator: the same problems in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n_sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n_sides as u64) as usize
    }
}

fn id(number: usize) -> AtomId {
    let root = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
    AtomId::new(
        root.parse().expect("an object id"),
        format!("a{number}").parse().expect("an id"),
    )
}

/// Versions in four majors; a version's dependencies accept two majors around its own.
fn index(dice: &mut Dice) -> Universe {
    let mut universe = Universe::new();
    for atom in 0..N_ATOMS {
        let version = |it: usize| -> Version {
            let text = format!("{}.{}.0", 1 + it / 5, it % 5);
            text.parse().expect("a version")
        };
        universe.list(id(atom), (0..N_VERSIONS).map(version));
        for it in 0..N_VERSIONS {
            let mut needs = Vec::new();
            for _ in 0..4 {
                let target = atom + 1 + dice.roll(60);
                if target < N_ATOMS {
                    needs.push(Dependency {
                        atom: id(target),
                        req: window(dice, 1 + it / 5),
                    });
                }
            }
            universe.set_spec(&id(atom), &version(it), Spec::Known(needs));
        }
    }
    universe
}

fn window(dice: &mut Dice, major: usize) -> Requirement {
    let low = major.saturating_sub(dice.roll(3)).max(1);
    let text = format!(">={low}.{}, <{}", dice.roll(3), low + 3);
    text.parse().expect("a requirement")
}

fn request(dice: &mut Dice) -> Request {
    let root = |token| RootRequirement {
        atom: id(dice.roll(N_ATOMS / 2)),
        req: Requirement::any(),
        token,
    };
    Request {
        roots: (0..8).map(root).collect(),
        ..Request::default()
    }
}

/// The bare solver's provider: everything looked up in tables made beforehand.
struct Bare<'a>(&'a Tables);

#[derive(Default)]
struct Tables {
    pool: Pool<Set>,
    candidates: Vec<Vec<SolvableId>>,
    versions: Vec<Version>,
    requirements: Vec<Requirement>,
    dependencies: Vec<Vec<VersionSetId>>,
    /// The requirement `*` on each atom.
    any: BTreeMap<AtomId, VersionSetId>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Set(String);

impl resolvo::utils::VersionSet for Set {
    type V = String;
}

impl Tables {
    fn new(universe: &Universe) -> Self {
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
