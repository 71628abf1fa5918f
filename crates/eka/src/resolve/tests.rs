//! The loop over a small world that stands in memory: whole, so that answers can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use atom::commit::SpecCommit;
use atom::lock::Lock;
use atom::manifest::Manifest;
use atom::notice::Yank;
use atom::url::{RepoKey, RepoUrl};
use atom::{AtomId, AtomPath, Id, NarHash, ObjectId, Root, Version};
use proptest::prelude::*;

use super::crawl::{ListWant, Source, SpecWant, Wish};
use super::knowledge::{GoodSpec, SetFacts, SpecDep, SpecFacts, VersionFacts};
use super::reach::Reach;
use super::{Bounds, Held, Inquiry, LocalAtom, Options, Question, ResolveError, Top};

/// Repositories by URL, and what they hold.
#[derive(Debug, Clone, Default)]
struct World {
    sets: BTreeMap<RepoKey, (RepoUrl, Root)>,
    atoms: BTreeMap<(RepoKey, Id), BTreeMap<Version, VersionFacts>>,
    specs: BTreeMap<ObjectId, SpecFacts>,
    notices: BTreeMap<ObjectId, Vec<u8>>,
    dead: BTreeSet<RepoKey>,
    /// What comes unasked with each answer, as from a warm cache: this share of all, in percent.
    unasked: usize,
}

/// Nothing of a test gets near them.
const BOUNDS: Bounds = Bounds {
    solving: Duration::from_secs(600),
    sets: 1000,
};

fn top(text: &str, lock: Option<Lock>) -> Top {
    Top {
        name: "atom.toml".to_owned(),
        text: String::new(),
        manifest: Manifest::parse_own(text).unwrap(),
        lock,
        held: Held::Answer,
        unsaved: BTreeSet::new(),
        at: String::new(),
    }
}

fn url(text: &str) -> RepoUrl {
    RepoUrl::parse(text).unwrap()
}

fn root(number: u8) -> Root {
    Root(ObjectId::new([number; 20]))
}

fn object(seed: &str) -> ObjectId {
    let root = Root(ObjectId::new([7; 20]));
    let id = "x".parse::<Id>().unwrap();
    let mut bytes = [0; 20];
    let digest = AtomId::new(root, id).digest().0;
    for (at, byte) in bytes.iter_mut().enumerate() {
        let mixed = seed
            .bytes()
            .enumerate()
            .fold(u32::from(digest[at]), |sum, (i, it)| {
                sum.wrapping_mul(31)
                    .wrapping_add(u32::from(it) + u32::try_from(i + at).unwrap())
            });
        *byte = mixed.to_le_bytes()[1] ^ mixed.to_le_bytes()[0];
    }
    ObjectId::new(bytes)
}

/// The text of a manifest: `deps` are `(url, id, requirement)`.
fn manifest(id: &str, version: &str, deps: &[(&str, &str, &str)]) -> String {
    let mut text = format!("[atom]\nid = \"{id}\"\nversion = \"{version}\"\n");
    let urls: BTreeSet<&str> = deps.iter().map(|it| it.0).collect();
    let name = |url: &str| format!("s{}", urls.iter().position(|it| *it == url).unwrap());
    text.push_str("[sets]\n");
    for url in &urls {
        writeln!(text, "{} = \"{url}\"", name(url)).unwrap();
    }
    for url in &urls {
        writeln!(text, "[deps.{}]", name(url)).unwrap();
        for (_, id, req) in deps.iter().filter(|it| it.0 == *url) {
            writeln!(text, "{id} = \"{req}\"").unwrap();
        }
    }
    text
}

impl World {
    fn set(mut self, at: &str, number: u8) -> Self {
        self.sets.insert(url(at).key(), (url(at), root(number)));
        self
    }

    fn atom(mut self, at: &str, id: &str, version: &str, deps: &[(&str, &str, &str)]) -> Self {
        let key = url(at).key();
        let root = self.sets[&key].1;
        let atom = AtomId::new(root, id.parse().unwrap());
        let version: Version = version.parse().unwrap();
        let parsed = Manifest::parse_foreign(&manifest(id, &version.to_string(), deps)).unwrap();
        let facts = VersionFacts {
            atom: object(&format!("atom {at} {id} {version}")),
            spec: object(&format!("spec {at} {id} {version}")),
            yank: None,
            deprecate: None,
        };
        let good = GoodSpec {
            commit: SpecCommit {
                tree: object("tree"),
                atom: atom.clone(),
                version: version.clone(),
                nar: NarHash([1; 32]),
                atom_commit: facts.atom,
                path: ".".parse().unwrap(),
                src: object("src"),
            },
            deps: SpecDep::of(&parsed),
            hint: None,
        };
        self.specs
            .insert(facts.spec, SpecFacts::Good(Box::new(good)));
        self.atoms
            .entry((key, atom.id))
            .or_default()
            .insert(version, facts);
        self
    }

    fn yanked(mut self, at: &str, id: &str, version: &str) -> Self {
        let (root, commit) = (
            self.sets[&url(at).key()].1,
            object(&format!("{at} {id} {version}")),
        );
        let versions = self.atoms.get_mut(&(url(at).key(), id.parse().unwrap()));
        let facts = versions
            .unwrap()
            .get_mut(&version.parse().unwrap())
            .unwrap();
        let reason = format!("{id} of {root} is bad").parse().unwrap();
        facts.yank = Some(commit);
        let yank = Yank {
            atom: facts.atom,
            reason,
        };
        self.notices.insert(commit, yank.print());
        self
    }

    fn ask(&self, deps: &[(&str, &str, &str)], lock: Option<Lock>) -> Result<Lock, ResolveError> {
        self.ask_for(&manifest("top", "1.0.0", deps), lock)
    }

    fn ask_for(&self, text: &str, lock: Option<Lock>) -> Result<Lock, ResolveError> {
        let mut world = self.clone();
        let top = top(text, lock);
        let question = Question {
            tops: vec![top],
            locals: BTreeMap::new(),
            own_root: None,
            patches: Vec::new(),
            bounds: BOUNDS,
        };
        let mut locks = world.answer(&question, &Options::default())?;
        Ok(locks.remove(0))
    }

    fn answer(
        &mut self,
        question: &Question,
        options: &Options,
    ) -> Result<Vec<Lock>, ResolveError> {
        let mut inquiry = Inquiry::open(question, self, &|| false)?;
        Ok(inquiry.answer(options)?.locks)
    }
}

impl Source for World {
    fn foresee(&mut self, _: &[Wish], _: &mut Reach) -> Vec<(RepoKey, SetFacts)> {
        Vec::new()
    }

    fn list(&mut self, wants: Vec<ListWant>) -> Vec<(RepoKey, SetFacts)> {
        let mut answers = Vec::new();
        for want in wants {
            let key = want.url.key();
            let Some((_, root)) = self.sets.get(&key).filter(|_| !self.dead.contains(&key)) else {
                continue;
            };
            let listed = |id: &Id| {
                let versions = self.atoms.get(&(key.clone(), id.clone()));
                (id.clone(), versions.cloned().unwrap_or_default())
            };
            let held = self.atoms.keys().filter(|it| it.0 == key).map(|it| &it.1);
            let unasked = held
                .enumerate()
                .filter(|(at, _)| at * 37 % 100 < self.unasked);
            let ids = want.ids.iter().chain(unasked.map(|it| it.1));
            let facts = SetFacts {
                root: *root,
                degraded: None,
                atoms: ids.map(listed).collect(),
            };
            answers.push((key, facts));
        }
        answers
    }

    fn specs(&mut self, wants: Vec<SpecWant>) -> Vec<(ObjectId, SpecFacts)> {
        let held = self.specs.keys().copied().enumerate();
        let unasked = held
            .filter(|(at, _)| at * 37 % 100 < self.unasked)
            .map(|it| it.1);
        let commits = wants.into_iter().flat_map(|it| it.commits);
        commits
            .chain(unasked)
            .filter_map(|it| Some((it, self.specs.get(&it)?.clone())))
            .collect()
    }

    fn notices(&mut self, wants: Vec<SpecWant>) -> BTreeMap<ObjectId, Vec<u8>> {
        let commits = wants.into_iter().flat_map(|it| it.commits);
        commits
            .filter_map(|it| Some((it, self.notices.get(&it)?.clone())))
            .collect()
    }

    fn failure(&mut self, url: &RepoUrl) -> Option<ResolveError> {
        self.dead
            .contains(&url.key())
            .then(|| ResolveError::Offline { url: url.clone() })
    }
}

const A: &str = "https://a.example/r";
const B: &str = "https://b.example/r";
const FORK: &str = "https://fork.example/r";

fn names(lock: &Lock) -> Vec<String> {
    lock.atoms
        .iter()
        .map(|it| format!("{}@{}", it.id, it.version))
        .collect()
}

#[test]
fn a_chain_over_two_sets_is_locked() {
    let world = World::default()
        .set(A, 1)
        .set(B, 2)
        .atom(A, "x", "1.0.0", &[(B, "y", "^1")])
        .atom(A, "x", "1.1.0", &[(B, "y", "^1.2")])
        .atom(B, "y", "1.2.0", &[])
        .atom(B, "y", "1.3.0", &[]);
    let lock = world.ask(&[(A, "x", "^1")], None).unwrap();
    assert_eq!(names(&lock), ["x@1.1.0", "y@1.3.0"]);
    assert_eq!(lock.sets.len(), 2);
    assert_eq!(Lock::parse(&lock.print()).unwrap(), lock);
}

#[test]
fn a_locked_version_is_kept() {
    let world = World::default().set(A, 1).atom(A, "x", "1.0.0", &[]);
    let lock = world.ask(&[(A, "x", "^1")], None).unwrap();
    let world = world.atom(A, "x", "1.1.0", &[]);
    let again = world.ask(&[(A, "x", "^1")], Some(lock.clone())).unwrap();
    assert_eq!(again.print(), lock.print());
    assert_eq!(
        names(&world.ask(&[(A, "x", "^1")], None).unwrap()),
        ["x@1.1.0"]
    );
}

#[test]
fn a_fork_deep_in_the_graph_introduces_no_versions() {
    // The fork has the root of A, and a newer version.
    let world = World::default()
        .set(A, 1)
        .set(FORK, 1)
        .set(B, 2)
        .atom(A, "x", "1.0.0", &[])
        .atom(FORK, "x", "1.9.0", &[])
        .atom(B, "y", "1.0.0", &[(FORK, "x", "^1")]);
    let lock = world.ask(&[(A, "x", "^1"), (B, "y", "^1")], None).unwrap();
    assert_eq!(names(&lock), ["x@1.0.0", "y@1.0.0"]);
    let lock = world.ask(&[(B, "y", "^1")], None).unwrap();
    assert_eq!(
        names(&lock),
        ["x@1.9.0", "y@1.0.0"],
        "the nearest dependant's word counts"
    );
}

#[test]
fn two_origins_at_one_depth_are_named() {
    let world = World::default()
        .set(A, 1)
        .set(FORK, 1)
        .set(B, 2)
        .atom(A, "x", "1.0.0", &[])
        .atom(FORK, "x", "1.9.0", &[])
        .atom(B, "y", "1.0.0", &[(FORK, "x", "^1")])
        .atom(B, "z", "1.0.0", &[(A, "x", "^1")]);
    let error = world
        .ask(&[(B, "y", "^1"), (B, "z", "^1")], None)
        .unwrap_err();
    let ResolveError::TwoOrigins(error) = error else {
        panic!("{error}");
    };
    let message = error.to_string();
    assert!(message.contains(A) && message.contains(FORK), "{message}");
    assert!(
        message.contains("y@1.0.0") && message.contains("z@1.0.0"),
        "{message}"
    );
}

#[test]
fn a_line_in_sets_settles_the_origin() {
    const THIRD: &str = "https://third.test/r";
    let world = World::default()
        .set(A, 1)
        .set(FORK, 1)
        .set(THIRD, 1)
        .set(B, 2)
        .atom(A, "x", "1.0.0", &[])
        .atom(FORK, "x", "1.9.0", &[])
        .atom(THIRD, "x", "1.5.0", &[])
        .atom(B, "y", "1.0.0", &[(FORK, "x", "^1")])
        .atom(B, "z", "1.0.0", &[(A, "x", "^1")]);
    let asked = manifest("top", "1.0.0", &[(B, "y", "^1"), (B, "z", "^1")]);
    for (chosen, x) in [(A, "x@1.0.0"), (FORK, "x@1.9.0"), (THIRD, "x@1.5.0")] {
        let line = format!("[sets]\nchosen = \"{chosen}\"\n");
        let lock = world.ask_for(&asked.replace("[sets]\n", &line), None);
        let lock = lock.unwrap();
        assert_eq!(names(&lock), [x, "y@1.0.0", "z@1.0.0"]);
        assert_eq!(lock.sets[0].origin, url(chosen));
        assert_eq!(lock.sets[0].names.len(), 1, "as the manifest calls it");
    }
    // One that is no set, and that nothing is asked of, settles nothing and is in nobody's way.
    let other = asked.replace("[sets]\n", "[sets]\nother = \"https://nothing.test/r\"\n");
    let error = world.ask_for(&other, None).unwrap_err();
    assert!(matches!(error, ResolveError::TwoOrigins(_)), "{error}");
}

#[test]
fn a_dead_set_is_no_missing_version() {
    let mut world = World::default()
        .set(A, 1)
        .set(B, 2)
        .atom(A, "x", "1.0.0", &[(B, "y", "^1")])
        .atom(B, "y", "1.0.0", &[]);
    world.dead.insert(url(B).key());
    let error = world.ask(&[(A, "x", "^1")], None).unwrap_err();
    assert!(matches!(error, ResolveError::Offline { .. }), "{error}");
}

#[test]
fn a_conflict_that_holds_anyway_needs_no_dead_set() {
    let mut world = World::default()
        .set(A, 1)
        .set(B, 2)
        .atom(A, "x", "1.0.0", &[(B, "y", "^1"), (A, "z", "^9")])
        .atom(A, "z", "1.0.0", &[]);
    world.dead.insert(url(B).key());
    let error = world
        .ask(&[(A, "x", "^1"), (A, "z", "^7")], None)
        .unwrap_err();
    assert!(matches!(error, ResolveError::Unsolvable(_)), "{error}");
}

#[test]
fn a_spec_that_does_not_fit_its_refs_is_refused() {
    let mut world = World::default().set(A, 1).atom(A, "x", "1.0.0", &[]);
    for spec in world.specs.values_mut() {
        if let SpecFacts::Good(good) = spec {
            good.commit.atom_commit = object("another");
        }
    }
    let error = world.ask(&[(A, "x", "^1")], None).unwrap_err();
    assert!(matches!(error, ResolveError::Forged { .. }), "{error}");
}

#[test]
fn a_moved_version_is_refused() {
    let mut world = World::default().set(A, 1).atom(A, "x", "1.0.0", &[]);
    let lock = world.ask(&[(A, "x", "^1")], None).unwrap();
    let moved = object("moved");
    world
        .atoms
        .values_mut()
        .flat_map(|it| it.values_mut())
        .for_each(|it| it.atom = moved);
    for spec in world.specs.values_mut() {
        if let SpecFacts::Good(good) = spec {
            good.commit.atom_commit = moved;
        }
    }
    let error = world.ask(&[(A, "x", "^1")], Some(lock)).unwrap_err();
    let ResolveError::Moved { now, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(now, moved);
}

#[test]
fn a_local_dependency_falls_back_to_nothing() {
    let world = World::default().set(A, 1).atom(A, "util", "1.0.0", &[]);
    let local = |version: &str, text: String| LocalAtom {
        version: version.parse().unwrap(),
        path: "libs/util".parse::<AtomPath>().unwrap(),
        manifest: Manifest::parse_own(&text).unwrap(),
    };
    let ask = |req: &str, own_root| {
        let text = format!(
            "[atom]\nid = \"top\"\nversion = \"1.0.0\"\n[sets]\nhere = \"::\"\n[deps.here]\nutil = \"{req}\"\n"
        );
        let top = top(&text, None);
        let util = local("0.1.0", manifest("util", "0.1.0", &[]));
        let question = Question {
            tops: vec![top],
            locals: BTreeMap::from([("util".parse().unwrap(), util)]),
            own_root,
            patches: Vec::new(),
            bounds: BOUNDS,
        };
        world.clone().answer(&question, &Options::default())
    };
    assert_eq!(names(&ask("^0.1", None).unwrap()[0]), ["util@0.1.0"]);
    for own_root in [None, Some(root(1))] {
        let error = ask("^1", own_root).unwrap_err();
        assert!(matches!(error, ResolveError::Unsolvable(_)), "{error}");
    }
}

#[test]
fn where_the_graph_comes_back_the_work_tree_counts() {
    let world = World::default()
        .set(A, 1)
        .set(B, 2)
        .atom(A, "util", "1.0.0", &[])
        .atom(A, "other", "1.0.0", &[])
        .atom(B, "y", "1.0.0", &[(A, "util", "^1"), (A, "other", "^1")]);
    let local = LocalAtom {
        version: "1.7.0".parse().unwrap(),
        path: "libs/util".parse().unwrap(),
        manifest: Manifest::parse_own(&manifest("util", "1.7.0", &[])).unwrap(),
    };
    let ask = |own_root| {
        let top = top(&manifest("top", "1.0.0", &[(B, "y", "^1")]), None);
        let question = Question {
            tops: vec![top],
            locals: BTreeMap::from([("util".parse().unwrap(), local.clone())]),
            own_root,
            patches: Vec::new(),
            bounds: BOUNDS,
        };
        let locks = world.clone().answer(&question, &Options::default());
        let locks = locks.unwrap();
        locks[0].clone()
    };
    let lock = ask(Some(root(1)));
    assert_eq!(names(&lock), ["other@1.0.0", "util@1.7.0", "y@1.0.0"]);
    assert!(
        lock.atoms[1].digest().is_none(),
        "it is the one of the work tree"
    );
    assert_eq!(names(&ask(None)), ["other@1.0.0", "util@1.0.0", "y@1.0.0"]);
}

/// An atom of a random world: its set, its id, its version, what it needs.
type Sketch = (usize, usize, usize, Vec<(usize, usize, usize)>);

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

const REQUIREMENTS: [&str; 6] = ["*", "^1", "^1.1", "^2", ">=1", "~1.0"];

type Asked = [(&'static str, &'static str, &'static str); 3];

/// What a manifest asks of three atoms.
fn asked() -> impl Strategy<Value = Asked> {
    let req = || prop::sample::select(REQUIREMENTS.to_vec());
    (req(), req(), req()).prop_map(|(a, b, c)| [(A, "a", a), (B, "b", b), (A, "c", c)])
}

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let dep = (0..3_usize, 0..6_usize, 0..6_usize);
    let deps = prop::collection::vec(dep, 0..3);
    prop::collection::vec((0..3_usize, 0..6_usize, 0..5_usize, deps), 1..40)
}

/// A world of three sets, one of them forked, and ids `a` to `f`; some versions are yanked.
fn drawn(sketches: &[Sketch]) -> World {
    let places = [A, B, FORK];
    let versions = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0"];
    let mut world = World::default().set(A, 1).set(B, 2).set(FORK, 1);
    // Something of everything, so that there often is an answer, and often one in two majors.
    for (place, id) in [A, B].into_iter().flat_map(|it| IDS.map(|id| (it, id))) {
        let deps = match (place, id) {
            (A, "a") => &[(A, "d", "^1")][..],
            (B, "b") => &[(A, "d", "^2")],
            _ => &[],
        };
        world = world.atom(place, id, "1.0.0", deps);
    }
    world = world.atom(A, "d", "2.0.0", &[]);
    for (place, id, version, deps) in sketches {
        let mut deps: Vec<_> = deps
            .iter()
            .filter(|(_, it, _)| it != id)
            .map(|(place, id, req)| (places[*place], IDS[*id], REQUIREMENTS[*req]))
            .collect();
        deps.sort_unstable();
        deps.dedup_by_key(|it| (it.0, it.1));
        let (place, id) = (places[*place], IDS[*id]);
        let known = world.atoms.get(&(url(place).key(), id.parse().unwrap()));
        if known.is_some_and(|it| it.contains_key(&versions[*version].parse().unwrap())) {
            continue;
        }
        world = world.atom(place, id, versions[*version], &deps);
        if deps.len() == 2 && *version == 2 {
            world = world.yanked(place, id, versions[*version]);
        }
    }
    world
}

/// The lock, or all that is said of a failure.
fn told(answer: &Result<Lock, ResolveError>) -> String {
    match answer {
        Ok(lock) => lock.print(),
        Err(error) => {
            let tree = std::error::Error::source(error).map(ToString::to_string);
            let help = miette::Diagnostic::help(error).map(|it| it.to_string());
            format!("{error}\n{tree:?}\n{help:?}")
        }
    }
}

proptest! {
    /// Whatever the cache held, the lock is the same, and the error too: with a lock and without.
    #[test]
    fn the_answer_does_not_depend_on_what_was_known(
        sketches in sketches(),
        asked in asked(),
        unasked in 1..=100_usize,
    ) {
        let world = drawn(&sketches);
        let warm = World { unasked, ..world.clone() };
        let cold = world.ask(&asked, None);
        prop_assert_eq!(told(&warm.ask(&asked, None)), told(&cold));
        if let Ok(lock) = cold {
            let other = [(A, "a", "*"), (B, "b", "*"), (B, "d", "*"), (A, "e", "^1")];
            let cold = world.ask(&other, Some(lock.clone()));
            prop_assert_eq!(told(&warm.ask(&other, Some(lock))), told(&cold));
        }
    }

    /// Whatever is released later, a lock is the answer to its own question.
    #[test]
    fn a_lock_stays_the_answer(before in sketches(), after in sketches(), asked in asked()) {
        let Ok(lock) = drawn(&before).ask(&asked, None) else {
            return Ok(());
        };
        prop_assert_eq!(&Lock::parse(&lock.print()).unwrap(), &lock);
        let later = drawn(&[before, after].concat());
        prop_assert_eq!(told(&later.ask(&asked, Some(lock.clone()))), lock.print());
    }

    /// Several majors of one atom are taken only where there is no answer without.
    #[test]
    fn duplicates_are_taken_of_need_alone(sketches in sketches(), asked in asked()) {
        let world = drawn(&sketches);
        let text = manifest("top", "1.0.0", &asked);
        let deny = text.replace("[atom]\n", "[atom]\nduplicates = \"deny\"\n");
        let allowed = world.ask_for(&text, None);
        let denied = world.ask_for(&deny, None);
        let several = |it: &Lock| !atom::lock::duplicates::of(it).is_empty();
        match (&allowed, &denied) {
            (Ok(_), Ok(lock)) => {
                prop_assert!(!several(lock));
                prop_assert_eq!(told(&allowed), told(&denied));
            }
            (Ok(lock), Err(ResolveError::Unsolvable(_))) => prop_assert!(several(lock)),
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "{}\n{}", told(&allowed), told(&denied)),
        }
    }
}
