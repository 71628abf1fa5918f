//! Both backends against each other and against a naive model, by random histories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use nix_format::StorePath;
use proptest::prelude::*;
use store::PathInfo;
use store::infos::{
    Collect, InfosError, Life, MemoryInfos, PathInfos, Pulse, Registered, SqliteInfos,
};
use store::roots::{LinkPath, Root};
use store::session::SessionId;
use testkit::env::Env;

use crate::world::{at, info, path, run};

const N_PATHS: usize = 8;
const N_ROOTS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    /// These paths, each with its references, and another NAR where that is said.
    Register(Vec<(usize, Vec<usize>, bool)>),
    Keep(usize, Vec<usize>),
    Release(usize),
    /// Which links and sessions live, and how many of the last steps are recent.
    Collect(Vec<bool>, u64, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let references = || prop::collection::vec(0..N_PATHS, 0..3);
    let one = (0..N_PATHS, references(), prop::bool::weighted(0.1));
    let step = prop_oneof![
        4 => prop::collection::vec(one, 1..4).prop_map(Step::Register),
        2 => (0..N_ROOTS, prop::collection::vec(0..N_PATHS, 1..3))
            .prop_map(|it| Step::Keep(it.0, it.1)),
        1 => (0..N_ROOTS).prop_map(Step::Release),
        2 => (prop::collection::vec(any::<bool>(), N_ROOTS), 0..4_u64, any::<bool>())
            .prop_map(|it| Step::Collect(it.0, it.1, it.2)),
    ];
    prop::collection::vec(step, 1..40)
}

fn name(number: usize) -> String {
    format!("p{number}")
}

/// One that lives for ever, and three that may die.
fn root(number: usize) -> Root {
    match number {
        0 => Root::Named("n".parse().unwrap()),
        1 => Root::Link(LinkPath::new(Path::new("/l")).unwrap()),
        _ => Root::Session(number.to_string().repeat(32).parse().unwrap()),
    }
}

struct Alive(Vec<bool>);

impl Life for Alive {
    fn session(&self, session: &SessionId) -> Pulse {
        self.pulse(session.as_str()[..1].parse().unwrap())
    }

    fn link(&self, _: &Path, _: &StorePath) -> Pulse {
        self.pulse(1)
    }
}

impl Alive {
    fn pulse(&self, number: usize) -> Pulse {
        if self.0[number] {
            Pulse::Alive
        } else {
            Pulse::Dead
        }
    }
}

/// By number: what a path refers to, whether it has the other NAR, when it came last.
type Paths = BTreeMap<usize, (BTreeSet<usize>, bool, u64)>;

/// The rules again, as simply as they can be said.
#[derive(Default)]
struct Model {
    paths: Paths,
    roots: BTreeSet<(usize, usize)>,
}

impl Model {
    fn register(
        &mut self,
        batch: &[(usize, Vec<usize>, bool)],
        now: u64,
    ) -> Option<Vec<Registered>> {
        let mut next = self.paths.clone();
        let mut found = Vec::new();
        let mut entered = BTreeSet::new();
        for (number, references, other) in batch {
            found.push(match next.get_mut(number) {
                None => {
                    let references = references.iter().copied().collect();
                    next.insert(*number, (references, *other, now));
                    entered.insert(*number);
                    Registered::New
                }
                Some(it) if it.1 != *other => Registered::Differs,
                Some(it) => {
                    it.2 = now;
                    Registered::Known
                }
            });
        }
        let closed = entered
            .iter()
            .all(|it| next[it].0.iter().all(|to| next.contains_key(to)));
        closed.then(|| {
            self.paths = next;
            found
        })
    }

    /// A path stays that is kept, or that one refers to which stays: until nothing changes.
    fn collect(&mut self, alive: &[bool], since: u64) {
        self.roots.retain(|it| it.0 == 0 || alive[it.0]);
        let mut stay: BTreeSet<usize> = self.roots.iter().map(|it| it.1).collect();
        stay.extend(
            self.paths
                .iter()
                .filter(|it| it.1.2 >= since)
                .map(|it| it.0),
        );
        loop {
            let staying = self.paths.iter().filter(|it| stay.contains(it.0));
            let more: BTreeSet<_> = staying.flat_map(|it| it.1.0.clone()).collect();
            if more.is_subset(&stay) {
                break;
            }
            stay.extend(more);
        }
        self.paths.retain(|it, _| stay.contains(it));
    }
}

fn infos_of(batch: &[(usize, Vec<usize>, bool)], now: u64) -> Vec<PathInfo> {
    let one = |(number, references, other): &(usize, Vec<usize>, bool)| {
        let references = references.iter().map(|it| path(&name(*it)));
        let mut it = info(&name(*number), &[]);
        it.references = references.collect();
        it.registered = at(now);
        if *other {
            it.nar_hash = nix_format::Sha256::of(b"other");
        }
        it
    };
    batch.iter().map(one).collect()
}

async fn check(infos: &dyn PathInfos, steps: &[Step]) {
    let mut model = Model::default();
    for (now, step) in (10..).zip(steps) {
        match step {
            Step::Register(batch) => {
                let found = match infos.register(&infos_of(batch, now)).await {
                    Ok(found) => Some(found),
                    Err(InfosError::MissingReferences { .. }) => None,
                    Err(error) => panic!("{error}"),
                };
                assert_eq!(found, model.register(batch, now), "{step:?}");
            }
            Step::Keep(number, paths) => {
                let kept: Vec<_> = paths.iter().map(|it| path(&name(*it))).collect();
                let there = infos.keep(&root(*number), &kept).await.unwrap();
                let expected = paths.iter().map(|it| model.paths.contains_key(it));
                assert_eq!(there, expected.collect::<Vec<_>>());
                model.roots.extend(paths.iter().map(|it| (*number, *it)));
            }
            Step::Release(number) => {
                infos.release(&root(*number)).await.unwrap();
                model.roots.retain(|it| it.0 != *number);
            }
            Step::Collect(alive, n_recent, dry) => {
                let (since, life) = (now - n_recent, Arc::new(Alive(alive.clone())));
                let before = registered(infos).await;
                let mode = if *dry { Collect::Dry } else { Collect::Really };
                let collected = infos.collect(life, at(since), mode).await.unwrap();
                let mut after = Model {
                    paths: model.paths.clone(),
                    roots: model.roots.clone(),
                };
                after.collect(alive, since);
                let gone: BTreeSet<_> = collected.paths.iter().map(|it| it.0.clone()).collect();
                let left: BTreeSet<_> = before.difference(&gone).cloned().collect();
                assert_eq!(left, paths_of(&after));
                if !dry {
                    model = after;
                }
            }
        }
        assert_eq!(registered(infos).await, paths_of(&model), "after {step:?}");
        let n_roots = infos.roots().await.unwrap().len();
        assert_eq!(n_roots, model.roots.len());
    }
}

async fn registered(infos: &dyn PathInfos) -> BTreeSet<StorePath> {
    let all = infos.list(None, usize::MAX).await.unwrap();
    all.into_iter().map(|it| it.path).collect()
}

fn paths_of(model: &Model) -> BTreeSet<StorePath> {
    model.paths.keys().map(|it| path(&name(*it))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_history_ends_as_the_model_says(steps in steps()) {
        let env = Env::new();
        run(async {
            check(&MemoryInfos::new(), &steps).await;
            let sqlite = SqliteInfos::open(&env.path("store.sqlite")).await.unwrap();
            check(&sqlite, &steps).await;
        });
    }
}
