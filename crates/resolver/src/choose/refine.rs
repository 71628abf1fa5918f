//! Keeps of the lock what can be kept: the solver prefers it, yet moves more than it must.

use std::collections::BTreeSet;

use atom::AtomId;

use super::{Settled, Solve};
use crate::request::Request;
use crate::resolution::Resolution;

/// How many solves a refinement may take.
const MAX_SOLVES: usize = 100;

/// An answer that keeps what it can of the lock, and never less than the first one.
pub(super) fn refine<E>(
    first: &Settled,
    fresh: &BTreeSet<AtomId>,
    solve: Solve<'_, E>,
) -> Result<Resolution, E> {
    let request = &first.request;
    let moved = moved(request, fresh, &first.resolution);
    if moved.is_empty() {
        return Ok(first.resolution.clone());
    }
    let locked: BTreeSet<_> = request.locked.keys().cloned().collect();
    let mut refiner = Refiner {
        request,
        fresh,
        free: &(&locked - &request.held) - fresh,
        n_solves_left: MAX_SOLVES,
    };
    if let Some((held, resolution)) = refiner.descend(solve)? {
        let refined = refiner.climb(held, resolution, solve)?;
        if refiner.moved(&refined).len() <= moved.len() {
            return Ok(refined);
        }
    }
    // What holding all leads to may cost more elsewhere: start from what the answer keeps.
    let held = &refiner.free - &moved;
    refiner.climb(held, first.resolution.clone(), solve)
}

struct Refiner<'a> {
    request: &'a Request,
    fresh: &'a BTreeSet<AtomId>,
    /// The locked atoms that may be held back.
    free: BTreeSet<AtomId>,
    n_solves_left: usize,
}

impl Refiner<'_> {
    /// Holds all back, then frees those that the conflict names, until there is an answer.
    fn descend<E>(
        &mut self,
        solve: Solve<'_, E>,
    ) -> Result<Option<(BTreeSet<AtomId>, Resolution)>, E> {
        let mut held = self.free.clone();
        while self.n_solves_left > 0 {
            match self.solve(&held, solve)? {
                Ok(resolution) => return Ok(Some((held, resolution))),
                Err(named) if named.is_disjoint(&held) => return Ok(None),
                Err(named) => held = &held - &named,
            }
        }
        Ok(None)
    }

    /// Holds one after the other of those that moved, where there still is an answer.
    fn climb<E>(
        &mut self,
        mut held: BTreeSet<AtomId>,
        mut resolution: Resolution,
        solve: Solve<'_, E>,
    ) -> Result<Resolution, E> {
        let mut tried = BTreeSet::new();
        while self.n_solves_left > 0 {
            let moved = self.moved(&resolution);
            held.extend(&self.free - &moved);
            let Some(next) = self.next(&(&moved - &tried)) else {
                break;
            };
            tried.insert(next.clone());
            held.insert(next.clone());
            match self.solve(&held, solve)? {
                Ok(closer) => resolution = closer,
                Err(_) => drop(held.remove(&next)),
            }
        }
        Ok(resolution)
    }

    /// Direct dependencies first: they are what a person sees.
    fn next(&self, of: &BTreeSet<AtomId>) -> Option<AtomId> {
        let direct = self.request.roots.iter().map(|it| &it.atom);
        let direct = direct.filter(|it| of.contains(it)).min();
        direct.or_else(|| of.first()).cloned()
    }

    fn solve<E>(
        &mut self,
        held: &BTreeSet<AtomId>,
        solve: Solve<'_, E>,
    ) -> Result<Result<Resolution, BTreeSet<AtomId>>, E> {
        self.n_solves_left -= 1;
        let mut request = self.request.clone();
        request.held.extend(held.iter().cloned());
        let verdict = solve(&request)?;
        Ok(verdict.map_err(|conflict| conflict.involved.atoms))
    }

    fn moved(&self, resolution: &Resolution) -> BTreeSet<AtomId> {
        moved(self.request, self.fresh, resolution)
    }
}

/// The locked atoms of which a version was chosen that the lock does not hold.
fn moved(request: &Request, fresh: &BTreeSet<AtomId>, resolution: &Resolution) -> BTreeSet<AtomId> {
    let chosen = resolution.atoms();
    let moved = chosen.filter(|(atom, version)| {
        let is_free = !request.held.contains(*atom) && !fresh.contains(*atom);
        is_free && request.locked.contains_key(*atom) && !request.locks(atom, version)
    });
    moved.map(|(atom, _)| atom.clone()).collect()
}
