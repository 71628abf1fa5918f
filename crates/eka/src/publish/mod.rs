//! `eka publish`: atoms of a commit to remotes.

mod error;
mod wanted;
mod dirty;
mod report;
mod line;

pub use error::{Dirty, PublishError, Unfound};
pub use report::{Failed, Outcome, Published, RemoteReport, Report, State};

use std::ffi::OsString;
use std::thread;

use atom::url::RepoUrl;
pub use atom_git::content::CutWhy;
use atom_git::nar::NarMemo;
use atom_git::publish::{
    self, Atoms, Candidate, Choice, Chosen, Job, Means, Ready, Scratch, Thresholds, Verdict,
};
pub use atom_git::publish::{Facts, Oddity, Refusal, WithHistory};
use atom_git::repo::Repo;
use atom_git::write::Staging;

use crate::context::Context;
use crate::error::Error;
use crate::fetch::n_threads;
use crate::here;
use crate::limits;
use crate::remotes::Remotes;
use crate::target::{self, Target};

/// What to publish, and where.
#[derive(Debug, Clone)]
pub struct Request {
    /// Folders and ids; the atom of the current folder where there are none.
    pub wanted: Vec<OsString>,
    /// Whether `wanted` or every atom is meant.
    pub scope: Scope,
    /// Only what changed.
    pub changed: Option<Since>,
    /// The revision; `HEAD` where none is named.
    pub rev: Option<String>,
    /// The remotes, by name or URL; those of `publish.remotes` where none is named.
    pub remotes: Vec<String>,
    /// Whether commits may go along that no branch or tag of a remote shows.
    pub history: WithHistory,
    /// Whether it is done at all.
    pub run: Run,
}

/// Which atoms are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that are named.
    Named,
    /// Every one of the commit.
    All,
}

/// Since when something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Since it was published.
    Published,
    /// Since this revision.
    Rev(String),
}

/// Whether it is done at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It is.
    Real,
    /// It is only said what would be done.
    Dry,
}

/// One URL to publish to.
struct Place {
    name: String,
    url: RepoUrl,
    /// Where consumers fetch.
    public: RepoUrl,
}

/// What the remotes have in common.
struct Work<'a> {
    ctx: &'a Context<'a>,
    request: &'a Request,
    atoms: &'a Atoms,
    chosen: &'a Chosen,
    /// Whether every atom was asked for.
    all: bool,
    staging: &'a Staging,
}

/// A remote that was listed, or not.
type Listed = Result<publish::Remote, Error>;

/// Publishes atoms of a commit: all or nothing to each remote. The repository is only read.
///
/// # Errors
///
/// What stands against publishing to any remote; of a single remote also what stands against that.
/// Of several remotes each that failed is in the report.
pub fn publish(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    ctx.patches.refuse("what is published is for everybody")?;
    let repo = target::repository(ctx)?;
    if repo.is_shallow()? {
        return Err(atom_git::root::RootError::Shallow.into());
    }
    let commit = repo.resolve(request.rev.as_deref().unwrap_or("HEAD"))?;
    let objects = repo.objects();
    let atoms = Atoms::read(objects, commit).map_err(PublishError::from)?;
    let choice = wanted::choice(ctx, &repo, request)?;
    let staging = Staging::over(&repo);
    let chosen = atoms.choose(objects, &choice).map_err(PublishError::from)?;
    let chosen = match &request.changed {
        Some(Since::Rev(rev)) => {
            let then = Atoms::read(objects, repo.resolve(rev)?).map_err(PublishError::from)?;
            let limits = limits::of_trees(&ctx.config);
            let changed = publish::changed(&staging, &atoms, &chosen, &then, &limits);
            changed.map_err(PublishError::from)?
        }
        _ => chosen,
    };
    let work = Work {
        ctx,
        request,
        atoms: &atoms,
        chosen: &chosen,
        all: choice == Choice::All,
        staging: &staging,
    };
    if work.all {
        for path in atoms.tableless() {
            ctx.warn(Oddity::Tableless { path });
        }
    }
    work.publish(&repo)
}

impl Work<'_> {
    fn publish(&self, repo: &Repo) -> Result<Report, Error> {
        let ctx = self.ctx;
        let places = self.places(repo)?;
        ctx.online("publishing")?;
        let remotes = Remotes::open(ctx)?;
        let (listed, candidates, dirty) = thread::scope(|scope| {
            let listings = places.iter().map(|it| {
                let (repo, remotes) = (repo.clone(), &remotes);
                scope.spawn(move || self.list(it, repo, remotes))
            });
            let listings: Vec<_> = listings.collect();
            let here = repo.clone();
            let dirty = scope.spawn(move || self.dirty(&here));
            let candidates = self.collect();
            let listed: Vec<Listed> = listings.into_iter().map(joined).collect();
            (listed, candidates, joined(dirty))
        });
        let candidates = candidates?;
        if let Some(dirty) = dirty? {
            ctx.warn(dirty);
        }
        let scratch = ctx.cache_dir()?.join("staging");
        let scratch = Scratch::open(&scratch).map_err(|source| PublishError::Scratch {
            path: scratch,
            source,
        })?;
        let job = Job {
            staging: self.staging,
            candidates: &candidates,
            commit: self.atoms.commit(),
            cache: remotes.cache(),
            options: remotes.options(),
            scratch: scratch.path(),
            history: self.request.history,
        };
        let mut jobs = each(listed, |it| plan(&job, it));
        let facts = self.facts(&candidates, &jobs)?;
        ctx.check_interrupt()?;
        if self.request.run == Run::Real {
            jobs = each(jobs, |it| push(ctx, &job, it));
        }
        report::report(self, &places, &candidates, &facts, jobs)
    }

    /// Each URL once.
    fn places(&self, repo: &Repo) -> Result<Vec<Place>, Error> {
        let targets = target::targets(self.ctx, repo, &self.request.remotes)?;
        let mut places: Vec<Place> = Vec::new();
        for Target { name, fetch, push } in targets {
            let fetch = here::absolute(self.ctx, fetch);
            for url in push {
                let url = here::absolute(self.ctx, url);
                if places.iter().any(|it| it.url == url) {
                    continue;
                }
                let (name, public) = (name.clone(), fetch.public());
                places.push(Place { name, url, public });
            }
        }
        Ok(places)
    }

    fn list(&self, place: &Place, repo: Repo, remotes: &Remotes<'_>) -> Listed {
        let _task = self.ctx.task(format!("listing `{}`", place.url), None);
        let (name, url) = (&place.name, &place.url);
        let ids = self.atoms.ids(self.chosen);
        let from = (repo, remotes.options(), remotes.cache());
        let listed = publish::Remote::list(name, url, from, ids)?;
        // Without a memory the next listing is a longer one, no more.
        drop(listed.remember(remotes.cache(), here::seconds(self.ctx.now)));
        Ok(listed)
    }

    fn collect(&self) -> Result<Vec<Candidate>, Error> {
        let _task = self.ctx.task("reading the atoms", None);
        let memo = NarMemo::open(&self.ctx.cache_dir()?.join("nar-hashes"));
        let means = Means {
            limits: limits::of_trees(&self.ctx.config),
            memo: &memo,
            n_threads: n_threads(),
        };
        let collected = publish::collect(self.staging, self.atoms, self.chosen, &means);
        Ok(collected.map_err(PublishError::from)?)
    }

    /// What is told of each candidate that is new anywhere; and what is odd is told at once.
    fn facts(
        &self,
        candidates: &[Candidate],
        jobs: &[Result<(publish::Remote, Ready), Error>],
    ) -> Result<Vec<Option<Facts>>, Error> {
        let ready = || jobs.iter().flatten().map(|(_, ready)| ready);
        let is_new =
            |at: usize| ready().any(|it| matches!(it.plan.steps[at].verdict, Verdict::New));
        let new: Vec<usize> = (0..candidates.len()).filter(|&at| is_new(at)).collect();
        let looked: Vec<&Candidate> = new.iter().map(|&at| &candidates[at]).collect();
        let limit = |name, default| self.ctx.config.count("limits", name).unwrap_or(default);
        let thresholds = Thresholds {
            atom_bytes: limit("publish-bytes", 64 << 20),
            file_bytes: limit("publish-file-bytes", 8 << 20),
        };
        let objects = self.staging.objects();
        let found = publish::facts(&objects, &looked, thresholds, n_threads());
        let mut facts = vec![None; candidates.len()];
        for (at, found) in new.into_iter().zip(found.map_err(PublishError::from)?) {
            // Of all atoms every such manifest is told above.
            let told = |it: &&Oddity| self.all && matches!(it, Oddity::Tableless { .. });
            for oddity in found.oddities.iter().filter(|it| !told(it)) {
                self.ctx.warn(oddity.clone());
            }
            facts[at] = Some(found);
        }
        for unfound in dirty::unfound(candidates, ready()) {
            self.ctx.warn(unfound);
        }
        Ok(facts)
    }
}

fn plan(job: &Job<'_>, listed: Listed) -> Result<(publish::Remote, Ready), Error> {
    let mut remote = listed?;
    let ready = remote.plan(job).map_err(PublishError::from)?;
    Ok((remote, ready))
}

fn push(
    ctx: &Context<'_>,
    job: &Job<'_>,
    planned: Result<(publish::Remote, Ready), Error>,
) -> Result<(publish::Remote, Ready), Error> {
    let (mut remote, ready) = planned?;
    let _task = ctx.task(format!("pushing to `{}`", remote.url()), None);
    let pushed = remote.push(job, ready);
    if pushed.is_err() {
        // A git that was interrupted along with us tells of a broken connection.
        ctx.check_interrupt()?;
    }
    Ok((remote, pushed.map_err(PublishError::from)?))
}

/// Works on each, all at once where there are several.
fn each<A: Send, B: Send>(all: Vec<A>, work: impl Fn(A) -> B + Sync) -> Vec<B> {
    if all.len() < 2 {
        return all.into_iter().map(work).collect();
    }
    thread::scope(|scope| {
        let work = &work;
        let threads = all.into_iter().map(|it| scope.spawn(move || work(it)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(joined).collect()
    })
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(it) => it,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
