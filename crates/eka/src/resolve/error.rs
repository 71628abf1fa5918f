//! Why a resolution fails.

use atom::url::RepoUrl;
use atom::{Id, Name, ObjectId, Root, Version};
use atom_git::remote::RemoteError;
use miette::Diagnostic;
use thiserror::Error;

use super::origins::TwoOrigins;
use super::unsolvable::Unsolvable;
use crate::exit::Exit;

/// Why there is no lock.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ResolveError {
    /// No set of versions holds together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unsolvable(#[from] Unsolvable),
    /// A fault of the resolver.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Wrong(#[from] resolver::WrongAnswer),
    /// The user interrupted.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cancelled(#[from] resolver::Cancelled),
    /// Solving took too long.
    #[error("no answer was found in {seconds} s of solving, and whether there is one is not known")]
    #[diagnostic(
        code(eka::lock::too_long),
        help(
            "narrow a requirement, such as `>=1` to `^1`, or give it more time by `--config resolve.timeout={}`", seconds.saturating_mul(10).max(10)
        )
    )]
    TooLong {
        /// `resolve.timeout`.
        seconds: u64,
    },
    /// What is asked leads to too many repositories.
    #[error("the dependencies lie in more than {limit} sets")]
    #[diagnostic(
        code(eka::lock::too_many_sets),
        help("if they are to be trusted with more, raise `limits.sets`")
    )]
    TooManySets {
        /// `limits.sets`.
        limit: usize,
    },
    /// Two manifests disagree on where a set lies.
    #[error(transparent)]
    #[diagnostic(transparent)]
    TwoOrigins(#[from] TwoOrigins),
    /// A remote that is needed could not be asked, nor a mirror of it.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(#[from] RemoteError),
    /// `--offline`, and the remote was never listed.
    #[error("`{url}` was not listed before, and the network is off")]
    #[diagnostic(
        code(eka::lock::offline),
        help("run the command once without `--offline`")
    )]
    Offline {
        /// The remote.
        url: RepoUrl,
    },
    /// The repository has no `refs/eka/root`.
    #[error("`{url}` is no set of atoms: it has no `refs/eka/root`")]
    #[diagnostic(
        code(eka::lock::no_set),
        help("its owner makes it one by `eka init`; check the URL")
    )]
    NoSet {
        /// The repository.
        url: RepoUrl,
    },
    /// The manifest names its own repository by URL.
    #[error("the set `{name}` is this repository itself")]
    #[diagnostic(code(eka::lock::own_set), help("write `{name} = \"::\"` in `[sets]`"))]
    OwnSet {
        /// The set's name.
        name: Name,
    },
    /// A `::` dependency that the work tree does not hold.
    #[error("`{by}` depends on `::{id}`, and the work tree holds no such atom")]
    #[diagnostic(code(eka::lock::no_local), help("the atoms here are: {}", list(known)))]
    NoLocal {
        /// The atom.
        id: Id,
        /// Who depends on it.
        by: String,
        /// What the work tree holds.
        known: Vec<Id>,
    },
    /// Each choice of origins leads to a graph that names others.
    #[error("the origins of {} do not settle", roots(found))]
    #[diagnostic(
        code(eka::lock::restless),
        help("name the sets in `[sets]` of `atom.toml`")
    )]
    Restless {
        /// The sets in question.
        found: Vec<Root>,
    },
    /// A listed version's spec commit cannot be had.
    #[error("the spec of `{id}@{version}` is listed at `{url}`, and cannot be fetched")]
    #[diagnostic(
        code(eka::lock::no_spec),
        help("the remote has lost the commit: tell its owner, or add a mirror to the set")
    )]
    NoSpec {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The set's origin.
        url: RepoUrl,
    },
    /// A spec is not that of the version whose ref names it.
    #[error("the spec {spec} of `{id}@{version}` at `{url}` does not fit its refs")]
    #[diagnostic(
        code(eka::lock::forged),
        help(
            "its commit claims another atom, version or atom commit: do not use this version, and tell the set's owner"
        )
    )]
    Forged {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The spec commit.
        spec: ObjectId,
        /// The set's origin.
        url: RepoUrl,
    },
    /// A spec contradicts itself.
    #[error("the spec of `{id}@{version}` cannot be trusted: {reason}")]
    #[diagnostic(
        code(eka::lock::broken_spec),
        help("do not use this version, and tell the set's owner")
    )]
    Broken {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// What is wrong with it.
        reason: String,
    },
    /// A locked version's ref shows another commit.
    #[error("`{id}@{version}` has moved: the lock has {locked}, the remote shows {now}")]
    #[diagnostic(
        code(eka::lock::moved),
        help(
            "a published version never changes: ask the set's owner what happened, and do not take the new commit unseen"
        )
    )]
    Moved {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The commit in the lock.
        locked: ObjectId,
        /// The commit now.
        now: ObjectId,
    },
    /// A remote answered, yet not for this id.
    #[error("`{url}` gave no listing of `{id}`")]
    #[diagnostic(code(eka::lock::not_listed), help("run the command again"))]
    NotListed {
        /// The atom.
        id: Id,
        /// The remote.
        url: RepoUrl,
    },
    /// A chosen version is not known any more.
    #[error("`{id}@{version}` was chosen and cannot be found again")]
    #[diagnostic(
        code(eka::lock::lost),
        help("nothing was written; report this as a bug of eka, with the manifest and the lock")
    )]
    Lost {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
    },
}

impl ResolveError {
    /// Which of the manifests it points into, by position.
    pub(crate) const fn top(&self) -> usize {
        match self {
            Self::Unsolvable(it) => it.top,
            _ => 0,
        }
    }

    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unsolvable(_) | Self::NoLocal { .. } | Self::NoSet { .. } => Exit::No,
            Self::TooLong { .. } | Self::TooManySets { .. } => Exit::No,
            Self::Wrong(_) | Self::Lost { .. } => Exit::Bug,
            Self::Cancelled(_) => Exit::Interrupted,
            Self::TwoOrigins(_)
            | Self::Restless { .. }
            | Self::Forged { .. }
            | Self::Broken { .. }
            | Self::Moved { .. } => Exit::Integrity,
            Self::Remote(error) => crate::error::remote(error),
            Self::Offline { .. } | Self::NoSpec { .. } | Self::NotListed { .. } => Exit::Network,
            Self::OwnSet { .. } => Exit::Usage,
        }
    }
}

fn list(ids: &[Id]) -> String {
    if ids.is_empty() {
        return "none".to_owned();
    }
    let ids: Vec<String> = ids.iter().map(|it| format!("`{it}`")).collect();
    ids.join(", ")
}

fn roots(roots: &[Root]) -> String {
    let roots: Vec<String> = roots.iter().map(ToString::to_string).collect();
    roots.join(", ")
}
