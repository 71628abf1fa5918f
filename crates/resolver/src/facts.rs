//! The solver's conflict graph, read into ordered values.
//!
//! Reads the graph and the listings of the atoms in it, nothing else: an explanation must not
//! depend on what a warmer cache knows besides. Node numbers never decide an order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use atom::{AtomId, Bucket, Requirement, Version};
use resolvo::conflict::{ConflictCause, ConflictEdge, ConflictGraph, ConflictNode};

use crate::conflict::Wanter;
use crate::names::Ranges;
use crate::provider::Provider;
use crate::request::Request;
use crate::universe::{Exclusion, Universe};

/// Of more who have a requirement, only the nearest to the request are weighed.
const MAX_NEAREST: usize = 50;

/// A requirement, ordered by its text.
pub(crate) type WantKey = (AtomId, String);

/// All that takes part in a conflict.
pub(crate) struct Facts<'a> {
    universe: &'a Universe,
    request: &'a Request,
    pub(crate) root: usize,
    pub(crate) nodes: Vec<Node>,
    pub(crate) demands: BTreeMap<WantKey, Demand>,
    /// The requirements that hold in whatever is chosen.
    pub(crate) certain: BTreeSet<WantKey>,
    /// The atoms of which one version rules another out.
    pub(crate) contested: BTreeSet<AtomId>,
}

/// The request, a version, or a placeholder.
#[derive(Default)]
pub(crate) struct Node {
    /// Nothing for the request; no version for a placeholder.
    pub(crate) solvable: Option<(AtomId, Option<Version>)>,
    pub(crate) excluded: Option<Exclusion>,
    pub(crate) wants: BTreeSet<WantKey>,
    /// Steps from the request.
    pub(crate) depth: usize,
    /// The node that leads here, on the shortest way from the request, and its requirement.
    pub(crate) from: Option<(usize, WantKey)>,
}

/// A requirement, whoever has it.
pub(crate) struct Demand {
    pub(crate) atom: AtomId,
    pub(crate) req: Requirement,
    /// Who has it, the nearest to the request first.
    pub(crate) by: Vec<usize>,
    /// The versions that fit.
    pub(crate) targets: BTreeSet<usize>,
    /// Those of them that are not excluded.
    pub(crate) usable: BTreeSet<usize>,
}

impl<'a> Facts<'a> {
    pub(crate) fn read(
        (universe, request): (&'a Universe, &'a Request),
        provider: &Provider<'_>,
        graph: &ConflictGraph,
    ) -> Self {
        let mut facts = Self {
            universe,
            request,
            root: graph.root_node.index(),
            nodes: Vec::new(),
            demands: BTreeMap::new(),
            certain: BTreeSet::new(),
            contested: BTreeSet::new(),
        };
        for raw in graph.graph.raw_nodes() {
            let solvable = match raw.weight {
                ConflictNode::Solvable(id) => Some(provider.solvable(id)),
                _ => None,
            };
            facts.nodes.push(Node {
                solvable: solvable.map(|(atom, version)| (atom.clone(), version.cloned())),
                ..Node::default()
            });
        }
        for edge in graph.graph.raw_edges() {
            let (source, target) = (edge.source().index(), edge.target().index());
            match edge.weight {
                ConflictEdge::Requires(it) => {
                    let (atom, req) = provider.requirement(it);
                    let target = (graph.unresolved_node != Some(edge.target())).then_some(target);
                    facts.add(source, (atom, req), target);
                }
                ConflictEdge::Conflict(ConflictCause::Excluded) => {
                    if let ConflictNode::Excluded(id) = graph.graph.raw_nodes()[target].weight {
                        facts.nodes[source].excluded = Some(provider.reason(id).clone());
                    }
                }
                ConflictEdge::Conflict(ConflictCause::ForbidMultipleInstances) => {
                    let solvable = facts.nodes[source].solvable.as_ref();
                    facts.contested.extend(solvable.map(|it| it.0.clone()));
                }
                // Locks and constraints are never handed to the solver.
                ConflictEdge::Conflict(_) => {}
            }
        }
        facts.measure();
        facts.ascertain();
        facts
    }

    fn add(&mut self, by: usize, (atom, req): (&AtomId, &Requirement), target: Option<usize>) {
        let key = (atom.clone(), req.to_string());
        let demand = self.demands.entry(key.clone()).or_insert_with(|| Demand {
            atom: atom.clone(),
            req: req.clone(),
            by: Vec::new(),
            targets: BTreeSet::new(),
            usable: BTreeSet::new(),
        });
        demand.targets.extend(target);
        if self.nodes[by].wants.insert(key) {
            demand.by.push(by);
        }
    }

    /// Finds each node's distance from the request, and the way there.
    fn measure(&mut self) {
        let mut seen = BTreeSet::from([self.root]);
        let mut todo = VecDeque::from([self.root]);
        while let Some(at) = todo.pop_front() {
            let depth = self.nodes[at].depth + 1;
            for key in self.nodes[at].wants.clone() {
                let mut targets: Vec<_> = self.demands[&key].targets.iter().copied().collect();
                targets.sort_by(|one, other| {
                    self.nodes[*one].solvable.cmp(&self.nodes[*other].solvable)
                });
                for target in targets {
                    if seen.insert(target) {
                        self.nodes[target].depth = depth;
                        self.nodes[target].from = Some((at, key.clone()));
                        todo.push_back(target);
                    }
                }
            }
        }
        let nodes = &self.nodes;
        for demand in self.demands.values_mut() {
            let place = |at: &usize| (nodes[*at].depth, &nodes[*at].solvable);
            demand
                .by
                .sort_by(|one, other| place(one).cmp(&place(other)));
            let is_usable = |at: &usize| nodes[*at].excluded.is_none();
            demand.usable = demand.targets.iter().copied().filter(is_usable).collect();
        }
    }

    /// Finds the requirements that no choice avoids: those of the request, and those that all that
    /// satisfies such a one has.
    fn ascertain(&mut self) {
        let mut todo: Vec<_> = self.nodes[self.root].wants.iter().cloned().collect();
        while let Some(key) = todo.pop() {
            let mut fitting = self.demands[&key].usable.iter().map(|it| &self.nodes[*it]);
            let first = fitting.next().map(|it| it.wants.clone());
            let common = fitting.fold(first, |common, it| Some(&common? & &it.wants));
            if self.certain.insert(key) {
                todo.extend(common.into_iter().flatten());
            }
        }
    }

    /// The requirements on one atom.
    pub(crate) fn demands_on(&self, atom: &AtomId) -> impl Iterator<Item = (&WantKey, &Demand)> {
        self.demands
            .range((atom.clone(), String::new())..)
            .take_while(move |(key, _)| key.0 == *atom)
    }

    /// Two who have these requirements at the same time, the nearest to the request; versions that
    /// rule each other out never do.
    pub(crate) fn together(&self, one: &Demand, other: &Demand) -> Option<(usize, usize)> {
        let nearest = |of: &'_ Demand| of.by[..of.by.len().min(MAX_NEAREST)].to_vec();
        let others = nearest(other);
        let pairs = nearest(one)
            .into_iter()
            .flat_map(|one| others.iter().map(move |other| (one, *other)));
        pairs
            .filter(|(one, other)| !self.are_rivals(*one, *other))
            .min_by_key(|(one, other)| self.nodes[*one].depth.max(self.nodes[*other].depth))
    }

    /// Whether both are versions of what may be chosen once.
    pub(crate) fn are_rivals(&self, one: usize, other: usize) -> bool {
        let name = |at: usize| self.name(at);
        name(one).is_some() && name(one) == name(other)
    }

    /// What a node is chosen for: its atom, and its bucket where the atom is split.
    pub(crate) fn name(&self, at: usize) -> Option<(&AtomId, Option<Bucket>)> {
        let (atom, version) = self.nodes[at].solvable.as_ref()?;
        let is_split = self.request.split.contains(atom);
        let bucket = version.as_ref().filter(|_| is_split).map(Bucket::of);
        Some((atom, bucket))
    }

    /// Whether an atom has versions in several buckets, and only one may be chosen.
    pub(crate) fn is_splittable(&self, atom: &AtomId) -> bool {
        let mut buckets = self.listing(atom).map(Bucket::of);
        let first = buckets.next();
        !self.request.split.contains(atom) && buckets.any(|it| Some(it) != first)
    }

    /// All versions of an atom.
    pub(crate) fn listing(&self, atom: &AtomId) -> impl Iterator<Item = &'a Version> + use<'a> {
        let versions = self.universe.versions(atom);
        versions.into_iter().flat_map(BTreeMap::keys)
    }

    /// The versions of an atom that may not be chosen, by its listing or by what was read of them.
    pub(crate) fn excluded(&self, atom: &AtomId) -> BTreeMap<&'a Version, Exclusion> {
        let mut found = BTreeMap::new();
        for (version, candidate) in self.universe.versions(atom).into_iter().flatten() {
            let listed = self.request.excludes(atom, version, candidate).cloned();
            found.extend(listed.map(|why| (version, why)));
        }
        for node in &self.nodes {
            let (Some((of, Some(version))), Some(why)) = (&node.solvable, &node.excluded) else {
                continue;
            };
            let listed = self.universe.versions(of).filter(|_| of == atom);
            if let Some((version, _)) = listed.and_then(|it| it.get_key_value(version)) {
                found.insert(version, why.clone());
            }
        }
        found
    }

    /// The versions of some nodes of one atom.
    pub(crate) fn ranges(&self, atom: &AtomId, nodes: impl IntoIterator<Item = usize>) -> Ranges {
        let chosen = nodes
            .into_iter()
            .filter_map(|at| self.nodes[at].solvable.as_ref()?.1.as_ref())
            .collect();
        Ranges::new(&chosen, self.listing(atom))
    }

    /// One who has a requirement, with the other versions of its atom that do.
    pub(crate) fn wanter(&self, demand: &Demand, at: usize) -> Wanter {
        let atom_of = |at: usize| self.nodes[at].solvable.as_ref().map(|(atom, _)| atom);
        let Some(atom) = atom_of(at) else {
            return Wanter::Request;
        };
        let sisters = demand.by.iter().copied();
        let versions = self.ranges(atom, sisters.filter(|at| atom_of(*at) == Some(atom)));
        Wanter::Versions {
            atom: atom.clone(),
            versions,
        }
    }
}
