//! The crawl's source: remotes, asked in parallel, and the cache of what they gave.

use std::collections::{BTreeMap, BTreeSet};

use atom::commit::CommitError;
use atom::lock::{Lock, Place};
use atom::url::{RepoKey, RepoUrl};
use atom::{Id, ObjectId, Root, Version};
use atom_git::cache::{Cache, SpecError};
use atom_git::crawl::{Crawler, Progress};
use atom_git::remote::atoms::prefixes;
use atom_git::remote::{AtomListing, Listing, RemoteError};
use miette::Diagnostic;
use resolver::Exclusion;
use thiserror::Error;

use super::ResolveError;
use super::crawl::{ListWant, Source, SpecWant, Wish, crawl};
use super::knowledge::{GoodSpec, Knowledge, SetFacts, SpecDep, SpecFacts, VersionFacts};
use super::reach::Reach;
use crate::context::{Context, Network};
use crate::event::Event;
use crate::here::seconds;
use crate::remotes::{Remotes, own_mirrors};

/// An origin gave no answer, and mirrors stand in for it.
#[derive(Debug, Error, Diagnostic)]
#[error("{cause}; {} what the lock holds of `{origin}`", serving(mirrors))]
#[diagnostic(
    code(eka::lock::dead_origin),
    help("a mirror introduces no versions: new ones are found once the origin answers")
)]
struct DeadOrigin {
    origin: RepoUrl,
    mirrors: Vec<RepoUrl>,
    cause: String,
}

/// A listing is an old one.
#[derive(Debug, Error, Diagnostic)]
#[error("`{url}` was last listed {} ago", age(*seconds))]
#[diagnostic(
    code(eka::lock::old_listing),
    help("without `--offline` it is asked again")
)]
struct OldListing {
    url: RepoUrl,
    seconds: u64,
}

/// A version is of a format that came after this eka.
#[derive(Debug, Error, Diagnostic)]
#[error("a version whose spec is the commit {spec} is left out: its format is newer than this eka")]
#[diagnostic(code(eka::lock::newer_format), help("update eka to see it"))]
struct NewerFormat {
    spec: ObjectId,
}

/// The remotes behind a resolution.
pub(crate) struct Remote<'a> {
    ctx: &'a Context<'a>,
    cache: &'a Cache,
    crawler: Crawler<'a>,
    /// The versions that the lock holds, by set: what a mirror may stand in for.
    locked: BTreeSet<(Root, Id, Version, ObjectId)>,
    failures: BTreeMap<RepoKey, ResolveError>,
}

/// What the cache remembers of remotes: no answer, but a good guess of what will be asked.
struct Remembered<'a> {
    cache: &'a Cache,
    /// All that was asked for, remembered or not.
    asked: BTreeMap<RepoKey, ListWant>,
}

impl<'a> Remote<'a> {
    /// Asks remotes in the name of those who hold `locks`.
    pub(crate) fn new<'l>(
        ctx: &'a Context<'a>,
        remotes: &'a Remotes<'_>,
        progress: &'a (dyn Fn(Progress<'_>) + Sync),
        locks: impl IntoIterator<Item = &'l Lock>,
    ) -> Self {
        let crawler =
            Crawler::new(remotes.cache(), remotes.options().clone()).with_progress(progress);
        let atoms = locks.into_iter().flat_map(|it| &it.atoms);
        let locked = atoms.filter_map(|it| match &it.place {
            Place::Published { root, rev, .. } => {
                Some((*root, it.id.clone(), it.version.clone(), *rev))
            }
            Place::Local { .. } | Place::Patched(_) => None,
        });
        Self {
            ctx,
            cache: remotes.cache(),
            crawler,
            locked: locked.collect(),
            failures: BTreeMap::new(),
        }
    }

    /// Lists in parallel; a remote that fails is remembered as failed.
    fn ask(
        &mut self,
        wants: &[(RepoUrl, Vec<Id>)],
    ) -> BTreeMap<RepoUrl, Result<Listing, RemoteError>> {
        let asks = wants.iter().map(|(url, ids)| (url.clone(), prefixes(ids)));
        let asks: BTreeMap<RepoUrl, Vec<String>> = asks.collect();
        let told = self.crawler.list_all(asks.clone());
        for (url, answer) in &told {
            if let Ok(listing) = answer {
                let at = seconds(self.ctx.now);
                // Forgetting it costs another look, no more.
                drop(self.cache.remember(url, &asks[url], listing, at));
            }
        }
        told
    }

    fn list_online(&mut self, wants: Vec<ListWant>) -> Vec<(RepoKey, SetFacts)> {
        let mut facts = Vec::new();
        let asks = wants
            .iter()
            .map(|it| (it.url.clone(), it.ids.iter().cloned().collect()));
        let asks: Vec<(RepoUrl, Vec<Id>)> = asks.collect();
        let mut told = self.ask(&asks);
        for (want, (url, ids)) in wants.into_iter().zip(asks) {
            match told.remove(&url) {
                Some(Ok(listing)) => facts.extend(read(&url, &ids, &listing, None)),
                Some(Err(error)) => facts.extend(self.list_mirrors(&want, &ids, error)),
                None => {}
            }
        }
        facts
    }

    /// Where the origin is dead, its mirrors serve the versions that the lock holds: those that
    /// any of them has, so that their order does not matter.
    fn list_mirrors(
        &mut self,
        want: &ListWant,
        ids: &[Id],
        cause: RemoteError,
    ) -> Option<(RepoKey, SetFacts)> {
        let mirrors = self.mirrors(&want.url, &want.mirrors);
        let asks = mirrors.iter().map(|it| (it.clone(), ids.to_vec()));
        let told = self.ask(&asks.collect::<Vec<_>>());
        let mut found: BTreeMap<Root, SetFacts> = BTreeMap::new();
        let mut live = Vec::new();
        for mirror in mirrors {
            let Some(Ok(listing)) = told.get(&mirror) else {
                continue;
            };
            let Some((_, facts)) = read(&mirror, ids, listing, Some(want.url.clone())) else {
                continue;
            };
            let facts = self.held(facts);
            match found.get_mut(&facts.root) {
                Some(before) => join(before, facts),
                None => {
                    found.insert(facts.root, facts);
                }
            }
            live.push(mirror);
        }
        let set = found.into_values().max_by_key(n_versions);
        if set.is_some() {
            self.ctx.warn(DeadOrigin {
                origin: want.url.clone(),
                mirrors: live,
                cause: cause.to_string(),
            });
        }
        self.failures
            .insert(want.url.key(), ResolveError::Remote(cause));
        Some((want.url.key(), set?))
    }

    /// What a mirror lists, as far as the lock holds it.
    fn held(&self, mut facts: SetFacts) -> SetFacts {
        let root = facts.root;
        for (id, versions) in &mut facts.atoms {
            versions.retain(|version, it| {
                let held = (root, id.clone(), version.clone(), it.atom);
                self.locked.contains(&held)
            });
        }
        facts
    }

    /// The mirrors of the manifest, then those of the user's own configuration.
    fn mirrors(&self, origin: &RepoUrl, named: &[RepoUrl]) -> Vec<RepoUrl> {
        let mine = own_mirrors(&self.ctx.config, origin);
        named.iter().cloned().chain(mine).collect()
    }

    fn list_offline(&mut self, wants: Vec<ListWant>) -> Vec<(RepoKey, SetFacts)> {
        let mut facts = Vec::new();
        for want in wants {
            let ids: Vec<Id> = want.ids.iter().cloned().collect();
            let Some(look) = self.cache.recall(&want.url, &prefixes(&ids)) else {
                let url = want.url.clone();
                self.failures
                    .insert(want.url.key(), ResolveError::Offline { url });
                continue;
            };
            self.ctx.warn(OldListing {
                url: want.url.clone(),
                seconds: seconds(self.ctx.now).saturating_sub(look.at),
            });
            facts.extend(read(&want.url, &ids, &look.listing, None));
        }
        facts
    }
}

impl Source for Remote<'_> {
    fn foresee(&mut self, wishes: &[Wish], reach: &mut Reach) -> Vec<(RepoKey, SetFacts)> {
        let mut remembered = Remembered {
            cache: self.cache,
            asked: BTreeMap::new(),
        };
        let (mut known, wishes) = (Knowledge::default(), wishes.to_vec());
        crawl(&mut known, &mut remembered, reach, wishes);
        self.list(remembered.asked.into_values().collect())
    }

    fn list(&mut self, wants: Vec<ListWant>) -> Vec<(RepoKey, SetFacts)> {
        // What failed was tried often enough.
        let mut wants = wants;
        wants.retain(|it| !self.failures.contains_key(&it.url.key()));
        match self.ctx.network {
            Network::Online => self.list_online(wants),
            Network::Offline { .. } => self.list_offline(wants),
        }
    }

    fn specs(&mut self, wants: Vec<SpecWant>) -> Vec<(ObjectId, SpecFacts)> {
        let all: Vec<ObjectId> = wants
            .iter()
            .flat_map(|it| it.commits.iter().copied())
            .collect();
        if self.ctx.network == Network::Online {
            self.bring(&wants);
        }
        let mut specs = Vec::new();
        for id in all {
            match spec(self.cache, id) {
                Ok(Some(facts)) => {
                    self.tell(id, &facts);
                    specs.push((id, facts));
                }
                Ok(None) => {}
                Err(error) => specs.push((id, SpecFacts::Broken(error.to_string()))),
            }
        }
        specs
    }

    fn notices(&mut self, wants: Vec<SpecWant>) -> BTreeMap<ObjectId, Vec<u8>> {
        if self.ctx.network == Network::Online {
            let failures = std::mem::take(&mut self.failures);
            self.bring(&wants);
            self.failures = failures;
        }
        let all = wants.iter().flat_map(|it| it.commits.iter().copied());
        all.filter_map(|id| Some((id, self.cache.commit(id).ok()??)))
            .collect()
    }

    fn failure(&mut self, url: &RepoUrl) -> Option<ResolveError> {
        self.failures.remove(&url.key())
    }
}

impl Remote<'_> {
    /// Says which versions are left out.
    fn tell(&self, spec: ObjectId, facts: &SpecFacts) {
        match facts {
            SpecFacts::Bad(Exclusion::UnknownFormat) => self.ctx.warn(NewerFormat { spec }),
            SpecFacts::Bad(why) => {
                let text = format!("the version of the spec {spec} is left out: {why}");
                self.ctx.events.emit(Event::Detail(text));
            }
            SpecFacts::Good(_) | SpecFacts::Broken(_) => {}
        }
    }

    /// Fetches what the cache lacks: from origins, then from mirrors.
    fn bring(&mut self, wants: &[SpecWant]) {
        for turn in 0.. {
            let mut asks: BTreeMap<RepoUrl, Vec<ObjectId>> = BTreeMap::new();
            for want in wants {
                let missing = self.cache.missing(want.commits.iter().copied());
                let mut places = vec![want.url.clone()];
                places.extend(self.mirrors(&want.url, &want.mirrors));
                if let (false, Some(url)) = (missing.is_empty(), places.get(turn)) {
                    asks.entry(url.clone()).or_default().extend(missing);
                }
            }
            if asks.is_empty() {
                return;
            }
            for (url, told) in self.crawler.fetch_all(asks) {
                if let Err(error) = told {
                    self.failures.insert(url.key(), ResolveError::Remote(error));
                }
            }
        }
    }
}

impl Source for Remembered<'_> {
    fn foresee(&mut self, _: &[Wish], _: &mut Reach) -> Vec<(RepoKey, SetFacts)> {
        Vec::new()
    }

    fn list(&mut self, wants: Vec<ListWant>) -> Vec<(RepoKey, SetFacts)> {
        let mut facts = Vec::new();
        for want in wants {
            let ids: Vec<Id> = want.ids.iter().cloned().collect();
            if let Some(look) = self.cache.recall(&want.url, &prefixes(&ids)) {
                facts.extend(read(&want.url, &ids, &look.listing, None));
            }
            self.asked
                .entry(want.url.key())
                .and_modify(|it| it.ids.extend(want.ids.iter().cloned()))
                .or_insert(want);
        }
        facts
    }

    fn specs(&mut self, wants: Vec<SpecWant>) -> Vec<(ObjectId, SpecFacts)> {
        let all = wants.iter().flat_map(|it| it.commits.iter().copied());
        all.filter_map(|id| Some((id, spec(self.cache, id).ok()??)))
            .collect()
    }

    fn notices(&mut self, _: Vec<SpecWant>) -> BTreeMap<ObjectId, Vec<u8>> {
        BTreeMap::new()
    }

    fn failure(&mut self, _: &RepoUrl) -> Option<ResolveError> {
        None
    }
}

/// What a listing says of these ids; nothing where the repository is no set.
fn read(
    url: &RepoUrl,
    ids: &[Id],
    listing: &Listing,
    stands_for: Option<RepoUrl>,
) -> Option<(RepoKey, SetFacts)> {
    let listing = AtomListing::read(listing);
    let atoms = ids.iter().map(|id| {
        let versions = listing.existing(id).filter_map(|(version, refs)| {
            let facts = VersionFacts {
                atom: refs.atom?,
                spec: refs.spec?,
                yank: refs.yank,
                deprecate: refs.deprecate,
            };
            Some((version.clone(), facts))
        });
        (id.clone(), versions.collect())
    });
    let facts = SetFacts {
        root: listing.root?,
        degraded: stands_for,
        atoms: atoms.collect(),
    };
    Some((url.key(), facts))
}

/// Adds what another mirror of the same set lists. Where they name different commits for one
/// version beside the atom's, the lesser id counts, so that their order does not.
fn join(set: &mut SetFacts, other: SetFacts) {
    for (id, versions) in other.atoms {
        let known = set.atoms.entry(id).or_default();
        for (version, facts) in versions {
            let known = known.entry(version).or_insert_with(|| facts.clone());
            known.spec = known.spec.min(facts.spec);
            known.yank = known.yank.into_iter().chain(facts.yank).min();
            known.deprecate = known.deprecate.into_iter().chain(facts.deprecate).min();
        }
    }
}

fn n_versions(set: &SetFacts) -> usize {
    set.atoms.values().map(BTreeMap::len).sum()
}

fn serving(mirrors: &[RepoUrl]) -> String {
    let named: Vec<_> = mirrors.iter().map(|it| format!("`{it}`")).collect();
    match named.as_slice() {
        [one] => format!("its mirror {one} serves"),
        all => format!("its mirrors {} serve", all.join(", ")),
    }
}

/// A spec as the cache has it.
fn spec(cache: &Cache, id: ObjectId) -> Result<Option<SpecFacts>, SpecError> {
    let bad = |why| Ok(Some(SpecFacts::Bad(why)));
    match cache.spec(id) {
        Ok(None) => Ok(None),
        Ok(Some(spec)) => Ok(Some(SpecFacts::Good(Box::new(GoodSpec {
            deps: SpecDep::of(&spec.manifest),
            commit: spec.commit,
            hint: spec.lock,
        })))),
        Err(SpecError::Commit(CommitError::UnknownFormat { .. })) => bad(Exclusion::UnknownFormat),
        Err(error @ SpecError::Manifest { .. }) => bad(Exclusion::Unreadable {
            reason: error.to_string(),
        }),
        Err(error) => Err(error),
    }
}

fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
