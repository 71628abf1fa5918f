//! `eka mirror`: copies the versions of one repository to another, as they are.

mod error;
mod plan;

pub use error::{Conflict, MirrorError};
pub use plan::State;

use std::thread;
use std::time::Duration;

use atom::commit::CommitError;
use atom::refname::{Part, ROOT_REF};
use atom::uri::{Repository, Uri, Wanted};
use atom::url::RepoUrl;
use atom::{Id, ObjectId, Root, Version};
use atom_git::cache::{Cache, SpecError};
use atom_git::publish::Scratch;
use atom_git::remote::push::{Expect, PushError, Update, push};
use atom_git::remote::{AtomListing, Depth, Filter, Session, atoms};
use atom_git::write::Staging;

use crate::context::Context;
use crate::error::Error;
use crate::fetch::{Examiner, Subject};
use crate::here;
use crate::remotes::Remotes;
use crate::target::{self, TargetError};
use error::UnknownFormat;
use plan::{Step, Versions, plan};

/// How often a push is tried that others were faster than.
const PUSHES: usize = 8;

/// How long is waited before the next.
const PAUSE: Duration = Duration::from_millis(50);

/// What to copy.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where from: a remote's name, or a URL.
    pub from: String,
    /// Where to.
    pub to: String,
    /// The atoms; all where there are none.
    pub ids: Vec<Id>,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where from.
    pub from: RepoUrl,
    /// Where to.
    pub to: RepoUrl,
    /// The root of the set.
    pub root: Root,
    /// Each version, by id and version.
    pub versions: Vec<Copied>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The atom.
    pub id: Id,
    /// The version.
    pub version: Version,
    /// The atom commit; none for a tombstone.
    pub commit: Option<ObjectId>,
    /// How much of it was there before.
    pub state: State,
}

/// One command under way.
struct Copy<'a> {
    ctx: &'a Context<'a>,
    remotes: &'a Remotes<'a>,
    from: RepoUrl,
    to: RepoUrl,
    ids: &'a [Id],
}

/// What a repository shows.
struct Shown {
    session: Session,
    root: Option<Root>,
    versions: Versions,
}

/// Copies every version, its signature, yank and deprecation, and the root: refs that are not
/// there yet, in one atomic push. What is copied is checked first, as whoever fetches does.
///
/// # Errors
///
/// [`MirrorError`]; [`Error::Lie`] for a claim that does not hold, and what keeps a remote from
/// answering.
pub fn mirror(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let from = place(ctx, &request.from, Way::From)?;
    let to = place(ctx, &request.to, Way::To)?;
    ctx.online(format!("copying `{from}` to `{to}`"))?;
    let remotes = Remotes::open(ctx)?;
    let copy = Copy {
        ctx,
        remotes: &remotes,
        from,
        to,
        ids: &request.ids,
    };
    copy.run()
}

/// Which of a remote's URLs counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    From,
    To,
}

/// The URL that an argument names.
fn place(ctx: &Context<'_>, text: &str, way: Way) -> Result<RepoUrl, Error> {
    if let Some(repo) = here::repository(&ctx.dir)?
        && repo.remotes().iter().any(|it| it == text)
    {
        let targets = target::targets(ctx, &repo, &[text.to_owned()])?;
        let target = targets.into_iter().next();
        if let Some(target) = target {
            let pushed = target.push.into_iter().next();
            return Ok(match way {
                Way::From => target.fetch,
                Way::To => pushed.unwrap_or(target.fetch),
            });
        }
    }
    let uri = Uri::parse(text, &ctx.aliases)?;
    let url = match (uri.wanted, uri.repository) {
        (Wanted::Set, Repository::At(url)) => url,
        (Wanted::Set, Repository::Here) => target::url_of(ctx, &Repository::Here)?,
        _ => {
            let text = text.to_owned();
            return Err(TargetError::NotARepository { text }.into());
        }
    };
    Ok(here::absolute(ctx, url))
}

impl Copy<'_> {
    fn run(&self) -> Result<Report, Error> {
        let (from, to) = thread::scope(|scope| {
            let to = scope.spawn(|| self.look(&self.to));
            let from = self.look(&self.from);
            (from, to.join())
        });
        let to = to.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let mut from = from?;
        let url = || self.from.to_string();
        let root = from.root.ok_or_else(|| MirrorError::NoSet { url: url() })?;
        for id in self.ids {
            if !from.versions.contains_key(id) {
                let id = id.clone();
                return Err(MirrorError::NoAtom { url: url(), id }.into());
            }
        }
        let path = self.ctx.cache_dir()?.join("staging");
        let scratch = Scratch::open(&path);
        let scratch = scratch.map_err(|source| MirrorError::Scratch { path, source })?;
        let cache = Cache::open(&scratch.path().join("copy"))?;
        let steps = self.weigh(&from, &to)?;
        let lacking = Some(root).filter(|_| to.root.is_none());
        self.fetch(&mut from.session, (&steps, lacking), &cache)?;
        for it in self.check(&steps, root, &cache)? {
            if let Some(versions) = from.versions.get_mut(&it.id) {
                versions.remove(&it.version);
            }
            self.ctx.warn(it);
        }
        let steps = self.push(&from, to, (&cache, &scratch))?;
        let versions = steps.into_iter().map(|it| Copied {
            commit: it.refs.atom,
            id: it.id,
            version: it.version,
            state: it.state,
        });
        Ok(Report {
            from: self.from.clone(),
            to: self.to.clone(),
            root,
            versions: versions.collect(),
        })
    }

    fn look(&self, url: &RepoUrl) -> Result<Shown, Error> {
        let _task = self.ctx.task(format!("listing `{url}`"), None);
        let prefixes = match self.ids {
            [] => atoms::all_prefixes(),
            ids => atoms::prefixes(ids),
        };
        let mut session = Session::open(url, self.remotes.options())?;
        let listing = session.list(&prefixes)?;
        let AtomListing { root, versions, .. } = AtomListing::read(&listing);
        Ok(Shown {
            session,
            root,
            versions,
        })
    }

    /// What is to be done; both are of one set.
    fn weigh(&self, from: &Shown, to: &Shown) -> Result<Vec<Step>, Error> {
        if let (Some(ours), Some(theirs)) = (from.root, to.root)
            && ours != theirs
        {
            return Err(MirrorError::OtherRoot {
                from: self.from.to_string(),
                to: self.to.to_string(),
                ours,
                theirs,
            }
            .into());
        }
        let planned = plan(&from.versions, &to.versions);
        Ok(planned.map_err(|conflicts| MirrorError::Conflict {
            from: self.from.to_string(),
            to: self.to.to_string(),
            conflicts,
        })?)
    }

    /// Brings all that is to be copied; of sources and of the root the whole history.
    fn fetch(
        &self,
        from: &mut Session,
        (steps, root): (&[Step], Option<Root>),
        cache: &Cache,
    ) -> Result<(), Error> {
        let (mut tips, mut sources) = (Vec::new(), Vec::new());
        for step in steps {
            for (name, id) in &step.creates {
                match name.part {
                    Part::Src => sources.push(*id),
                    _ => tips.push(*id),
                }
            }
            // What is checked is read, whether it is copied or there.
            if !step.creates.is_empty() {
                tips.extend(step.refs.atom.into_iter().chain(step.refs.spec));
            }
        }
        sources.extend(root.map(|it| it.0));
        for (wants, depth) in [(tips, Depth::Tip), (sources, Depth::History)] {
            if wants.is_empty() {
                continue;
            }
            let what = format!("fetching from `{}`", self.from);
            let _task = self.ctx.task(what, None);
            let fetched = from.fetch_more(&wants, cache, depth, Filter::None)?;
            if let Some(&object) = fetched.missing.first() {
                let url = self.from.to_string();
                return Err(MirrorError::Lost { url, object }.into());
            }
        }
        Ok(())
    }

    /// Recomputes what the versions claim; gives those of a format that is not known.
    fn check(
        &self,
        steps: &[Step],
        root: Root,
        cache: &Cache,
    ) -> Result<Vec<UnknownFormat>, Error> {
        let examiner = Examiner::new(self.ctx, cache);
        let mut unknown = Vec::new();
        let _task = self.ctx.task("checking", Some(steps.len() as u64));
        for step in steps.iter().filter(|it| !it.creates.is_empty()) {
            self.ctx.check_interrupt()?;
            let (Some(rev), Some(spec)) = (step.refs.atom, step.refs.spec) else {
                continue;
            };
            if let Err(SpecError::Commit(CommitError::UnknownFormat { format })) =
                cache.atom_commit(rev)
            {
                unknown.push(UnknownFormat {
                    id: step.id.clone(),
                    version: step.version.clone(),
                    format,
                });
                continue;
            }
            let subject = Subject {
                id: &step.id,
                version: &step.version,
                root,
                rev,
                spec,
                refs: step.refs,
                locked: None,
            };
            if let Some(lie) = examiner.examine(&subject).lie() {
                return Err(Error::Lie(Box::new(lie)));
            }
        }
        Ok(unknown)
    }

    /// Pushes what is lacking, all or nothing; gives what was done.
    fn push(
        &self,
        from: &Shown,
        mut to: Shown,
        (cache, scratch): (&Cache, &Scratch),
    ) -> Result<Vec<Step>, Error> {
        let _task = self.ctx.task(format!("pushing to `{}`", self.to), None);
        let saved = Staging::over_objects(&cache.objects()).save(scratch.path())?;
        let prompt = self.remotes.options().prompt;
        let mut left = PUSHES;
        loop {
            let steps = self.weigh(from, &to)?;
            let updates = updates(&steps, from.root.filter(|_| to.root.is_none()));
            self.ctx.check_interrupt()?;
            left -= 1;
            match push(saved.path(), &self.to, &updates, prompt) {
                Ok(_) => return Ok(steps),
                Err(PushError::Lost { .. }) if left > 0 => {
                    // Somebody else was faster: with the same, or with something else.
                    thread::sleep(PAUSE);
                    to = self.look(&self.to)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn updates(steps: &[Step], root: Option<Root>) -> Vec<Update> {
    let root = root.map(|it| (ROOT_REF.to_owned(), it.0));
    let creates = steps.iter().flat_map(|it| &it.creates);
    let creates = creates.map(|(name, id)| (name.to_string(), *id));
    let all = root.into_iter().chain(creates).map(|(name, id)| Update {
        name,
        new: Some(id),
        expect: Expect::Absent,
    });
    all.collect()
}
