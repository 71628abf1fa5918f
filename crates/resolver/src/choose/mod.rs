//! Which of the possible answers: one version of each atom where that is possible, and as near to
//! the lock as it can be.
//!
//! Decides on settled verdicts alone, so that what a cache knew beforehand changes nothing.

mod split;
mod refine;

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Requirement, Version};

use crate::conflict::Conflict;
use crate::request::{Duplicates, Order, Request};
use crate::resolution::Resolution;
use crate::solve::Verdict;
pub(crate) use split::{answer, attempt};

/// Solves a request until nothing unknown is touched.
pub(crate) type Solve<'a, E> = &'a mut dyn FnMut(&Request) -> Result<Verdict, E>;

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The answer.
    pub resolution: Resolution,
    /// The atoms of which it holds several versions.
    pub duplicates: Vec<Duplicate>,
    /// What the answer answers: the request, with the atoms split that had to be. What
    /// [`crate::verify`] is to be given.
    pub request: Request,
}

/// An atom of which several versions were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The atom.
    pub atom: AtomId,
    /// Its versions, oldest first, each with those whose requirements it satisfies.
    pub versions: BTreeMap<Version, Vec<Who>>,
}

/// Who required something that was chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A root requirement, by the caller's token.
    Root(usize),
    /// A chosen version.
    Chosen(AtomId, Version),
}

/// Chooses an answer: one version of each atom first; where that is unsolvable and `duplicates`
/// allows it, several majors of as few atoms as it takes. What the lock holds is kept where it can
/// be: of the locked atoms only those move that must, and those in `fresh`, which the user asked to
/// move.
///
/// `solve` answers each request as full knowledge would: it brings what is missing, and solves
/// again until nothing unknown was touched. It is called a bounded number of times.
///
/// # Errors
///
/// What `solve` failed with.
pub fn choose<E>(
    request: &Request,
    duplicates: Duplicates,
    fresh: &BTreeSet<AtomId>,
    solve: Solve<'_, E>,
) -> Result<Result<Choice, Box<Conflict>>, E> {
    let mut asked = request.clone();
    asked.fresh.extend(fresh.iter().cloned());
    let first = match settle(&asked, duplicates, fresh, solve)? {
        Ok(first) => first,
        Err(conflict) => return Ok(Err(conflict)),
    };
    let resolution = refine::refine(&first, fresh, solve)?;
    let mut request = first.request;
    request.locked = asked.locked;
    request.held = asked.held;
    Ok(Ok(Choice {
        duplicates: list_duplicates(&request, &resolution),
        resolution,
        request,
    }))
}

/// An answer, and what it answers.
pub(crate) struct Settled {
    pub(crate) request: Request,
    pub(crate) resolution: Resolution,
}

/// The first answer; where atoms are to move, with these held at what they moved to.
fn settle<E>(
    asked: &Request,
    duplicates: Duplicates,
    fresh: &BTreeSet<AtomId>,
    solve: Solve<'_, E>,
) -> Result<Result<Settled, Box<Conflict>>, E> {
    let near = match answer(asked, duplicates, solve)? {
        Ok(near) => near,
        Err(conflict) => return Ok(Err(conflict)),
    };
    if fresh.is_empty() {
        return Ok(Ok(near));
    }
    // The lock may have held back what was asked to move: look how far it goes without.
    let far = match asked.order {
        Order::Newest => {
            let mut free = asked.clone();
            free.fresh.extend(asked.locked.keys().cloned());
            answer(&free, duplicates, solve)?.ok()
        }
        Order::Minimal | Order::DirectMinimal => None,
    };
    let Some(far) = far.filter(|far| goes_further(fresh, &near, far)) else {
        let request = pinned(&near.request, fresh, &near.resolution);
        return Ok(Ok(Settled { request, ..near }));
    };
    let request = pinned(asked, fresh, &far.resolution);
    match answer(&request, duplicates, solve)? {
        Ok(settled) => Ok(Ok(settled)),
        Err(_) => Ok(Ok(near)),
    }
}

/// Whether all atoms that are to move end up at least as new, and one newer.
fn goes_further(fresh: &BTreeSet<AtomId>, near: &Settled, far: &Settled) -> bool {
    let newest = |of: &Settled, atom: &AtomId| of.resolution.versions(atom).last().cloned();
    let mut pairs = fresh.iter().map(|it| (newest(near, it), newest(far, it)));
    pairs.clone().all(|(near, far)| far >= near) && pairs.any(|(near, far)| far > near)
}

/// The request with atoms held at what was chosen of them.
fn pinned(request: &Request, atoms: &BTreeSet<AtomId>, chosen: &Resolution) -> Request {
    let mut request = request.clone();
    for atom in atoms {
        let versions: BTreeSet<_> = chosen.versions(atom).cloned().collect();
        if !versions.is_empty() {
            request.locked.insert(atom.clone(), versions);
            request.held.insert(atom.clone());
        }
    }
    request
}

/// The atoms of which several versions were chosen, and who wants which.
fn list_duplicates(request: &Request, resolution: &Resolution) -> Vec<Duplicate> {
    let mut found: Vec<Duplicate> = Vec::new();
    for atom in resolution.several() {
        let newest_for = |req: &Requirement| {
            resolution
                .versions(&atom)
                .filter(|it| req.matches(it))
                .last()
        };
        let mut versions: BTreeMap<Version, Vec<Who>> = BTreeMap::new();
        for root in request.roots.iter().filter(|it| it.atom == atom) {
            if let Some(version) = newest_for(&root.req) {
                let who = Who::Root(root.token);
                versions.entry(version.clone()).or_default().push(who);
            }
        }
        for (by, its) in resolution.atoms() {
            let needs = resolution.dependencies(by, its);
            for (_, version) in needs.filter(|(it, _)| **it == atom) {
                let who = Who::Chosen(by.clone(), its.clone());
                versions.entry(version.clone()).or_default().push(who);
            }
        }
        // Roots may come in any order.
        versions.values_mut().for_each(|it| it.sort());
        found.push(Duplicate { atom, versions });
    }
    found
}
