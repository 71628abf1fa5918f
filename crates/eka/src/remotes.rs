//! Remotes as a workflow meets them: git's configuration, limits, the cache, and the network mode.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atom::ObjectId;
use atom::url::RepoUrl;
use atom_git::cache::{Cache, Spec};
use atom_git::remote::{Listing, Prompt, Retry, Session, TransportOptions};
use atom_git::repo::{Options, Repo};
use miette::Diagnostic;
use thiserror::Error;

use crate::config::Config;
use crate::context::{Context, Network, Person};
use crate::error::Error;
use crate::event::Event;
use crate::limits;

/// The most tries after the first.
const MAX_RETRIES: u64 = 10;

/// What all remotes of one command share.
pub struct Remotes<'a> {
    ctx: &'a Context<'a>,
    cache: Cache,
    options: TransportOptions,
}

/// One remote. The connection is kept between a listing and a fetch.
pub struct Remote<'a> {
    shared: &'a Remotes<'a>,
    url: RepoUrl,
    session: Option<Session>,
}

/// What a remote shows, or showed.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The refs.
    pub listing: Listing,
    /// When it was seen, where it was not seen now.
    pub at: Option<SystemTime>,
}

/// A remote gives no answer, and a mirror of the user's own stands in for it.
#[derive(Debug, Error, Diagnostic)]
#[error("{cause}; the mirror `{mirror}` shows what it has of it")]
#[diagnostic(
    severity(warning),
    code(eka::remote::dead_origin),
    help("a mirror introduces no versions, and may lack the newest ones")
)]
struct DeadOrigin {
    mirror: RepoUrl,
    cause: String,
}

/// Why a remote's object cannot be had.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ObjectsError {
    /// The remote lists a commit that it does not have.
    #[error("`{url}` lists the commit {commit}, and does not have it")]
    #[diagnostic(
        code(eka::remote::lost),
        help("tell its owner; a mirror of it may still have the commit")
    )]
    Lost {
        /// The remote.
        url: RepoUrl,
        /// The commit.
        commit: ObjectId,
    },
}

impl<'a> Remotes<'a> {
    /// Opens the cache, and tidies it where earlier commands left it untidy. The configuration that counts is that of the repository one works in, where
    /// there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Context`] without a home, [`Error::Cache`], [`Error::Remote`] for a configuration of
    /// git that cannot be read.
    pub fn open(ctx: &'a Context<'a>) -> Result<Self, Error> {
        let cache = Cache::open(ctx.cache_dir()?)?;
        if let Err(error) = cache.tidy(ctx.now) {
            // An untidy cache is larger than it need be, no more.
            ctx.warn(error);
        }
        let around = Repo::discover(&ctx.dir, &Options::default());
        let git_dir = around.map_or_else(|_| cache.git_dir(), |it| it.git_dir().to_owned());
        let options = transport(ctx, &git_dir)?;
        Ok(Self {
            ctx,
            cache,
            options,
        })
    }

    /// The cache.
    #[must_use]
    pub const fn cache(&self) -> &Cache {
        &self.cache
    }

    /// How remotes are talked to.
    #[must_use]
    pub const fn options(&self) -> &TransportOptions {
        &self.options
    }

    /// One remote; nothing is sent yet.
    #[must_use]
    pub const fn at(&'a self, url: RepoUrl) -> Remote<'a> {
        Remote {
            shared: self,
            url,
            session: None,
        }
    }
}

impl<'a> Remotes<'a> {
    /// The refs of a remote below these prefixes; where it gives no answer, of the first of the
    /// user's own mirrors of it that does, which is told. Gives who answered as well.
    ///
    /// # Errors
    ///
    /// As [`Remote::list`], of the remote itself.
    pub fn list(&'a self, url: RepoUrl, prefixes: &[String]) -> Result<(Remote<'a>, Seen), Error> {
        let mirrors = own_mirrors(&self.ctx.config, &url);
        let mut remote = self.at(url);
        let cause = match remote.list(prefixes) {
            Ok(seen) => return Ok((remote, seen)),
            Err(Error::Remote(cause)) => cause,
            Err(error) => return Err(error),
        };
        for mirror in mirrors {
            self.ctx.check_interrupt()?;
            let mut remote = self.at(mirror.clone());
            if let Ok(seen) = remote.list(prefixes) {
                let cause = cause.to_string();
                self.ctx.warn(DeadOrigin { mirror, cause });
                return Ok((remote, seen));
            }
        }
        Err(cause.into())
    }
}

impl Remote<'_> {
    /// Its URL.
    #[must_use]
    pub const fn url(&self) -> &RepoUrl {
        &self.url
    }

    /// The cache that fetched objects rest in.
    pub(crate) const fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    /// The refs below these prefixes: as they are now, or offline as they were last seen, which is
    /// told.
    ///
    /// # Errors
    ///
    /// [`Error::Remote`], and [`Error::Context`] offline where they were never seen.
    pub fn list(&mut self, prefixes: &[String]) -> Result<Seen, Error> {
        let (ctx, cache) = (self.shared.ctx, &self.shared.cache);
        let what = format!("listing `{}`", self.url);
        if let Network::Offline { .. } = ctx.network {
            let Some(look) = cache.recall(&self.url, prefixes) else {
                ctx.online(what)?;
                unreachable!("offline, and yet online");
            };
            let at = UNIX_EPOCH + Duration::from_secs(look.at);
            let age = age(ctx.now.duration_since(at).unwrap_or_default());
            let text = format!("`{}` was last seen {age} ago", self.url);
            ctx.events.emit(Event::Note(text));
            let (listing, at) = (look.listing, Some(at));
            return Ok(Seen { listing, at });
        }
        let _task = ctx.task(what, None);
        let listing = self.session()?.list(prefixes)?;
        let now = ctx.now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if let Err(error) = cache.remember(&self.url, prefixes, &listing, now.as_secs()) {
            // What is remembered helps later; the answer is here.
            ctx.warn(error);
        }
        Ok(Seen { listing, at: None })
    }

    /// Brings these objects into the cache; those that are there are not asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Remote`], [`Error::Context`] offline, [`ObjectsError::Lost`].
    pub fn fetch(&mut self, wants: &[ObjectId]) -> Result<(), Error> {
        let (ctx, cache) = (self.shared.ctx, &self.shared.cache);
        let wants = cache.missing(wants.iter().copied());
        if wants.is_empty() {
            return Ok(());
        }
        let what = format!("fetching from `{}`", self.url);
        ctx.online(what.as_str())?;
        let _task = ctx.task(what, None);
        let fetched = self.session()?.fetch(&wants, cache)?;
        match fetched.missing.first() {
            Some(commit) => Err(Error::Objects(ObjectsError::Lost {
                url: self.url.clone(),
                commit: *commit,
            })),
            None => Ok(()),
        }
    }

    /// A spec, out of the cache or from the remote.
    ///
    /// # Errors
    ///
    /// As [`Remote::fetch`], and [`Error::Spec`].
    pub fn spec(&mut self, id: ObjectId) -> Result<Spec, Error> {
        let cache = &self.shared.cache;
        if let Some(spec) = cache.spec(id)? {
            return Ok(spec);
        }
        self.fetch(&[id])?;
        let url = self.url.clone();
        let commit = id;
        let lost = || Error::Objects(ObjectsError::Lost { url, commit });
        cache.spec(id)?.ok_or_else(lost)
    }

    fn session(&mut self) -> Result<&mut Session, Error> {
        if self.session.is_none() {
            let session = Session::open(&self.url, &self.shared.options)?;
            self.session = Some(session);
        }
        Ok(self.session.as_mut().expect("it was just set"))
    }
}

/// The mirrors that the user's own configuration names for an origin.
pub(crate) fn own_mirrors(config: &Config, origin: &RepoUrl) -> Vec<RepoUrl> {
    let of_it = |url: &str| RepoUrl::parse(url).is_ok_and(|it| it.key() == origin.key());
    let mirrors = config.mirrors().into_iter().filter(|(url, _)| of_it(url));
    mirrors
        .flat_map(|(_, urls)| urls)
        .filter_map(|it| RepoUrl::parse(&it).ok())
        .collect()
}

/// How remotes are talked to under a configuration of eka's.
fn transport(ctx: &Context<'_>, git_dir: &Path) -> Result<TransportOptions, Error> {
    let mut options = TransportOptions::open(git_dir, &Options::default())?;
    options.limits = limits::of_remotes(&ctx.config);
    options.retry = retry(&ctx.config);
    options.prompt = match ctx.person {
        Person::Present => Prompt::Terminal,
        Person::Absent => Prompt::Never,
    };
    let home = || Some(PathBuf::from(ctx.env.get("HOME")?).join(".netrc"));
    options.netrc = ctx.env.get("NETRC").map(PathBuf::from).or_else(home);
    options.interrupt = Arc::clone(&ctx.interrupt);
    Ok(options)
}

/// Waits of 0.2 s, each four times the one before, at most 10 s.
fn retry(config: &Config) -> Retry {
    let tries = config.count("network", "retries").unwrap_or(2);
    let waits = (0..tries.min(MAX_RETRIES)).map(|n| {
        let milliseconds = 200_u64.saturating_mul(4_u64.pow(n as u32));
        Duration::from_millis(milliseconds.min(10_000))
    });
    Retry {
        waits: waits.collect(),
    }
}

/// How long ago, in the largest unit that fits.
fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (n, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_transports() {
        let config = Config::of(&[]);
        assert_eq!(retry(&config), Retry::default());
    }

    #[test]
    fn retries_are_as_configured() {
        let config = Config::of(&["network.retries=99"]);
        let waits = retry(&config).waits;
        assert_eq!(waits.len(), 10);
        assert_eq!(waits[9], Duration::from_secs(10));
    }

    #[test]
    fn ages_are_short() {
        let check = |seconds, expected| assert_eq!(age(Duration::from_secs(seconds)), expected);
        check(0, "0 seconds");
        check(61, "1 minute");
        check(7200, "2 hours");
        check(900_000, "10 days");
    }
}
