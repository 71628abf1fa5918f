//! Registered paths in memory.

use std::collections::{BTreeMap, BTreeSet, btree_map as map};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use nix_format::{Signature, StorePath};

use super::{Collect, Collected, InfosError, Life, PathInfos, Pulse, Registered, Result, Roots};
use crate::info::PathInfo;
use crate::roots::Root;

/// Registered paths that last as long as the value.
#[derive(Debug, Default)]
pub struct MemoryInfos {
    state: Mutex<State>,
}

/// Paths are found by their hash part, which is theirs alone.
#[derive(Debug, Default)]
struct State {
    paths: BTreeMap<Key, Entry>,
    roots: BTreeSet<(Root, StorePath)>,
}

#[derive(Debug)]
struct Entry {
    info: PathInfo,
    /// When it came last.
    renewed: SystemTime,
}

/// A hash part, last byte first: so they are in the order of their digits.
type Key = [u8; 20];

fn key(path: &StorePath) -> Key {
    key_of(path.hash_bytes())
}

fn key_of(hash: &[u8; 20]) -> Key {
    let mut key = *hash;
    key.reverse();
    key
}

impl MemoryInfos {
    /// Nothing registered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method panics between two changes that belong together.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PathInfos for MemoryInfos {
    async fn get(&self, path: &StorePath) -> Result<Option<PathInfo>> {
        Ok(self.state().get(path).map(|it| it.info.clone()))
    }

    async fn find(&self, hash: &[u8; 20]) -> Result<Option<PathInfo>> {
        Ok(self
            .state()
            .paths
            .get(&key_of(hash))
            .map(|it| it.info.clone()))
    }

    async fn register(&self, infos: &[PathInfo]) -> Result<Vec<Registered>> {
        self.state().register(infos)
    }

    async fn sign(&self, path: &StorePath, signatures: &BTreeSet<Signature>) -> Result<bool> {
        let mut state = self.state();
        if state.get(path).is_none() {
            return Ok(false);
        }
        if let Some(entry) = state.paths.get_mut(&key(path)) {
            entry.info.signatures.extend(signatures.iter().cloned());
        }
        Ok(true)
    }

    async fn list(&self, after: Option<&StorePath>, n_most: usize) -> Result<Vec<PathInfo>> {
        let after = after.map_or(Bound::Unbounded, |it| Bound::Excluded(key(it)));
        let state = self.state();
        let rest = state.paths.range((after, Bound::Unbounded));
        Ok(rest.take(n_most).map(|it| it.1.info.clone()).collect())
    }

    async fn referrers(&self, path: &StorePath) -> Result<BTreeSet<StorePath>> {
        let state = self.state();
        let infos = state.paths.values().map(|it| &it.info);
        let referring = infos.filter(|it| it.references.contains(path));
        Ok(referring.map(|it| it.path.clone()).collect())
    }

    async fn collect(
        &self,
        life: Arc<dyn Life>,
        since: SystemTime,
        mode: Collect,
    ) -> Result<Collected> {
        let mut state = self.state();
        let garbage = state.garbage(life.as_ref(), since);
        if mode == Collect::Really {
            state.roots.retain(|it| !garbage.roots.contains(it));
            for (path, _) in &garbage.paths {
                state.paths.remove(&key(path));
            }
        }
        Ok(garbage)
    }
}

#[async_trait]
impl Roots for MemoryInfos {
    async fn keep(&self, root: &Root, paths: &[StorePath]) -> Result<Vec<bool>> {
        let mut state = self.state();
        let pairs = paths.iter().map(|it| (root.clone(), it.clone()));
        state.roots.extend(pairs);
        Ok(paths.iter().map(|it| state.get(it).is_some()).collect())
    }

    async fn release(&self, root: &Root) -> Result<usize> {
        let mut state = self.state();
        let n_before = state.roots.len();
        state.roots.retain(|it| it.0 != *root);
        Ok(n_before - state.roots.len())
    }

    async fn roots(&self) -> Result<Vec<(Root, StorePath)>> {
        Ok(self.state().roots.iter().cloned().collect())
    }
}

impl State {
    fn get(&self, path: &StorePath) -> Option<&Entry> {
        let entry = self.paths.get(&key(path))?;
        (entry.info.path == *path).then_some(entry)
    }

    /// Enters what is new, and takes it out again where not all is there that it refers to.
    fn register(&mut self, infos: &[PathInfo]) -> Result<Vec<Registered>> {
        let mut found = Vec::with_capacity(infos.len());
        let entered = infos.iter().try_for_each(|info| {
            found.push(self.enter(info)?);
            Ok(())
        });
        let of = |found: &[Registered], kind| {
            let both = infos.iter().zip(found.to_vec());
            both.filter(move |it| it.1 == kind).map(|it| it.0)
        };
        let done = entered
            .and_then(|()| of(&found, Registered::New).try_for_each(|it| self.must_be_closed(it)));
        if let Err(error) = done {
            for info in of(&found, Registered::New) {
                self.paths.remove(&key(&info.path));
            }
            return Err(error);
        }
        for info in of(&found, Registered::Known) {
            if let Some(entry) = self.paths.get_mut(&key(&info.path)) {
                entry.renewed = entry.renewed.max(info.registered);
            }
        }
        Ok(found)
    }

    fn enter(&mut self, info: &PathInfo) -> Result<Registered> {
        super::check_size(info)?;
        match self.paths.entry(key(&info.path)) {
            map::Entry::Vacant(place) => {
                place.insert(Entry {
                    info: info.clone(),
                    renewed: info.registered,
                });
                Ok(Registered::New)
            }
            map::Entry::Occupied(place) => {
                let present = &place.get().info;
                if present.path != info.path {
                    return Err(InfosError::HashTaken {
                        path: info.path.clone(),
                        present: present.path.clone(),
                    });
                }
                Ok(if present.nar_hash == info.nar_hash {
                    Registered::Known
                } else {
                    Registered::Differs
                })
            }
        }
    }

    fn must_be_closed(&self, info: &PathInfo) -> Result<()> {
        let is_missing = |it: &&StorePath| self.get(it).is_none();
        let missing: Vec<_> = info.references.iter().filter(is_missing).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(InfosError::MissingReferences {
            path: info.path.clone(),
            missing,
        })
    }

    fn garbage(&self, life: &dyn Life, since: SystemTime) -> Collected {
        let pulse = |(root, path): &(Root, StorePath)| match root {
            Root::Named(_) => Pulse::Alive,
            Root::Link(link) => life.link(link.as_path(), path),
            Root::Session(session) => life.session(session),
        };
        let (alive, dead): (Vec<_>, Vec<_>) =
            self.roots.iter().partition(|it| pulse(it) == Pulse::Alive);
        let live = self.live(alive.into_iter().map(|it| &it.1), since);
        let infos = self.paths.values().map(|it| &it.info);
        let dying = infos.filter(|it| !live.contains(&key(&it.path)));
        Collected {
            paths: dying.map(|it| (it.path.clone(), it.nar_size)).collect(),
            roots: dead.into_iter().cloned().collect(),
        }
    }

    fn live<'a>(
        &'a self,
        rooted: impl Iterator<Item = &'a StorePath>,
        since: SystemTime,
    ) -> BTreeSet<Key> {
        let recent = self.paths.values().filter(|it| it.renewed >= since);
        let mut open: Vec<_> = recent.map(|it| &it.info.path).chain(rooted).collect();
        let mut live = BTreeSet::new();
        while let Some(path) = open.pop() {
            if let Some(entry) = self.get(path)
                && live.insert(key(path))
            {
                open.extend(&entry.info.references);
            }
        }
        live
    }
}
