//! Stores against a naive model, by random histories of sessions, paths, roots and collections.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use castore::Digest;
use nix_format::{StoreDir, StorePath};
use proptest::prelude::*;
use store::infos::Collect;
use store::roots::Root;
use store::{Session, Store};

use crate::collect::{blobs, collect};
use crate::tree::Tree;
use crate::world::{Places, add, path, run};

const N_PATHS: usize = 5;
const N_SESSIONS: usize = 2;

#[derive(Debug, Clone)]
enum Step {
    /// A session opens, or ends where it is open.
    Turn(usize),
    /// A session brings a path that refers to another one.
    Add(usize, usize, usize),
    /// A session puts the blobs of a path, and does not register it.
    Put(usize, usize),
    Hold(usize, usize),
    Keep(usize),
    Release,
    Collect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (session, number) = (0..N_SESSIONS, 0..N_PATHS);
    let step = prop_oneof![
        3 => session.clone().prop_map(Step::Turn),
        4 => (session.clone(), number.clone(), number.clone())
            .prop_map(|it| Step::Add(it.0, it.1, it.2)),
        1 => (session.clone(), number.clone()).prop_map(|it| Step::Put(it.0, it.1)),
        3 => (session, number.clone()).prop_map(|it| Step::Hold(it.0, it.1)),
        1 => number.prop_map(Step::Keep),
        1 => Just(Step::Release),
        3 => Just(Step::Collect),
    ];
    prop::collection::vec(step, 1..40)
}

fn name(number: usize) -> String {
    format!("p{number}")
}

/// Neighbours have a directory in common.
fn tree(number: usize) -> Tree {
    let common = Tree::directory([("f", Tree::file(format!("common {}", number / 2)))]);
    Tree::directory([("c", common), ("own", Tree::file(name(number)))])
}

fn parts(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<Digest> {
    let mut blobs = BTreeMap::new();
    for number in numbers {
        tree(number).node(&mut blobs);
    }
    blobs.into_keys().collect()
}

#[derive(Default)]
struct Model {
    now: usize,
    /// By session, when it began and what it holds.
    sessions: BTreeMap<usize, (usize, BTreeSet<usize>)>,
    /// By path, what it refers to and when it came last.
    paths: BTreeMap<usize, (usize, usize)>,
    /// By path, when its blobs were put last.
    put: BTreeMap<usize, usize>,
    kept: BTreeSet<usize>,
}

impl Model {
    fn oldest(&self) -> usize {
        let began = self.sessions.values().map(|it| it.0);
        began.min().unwrap_or(usize::MAX)
    }

    /// What must be there after a collection.
    fn needed(&self) -> BTreeSet<usize> {
        let oldest = self.oldest();
        let recent = self
            .paths
            .iter()
            .filter(|it| it.1.1 >= oldest)
            .map(|it| *it.0);
        let held = self.sessions.values().flat_map(|it| it.1.iter().copied());
        let mut needed = BTreeSet::new();
        let mut open: Vec<_> = recent
            .chain(held)
            .chain(self.kept.iter().copied())
            .collect();
        while let Some(number) = open.pop() {
            if let Some((reference, _)) = self.paths.get(&number)
                && needed.insert(number)
            {
                open.push(*reference);
            }
        }
        needed
    }
}

struct World {
    store: Store,
    sessions: BTreeMap<usize, Session>,
    model: Model,
}

impl World {
    async fn step(&mut self, step: &Step) {
        let model = &mut self.model;
        model.now += 1;
        match *step {
            Step::Turn(session) => {
                if self.sessions.remove(&session).is_some() {
                    model.sessions.remove(&session);
                } else {
                    self.sessions.insert(session, self.store.session().unwrap());
                    model.sessions.insert(session, (model.now, BTreeSet::new()));
                }
            }
            Step::Add(session, number, reference) => {
                let known = number == reference || model.paths.contains_key(&reference);
                if let Some(session) = self.sessions.get(&session)
                    && known
                {
                    let reference_name = name(reference);
                    add(session, &name(number), &tree(number), &[&reference_name]).await;
                    let path = model.paths.entry(number).or_insert((reference, 0));
                    path.1 = model.now;
                    model.put.insert(number, model.now);
                }
            }
            Step::Put(session, number) => {
                if let Some(session) = self.sessions.get(&session) {
                    let nar = tree(number).nar();
                    session
                        .ingest(nar.as_slice(), Default::default())
                        .await
                        .unwrap();
                    model.put.insert(number, model.now);
                }
            }
            Step::Hold(session, number) => {
                if let Some(it) = self.sessions.get(&session) {
                    let there = it.hold(&[path(&name(number))]).await.unwrap();
                    assert_eq!(there, [model.paths.contains_key(&number)]);
                    let held = &mut model.sessions.get_mut(&session).unwrap().1;
                    held.insert(number);
                }
            }
            Step::Keep(number) => {
                let root = Root::Named("x".parse().unwrap());
                self.store
                    .infos()
                    .keep(&root, &[path(&name(number))])
                    .await
                    .unwrap();
                model.kept.insert(number);
            }
            Step::Release => {
                let root = Root::Named("x".parse().unwrap());
                self.store.infos().release(&root).await.unwrap();
                model.kept.clear();
            }
            Step::Collect => self.collect().await,
        }
    }

    async fn collect(&mut self) {
        let done = collect(&self.store, Collect::Really, Duration::ZERO).await;
        done.unwrap();
        let model = &mut self.model;
        let needed = model.needed();
        let left = self.store.infos().list(None, usize::MAX).await.unwrap();
        let left: BTreeSet<StorePath> = left.into_iter().map(|it| it.path).collect();
        let missing = needed.iter().find(|it| !left.contains(&path(&name(**it))));
        assert_eq!(missing, None, "it was needed");
        let here = blobs(&self.store).await;
        let oldest = model.oldest();
        let put = model
            .put
            .iter()
            .filter(|it| *it.1 >= oldest)
            .map(|it| *it.0);
        let needed_blobs = parts(needed.iter().copied().chain(put));
        assert!(needed_blobs.is_subset(&here), "a blob was needed");
        model.paths.retain(|it, _| left.contains(&path(&name(*it))));
        if model.sessions.is_empty() {
            // With nobody at work nothing else stays.
            assert_eq!(left.len(), needed.len());
            assert_eq!(here, needed_blobs);
        }
    }
}

async fn check(store: Store, steps: &[Step]) {
    let mut world = World {
        store,
        sessions: BTreeMap::new(),
        model: Model::default(),
    };
    for step in steps {
        world.step(step).await;
    }
    world.sessions.clear();
    world.model.sessions.clear();
    world.collect().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// In memory time has no grain: each collection takes just what it may.
    #[test]
    fn a_collection_spares_what_is_needed_and_that_alone(steps in steps()) {
        run(check(Store::in_memory(StoreDir::default()), &steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_collection_on_disk_does_so_too(steps in steps()) {
        let places = Places::new();
        run(async { check(places.disk().await, &steps).await });
    }
}
