//! Where a repository is published: which remotes, and at which URLs.

use atom::uri::{Repository, Uri, UriError, Wanted};
use atom::url::RepoUrl;
use atom_git::repo::{Options, Repo, RepoError};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::here;

/// A remote to publish to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What the user calls it: the remote's name, or a URL.
    pub name: String,
    /// Where to list and fetch.
    pub fetch: RepoUrl,
    /// Where to push; never none.
    pub push: Vec<RepoUrl>,
}

/// Why a remote is none to publish to.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum TargetError {
    /// Git's configuration gives the remote a URL that is not understood.
    #[error("the remote `{name}` has a URL that is not understood")]
    #[diagnostic(
        code(eka::target::url),
        help("write it in full: `git remote set-url {name} ssh://host/path`")
    )]
    Url {
        /// The remote's name.
        name: String,
        /// Why not.
        #[source]
        #[diagnostic_source]
        source: UriError,
    },
    /// A URI names an atom where a repository belongs.
    #[error("`{text}` is not a repository")]
    #[diagnostic(
        code(eka::target::not_a_repository),
        help("name a remote of this repository, or a URL without `::`")
    )]
    NotARepository {
        /// What was given.
        text: String,
    },
}

/// The repository around the folder that one works in.
///
/// # Errors
///
/// [`RepoError`], where there is none that can be used.
pub fn repository(ctx: &Context<'_>) -> Result<Repo, RepoError> {
    Repo::discover(&ctx.dir, &Options::default())
}

/// The remotes named, each by its name or its URL; where none is, those of `publish.remotes`.
///
/// # Errors
///
/// [`Error::Repo`] for a remote that does not exist, [`Error::Target`].
pub fn targets(ctx: &Context<'_>, repo: &Repo, named: &[String]) -> Result<Vec<Target>, Error> {
    let configured = ctx.config.publish_remotes().map_or(&[][..], |(it, _)| it);
    let names = if named.is_empty() { configured } else { named };
    let mut targets: Vec<Target> = Vec::new();
    for name in names {
        let target = target(ctx, repo, name)?;
        if targets.iter().all(|it| it.push != target.push) {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// The URL that a URI's repository has, a path made absolute; for this repository that of its
/// first publish remote.
///
/// # Errors
///
/// As [`targets`], and [`Error::Repo`] outside of a repository.
pub fn url_of(ctx: &Context<'_>, repository: &Repository) -> Result<RepoUrl, Error> {
    match repository {
        Repository::At(url) => Ok(here::absolute(ctx, url.clone())),
        Repository::Here => {
            let repo = self::repository(ctx)?;
            let targets = targets(ctx, &repo, &[])?;
            let first = targets.into_iter().next();
            let none = || RepoError::NoRemote {
                name: "origin".to_owned(),
                known: repo.remotes(),
            };
            Ok(first.ok_or_else(none)?.fetch)
        }
    }
}

fn target(ctx: &Context<'_>, repo: &Repo, name: &str) -> Result<Target, Error> {
    let remote = match repo.remote(name) {
        Ok(remote) => remote,
        // What could be no remote's name is a URL.
        Err(_) if name.contains(['/', ':']) => return by_url(ctx, name),
        Err(error) => return Err(error.into()),
    };
    let read = |text: &String| {
        RepoUrl::parse_remote(text).map_err(|source| TargetError::Url {
            name: name.to_owned(),
            source,
        })
    };
    Ok(Target {
        name: name.to_owned(),
        fetch: read(&remote.fetch)?,
        push: remote.push.iter().map(read).collect::<Result<_, _>>()?,
    })
}

fn by_url(ctx: &Context<'_>, text: &str) -> Result<Target, Error> {
    let uri = Uri::parse(text, &ctx.aliases)?;
    let (Repository::At(url), Wanted::Set) = (uri.repository, uri.wanted) else {
        let text = text.to_owned();
        return Err(TargetError::NotARepository { text }.into());
    };
    let url = here::absolute(ctx, url);
    Ok(Target {
        name: url.to_string(),
        fetch: url.clone(),
        push: vec![url],
    })
}
