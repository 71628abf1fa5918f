//! One version of each atom; else several majors of the atoms that the conflict is about, and of
//! as few as it takes.

use std::collections::BTreeSet;

use atom::AtomId;

use super::{Settled, Solve};
use crate::conflict::Conflict;
use crate::request::{Duplicates, Request};
use crate::solve::Verdict;

/// An answer in which no atom is split that need not be.
pub(crate) fn answer<E>(
    asked: &Request,
    duplicates: Duplicates,
    solve: Solve<'_, E>,
) -> Result<Result<Settled, Box<Conflict>>, E> {
    let (request, verdict) = attempt(asked, duplicates, solve)?;
    match verdict {
        Ok(resolution) => {
            let settled = Settled {
                request,
                resolution,
            };
            Ok(Ok(join(asked, settled, solve)?))
        }
        Err(conflict) => Ok(Err(conflict)),
    }
}

/// A verdict, and the request with the atoms split that it was reached with: those of which the
/// lock holds several majors, then those of each conflict in turn.
pub(crate) fn attempt<E>(
    asked: &Request,
    duplicates: Duplicates,
    solve: Solve<'_, E>,
) -> Result<(Request, Verdict), E> {
    let mut request = asked.clone();
    let mut verdict = solve(&request)?;
    if duplicates == Duplicates::Deny || verdict.is_ok() {
        return Ok((request, verdict));
    }
    let before = request.locked.iter().filter(|(_, it)| it.len() > 1);
    let before: BTreeSet<_> = before.map(|(atom, _)| atom.clone()).collect();
    if !before.is_subset(&request.split) {
        request.split.extend(before);
        verdict = solve(&request)?;
    }
    // Each turn splits another atom of those that the conflict names.
    while let Err(conflict) = &verdict {
        let more = parting(conflict, &request);
        if more.is_empty() {
            break;
        }
        request.split.extend(more);
        verdict = solve(&request)?;
    }
    Ok((request, verdict))
}

/// What to split for a conflict: the atoms of which one version rules another out.
///
/// Where none of them is left, the same conflict stands however much is split.
fn parting(conflict: &Conflict, request: &Request) -> BTreeSet<AtomId> {
    let involved = &conflict.involved;
    let unsplit = |atoms: &BTreeSet<AtomId>| atoms - &request.split;
    let contested = unsplit(&involved.contested);
    if contested.is_empty() {
        unsplit(&involved.splittable)
    } else {
        contested
    }
}

/// Takes back what need not be split.
fn join<E>(asked: &Request, mut settled: Settled, solve: Solve<'_, E>) -> Result<Settled, E> {
    let needed = |settled: &Settled| &settled.resolution.several() | &asked.split;
    // The answer itself shows that what it holds once need not be split.
    while needed(&settled) != settled.request.split {
        let fewer = needed(&settled);
        let Some(joined) = with_split(&settled, fewer, solve)? else {
            break;
        };
        settled = joined;
    }
    let candidates = &settled.request.split - &asked.split;
    for atom in candidates {
        let mut fewer = settled.request.split.clone();
        if fewer.remove(&atom)
            && let Some(joined) = with_split(&settled, fewer, solve)?
        {
            settled = joined;
        }
    }
    Ok(settled)
}

fn with_split<E>(
    settled: &Settled,
    split: BTreeSet<AtomId>,
    solve: Solve<'_, E>,
) -> Result<Option<Settled>, E> {
    let mut request = settled.request.clone();
    request.split = split;
    let verdict = solve(&request)?;
    Ok(verdict.ok().map(|resolution| Settled {
        request,
        resolution,
    }))
}
