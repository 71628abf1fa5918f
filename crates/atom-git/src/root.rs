//! The root of a set: the oldest parentless ancestor.

use std::ops::ControlFlow;

use atom::{ObjectId, Root};
use miette::Diagnostic;
use thiserror::Error;

use crate::history::parse;
use crate::objects::ObjectError;
use crate::repo::{Repo, RepoError};

/// Why no root can be told.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RootError {
    /// A shallow clone has no beginning.
    #[error("this is a shallow clone, so the set's root cannot be checked")]
    #[diagnostic(
        code(eka::root::shallow),
        help(
            "here: `git fetch --unshallow`\nGitHub Actions: `uses: actions/checkout@v5` with `fetch-depth: 0`\nGitLab CI: `variables` with `GIT_DEPTH: 0`"
        )
    )]
    Shallow,
    /// Whether the clone is shallow cannot be told.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Repo(#[from] RepoError),
    /// A commit is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

/// The root that a set gets by default: of the parentless commits among the ancestors of `commit`
/// the one with the least committer seconds (0 where they cannot be read), then the least id
/// (`docs/reference/formats.md`, section 2).
///
/// # Errors
///
/// [`RootError::Shallow`] in a shallow clone, [`RootError::Object`] for an ancestor that cannot be
/// read.
pub fn oldest_root(repo: &Repo, commit: ObjectId) -> Result<Root, RootError> {
    refuse_shallow(repo)?;
    let mut parentless = Vec::new();
    repo.history().each_ancestor(commit, |id, node| {
        if node.parents.is_empty() {
            parentless.push(id);
        }
        ControlFlow::Continue(())
    })?;
    let mut oldest = None;
    for id in parentless {
        // From the commit itself: a commit-graph keeps 34 bits of the date.
        let bytes = repo.objects().commit(id)?;
        let node = parse(&bytes).ok_or(ObjectError::Malformed { id })?;
        let this = (node.committed_s, id);
        oldest = Some(oldest.map_or(this, |other| this.min(other)));
    }
    oldest
        .map(|(_, id)| Root(id))
        .ok_or_else(|| ObjectError::Malformed { id: commit }.into())
}

/// Whether `root` is among the ancestors of `commit`, itself included.
///
/// # Errors
///
/// As [`oldest_root`].
pub fn is_ancestor(repo: &Repo, root: Root, commit: ObjectId) -> Result<bool, RootError> {
    refuse_shallow(repo)?;
    Ok(repo.history().is_ancestor(root.0, commit)?)
}

fn refuse_shallow(repo: &Repo) -> Result<(), RootError> {
    if repo.is_shallow()? {
        return Err(RootError::Shallow);
    }
    Ok(())
}
