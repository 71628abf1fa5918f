//! One question, one pass of the solver: an answer, a conflict, or what is missing.

use std::collections::BTreeSet;

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

/// What a solve comes to once nothing unknown is touched: the caller brings what is missing, and
/// solves again until then.
pub type Verdict = Result<Resolution, Box<Conflict>>;

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

/// Solves a request over what is known: one version of each atom, or of each bucket of a split one.
///
/// # Panics
///
/// Never: its hook does not cancel.
#[must_use]
pub fn solve(universe: &Universe, request: &Request) -> Outcome {
    solve_until(universe, request, &|| None).expect("the hook never cancels")
}

/// Solves as [`solve`] does, and stops soon after `cancelled` first names a cause.
///
/// # Errors
///
/// The hook's [`Cancelled`], where it stopped the solve.
pub fn solve_until(
    universe: &Universe,
    request: &Request,
    cancelled: &dyn Fn() -> Option<Cancelled>,
) -> Result<Outcome, Cancelled> {
    let provider = Provider::new(universe, request, cancelled);
    let requirements = canonical(&request.roots)
        .into_iter()
        .map(|it| provider.demand(&it.atom, &it.req).into())
        .collect();
    let mut solver = Solver::new(provider);
    let answer = solver.solve(Problem::new().requirements(requirements));
    let missing = solver.provider().missing();
    match answer {
        Err(UnsolvableOrCancelled::Cancelled(why)) => Err(why
            .downcast_ref()
            .copied()
            .unwrap_or(Cancelled::Interrupted)),
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            let graph = conflict.graph(&solver);
            let conflict = explain(universe, request, solver.provider(), &graph, missing);
            Ok(Outcome::Conflict(Box::new(conflict)))
        }
        Ok(_) if !missing.is_empty() => Ok(Outcome::Missing(missing)),
        Ok(chosen) => Ok(Outcome::Solved(solver.provider().resolution(&chosen))),
    }
}

/// The root requirements in an order of their own, each once.
pub(crate) fn canonical(roots: &[RootRequirement]) -> Vec<&RootRequirement> {
    let mut roots: Vec<_> = roots.iter().collect();
    roots.sort_by_cached_key(|it| (&it.atom, it.req.to_string(), it.token));
    roots.dedup_by(|one, other| one.atom == other.atom && one.req == other.req);
    roots
}
