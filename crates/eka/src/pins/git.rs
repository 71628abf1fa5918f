//! Git pins: the commit that is asked for, its files, and their hash.

use atom::lock::{GitAsked, LockedPinSource};
use atom::manifest::GitAt;
use atom::url::RepoUrl;
use atom::{Name, NarHash, ObjectId};
use atom_git::nar::nar_hash;
use atom_git::pin::{self, PinError};
use atom_git::remote::{RemoteError, Session};
use atom_git::tree_guard::GuardedTree;
use miette::Diagnostic;
use thiserror::Error;

use super::PinsError;
use crate::context::Context;
use crate::error::Error;
use crate::fetch::{Examiner, n_threads, places};
use crate::limits;
use crate::remotes::Remotes;

/// A remote that gave no answer, where another did.
#[derive(Debug, Error, Diagnostic)]
#[error("{cause}")]
#[diagnostic(severity(warning), code(eka::pin::dead_remote))]
struct DeadRemote {
    cause: String,
}

/// Git pins of one command.
pub(super) struct Git<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) remotes: &'a Remotes<'a>,
}

impl Git<'_> {
    /// Locks what is asked for, as it is now. What an older lock says of the same commit is kept.
    pub(super) fn lock(
        &self,
        name: &Name,
        (url, at): (&RepoUrl, &GitAt),
        old: Option<&LockedPinSource>,
    ) -> Result<LockedPinSource, Error> {
        let rev = self.find(url, at)?;
        let known = old.and_then(|it| match it {
            LockedPinSource::Git {
                git, rev: old, nar, ..
            } if *old == rev && git.key() == url.key() => Some(*nar),
            _ => None,
        });
        let nar = match known {
            Some(nar) => nar,
            None => self.content(name, url, (rev, None))?.1,
        };
        Ok(LockedPinSource::Git {
            git: url.public(),
            asked: match at {
                GitAt::Head | GitAt::Rev(_) => GitAsked::Commit,
                GitAt::Ref(it) => GitAsked::Ref(it.clone()),
                GitAt::Version(it) => GitAsked::Version(it.clone()),
            },
            rev,
            nar,
        })
    }

    /// The commit that is asked for: of an unpeeled tag what it leads to is not followed.
    fn find(&self, url: &RepoUrl, at: &GitAt) -> Result<ObjectId, Error> {
        if let GitAt::Rev(rev) = at {
            return Ok(*rev);
        }
        let what = format!("listing `{url}`");
        self.ctx.online(what.as_str())?;
        let _task = self.ctx.task(what, None);
        let mut session = self.session(url)?;
        Ok(pin::find(&mut session, at).map_err(PinsError::from)?.rev)
    }

    /// The files of a commit, guarded, and their hash, which is the locked one where one is given.
    /// Objects that the cache held damaged are thrown out and brought again.
    pub(super) fn content(
        &self,
        name: &Name,
        url: &RepoUrl,
        (rev, locked): (ObjectId, Option<NarHash>),
    ) -> Result<(GuardedTree, NarHash), Error> {
        let cache = self.remotes.cache();
        self.bring(url, rev)?;
        let mut seen = self.hash(url, rev);
        let holds = |it: &Result<(GuardedTree, NarHash), PinsError>| {
            it.as_ref()
                .is_ok_and(|(_, found)| locked.is_none_or(|it| it == *found))
        };
        if !holds(&seen) && !Examiner::new(self.ctx, cache).rehash_commits(&[rev])? {
            cache.forget(&[rev])?;
            self.bring(url, rev)?;
            seen = self.hash(url, rev);
        }
        let (tree, found) = seen?;
        match locked {
            Some(locked) if locked != found => Err(PinsError::Nar {
                pin: name.clone(),
                at: format!("the commit {rev} of `{url}`"),
                found,
                locked,
            }
            .into()),
            _ => Ok((tree, found)),
        }
    }

    fn hash(&self, url: &RepoUrl, rev: ObjectId) -> Result<(GuardedTree, NarHash), PinsError> {
        let cache = self.remotes.cache();
        let limits = limits::of_trees(&self.ctx.config);
        let tree = pin::content(cache, url, rev, &limits)?;
        let _task = self.ctx.task(format!("hashing {rev}"), None);
        Ok((tree, nar_hash(&cache.objects(), tree, n_threads())?))
    }

    /// Brings a commit with its files, from the repository or from a mirror of it.
    fn bring(&self, url: &RepoUrl, rev: ObjectId) -> Result<(), Error> {
        let cache = self.remotes.cache();
        if cache.missing([rev]).is_empty() {
            return Ok(());
        }
        let what = format!("fetching {rev} from `{url}`");
        self.ctx.online(what.as_str())?;
        let _task = self.ctx.task(what, None);
        let mut first = None;
        for place in places(self.ctx, url, &[]) {
            let brought = Session::open(&place, self.remotes.options())
                .map_err(PinError::from)
                .and_then(|mut session| pin::bring(&mut session, rev, cache));
            match brought {
                Ok(()) => {
                    if let Some(error) = first {
                        self.tell(&error);
                    }
                    return Ok(());
                }
                Err(error @ (PinError::Remote(_) | PinError::NotGiven { .. })) => {
                    self.ctx.check_interrupt()?;
                    first.get_or_insert(error);
                }
                Err(error) => return Err(PinsError::from(error).into()),
            }
        }
        let error = first.expect("the repository itself is a place");
        Err(PinsError::from(error).into())
    }

    pub(super) fn session(&self, url: &RepoUrl) -> Result<Session, RemoteError> {
        Session::open(url, self.remotes.options())
    }

    fn tell(&self, error: &PinError) {
        let cause = error.to_string();
        self.ctx.warn(DeadRemote { cause });
    }
}
