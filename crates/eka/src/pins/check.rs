//! Whether locked pins are still what their sources show, by asking the sources.

use atom::lock::{GitAsked, Lock, LockedPin, LockedPinSource};
use atom::manifest::{GitAt, Manifest, PinSource};
use atom::{Name, ObjectId};
use atom_git::pin::{self, Standing};
use atom_git::publish::Scratch;

use super::PinsError;
use super::file::{Files, From};
use super::git::Git;
use super::resolve::shelf;
use crate::context::Context;
use crate::error::Error;
use crate::fetch::{FetchError, ShelfError};
use crate::remotes::Remotes;

/// What a locked pin claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Claim {
    /// What was asked for is the locked commit, or leads to it.
    Source,
    /// The content has the nar, or the file the hash, that the lock has.
    Hash,
}

/// What became of one pin.
#[derive(Debug)]
pub struct Verified {
    /// The pin.
    pub name: Name,
    /// Where it comes from.
    pub source: String,
    /// The claims that were looked at, in order.
    pub claims: Vec<(Claim, Result<(), PinsError>)>,
}

impl Claim {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Hash => "hash",
        }
    }
}

/// Checks every pin of a lock that answers its manifest.
///
/// # Errors
///
/// The first claim that does not hold, and what keeps sources from answering.
pub(crate) fn check(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    manifest: &Manifest,
    lock: &Lock,
) -> Result<(), Error> {
    for verified in verify(ctx, remotes, manifest, lock)? {
        for (_, result) in verified.claims {
            result?;
        }
    }
    Ok(())
}

/// Looks at every claim of every pin of a lock.
///
/// # Errors
///
/// What keeps sources from answering; a claim that does not hold is in the answer.
pub(crate) fn verify(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    manifest: &Manifest,
    lock: &Lock,
) -> Result<Vec<Verified>, Error> {
    if lock.pins.is_empty() {
        return Ok(Vec::new());
    }
    let task = ctx.task("checking the pins", Some(lock.pins.len() as u64));
    let mut all = Vec::new();
    for pin in &lock.pins {
        ctx.check_interrupt()?;
        let asked = manifest.pins.get(&pin.name).map(|it| &it.source);
        all.push(one((ctx, remotes), asked, pin)?);
        task.advance(1);
    }
    Ok(all)
}

fn one(
    (ctx, remotes): (&Context<'_>, &Remotes<'_>),
    asked: Option<&PinSource>,
    pin: &LockedPin,
) -> Result<Verified, Error> {
    let mut claims = Vec::new();
    let source = match &pin.source {
        LockedPinSource::Git {
            git: url,
            asked: locked,
            rev,
            nar,
        } => {
            let git = Git { ctx, remotes };
            let at = git_at(asked, locked, *rev);
            claims.push((Claim::Source, told(stands(&git, pin, (&at, *rev)))?));
            let content = git.content(&pin.name, url, (*rev, Some(*nar)));
            claims.push((Claim::Hash, told(content.map(drop))?));
            url.to_string()
        }
        LockedPinSource::Tar { tar: url, nar } => {
            let shelf = &shelf(ctx)?;
            let files = Files {
                ctx,
                remotes,
                shelf,
            };
            let found = files.tar(&pin.name, url, (Some(*nar), From::Origin));
            claims.push((Claim::Hash, told(found.map(drop))?));
            url.to_string()
        }
        LockedPinSource::Url { url, hash } => {
            let shelf = &shelf(ctx)?;
            let files = Files {
                ctx,
                remotes,
                shelf,
            };
            let found = files.url(&pin.name, url, (Some(*hash), From::Origin));
            claims.push((Claim::Hash, told(found.map(drop))?));
            url.to_string()
        }
    };
    Ok(Verified {
        name: pin.name.clone(),
        source,
        claims,
    })
}

/// What was asked for: the lock does not tell a commit that the manifest names from one that was
/// the `HEAD`.
fn git_at(asked: Option<&PinSource>, locked: &GitAsked, rev: ObjectId) -> GitAt {
    match (asked, locked) {
        (Some(PinSource::Git { at, .. }), _) => at.clone(),
        (_, GitAsked::Commit) => GitAt::Rev(rev),
        (_, GitAsked::Ref(it)) => GitAt::Ref(it.clone()),
        (_, GitAsked::Version(it)) => GitAt::Version(it.clone()),
    }
}

/// Whether the locked commit is what the repository shows, or leads up to it.
fn stands(git: &Git<'_>, pin: &LockedPin, (at, rev): (&GitAt, ObjectId)) -> Result<(), Error> {
    let LockedPinSource::Git { git: url, .. } = &pin.source else {
        return Ok(());
    };
    let what = format!("listing `{url}`");
    git.ctx.online(what.as_str())?;
    let _task = git.ctx.task(what, None);
    let path = git.ctx.cache_dir()?.join("tmp");
    let scratch = Scratch::open(&path)
        .map_err(|source| FetchError::Shelf(ShelfError::Io { path, source }))?;
    let mut session = git.session(url)?;
    let standing = pin::standing(&mut session, at, rev, scratch.path());
    match standing.map_err(PinsError::from)? {
        Standing::Current | Standing::Behind => Ok(()),
        Standing::Gone { now } => Err(PinsError::Moved {
            pin: pin.name.clone(),
            url: url.clone(),
            asked: match at {
                GitAt::Head => "the `HEAD`".to_owned(),
                GitAt::Ref(name) => format!("`{name}`"),
                GitAt::Rev(rev) => format!("{rev}"),
                GitAt::Version(req) => format!("the newest version that matches `{req}`"),
            },
            locked: rev,
            now,
        }
        .into()),
    }
}

/// A claim that does not hold is an answer; all else is an error.
fn told(result: Result<(), Error>) -> Result<Result<(), PinsError>, Error> {
    match result {
        Ok(()) => Ok(Ok(())),
        Err(Error::Pins(error)) if error.is_lie() => Ok(Err(error)),
        Err(error) => Err(error),
    }
}
