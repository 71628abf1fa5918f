//! How remotes are reached: the object cache, git's configuration, the limits of ours.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use atom::Root;
use atom::refname::ROOT_REF;
use atom::url::RepoUrl;
use atom_git::cache::Cache;
use atom_git::remote::options::Limits;
use atom_git::remote::{AtomListing, Prompt, Session, TransportOptions};
use atom_git::repo::{Options, Repo, RepoError};

use crate::context::{Context, Network, Person};
use crate::error::Error;

/// The cache, and how to talk to remotes.
pub(crate) struct Remotes {
    /// Where specs and atoms rest.
    pub(crate) cache: Cache,
    /// What every session shares.
    pub(crate) options: TransportOptions,
}

impl Remotes {
    /// Opens the cache, and reads the configuration of `repo`, or the user's alone.
    pub(crate) fn open(ctx: &Context<'_>, repo: Option<&Repo>) -> Result<Self, Error> {
        let cache = Cache::open(ctx.cache_dir()?)?;
        let git_dir = repo.map_or_else(|| cache.git_dir(), Repo::common_dir);
        let mut options = TransportOptions::open(&git_dir, &Options::default())?;
        options.limits = limits(ctx);
        let retries = ctx.config.count("network", "retries").unwrap_or(2).min(10);
        options.retry.waits = (0..retries)
            .map(|it| Duration::from_millis(200 << (2 * it.min(3))))
            .collect();
        options.interrupt = ctx.interrupt.clone();
        options.netrc = netrc(ctx);
        options.prompt = match ctx.person {
            Person::Present => Prompt::Terminal,
            Person::Absent => Prompt::Never,
        };
        Ok(Self { cache, options })
    }

    /// The set's root that a repository of ours posted: as last seen, else as it is.
    ///
    /// It never changes once it is posted, so a memory of it is as good as a look.
    pub(crate) fn own_root(&self, ctx: &Context<'_>, repo: &Repo) -> Option<Root> {
        let url = publish_url(ctx, repo)?;
        let prefixes = [ROOT_REF.to_owned()];
        let recalled = self.cache.recall(&url, &prefixes);
        if let Some(root) = recalled.and_then(|it| AtomListing::read(&it.listing).root) {
            return Some(root);
        }
        if ctx.network != Network::Online {
            return None;
        }
        let listing = Session::open(&url, &self.options)
            .and_then(|mut it| it.list(&prefixes))
            .ok()?;
        let at = seconds(ctx.now);
        // Forgetting it costs another look, no more.
        drop(self.cache.remember(&url, &prefixes, &listing, at));
        AtomListing::read(&listing).root
    }
}

/// The repository around a folder; none where there is none.
pub(crate) fn repository(folder: &Path) -> Result<Option<Repo>, Error> {
    match Repo::discover(folder, &Options::default()) {
        Ok(repo) => Ok(Some(repo)),
        Err(RepoError::None { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
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
    RepoUrl::parse(&remote.fetch).ok()
}

fn limits(ctx: &Context<'_>) -> Limits {
    let default = Limits::default();
    let count = |name, default| ctx.config.count("limits", name).unwrap_or(default);
    let time = |name, default: Duration| {
        ctx.config
            .count("limits", name)
            .map_or(default, Duration::from_secs)
    };
    Limits {
        refs: count("refs", default.refs),
        listing_bytes: count("listing-bytes", default.listing_bytes),
        name_bytes: default.name_bytes,
        pack_bytes: count("pack-bytes", default.pack_bytes),
        pack_objects: count("pack-objects", default.pack_objects),
        object_bytes: count("object-bytes", default.object_bytes),
        connect: time("connect-time", default.connect),
        stall: time("stall-time", default.stall),
        listing: time("listing-time", default.listing),
        fetch: time("fetch-time", default.fetch),
    }
}

fn netrc(ctx: &Context<'_>) -> Option<PathBuf> {
    let named = ctx.env.get("NETRC").map(PathBuf::from);
    named.or_else(|| Some(Path::new(ctx.env.get("HOME")?).join(".netrc")))
}
