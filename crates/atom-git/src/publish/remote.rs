//! One remote: what it has, what it may get, and the one push that brings it there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::Duration;

use atom::commit::SpecCommit;
use atom::refname::{ATOMS_PREFIX, AtomRef, Part, ROOT_REF};
use atom::url::RepoUrl;
use atom::{Id, ObjectId, Root, Version};
use miette::Diagnostic;
use thiserror::Error;

use super::choose::Ids;
use super::collect::Candidate;
use super::differ::differing_paths;
use super::plan::{Offer, Plan, Step, There, Verdict, plan};
use super::reach::{self, Reach};
use super::refusal::{RefusalKind, RemoteRefusal};
use crate::cache::{Cache, CacheError};
use crate::objects::{ObjectError, ObjectKind, id_of};
use crate::remote::atoms::{AtomListing, all_prefixes, prefixes, tip_prefixes, tips};
use crate::remote::push::{Expect, PushError, Update, push};
use crate::remote::{Listing, RefKind, RemoteError, Session, TransportOptions};
use crate::repo::{Repo, RepoError};
use crate::root::{self, RootError};
use crate::write::{Staging, WriteError};

/// How often a remote is listed again where another push seems to be under way.
const LOOKS: usize = 20;

/// How long is waited between such looks.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a push is tried that others were faster than.
const PUSHES: usize = 8;

/// What all remotes of one publish share.
pub struct Job<'a> {
    /// Where new trees and commits are.
    pub staging: &'a Staging,
    /// What is published.
    pub candidates: &'a [Candidate],
    /// The commit.
    pub commit: ObjectId,
    /// Where specs of remotes rest.
    pub cache: &'a Cache,
    /// How remotes are talked to.
    pub options: &'a TransportOptions,
    /// A folder for temporary repositories.
    pub scratch: &'a Path,
    /// What may go along.
    pub history: WithHistory,
}

/// Whether commits may go along that no branch or tag of the remote shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithHistory {
    /// None may.
    No,
    /// They may.
    Yes,
}

/// One remote of a publish.
pub struct Remote {
    name: String,
    repo: Repo,
    session: Session,
    listing: Listing,
    /// Whether `listing` holds all atoms, or those of `ids`.
    whole: bool,
    ids: Ids,
}

/// What one remote is to get.
#[derive(Debug)]
pub struct Ready {
    /// Its root.
    pub root: Root,
    /// What is to be done.
    pub plan: Plan,
    /// The versions there of what is depended on by `::` and not published along.
    pub beside: BTreeMap<Id, Vec<Version>>,
    /// How many commits go along that no branch or tag shows.
    pub n_commits: usize,
}

/// Why a remote got nothing.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PublishError {
    /// It may not.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] RemoteRefusal),
    /// It was not reached, or gave no usable answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(#[from] RemoteError),
    /// The push failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Push(#[from] PushError),
    /// The clone is shallow, or a commit is missing.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Root(#[from] RootError),
    /// The repository does not answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Repo(#[from] RepoError),
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
    /// A commit cannot be staged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// The cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
}

impl Remote {
    /// Lists what a remote has of these atoms, its root, its branches and its tags. `name` is what
    /// it is called on the command line.
    ///
    /// Of many atoms, and where one of them may be new there, all that it has is listed: a new id
    /// is compared with all others. `cache` tells which ids were seen there.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn list(
        name: &str,
        url: &RepoUrl,
        (repo, options, cache): (Repo, &TransportOptions, &Cache),
        ids: Ids,
    ) -> Result<Self, RemoteError> {
        let known = |known: &[Id]| ids.chosen.iter().all(|it| known.contains(it));
        let mut remote = Self {
            name: name.to_owned(),
            repo,
            session: Session::open(url, options)?,
            listing: Listing::default(),
            whole: ids.is_many() || !known(&cache.known_ids(url)),
            ids,
        };
        remote.look()?;
        Ok(remote)
    }

    /// Remembers what it has of the atoms, seen `at` (seconds since 1970): a hint for the next time.
    ///
    /// # Errors
    ///
    /// [`CacheError::Io`].
    pub fn remember(&self, cache: &Cache, at: u64) -> Result<(), CacheError> {
        if self.ids.is_many() {
            return Ok(());
        }
        let asked = prefixes(self.ids.chosen.iter().chain(&self.ids.beside));
        cache.remember(self.url(), &asked, &self.listing, at)
    }

    /// Its URL.
    #[must_use]
    pub const fn url(&self) -> &RepoUrl {
        self.session.remote()
    }

    /// Says what is to be done.
    ///
    /// # Errors
    ///
    /// [`PublishError`]; what stands against single atoms is in the plan.
    pub fn plan(&mut self, job: &Job<'_>) -> Result<Ready, PublishError> {
        let root = self.root(job)?;
        let offers = job.candidates.iter().map(|it| it.stage(job.staging, root));
        let offers = offers.collect::<Result<Vec<_>, _>>()?;
        self.see_new_ids()?;
        let mut ready = Ready {
            root,
            plan: self.weigh(job, &offers)?,
            beside: self.beside(),
            n_commits: 0,
        };
        for _ in 0..LOOKS {
            if !ready.plan.is_torn() {
                break;
            }
            thread::sleep(PAUSE);
            self.look_anew(job)?;
            ready.plan = self.weigh(job, &offers)?;
        }
        self.explain(job, &mut ready.plan)?;
        ready.n_commits = self.reach(job, &mut ready.plan)?;
        Ok(ready)
    }

    /// Brings there what is to be brought, all or nothing. Gives what was done: where others were
    /// faster, something else than was to be done.
    ///
    /// # Errors
    ///
    /// [`PublishError`].
    pub fn push(&mut self, job: &Job<'_>, mut ready: Ready) -> Result<Ready, PublishError> {
        let saved = job.staging.save(job.scratch)?;
        let mut left = PUSHES;
        loop {
            left -= 1;
            if !ready.is_to_push() {
                return Ok(ready);
            }
            let updates: Vec<_> = ready.plan.creates().map(create).collect();
            let pushed = push(saved.path(), self.url(), &updates, job.options.prompt);
            let Err(error) = pushed else {
                return Ok(ready);
            };
            let again = match &error {
                PushError::Lost { .. } => true,
                PushError::Remote(error) => error.is_transient(),
                _ => false,
            };
            if !again || self.look_anew(job).is_err() {
                return Err(error.into());
            }
            if self.has(&updates) {
                // The answer was lost, not the push.
                return Ok(ready);
            }
            ready = self.plan(job)?;
            if left == 0 && ready.is_to_push() {
                return Err(error.into());
            }
            thread::sleep(PAUSE);
        }
    }

    fn beside(&self) -> BTreeMap<Id, Vec<Version>> {
        let atoms = AtomListing::read(&self.listing);
        let versions = |id| atoms.existing(id).map(|(version, _)| version.clone());
        let ids = self.ids.beside.iter();
        ids.map(|id| (id.clone(), versions(id).collect())).collect()
    }

    fn look(&mut self) -> Result<(), RemoteError> {
        let mut asked = if self.whole {
            all_prefixes()
        } else {
            prefixes(self.ids.chosen.iter().chain(&self.ids.beside))
        };
        asked.extend(tip_prefixes());
        self.listing = self.session.list(&asked)?;
        Ok(())
    }

    /// Lists over a new connection: a server that is a process keeps the refs that it has read.
    fn look_anew(&mut self, job: &Job<'_>) -> Result<(), RemoteError> {
        self.session = Session::open(self.session.remote(), job.options)?;
        self.look()
    }

    /// An id that is new there could look like any other: then all must be seen.
    fn see_new_ids(&mut self) -> Result<(), RemoteError> {
        if self.whole {
            return Ok(());
        }
        let atoms = AtomListing::read(&self.listing);
        if self
            .ids
            .chosen
            .iter()
            .all(|id| atoms.versions.contains_key(id))
        {
            return Ok(());
        }
        self.whole = true;
        self.look()
    }

    /// The set's root, which the commit descends from.
    fn root(&self, job: &Job<'_>) -> Result<Root, PublishError> {
        let remote = self.url().to_string();
        let at = self.listing.get(ROOT_REF);
        let Some(at) = at.filter(|it| it.kind == RefKind::Direct) else {
            let name = self.name.clone();
            return Err(RemoteRefusal::NoRoot { remote, name }.into());
        };
        let (root, commit) = (Root(at.id), job.commit);
        if !self.repo.objects().contains(at.id) || !root::is_ancestor(&self.repo, root, commit)? {
            return Err(RemoteRefusal::ForeignRoot {
                remote,
                root,
                commit,
            }
            .into());
        }
        Ok(root)
    }

    /// Compares the offers with what was listed.
    fn weigh(&mut self, job: &Job<'_>, offers: &[Offer]) -> Result<Plan, PublishError> {
        let atoms = AtomListing::read(&self.listing);
        let mut there = There {
            versions: atoms.versions,
            specs: BTreeMap::new(),
            strangers: atoms.wrong_kind.into_iter().collect(),
        };
        there.strangers.extend(strangers(&self.listing));
        let mut unread = Vec::new();
        for offer in offers {
            let refs = there.refs(&offer.spec.atom.id, &offer.spec.version);
            let Some(id) = refs.spec else { continue };
            match recognised(offer, id, refs.src)? {
                Some(spec) => {
                    there.specs.insert(id, spec);
                }
                // Nothing that it says changes what is said of another atom commit.
                None if refs.atom.is_some_and(|it| it != offer.spec.atom_commit)
                    && refs.src.is_some() => {}
                None => unread.push(id),
            }
        }
        if !unread.is_empty() {
            let missing = job.cache.missing(unread.iter().copied());
            self.session.fetch(&missing, job.cache)?;
            for id in unread {
                let bytes = job.cache.commit(id).ok().flatten();
                if let Some(spec) = bytes.and_then(|it| SpecCommit::parse(&it).ok()) {
                    there.specs.insert(id, spec);
                }
            }
        }
        Ok(plan(offers, &there))
    }

    /// How many commits go along; refuses where none may.
    fn reach(&mut self, job: &Job<'_>, plan: &mut Plan) -> Result<usize, PublishError> {
        if plan.refusals().next().is_some() {
            // Nothing goes at all.
            return Ok(0);
        }
        let of_src = plan.creates().filter(|(name, _)| name.part == Part::Src);
        let srcs: BTreeSet<ObjectId> = of_src.map(|(_, id)| *id).collect();
        let (here, gone): (Vec<_>, Vec<_>) = srcs
            .into_iter()
            .partition(|it| self.repo.objects().contains(*it));
        for src in gone {
            refuse_src(plan, src);
        }
        let tips: Vec<_> = tips(&self.listing).collect();
        let mut n_commits = 0;
        for src in here {
            let reach = reach::reach(job, (&self.repo, &mut self.session), src, &tips)?;
            let remote = self.url().to_string();
            match (reach, job.history) {
                (Reach::Shown, _) => {}
                (Reach::Hidden { n }, WithHistory::Yes) => n_commits = n_commits.max(n),
                (Reach::Unknown { n, .. }, WithHistory::Yes) => n_commits = n_commits.max(n),
                (Reach::Hidden { n }, WithHistory::No) => {
                    return Err(RemoteRefusal::PrivateHistory {
                        remote,
                        src,
                        n_commits: n,
                    }
                    .into());
                }
                (Reach::Unknown { tip, .. }, WithHistory::No) => {
                    return Err(RemoteRefusal::UnknownHistory { remote, src, tip }.into());
                }
            }
        }
        Ok(n_commits)
    }

    /// Says which files differ, where the other source is here.
    fn explain(&self, job: &Job<'_>, plan: &mut Plan) -> Result<(), ObjectError> {
        for step in &mut plan.steps {
            if let Verdict::Refused(refusal) = &mut step.verdict
                && let RefusalKind::Differs {
                    src: Some(src),
                    path,
                    paths,
                    ..
                } = &mut refusal.kind
            {
                *paths = differing_paths(self.repo.objects(), [*src, job.commit], path)?;
            }
        }
        Ok(())
    }

    /// Whether all refs are what they should have become.
    fn has(&self, updates: &[Update]) -> bool {
        let has = |it: &Update| self.listing.get(&it.name).map(|at| at.id) == it.new;
        updates.iter().all(has)
    }
}

impl Ready {
    /// Whether there is something to push: nothing is, where anything is refused.
    #[must_use]
    pub fn is_to_push(&self) -> bool {
        self.plan.refusals().next().is_none() && self.plan.creates().next().is_some()
    }
}

fn create((name, id): &(AtomRef, ObjectId)) -> Update {
    Update {
        name: name.to_string(),
        new: Some(*id),
        expect: Expect::Absent,
    }
}

/// Names below `refs/atoms/` that are no ref of an atom.
fn strangers(listing: &Listing) -> impl Iterator<Item = String> {
    let names = listing.refs.iter().map(|it| it.name.as_slice());
    names
        .filter(|it| it.starts_with(ATOMS_PREFIX.as_bytes()) && AtomRef::parse(it).is_none())
        .map(|it| String::from_utf8_lossy(it).into_owned())
}

/// The spec that a remote has, where it is the one that we would write over its own source: its id
/// says so, and it need not be fetched.
fn recognised(
    offer: &Offer,
    id: ObjectId,
    src: Option<ObjectId>,
) -> Result<Option<SpecCommit>, WriteError> {
    if id == offer.spec_commit {
        return Ok(Some(offer.spec.clone()));
    }
    let Some(src) = src else { return Ok(None) };
    let spec = SpecCommit {
        src,
        ..offer.spec.clone()
    };
    let found = id_of(ObjectKind::Commit, &spec.print());
    let found = found.map_err(|source| WriteError::Hash { source })?;
    Ok((found == id).then_some(spec))
}

/// The source of a spec that is there cannot be sent, since it is not here.
fn refuse_src(plan: &mut Plan, src: ObjectId) {
    let lacks = |it: &&mut Step| it.creates.iter().any(|(_, id)| *id == src);
    for step in plan.steps.iter_mut().filter(lacks) {
        step.creates.clear();
        step.verdict = Verdict::Refused(Box::new(super::refusal::Refusal {
            id: step.atom.id.clone(),
            version: step.version.clone(),
            kind: RefusalKind::SrcNotHere { src },
        }));
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("name", &self.name)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("commit", &self.commit)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}
