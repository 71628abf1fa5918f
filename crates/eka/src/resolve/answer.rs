//! From a resolution to a lock.

use std::collections::BTreeSet;

use atom::lock::{DepRef, Lock, LockedAtom, LockedSet, Place, Require, SetRef};
use atom::manifest::{Manifest, SetPlace};
use atom::url::RepoUrl;
use atom::{AtomId, Name, Root, Version};
use resolver::Resolution;

use super::ResolveError;
use super::knowledge::{Knowledge, SpecDep};
use super::origins::{Origin, Origins};

/// All that a lock is made of.
pub(super) struct Answer<'a> {
    pub(super) known: &'a Knowledge,
    pub(super) origins: &'a Origins,
    pub(super) graph: &'a Resolution,
}

impl Answer<'_> {
    /// The lock of one manifest: its requirements, and what they reach.
    pub(super) fn lock(
        &self,
        manifest: &Manifest,
        old: Option<&Lock>,
    ) -> Result<Lock, ResolveError> {
        let reached = self.reached(manifest);
        let mut lock = Lock {
            requires: self.requires(manifest),
            ..Lock::default()
        };
        let mut roots = BTreeSet::new();
        for (atom, version) in &reached {
            let place = self.place(atom, version)?;
            match &place {
                Place::Published { root, .. } => {
                    roots.insert(*root);
                }
                Place::Patched(patched) => {
                    roots.insert(patched.root);
                }
                Place::Local { .. } => {}
            }
            lock.atoms.push(LockedAtom {
                id: atom.id.clone(),
                version: version.clone(),
                place,
                deps: Vec::new(),
            });
        }
        for (at, (atom, version)) in reached.iter().enumerate() {
            let deps = self.graph.dependencies(atom, version);
            lock.atoms[at].deps = deps
                .map(|(atom, version)| self.dep_ref(atom, version))
                .collect();
        }
        lock.sets = roots.iter().map(|it| self.set(manifest, it)).collect();
        if let Some(old) = old {
            let asked = old.pins.iter();
            lock.pins = asked
                .filter(|it| manifest.pins.contains_key(&it.name))
                .cloned()
                .collect();
            unmoved(old, &lock)?;
        }
        Ok(lock.canonical())
    }

    fn requires(&self, manifest: &Manifest) -> Vec<Require> {
        let set = |dep: &SpecDep| match self.known.root_of(&dep.place, self.known.own.root()) {
            Some(root) if root != self.known.own.root() => SetRef::Root(root),
            _ => SetRef::Here,
        };
        SpecDep::of(manifest)
            .iter()
            .map(|dep| Require {
                id: dep.id.clone(),
                req: dep.req.clone(),
                set: set(dep),
            })
            .collect()
    }

    /// The part of the graph that a manifest's own requirements reach. Of several versions of one
    /// atom a requirement leads to the newest that fits.
    fn reached(&self, manifest: &Manifest) -> Vec<(AtomId, Version)> {
        let own = self.known.own.root();
        let mut todo: Vec<(AtomId, Version)> = SpecDep::of(manifest)
            .iter()
            .filter_map(|dep| {
                Some((
                    AtomId::new(self.known.root_of(&dep.place, own)?, dep.id.clone()),
                    &dep.req,
                ))
            })
            .filter_map(|(atom, req)| {
                let chosen = self.graph.versions(&atom).filter(|it| req.matches(it));
                let newest = chosen.max()?.clone();
                Some((atom, newest))
            })
            .collect();
        let mut reached = BTreeSet::new();
        while let Some(node) = todo.pop() {
            if reached.insert(node.clone()) {
                let deps = self.graph.dependencies(&node.0, &node.1);
                todo.extend(deps.map(|(atom, version)| (atom.clone(), version.clone())));
            }
        }
        reached.into_iter().collect()
    }

    fn place(&self, atom: &AtomId, version: &Version) -> Result<Place, ResolveError> {
        let published = || {
            let facts = self.known.version(self.origins, atom, version)?;
            Some((facts.clone(), self.known.good(facts)?.clone()))
        };
        if let Some(place) = self.known.patched_place(atom, published) {
            return Ok(place);
        }
        if let Some(local) = self.known.local(atom) {
            return Ok(Place::Local {
                path: local.path.clone(),
            });
        }
        let unknown = || ResolveError::Lost {
            id: atom.id.clone(),
            version: version.clone(),
        };
        let facts = self
            .known
            .version(self.origins, atom, version)
            .ok_or_else(unknown)?;
        let good = self.known.good(facts).ok_or_else(unknown)?;
        Ok(Place::Published {
            root: atom.root,
            digest: atom.digest(),
            rev: facts.atom,
            spec: facts.spec,
            nar: good.commit.nar,
        })
    }

    fn dep_ref(&self, atom: &AtomId, version: &Version) -> DepRef {
        let local = self.known.local(atom).is_some() && !self.known.patches.contains_key(atom);
        DepRef {
            id: atom.id.clone(),
            version: version.clone(),
            // The full spelling; `Lock::canonical` shortens it where nothing is ambiguous.
            short: (!local).then(|| atom.digest().short()),
        }
    }

    /// A set as the manifest names it, where it does: of several manifests that are solved at once
    /// each has its own word for its own lock.
    fn set(&self, manifest: &Manifest, root: &Root) -> LockedSet {
        let named = manifest
            .sets
            .iter()
            .filter_map(|(name, set)| match &set.place {
                SetPlace::Here => None,
                SetPlace::At { origin, mirrors } => {
                    (self.known.root_at(origin) == Some(*root)).then_some((name, origin, mirrors))
                }
            });
        let named: Vec<_> = named.collect();
        let used = |name: &Name| manifest.deps.iter().any(|it| it.set == *name);
        let own = named
            .iter()
            .filter(|(name, ..)| used(name))
            .map(|(_, origin, mirrors)| Origin {
                url: (*origin).clone(),
                mirrors: (*mirrors).clone(),
            });
        let origin = own.min_by_key(Origin::text);
        let origin = origin.unwrap_or_else(|| self.origins[root].clone());
        LockedSet {
            root: *root,
            names: named.iter().map(|(name, ..)| (*name).clone()).collect(),
            origin: origin.url.public(),
            mirrors: origin.mirrors.iter().map(RepoUrl::public).collect(),
        }
    }
}

/// A version that an older lock holds must be the same commit still.
fn unmoved(old: &Lock, new: &Lock) -> Result<(), ResolveError> {
    for atom in &new.atoms {
        let Place::Published { root, rev, .. } = &atom.place else {
            continue;
        };
        for before in &old.atoms {
            let Place::Published {
                root: old_root,
                rev: old_rev,
                ..
            } = &before.place
            else {
                continue;
            };
            let same = (&before.id, &before.version, old_root) == (&atom.id, &atom.version, root);
            if same && old_rev != rev {
                return Err(ResolveError::Moved {
                    id: atom.id.clone(),
                    version: atom.version.clone(),
                    locked: *old_rev,
                    now: *rev,
                });
            }
        }
    }
    Ok(())
}
