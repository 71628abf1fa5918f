//! From what takes part in a conflict to its explanation: headline and places.

use std::collections::BTreeSet;

use atom::{AtomId, Version};
use resolvo::conflict::ConflictGraph;

use crate::conflict::{Clash, Conflict, Headline, Involved};
use crate::facts::{Demand, Facts, WantKey};
use crate::names::Names;
use crate::phrase::wants;
use crate::provider::Provider;
use crate::request::Request;
use crate::solve::{Missing, canonical};
use crate::tree::tree;
use crate::universe::Universe;

/// Explains a conflict.
pub(crate) fn explain(
    universe: &Universe,
    request: &Request,
    provider: &Provider<'_>,
    graph: &ConflictGraph,
    missing: Missing,
) -> Conflict {
    let facts = Facts::read((universe, request), provider, graph);
    let (headline, heart) = headline(&facts);
    let tree = tree(&facts);
    let names = Names::new(facts.demands.keys().map(|(atom, _)| atom));
    Conflict {
        roots: roots(&facts, request, &heart),
        suggestions: Vec::new(),
        involved: involved(&facts, request),
        headline,
        tree,
        missing,
        names,
    }
}

/// What further solves need to know.
fn involved(facts: &Facts<'_>, request: &Request) -> Involved {
    let atoms: BTreeSet<_> = facts.demands.keys().map(|(atom, _)| atom.clone()).collect();
    let splittable: BTreeSet<_> = atoms
        .iter()
        .filter(|it| facts.is_splittable(it))
        .cloned()
        .collect();
    let prereleases = |atom: &AtomId| -> Vec<Version> {
        let versions = facts.listing(atom);
        versions.filter(|it| !it.pre.is_empty()).cloned().collect()
    };
    let excluded = |atom: &AtomId| -> Vec<_> {
        let excluded = facts.excluded(atom).into_iter();
        excluded.map(|(it, why)| (it.clone(), why)).collect()
    };
    let by_roots = facts.nodes[facts.root].wants.iter().map(|(atom, _)| atom);
    Involved {
        contested: &facts.contested & &splittable,
        split: request.split.clone(),
        prereleases: by_roots.map(|it| (it.clone(), prereleases(it))).collect(),
        excluded: atoms.iter().map(|it| (it.clone(), excluded(it))).collect(),
        atoms,
        splittable,
    }
}

/// A requirement in the conflict's heart, and one who has it.
type Heart<'a> = (&'a WantKey, usize);

/// How far from the request, and how simple; the least wins.
type Place = (usize, usize, u8);

/// The conflict's heart, as near to the request as one is found, and the requirements in it: what
/// holds in whatever is chosen, and fails.
fn headline<'a>(facts: &'a Facts<'_>) -> (Headline, Vec<Heart<'a>>) {
    let mut best = (Headline::Together, Vec::new());
    let mut best_place = (usize::MAX, usize::MAX, u8::MAX);
    let mut offer = |place: Place, headline, heart| {
        if place < best_place {
            best = (headline, heart);
            best_place = place;
        }
    };
    let depth = |at: usize| facts.nodes[at].depth;
    let is_certain = |key: &WantKey| facts.certain.contains(key);
    for (key, demand) in facts.demands.iter().filter(|it| is_certain(it.0)) {
        let by = demand.by[0];
        if let Some((rank, headline)) = dead_end(facts, demand) {
            offer((depth(by), 0, rank), headline, vec![(key, by)]);
        }
        for (other_key, other) in facts.demands_on(&demand.atom) {
            if other_key <= key || !is_certain(other_key) || !collide(facts, demand, other) {
                continue;
            }
            let Some((by, other_by)) = facts.together(demand, other) else {
                continue;
            };
            let clash = Clash {
                atom: demand.atom.clone(),
                one: (facts.wanter(demand, by), demand.req.clone()),
                other: (facts.wanter(other, other_by), other.req.clone()),
            };
            let (near, far) = (
                depth(by).min(depth(other_by)),
                depth(by).max(depth(other_by)),
            );
            let heart = vec![(key, by), (other_key, other_by)];
            offer((far, near, 3), Headline::Clash(Box::new(clash)), heart);
        }
    }
    best
}

/// Whether no choice satisfies both: nothing fits both, and what fits either may be chosen once.
fn collide(facts: &Facts<'_>, one: &Demand, other: &Demand) -> bool {
    let mut names = one.usable.union(&other.usable).map(|it| facts.name(*it));
    let first = names.next();
    one.usable.is_disjoint(&other.usable) && names.all(|it| Some(it) == first)
}

/// A requirement that fails by itself, the simplest cases ranked first.
fn dead_end(facts: &Facts<'_>, demand: &Demand) -> Option<(u8, Headline)> {
    let by = facts.wanter(demand, demand.by[0]);
    let (atom, req) = (demand.atom.clone(), demand.req.clone());
    if !demand.targets.is_empty() {
        let is_excluded = demand.usable.is_empty();
        return is_excluded.then_some((2, Headline::AllExcluded { by, atom, req }));
    }
    if facts.listing(&atom).next().is_none() {
        return Some((0, Headline::NoSuchAtom { by, atom }));
    }
    Some((1, Headline::NothingFits { by, atom, req }))
}

/// The tokens of the root requirements that take part, those that lead to the heart first.
fn roots(facts: &Facts<'_>, request: &Request, heart: &[Heart<'_>]) -> Vec<(usize, String)> {
    let mut labels: Vec<(&WantKey, String)> = Vec::new();
    for (key, by) in heart {
        let (mut way, mut at) = (*key, *by);
        while let Some((from, by)) = &facts.nodes[at].from {
            (at, way) = (*from, by);
        }
        let label = if way == *key {
            format!("wants {}", wants(&facts.demands[*key].req))
        } else {
            format!("leads to `{} {}`", key.0.id, key.1)
        };
        labels.push((way, label));
    }
    for key in &facts.nodes[facts.root].wants {
        let label = format!("wants {}", wants(&facts.demands[key].req));
        labels.push((key, label));
    }
    let mut roots: Vec<(usize, String)> = Vec::new();
    for (key, label) in labels {
        for root in canonical(&request.roots) {
            let is_it = root.atom == key.0 && root.req.to_string() == key.1;
            if is_it && roots.iter().all(|(token, _)| *token != root.token) {
                roots.push((root.token, label.clone()));
            }
        }
    }
    roots
}
