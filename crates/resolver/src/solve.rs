//! One question, one pass of the solver: an answer, a conflict, or what is missing.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Version};
use resolvo::{Problem, Solver, UnsolvableOrCancelled};

use crate::conflict::Conflict;
use crate::error::Cancelled;
use crate::explain::explain;
use crate::provider::Provider;
use crate::request::{Request, RootRequirement};
use crate::resolution::Resolution;
use crate::universe::Universe;

/// What a solve comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, reached without touching anything unknown: the one that full knowledge gives.
    Solved(Resolution),
    /// There is no answer, whatever the unknown turns out to be.
    ///
    /// Where [`Conflict::missing`] is empty, the explanation too is the one that full knowledge
    /// gives; else it may name another of several conflicts.
    Conflict(Box<Conflict>),
    /// The solve touched what the universe lacks: bring it, and solve again.
    Missing(Missing),
}

/// All that a solve asked for and the universe lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Atoms that were never listed.
    pub packages: BTreeSet<AtomId>,
    /// Versions whose specs are unknown, or pending.
    pub specs: BTreeSet<(AtomId, Version)>,
}

impl Missing {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.specs.is_empty()
    }
}

/// Solves a request over what is known, one version per atom.
///
/// # Panics
///
/// Never: its hook does not cancel.
#[must_use]
pub fn solve(universe: &Universe, request: &Request) -> Outcome {
    solve_until(universe, request, &|| false).expect("the hook never cancels")
}

/// Solves as [`solve`] does, and stops soon after `cancelled` first returns true.
///
/// # Errors
///
/// [`Cancelled`], where the hook stopped it.
pub fn solve_until(
    universe: &Universe,
    request: &Request,
    cancelled: &dyn Fn() -> bool,
) -> Result<Outcome, Cancelled> {
    let provider = Provider::new(universe, request, cancelled);
    let requirements = canonical(&request.roots)
        .into_iter()
        .map(|it| provider.version_set(&it.atom, &it.req).into())
        .collect();
    let mut solver = Solver::new(provider);
    let answer = solver.solve(Problem::new().requirements(requirements));
    let missing = solver.provider().missing();
    match answer {
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err(Cancelled),
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            let graph = conflict.graph(&solver);
            let conflict = explain(universe, request, solver.provider(), &graph, missing);
            Ok(Outcome::Conflict(Box::new(conflict)))
        }
        Ok(_) if !missing.is_empty() => Ok(Outcome::Missing(missing)),
        Ok(chosen) => {
            let chosen = chosen.into_iter().filter_map(|it| {
                let (atom, version) = solver.provider().solvable(it);
                Some((atom, version?))
            });
            Ok(Outcome::Solved(connect(
                universe,
                request,
                chosen.collect(),
            )))
        }
    }
}

/// The root requirements in an order of their own, each once.
pub(crate) fn canonical(roots: &[RootRequirement]) -> Vec<&RootRequirement> {
    let mut roots: Vec<_> = roots.iter().collect();
    roots.sort_by_cached_key(|it| (&it.atom, it.req.to_string(), it.token));
    roots.dedup_by(|one, other| one.atom == other.atom && one.req == other.req);
    roots
}

/// Draws the edges, and leaves out what nothing needs: the solver may decide more than it must.
fn connect(
    universe: &Universe,
    request: &Request,
    chosen: BTreeMap<&AtomId, &Version>,
) -> Resolution {
    let mut nodes = BTreeMap::new();
    let mut todo: Vec<&AtomId> = request.roots.iter().map(|it| &it.atom).collect();
    while let Some(atom) = todo.pop() {
        let Some(version) = chosen.get(atom).copied() else {
            continue;
        };
        let node = (atom.clone(), version.clone());
        if nodes.contains_key(&node) {
            continue;
        }
        let dependencies = universe
            .candidate(atom, version)
            .and_then(|it| it.dependencies())
            .unwrap_or_default();
        let edges = dependencies
            .iter()
            .filter_map(|it| Some((it.atom.clone(), (*chosen.get(&it.atom)?).clone())))
            .collect();
        todo.extend(dependencies.iter().map(|it| &it.atom));
        nodes.insert(node, edges);
    }
    Resolution::new(nodes)
}
