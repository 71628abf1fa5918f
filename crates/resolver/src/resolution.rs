//! The answer: which version of each atom, and who needs whom.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Version};

/// A set of versions that holds together, with the edges between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// By atom, then version.
    nodes: Vec<(AtomId, Version)>,
    /// For each node, the positions of those that it needs, in order.
    edges: Vec<Vec<usize>>,
}

impl Resolution {
    /// Joins chosen versions, each with the chosen versions that it needs; an edge to one that was
    /// not chosen is left out.
    #[must_use]
    pub fn new(chosen: &BTreeMap<(AtomId, Version), BTreeSet<(AtomId, Version)>>) -> Self {
        let nodes: Vec<_> = chosen.keys().cloned().collect();
        let position = |node| nodes.binary_search(node).ok();
        let edges = chosen
            .values()
            .map(|needs| needs.iter().filter_map(position).collect())
            .collect();
        Self { nodes, edges }
    }

    /// Joins nodes in any order, each once, with edges between positions in that order.
    pub(crate) fn from_parts(nodes: &[(&AtomId, &Version)], edges: &[Vec<usize>]) -> Self {
        let mut order: Vec<_> = (0..nodes.len()).collect();
        order.sort_unstable_by_key(|it| nodes[*it]);
        let mut place = vec![0; nodes.len()];
        for (to, from) in order.iter().enumerate() {
            place[*from] = to;
        }
        let sorted = |from: &usize| {
            let mut edges: Vec<_> = edges[*from].iter().map(|it| place[*it]).collect();
            edges.sort_unstable();
            edges.dedup();
            edges
        };
        let node = |from: &usize| {
            let (atom, version) = nodes[*from];
            (atom.clone(), version.clone())
        };
        Self {
            nodes: order.iter().map(node).collect(),
            edges: order.iter().map(sorted).collect(),
        }
    }

    /// The chosen versions, by atom, then version.
    pub fn atoms(&self) -> impl Iterator<Item = (&AtomId, &Version)> {
        self.nodes.iter().map(|(atom, version)| (atom, version))
    }

    /// What a chosen version needs, by atom, then version; nothing where it was not chosen.
    pub fn dependencies(
        &self,
        atom: &AtomId,
        version: &Version,
    ) -> impl Iterator<Item = (&AtomId, &Version)> {
        let own = (atom, version);
        let found = self.nodes.binary_search_by(|it| (&it.0, &it.1).cmp(&own));
        let edges = found.ok().map(|at| self.edges[at].iter());
        edges.into_iter().flatten().map(|at| {
            let (atom, version) = &self.nodes[*at];
            (atom, version)
        })
    }

    /// The chosen versions of one atom, oldest first.
    pub fn versions(&self, atom: &AtomId) -> impl Iterator<Item = &Version> {
        let start = self.nodes.partition_point(|(it, _)| it < atom);
        self.nodes[start..]
            .iter()
            .take_while(move |(it, _)| it == atom)
            .map(|(_, version)| version)
    }

    /// The chosen versions of each atom, as [`crate::Request::locked`] has those of a lock.
    #[must_use]
    pub fn as_lock(&self) -> BTreeMap<AtomId, BTreeSet<Version>> {
        let mut locked = BTreeMap::<_, BTreeSet<_>>::new();
        for (atom, version) in self.nodes.iter().cloned() {
            locked.entry(atom).or_default().insert(version);
        }
        locked
    }

    /// The atoms of which several versions were chosen.
    #[must_use]
    pub fn several(&self) -> BTreeSet<AtomId> {
        let pairs = self.nodes.windows(2);
        let several = pairs.filter(|it| it[0].0 == it[1].0);
        several.map(|it| it[0].0.clone()).collect()
    }

    /// How many versions were chosen.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was chosen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_in_any_order_make_the_same_resolution() {
        let atom = |id: &str| {
            let root = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
            AtomId::new(root.parse().unwrap(), id.parse().unwrap())
        };
        let (a, b, c) = (atom("a"), atom("b"), atom("c"));
        let version: Version = "1.0.0".parse().unwrap();
        let node = |atom: &AtomId| (atom.clone(), version.clone());
        let expected = Resolution::new(&BTreeMap::from([
            (node(&a), BTreeSet::from([node(&b), node(&c)])),
            (node(&b), BTreeSet::new()),
            (node(&c), BTreeSet::from([node(&a)])),
        ]));
        let parts = Resolution::from_parts(
            &[(&c, &version), (&a, &version), (&b, &version)],
            &[vec![1], vec![2, 0, 2], vec![]],
        );
        assert_eq!(parts, expected);
        assert_eq!(parts.versions(&b).collect::<Vec<_>>(), [&version]);
        assert!(parts.several().is_empty());
        assert_eq!(parts.dependencies(&a, &version).count(), 2);
    }
}
