//! The tree of a conflict: what is required, and why each of it fails.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Requirement, Version};

use crate::conflict::{Branch, Excluded, Found, Listing, Want, Why};
use crate::facts::{Demand, Facts, WantKey};

/// How deep a tree goes: what lies below is omitted.
const MAX_DEPTH: usize = 50;

/// What the request requires, and why each of it fails.
pub(crate) fn tree(facts: &Facts<'_>) -> Vec<Want> {
    let mut teller = Teller {
        facts,
        shown: BTreeSet::new(),
        path: Vec::new(),
    };
    teller.wants(facts.root)
}

struct Teller<'a> {
    facts: &'a Facts<'a>,
    /// Each requirement is explained once.
    shown: BTreeSet<&'a WantKey>,
    /// The versions that lead to where one is, in groups of those that fail alike.
    path: Vec<Vec<usize>>,
}

/// Why a version fails; versions of one fate are told as one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fate<'a> {
    /// It may not be chosen.
    Excluded(&'a crate::Exclusion),
    /// Another version of it leads here: the position in the path.
    Rival(usize),
    /// It needs something.
    Needs(&'a BTreeSet<WantKey>),
    /// Others require another version.
    Others(Vec<(&'a WantKey, usize)>),
}

impl<'a> Teller<'a> {
    fn wants(&mut self, at: usize) -> Vec<Want> {
        let facts = self.facts;
        let wants = facts.nodes[at].wants.iter();
        wants
            .map(|key| {
                let demand = &facts.demands[key];
                Want {
                    atom: demand.atom.clone(),
                    req: demand.req.clone(),
                    found: self.found(key, demand),
                }
            })
            .collect()
    }

    fn found(&mut self, key: &'a WantKey, demand: &'a Demand) -> Found {
        let facts = self.facts;
        if facts.listing(&demand.atom).next().is_none() && demand.targets.is_empty() {
            return Found::NoSuchAtom;
        }
        if demand.usable.is_empty() {
            return Found::Nothing(listing(facts, demand));
        }
        if !self.shown.insert(key) {
            return Found::Shown;
        }
        if self.path.len() == MAX_DEPTH {
            return Found::Omitted;
        }
        let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for at in demand.targets.iter().copied() {
            groups.entry(self.fate(demand, at)).or_default().push(at);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_cached_key(|(_, nodes)| facts.ranges(&demand.atom, nodes.iter().copied()));
        let branches = groups.into_iter().rev();
        Found::Versions(branches.map(|it| self.branch(demand, it)).collect())
    }

    fn fate(&self, demand: &'a Demand, at: usize) -> Fate<'a> {
        let facts = self.facts;
        let node = &facts.nodes[at];
        let is_rival = |group: &Vec<usize>| {
            !group.contains(&at) && group.iter().all(|it| facts.are_rivals(*it, at))
        };
        if let Some(why) = &node.excluded {
            return Fate::Excluded(why);
        }
        if let Some(position) = self.path.iter().position(is_rival) {
            return Fate::Rival(position);
        }
        if node.wants.is_empty() {
            return Fate::Others(others(facts, demand, at));
        }
        Fate::Needs(&node.wants)
    }

    fn branch(&mut self, demand: &Demand, (fate, nodes): (Fate<'a>, Vec<usize>)) -> Branch {
        let facts = self.facts;
        let ranges = |nodes: &[usize]| facts.ranges(&demand.atom, nodes.iter().copied());
        let versions = ranges(&nodes);
        let why = match fate {
            Fate::Excluded(_) => Why::Excluded(shut_out(facts, &demand.atom, &nodes)),
            Fate::Rival(position) => Why::Rival {
                versions: ranges(&self.path[position]),
            },
            Fate::Others(others) => collides(facts, others),
            Fate::Needs(_) => {
                let first = nodes[0];
                self.path.push(nodes);
                let wants = self.wants(first);
                self.path.pop();
                Why::Needs(wants)
            }
        };
        Branch { versions, why }
    }
}

/// The requirements on the same atom that a version does not satisfy, and that hold at the same
/// time as the one it satisfies.
fn others<'a>(facts: &'a Facts<'_>, demand: &Demand, at: usize) -> Vec<(&'a WantKey, usize)> {
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

fn collides(facts: &Facts<'_>, mut others: Vec<(&WantKey, usize)>) -> Why {
    others.sort_by_key(|(_, by)| facts.nodes[*by].depth);
    let with = others.into_iter().map(|(key, by)| {
        let demand = &facts.demands[key];
        (facts.wanter(demand, by), demand.req.clone())
    });
    Why::Collides {
        with: with.collect(),
    }
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
