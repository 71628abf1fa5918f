//! Patches within a resolution: what stands in for an atom of a set, so that its own versions are
//! not looked at.

use std::collections::BTreeMap;

use atom::lock::{LockedSet, Patched, PatchedFrom, Place};
use atom::url::RepoUrl;
use atom::{AtomId, Id, Name, Root, Version};

use super::crawl::{Which, Wish};
use super::knowledge::{GoodSpec, Knowledge, LocalAtom, SpecDep, VersionFacts};
use super::origins::{Origin, Origins};
use super::settle::Loop;
use super::{ResolveError, Top};

/// A patch as it is worded: of an atom of the set that the manifests call so.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    /// The set's name.
    pub(crate) set: Name,
    /// The atom.
    pub(crate) id: Id,
    /// What stands in for it.
    pub(crate) by: StandIn,
}

/// What stands in for an atom.
#[derive(Debug, Clone)]
pub(crate) enum StandIn {
    /// The atom that a folder holds: one candidate.
    Folder {
        /// The folder, absolute.
        path: String,
        /// What it holds.
        atom: Box<LocalAtom>,
    },
    /// Whatever versions another repository has.
    At(RepoUrl),
}

/// Which atoms of which sets are patched.
pub(super) type Patches = BTreeMap<AtomId, StandIn>;

/// What the patches lead to, before it is known which sets they are of.
pub(super) fn wishes(patches: &[Patch]) -> Vec<Wish> {
    let of_patch = |patch: &Patch| match &patch.by {
        StandIn::At(url) => vec![Wish {
            url: url.clone(),
            mirrors: Vec::new(),
            id: patch.id.clone(),
            which: Which::Newest("*".to_owned()),
        }],
        StandIn::Folder { atom, .. } => {
            let deps = SpecDep::of(&atom.manifest);
            deps.iter().filter_map(Wish::elsewhere).collect()
        }
    };
    patches.iter().flat_map(of_patch).collect()
}

/// The atoms that the patches are of, by the names that the manifests have for their sets.
pub(super) fn settle(
    patches: &[Patch],
    tops: &[Top],
    it: &mut Loop<'_>,
) -> Result<Patches, ResolveError> {
    let mut settled = Patches::new();
    for patch in patches {
        let sets = tops
            .iter()
            .filter_map(|it| it.manifest.sets.get(&patch.set));
        for origin in sets.filter_map(|it| it.place.origin()) {
            let Some(root) = it.known.root_at(origin) else {
                continue;
            };
            if let StandIn::At(url) = &patch.by {
                it.reach.need([url])?;
                it.root_at(url)?;
            }
            settled.insert(AtomId::new(root, patch.id.clone()), patch.by.clone());
        }
    }
    Ok(settled)
}

impl Knowledge {
    /// Where the versions of an atom come from: its set's origin, unless it is patched.
    pub(super) fn origin_of(&self, origins: &Origins, atom: &AtomId) -> Option<Origin> {
        match self.patches.get(atom) {
            Some(StandIn::At(url)) => Some(Origin {
                url: url.clone(),
                mirrors: Vec::new(),
            }),
            _ => origins.get(&atom.root).cloned(),
        }
    }

    /// The atom as its commits name it: that of another set, where one stands in for it.
    pub(super) fn identity(&self, atom: &AtomId) -> AtomId {
        let root = match self.patches.get(atom) {
            Some(StandIn::At(url)) => self.root_at(url).unwrap_or(atom.root),
            _ => atom.root,
        };
        AtomId::new(root, atom.id.clone())
    }

    /// The set of the repository that stands in for an atom, where that is another.
    pub(super) fn set_of_patch(&self, atom: &AtomId) -> Option<(Root, RepoUrl)> {
        let root = self.identity(atom).root;
        match self.patches.get(atom) {
            Some(StandIn::At(url)) if root != atom.root => Some((root, url.clone())),
            _ => None,
        }
    }

    /// Where a lock says that a patched atom is; nothing where it is not patched.
    pub(super) fn patched_place(
        &self,
        atom: &AtomId,
        published: impl FnOnce() -> Option<(VersionFacts, GoodSpec)>,
    ) -> Option<Place> {
        let from = match self.patches.get(atom)? {
            StandIn::Folder { path, .. } => PatchedFrom::Folder { path: path.clone() },
            StandIn::At(url) => {
                let (facts, good) = published()?;
                PatchedFrom::Repository {
                    set: LockedSet {
                        root: self.identity(atom).root,
                        names: Vec::new(),
                        origin: url.public(),
                        mirrors: Vec::new(),
                    },
                    rev: facts.atom,
                    spec: facts.spec,
                    nar: good.commit.nar,
                }
            }
        };
        Some(Place::Patched(Box::new(Patched {
            root: atom.root,
            digest: atom.digest(),
            from,
        })))
    }

    /// The versions of what another repository publishes for a patched atom.
    pub(super) fn versions_of_patch(
        &self,
        atom: &AtomId,
    ) -> Option<&BTreeMap<Version, VersionFacts>> {
        match self.patches.get(atom)? {
            StandIn::At(url) => self.sets.get(&url.key())?.atoms.get(&atom.id),
            StandIn::Folder { .. } => None,
        }
    }
}
