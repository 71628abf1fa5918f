//! From what takes part in a conflict to its explanation: headline, tree, places.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Requirement, Version};
use resolvo::conflict::ConflictGraph;

use crate::conflict::{
    Branch, Clash, Conflict, Excluded, Found, Headline, Involved, Listing, Want, Why,
};
use crate::facts::{Demand, Facts, WantKey};
use crate::names::Names;
use crate::provider::Provider;
use crate::request::Request;
use crate::solve::{Missing, canonical};
use crate::universe::Universe;
use crate::words::wants;

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
    let tree = tree(&facts, facts.root, &mut BTreeSet::new());
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

/// The conflict's heart, as near to the request as one is found, and the requirements in it.
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
    for (key, demand) in &facts.demands {
        let by = demand.by[0];
        if let Some((rank, headline)) = dead_end(facts, demand) {
            offer((depth(by), 0, rank), headline, vec![(key, by)]);
        }
        for (other_key, other) in facts.demands_on(&demand.atom) {
            if other_key <= key || !collide(facts, demand, other) {
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

/// What a node requires, and why each of it fails; each requirement is explained once.
fn tree(facts: &Facts<'_>, at: usize, shown: &mut BTreeSet<WantKey>) -> Vec<Want> {
    let wants = facts.nodes[at].wants.iter();
    wants
        .map(|key| {
            let demand = &facts.demands[key];
            Want {
                atom: demand.atom.clone(),
                req: demand.req.clone(),
                found: found(facts, key, shown),
            }
        })
        .collect()
}

fn found(facts: &Facts<'_>, key: &WantKey, shown: &mut BTreeSet<WantKey>) -> Found {
    let demand = &facts.demands[key];
    if facts.listing(&demand.atom).next().is_none() && demand.targets.is_empty() {
        return Found::NoSuchAtom;
    }
    if demand.usable.is_empty() {
        return Found::Nothing(listing(facts, demand));
    }
    if !shown.insert(key.clone()) {
        return Found::Shown;
    }
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for at in demand.targets.iter().copied() {
        let node = &facts.nodes[at];
        let is_leaf = node.excluded.is_none() && node.wants.is_empty();
        let others = if is_leaf {
            others(facts, demand, at)
        } else {
            Vec::new()
        };
        let fate = (&node.excluded, &node.wants, others);
        groups.entry(fate).or_default().push(at);
    }
    let branch =
        |((excluded, wants, others), nodes): ((&Option<_>, &BTreeSet<_>, Vec<_>), Vec<usize>)| {
            let why = match excluded {
                Some(_) => Why::Excluded(shut_out(facts, &demand.atom, &nodes)),
                None if wants.is_empty() => collides(facts, others),
                None => Why::Needs(tree(facts, nodes[0], shown)),
            };
            let versions = facts.ranges(&demand.atom, nodes);
            Branch { versions, why }
        };
    let mut branches: Vec<_> = groups.into_iter().map(branch).collect();
    branches.sort_by(|one, other| other.versions.cmp(&one.versions));
    Found::Versions(branches)
}

/// The requirements on the same atom that a version does not satisfy, and that hold at the same
/// time as the one it satisfies.
fn others<'a>(facts: &'a Facts<'_>, demand: &Demand, at: usize) -> Vec<Heart<'a>> {
    let others = facts.demands_on(&demand.atom);
    others
        .filter(|(_, other)| !other.targets.contains(&at) && is_rival(facts, other, at))
        .filter_map(|(key, other)| Some((key, facts.together(demand, other)?.1)))
        .collect()
}

/// Whether all that satisfies a requirement rules a version out.
fn is_rival(facts: &Facts<'_>, other: &Demand, at: usize) -> bool {
    other.usable.iter().all(|it| facts.are_rivals(*it, at))
}

fn collides(facts: &Facts<'_>, mut others: Vec<Heart<'_>>) -> Why {
    others.sort_by_key(|(_, by)| facts.nodes[*by].depth);
    let with = others.into_iter().map(|(key, by)| {
        let demand = &facts.demands[key];
        (facts.wanter(demand, by), demand.req.clone())
    });
    Why::Collides {
        with: with.collect(),
    }
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
        labels.push((key, "takes part".to_owned()));
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

/// What exists of an atom where nothing fits.
fn listing(facts: &Facts<'_>, demand: &Demand) -> Listing {
    let mut excluded = facts.excluded(&demand.atom);
    let all = || facts.listing(&demand.atom);
    let existing: BTreeSet<_> = all().filter(|it| !excluded.contains_key(it)).collect();
    if excluded.keys().any(|it| demand.req.matches(it)) {
        excluded.retain(|it, _| demand.req.matches(it));
    }
    let excluded = excluded.into_iter().map(|(version, why)| Excluded {
        version: version.clone(),
        why,
        reason: None,
    });
    Listing {
        nearest: nearest(&demand.req, &existing),
        existing: existing.into_iter().cloned().collect(),
        excluded: excluded.collect(),
    }
}

/// Versions that may not be chosen, oldest first.
fn shut_out(facts: &Facts<'_>, atom: &AtomId, nodes: &[usize]) -> Vec<Excluded> {
    let excluded = facts.excluded(atom).into_iter();
    let is_meant = |version: &Version| {
        let mut nodes = nodes
            .iter()
            .filter_map(|it| facts.nodes[*it].solvable.as_ref());
        nodes.any(|(_, it)| it.as_ref() == Some(version))
    };
    excluded
        .filter(|(version, _)| is_meant(version))
        .map(|(version, why)| Excluded {
            version: version.clone(),
            why,
            reason: None,
        })
        .collect()
}

/// The newest version below what a requirement names, and the oldest above.
fn nearest(req: &Requirement, existing: &BTreeSet<&Version>) -> Vec<Version> {
    let Some(first) = req.comparators.first() else {
        return existing
            .last()
            .map(|it| (*it).clone())
            .into_iter()
            .collect();
    };
    let named = (
        first.major,
        first.minor.unwrap_or_default(),
        first.patch.unwrap_or_default(),
        &first.pre,
    );
    let is_below = |it: &&&Version| (it.major, it.minor, it.patch, &it.pre) < named;
    let below = existing.iter().rfind(is_below);
    let above = existing.iter().find(|it| !is_below(it));
    below
        .into_iter()
        .chain(above)
        .map(|it| (*it).clone())
        .collect()
}
