//! Which URL introduces the versions of a set: the nearest dependant's word counts.
//!
//! The rule is that of `docs/reference/formats.md`, section 2. It depends on the graph, and the
//! graph on it: [`settle`] reads one graph, and the caller repeats until nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use atom::url::RepoUrl;
use atom::{AtomId, Root, Version};
use miette::Diagnostic;
use resolver::Resolution;
use thiserror::Error;

/// The origin of each set, by root.
pub(super) type Origins = BTreeMap<Root, Origin>;

/// Where a set's versions come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    /// The URL that may introduce versions.
    pub(super) url: RepoUrl,
    /// The URLs that only serve them, as the manifest lists them that settles the origin.
    pub(super) mirrors: Vec<RepoUrl>,
}

impl Origin {
    /// What tells which of several spellings is recorded: the least.
    pub(super) fn text(&self) -> (String, Vec<RepoUrl>) {
        (self.url.public().to_string(), self.mirrors.clone())
    }
}

/// One manifest's word on where a set lies.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The set.
    pub(super) root: Root,
    /// Where it lies.
    pub(super) origin: Origin,
    /// Who says so, as people know it.
    pub(super) by: String,
}

/// Two dependants at one depth name different origins for one set.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error(
    "`{first_by}` takes the set {root} from `{first}`, `{second_by}` from `{second}`: only one may introduce its versions"
)]
#[diagnostic(
    code(eka::lock::two_origins),
    help("choose in `atom.toml`, such as by `[sets]` with `chosen = \"{first}\"`")
)]
#[non_exhaustive]
pub struct TwoOrigins {
    /// The set's root.
    pub root: Root,
    /// One origin.
    pub first: RepoUrl,
    /// Who names it.
    pub first_by: String,
    /// The other.
    pub second: RepoUrl,
    /// Who names that.
    pub second_by: String,
}

/// Joins the claims of one depth: equal origins become the one of least text, different ones are
/// an error.
pub(super) fn join(claims: impl IntoIterator<Item = Claim>) -> Result<Origins, TwoOrigins> {
    let mut joined: BTreeMap<Root, Claim> = BTreeMap::new();
    for claim in claims {
        let Some(first) = joined.get_mut(&claim.root) else {
            joined.insert(claim.root, claim);
            continue;
        };
        if first.origin.url.key() != claim.origin.url.key() {
            return Err(TwoOrigins {
                root: claim.root,
                first: first.origin.url.clone(),
                first_by: first.by.clone(),
                second: claim.origin.url,
                second_by: claim.by,
            });
        }
        if claim.origin.text() < first.origin.text() {
            *first = claim;
        }
    }
    Ok(joined
        .into_iter()
        .map(|(root, it)| (root, it.origin))
        .collect())
}

/// Reads a graph breadth first from `roots`: each set's origin is that of the least depth at
/// which a manifest names it, and `top` is depth 0.
///
/// `claims` gives what the manifest of a chosen version says of each set that it depends on.
pub(super) fn settle(
    top: &Origins,
    roots: impl IntoIterator<Item = AtomId>,
    graph: &Resolution,
    claims: impl Fn(&AtomId, &Version) -> Vec<Claim>,
) -> Result<Origins, TwoOrigins> {
    let mut settled = top.clone();
    let mut seen: BTreeSet<(AtomId, Version)> = BTreeSet::new();
    let roots: BTreeSet<AtomId> = roots.into_iter().collect();
    let mut level: BTreeSet<(AtomId, Version)> = roots
        .iter()
        .flat_map(|atom| graph.versions(atom).map(|it| (atom.clone(), it.clone())))
        .collect();
    while !level.is_empty() {
        level.retain(|node| seen.insert(node.clone()));
        let named = level
            .iter()
            .flat_map(|(atom, version)| claims(atom, version))
            .filter(|claim| !settled.contains_key(&claim.root));
        let new = join(named)?;
        settled.extend(new);
        level = level
            .iter()
            .flat_map(|(atom, version)| graph.dependencies(atom, version))
            .map(|(atom, version)| (atom.clone(), version.clone()))
            .collect();
    }
    Ok(settled)
}
