//! Brings what a solve will need, as early and as much at once as can be: newest versions first,
//! along dependencies and publishers' locks, a wave at a time.
//!
//! Nothing here decides: a wave too few or too many changes how long a resolution takes, never
//! its answer.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, Place};
use atom::url::{RepoKey, RepoUrl};
use atom::{Id, ObjectId, Requirement, Version};

use super::ResolveError;
use super::knowledge::{DepPlace, Knowledge, SetFacts, SpecDep, SpecFacts};
use super::reach::Reach;

/// How many of the newest matching versions have their specs brought before anybody asks.
const NEWEST: usize = 8;

/// Where listings and specs come from: the network, or what the cache remembers of it.
pub(crate) trait Source {
    /// Lists at once what these wishes will probably lead to.
    fn foresee(&mut self, wishes: &[Wish], reach: &mut Reach) -> Vec<(RepoKey, SetFacts)>;
    /// Lists each set's ids; what fails is remembered by the source, and left out.
    fn list(&mut self, wants: Vec<ListWant>) -> Vec<(RepoKey, SetFacts)>;
    /// Brings specs; what cannot be had is left out.
    fn specs(&mut self, wants: Vec<SpecWant>) -> Vec<(ObjectId, SpecFacts)>;
    /// Brings the bytes of commits under `yank` and `deprecate`; what cannot be had is left out,
    /// and nothing that fails here counts as a failure of its remote.
    fn notices(&mut self, wants: Vec<SpecWant>) -> BTreeMap<ObjectId, Vec<u8>>;
    /// Why a repository could not be asked, if so.
    fn failure(&mut self, url: &RepoUrl) -> Option<ResolveError>;
}

/// Ids to list of one repository.
#[derive(Debug, Clone)]
pub(crate) struct ListWant {
    /// The repository.
    pub(super) url: RepoUrl,
    /// Who serves its versions beside it.
    pub(super) mirrors: Vec<RepoUrl>,
    /// Which ids.
    pub(super) ids: BTreeSet<Id>,
}

/// Spec commits to bring from one repository.
#[derive(Debug, Clone)]
pub(crate) struct SpecWant {
    /// The repository.
    pub(super) url: RepoUrl,
    /// Who serves its versions beside it.
    pub(super) mirrors: Vec<RepoUrl>,
    /// Which commits.
    pub(super) commits: BTreeSet<ObjectId>,
}

/// One thing that may be needed: versions of an atom, from a URL.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The repository.
    pub(super) url: RepoUrl,
    /// Who serves its versions beside it.
    pub(super) mirrors: Vec<RepoUrl>,
    /// The atom.
    pub(super) id: Id,
    /// Which of its versions.
    pub(super) which: Which,
}

/// Which versions of an atom are wished for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    /// The newest that match a requirement, given by its text.
    Newest(String),
    /// This one.
    Exactly(Version),
    /// This one, since a lock names it.
    Locked(Version),
    /// All.
    All,
}

impl Wish {
    /// What a dependency on another set leads to; nothing where it is on the same.
    pub(super) fn elsewhere(dep: &SpecDep) -> Option<Self> {
        let DepPlace::At { origin, mirrors } = &dep.place else {
            return None;
        };
        Some(Self {
            url: origin.clone(),
            mirrors: mirrors.clone(),
            id: dep.id.clone(),
            which: Which::Newest(dep.req.to_string()),
        })
    }

    fn key(&self) -> (RepoKey, Id, Which) {
        (self.url.key(), self.id.clone(), self.which.clone())
    }
}

/// Follows wishes until they lead nowhere new.
pub(super) fn crawl(
    known: &mut Knowledge,
    source: &mut dyn Source,
    reach: &mut Reach,
    wishes: Vec<Wish>,
) {
    let mut seen = BTreeSet::new();
    let mut covered = BTreeSet::new();
    let mut wave = wishes;
    loop {
        wave.retain(|it| seen.insert(it.key()) && reach.may_ask(&it.url));
        if wave.is_empty() {
            return;
        }
        let wants = to_list(known, &wave);
        if !wants.is_empty() {
            for (key, facts) in source.list(wants) {
                known.learn(key, facts);
            }
        }
        let wants = to_bring(known, &wave);
        if !wants.is_empty() {
            known.specs.extend(source.specs(wants));
        }
        wave = next(known, &wave, &mut covered);
    }
}

/// What a wave needs listed and nobody listed yet.
fn to_list(known: &Knowledge, wave: &[Wish]) -> Vec<ListWant> {
    let mut wants: BTreeMap<RepoKey, ListWant> = BTreeMap::new();
    for wish in wave {
        let listed = known.sets.get(&wish.url.key());
        if listed.is_some_and(|it| it.atoms.contains_key(&wish.id)) {
            continue;
        }
        let want = wants.entry(wish.url.key()).or_insert_with(|| ListWant {
            url: wish.url.clone(),
            mirrors: wish.mirrors.clone(),
            ids: BTreeSet::new(),
        });
        want.ids.insert(wish.id.clone());
    }
    wants.into_values().collect()
}

/// The specs that a wave needs and nobody brought yet.
fn to_bring(known: &Knowledge, wave: &[Wish]) -> Vec<SpecWant> {
    let mut wants: BTreeMap<RepoKey, SpecWant> = BTreeMap::new();
    for wish in wave {
        let commits = specs_of(known, wish)
            .into_iter()
            .filter(|it| !known.specs.contains_key(it));
        let want = wants.entry(wish.url.key()).or_insert_with(|| SpecWant {
            url: wish.url.clone(),
            mirrors: wish.mirrors.clone(),
            commits: BTreeSet::new(),
        });
        want.commits.extend(commits);
    }
    wants
        .into_values()
        .filter(|it| !it.commits.is_empty())
        .collect()
}

/// The spec commits of the versions that a wish names.
fn specs_of(known: &Knowledge, wish: &Wish) -> Vec<ObjectId> {
    let Some(versions) = known
        .sets
        .get(&wish.url.key())
        .and_then(|it| it.atoms.get(&wish.id))
    else {
        return Vec::new();
    };
    match &wish.which {
        Which::All => versions.values().map(|it| it.spec).collect(),
        Which::Exactly(version) | Which::Locked(version) => versions
            .get(version)
            .map(|it| it.spec)
            .into_iter()
            .collect(),
        Which::Newest(req) => {
            let req = req
                .parse::<Requirement>()
                .unwrap_or_else(|_| Requirement::any());
            let matching = versions
                .iter()
                .rev()
                .filter(|(version, _)| req.matches(version));
            matching
                .filter(|(_, it)| it.yank.is_none())
                .take(NEWEST)
                .map(|(_, it)| it.spec)
                .collect()
        }
    }
}

/// Where the specs of a wave lead.
///
/// A spec that a lock names is `covered` by it: its own lock would say the same of what lies
/// below, and reading the locks of a large graph costs more than all else.
fn next(known: &Knowledge, wave: &[Wish], covered: &mut BTreeSet<ObjectId>) -> Vec<Wish> {
    let locked = wave
        .iter()
        .filter(|it| matches!(it.which, Which::Locked(_)));
    covered.extend(locked.flat_map(|it| specs_of(known, it)));
    let mut wishes = Vec::new();
    for wish in wave {
        for commit in specs_of(known, wish) {
            let Some(SpecFacts::Good(good)) = known.specs.get(&commit) else {
                continue;
            };
            wishes.extend(good.deps.iter().map(|it| wish_of(it, wish)));
            if let Some(hint) = &good.hint
                && covered.insert(commit)
            {
                wishes.extend(Lock::parse(hint).iter().flat_map(foreign));
            }
        }
    }
    wishes
}

/// The wish that a dependency is, seen from the set that `from` lies in.
fn wish_of(dep: &SpecDep, from: &Wish) -> Wish {
    Wish::elsewhere(dep).unwrap_or_else(|| Wish {
        url: from.url.clone(),
        mirrors: from.mirrors.clone(),
        id: dep.id.clone(),
        which: Which::Newest(dep.req.to_string()),
    })
}

/// What the lock of a publisher says, as far as a foreign manifest might say it: no hint leads to
/// a local path or to a host that only plain transports reach.
fn foreign(lock: &Lock) -> Vec<Wish> {
    let mut wishes = hinted(lock);
    wishes.retain(|it| it.url.allowed_in_foreign());
    for wish in &mut wishes {
        wish.mirrors.retain(RepoUrl::allowed_in_foreign);
    }
    wishes
}

/// What a lock says its atoms are.
pub(super) fn hinted(lock: &Lock) -> Vec<Wish> {
    let wish = |it: &atom::lock::LockedAtom| {
        let Place::Published { root, .. } = &it.place else {
            return None;
        };
        let set = lock.set(root)?;
        Some(Wish {
            url: set.origin.clone(),
            mirrors: set.mirrors.clone(),
            id: it.id.clone(),
            which: Which::Locked(it.version.clone()),
        })
    };
    lock.atoms.iter().filter_map(wish).collect()
}
