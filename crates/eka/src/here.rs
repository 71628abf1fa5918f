//! The repository that one works in: where it is, what its paths mean, which set it is.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use atom::Root;
use atom::refname::ROOT_REF;
use atom::url::{RepoUrl, Scheme};
use atom_git::remote::{AtomListing, Session};
use atom_git::repo::{Options, Repo, RepoError};

use crate::context::{Context, Network};
use crate::error::Error;
use crate::remotes::Remotes;

/// The repository around a folder; none where there is none.
pub(crate) fn repository(folder: &Path) -> Result<Option<Repo>, Error> {
    match Repo::discover(folder, &Options::default()) {
        Ok(repo) => Ok(Some(repo)),
        Err(RepoError::None { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The set's root that the first publish remote shows: as last seen, else as it is.
///
/// It never changes once it is posted, so a memory of it is as good as a look.
pub(crate) fn own_root(remotes: &Remotes<'_>, ctx: &Context<'_>, repo: &Repo) -> Option<Root> {
    let url = publish_url(ctx, repo)?;
    let prefixes = [ROOT_REF.to_owned()];
    let recalled = remotes.cache().recall(&url, &prefixes);
    if let Some(root) = recalled.and_then(|it| AtomListing::read(&it.listing).root) {
        return Some(root);
    }
    if ctx.network != Network::Online {
        return None;
    }
    let session = Session::open(&url, remotes.options());
    let listing = session.and_then(|mut it| it.list(&prefixes)).ok()?;
    // Forgetting it costs another look, no more.
    drop(
        remotes
            .cache()
            .remember(&url, &prefixes, &listing, seconds(ctx.now)),
    );
    AtomListing::read(&listing).root
}

/// A local path as the absolute one that it means here: `~/` is the home folder, and a relative
/// one begins at the folder one works in. Other URLs stay as they are.
pub(crate) fn absolute(ctx: &Context<'_>, url: RepoUrl) -> RepoUrl {
    if url.scheme() != Scheme::Path {
        return url;
    }
    let home = ctx.env.get("HOME").map(PathBuf::from);
    let path = match (url.as_git().strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => ctx.dir.join(url.as_git()),
    };
    let path = path.canonicalize().unwrap_or(path);
    path.to_str()
        .and_then(|it| RepoUrl::parse(it).ok())
        .unwrap_or(url)
}

/// Seconds since 1970.
pub(crate) fn seconds(now: SystemTime) -> u64 {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}

/// Where the first publish remote is listed.
fn publish_url(ctx: &Context<'_>, repo: &Repo) -> Option<RepoUrl> {
    let name = ctx.config.publish_remotes()?.0.first()?.clone();
    let remote = repo.remote(&name).ok()?;
    RepoUrl::parse_remote(&remote.fetch).ok()
}
