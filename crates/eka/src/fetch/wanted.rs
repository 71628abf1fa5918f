//! A published atom of a lock, with the set that it is of.

use atom::lock::{Lock, LockedAtom, LockedSet, PatchedFrom, Place};
use atom::refname::{AtomRef, Part};
use atom::url::RepoUrl;
use atom::{Id, NarHash, ObjectId, Root, Version};
use nix_format::{Sha256, StoreDir, StoreName, StorePath};

use crate::context::Context;
use crate::remotes::own_mirrors;

/// What a lock says of one published atom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) id: &'a Id,
    pub(crate) version: &'a Version,
    pub(crate) set: &'a LockedSet,
    pub(crate) rev: ObjectId,
    pub(crate) spec: ObjectId,
    pub(crate) nar: NarHash,
}

impl<'a> Wanted<'a> {
    /// Nothing for an atom of the work tree, or of a folder that is patched in.
    pub(crate) fn of(lock: &'a Lock, atom: &'a LockedAtom) -> Option<Self> {
        let (set, rev, spec, nar) = match &atom.place {
            Place::Published {
                root,
                rev,
                spec,
                nar,
                ..
            } => (lock.set(root)?, *rev, *spec, *nar),
            Place::Patched(patched) => match &patched.from {
                PatchedFrom::Repository {
                    set,
                    rev,
                    spec,
                    nar,
                } => (set, *rev, *spec, *nar),
                PatchedFrom::Folder { .. } => return None,
            },
            Place::Local { .. } => return None,
        };
        Some(Self {
            id: &atom.id,
            version: &atom.version,
            set,
            rev,
            spec,
            nar,
        })
    }

    /// All published atoms of a lock, in its order.
    pub(crate) fn all(lock: &'a Lock) -> Vec<Self> {
        let atoms = lock.atoms.iter();
        atoms.filter_map(|it| Self::of(lock, it)).collect()
    }

    pub(crate) const fn root(&self) -> Root {
        self.set.root
    }

    /// `<id>@<version>`.
    pub(crate) fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// The prefix of all refs of the version.
    pub(crate) fn prefix(&self) -> String {
        let name = AtomRef::new(self.id.clone(), self.version.clone(), Part::Atom).to_string();
        let end = name.len() - "atom".len();
        name[..end].to_owned()
    }

    /// Where it is served: the origin, then the mirrors of the lock, then the user's own.
    pub(crate) fn places(&self, ctx: &Context<'_>) -> Vec<RepoUrl> {
        places(ctx, &self.set.origin, &self.set.mirrors)
    }
}

/// Where a repository is served: itself, then these mirrors, then the user's own.
pub(crate) fn places(ctx: &Context<'_>, origin: &RepoUrl, mirrors: &[RepoUrl]) -> Vec<RepoUrl> {
    let mut places = vec![origin.clone()];
    places.extend(mirrors.iter().cloned());
    places.extend(own_mirrors(&ctx.config, origin));
    let mut seen = Vec::new();
    places.retain(|it| {
        let new = !seen.contains(it);
        seen.push(it.clone());
        new
    });
    places
}

/// The base name of the store path of a content: `<32 characters>-source`.
pub(crate) fn store_name(nar: NarHash) -> String {
    let nar = Sha256(nar.0);
    StorePath::source(&StoreDir::default(), &nar, StoreName::source()).to_string()
}
