//! `eka init`: posts the commit that names the set.

use atom::refname::ROOT_REF;
use atom::url::RepoUrl;
use atom::{ObjectId, Root};
use atom_git::remote::push::{Expect, PushError, Update, push};
use atom_git::remote::{AtomListing, Listing};
use atom_git::repo::Repo;
use atom_git::root;
use atom_git::write::Staging;
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::remotes::Remotes;
use crate::target::{self, Target};

/// What to post, and where.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The remotes, by name or URL; those of `publish.remotes` where none is named.
    pub remotes: Vec<String>,
    /// The revision whose oldest ancestor names the set; `HEAD` where none is named.
    pub rev: Option<String>,
    /// Another ancestor, on purpose.
    pub root: Option<String>,
}

/// What was posted.
#[derive(Debug)]
pub struct Report {
    /// The set's root.
    pub root: Root,
    /// Each URL that has it now.
    pub posted: Vec<Posted>,
    /// Each URL that could not be told; never all.
    pub failed: Vec<Failed>,
}

/// A URL that has the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What the user calls the remote.
    pub name: String,
    /// Where.
    pub url: RepoUrl,
    /// Since when.
    pub state: State,
}

/// A URL that has not got the root.
#[derive(Debug)]
pub struct Failed {
    /// Where.
    pub url: RepoUrl,
    /// Why not.
    pub error: Error,
}

/// Since when a remote has the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Now.
    New,
    /// Before.
    Present,
}

/// Why nothing was posted.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum InitError {
    /// The remote is a set already, named by another commit.
    #[error("`{url}` is a set already: its root is {posted}, and not {ours}")]
    #[diagnostic(
        code(eka::init::other_root),
        help(
            "a posted root is not changed: `eka publish` uses it as it is; for atoms that share no identity with those there, publish to another remote"
        )
    )]
    OtherRoot {
        /// The remote.
        url: RepoUrl,
        /// What it has.
        posted: Root,
        /// What was to be posted.
        ours: Root,
    },
    /// The remote has something else under the name of the root.
    #[error("`refs/eka/root` of `{url}` is no plain ref to a commit")]
    #[diagnostic(
        code(eka::init::wrong_kind),
        help("its owner removes it: `git push <remote> :refs/eka/root`")
    )]
    WrongKind {
        /// The remote.
        url: RepoUrl,
    },
    /// The commit that was named is not in the history.
    #[error("{root} is not an ancestor of {commit}")]
    #[diagnostic(
        code(eka::init::no_ancestor),
        help(
            "a set is named by an ancestor of what is published: name one by `--root`, or another revision by `--rev`"
        )
    )]
    NoAncestor {
        /// The commit named.
        root: Root,
        /// The revision.
        commit: ObjectId,
    },
}

/// Posts `refs/eka/root`, create-only. Commits nothing and changes no file.
///
/// # Errors
///
/// [`InitError`], a shallow clone ([`Error::Root`]), and what keeps a remote from answering. Before
/// anything is posted every remote has been looked at.
pub fn init(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let repo = target::repository(ctx)?;
    let commit = repo.resolve(request.rev.as_deref().unwrap_or("HEAD"))?;
    let root = choose(ctx, &repo, commit, request.root.as_deref())?;
    let targets = target::targets(ctx, &repo, &request.remotes)?;
    ctx.online("posting the root of the set")?;
    let remotes = Remotes::open(ctx)?;
    let mut report = Report {
        root,
        posted: Vec::new(),
        failed: Vec::new(),
    };
    let mut todo = Vec::new();
    for Target { name, push, .. } in targets {
        for url in push {
            match look(&remotes, &url, root)? {
                State::New => todo.push((name.clone(), url)),
                state => report.posted.push(Posted {
                    name: name.clone(),
                    url,
                    state,
                }),
            }
        }
    }
    for (name, url) in todo {
        ctx.check_interrupt()?;
        match post(ctx, &repo, &remotes, &url, root) {
            Ok(state) => report.posted.push(Posted { name, url, state }),
            Err(error) => report.failed.push(Failed { url, error }),
        }
    }
    if report.posted.is_empty() && !report.failed.is_empty() {
        return Err(report.failed.swap_remove(0).error);
    }
    Ok(report)
}

fn choose(
    ctx: &Context<'_>,
    repo: &Repo,
    commit: ObjectId,
    wanted: Option<&str>,
) -> Result<Root, Error> {
    let _task = ctx.task("looking for the oldest commit", None);
    let Some(wanted) = wanted else {
        return Ok(root::oldest_root(repo, commit)?);
    };
    let root = Root(repo.resolve(wanted)?);
    if root::is_ancestor(repo, root, commit)? {
        return Ok(root);
    }
    Err(InitError::NoAncestor { root, commit }.into())
}

/// Whether the remote has the root; another one is an error.
fn look(remotes: &Remotes<'_>, url: &RepoUrl, ours: Root) -> Result<State, Error> {
    let seen = remotes.at(url.clone()).list(&[ROOT_REF.to_owned()])?;
    Ok(judge(&seen.listing, url, ours)?)
}

fn judge(listing: &Listing, url: &RepoUrl, ours: Root) -> Result<State, InitError> {
    let url = || url.clone();
    let atoms = AtomListing::read(listing);
    match atoms.root {
        Some(posted) if posted == ours => Ok(State::Present),
        Some(posted) => Err(InitError::OtherRoot {
            url: url(),
            posted,
            ours,
        }),
        None if atoms.wrong_kind.is_empty() => Ok(State::New),
        None => Err(InitError::WrongKind { url: url() }),
    }
}

fn post(
    ctx: &Context<'_>,
    repo: &Repo,
    remotes: &Remotes<'_>,
    url: &RepoUrl,
    root: Root,
) -> Result<State, Error> {
    let _task = ctx.task(format!("posting the root to `{url}`"), None);
    let staged = Staging::over(repo).save(&ctx.dirs.temp)?;
    let update = Update {
        name: ROOT_REF.to_owned(),
        new: Some(root.0),
        expect: Expect::Absent,
    };
    match push(staged.path(), url, &[update], remotes.options().prompt) {
        Ok(_) => Ok(State::New),
        // Somebody was faster: with the same root there is nothing left to do.
        Err(PushError::Lost { .. }) => look(remotes, url, root),
        Err(error) => Err(error.into()),
    }
}

impl InitError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        Exit::No
    }
}
