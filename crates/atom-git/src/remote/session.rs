//! A conversation with one remote: listings and fetches over one connection.

use std::thread;
use std::time::Instant;

use atom::ObjectId;
use atom::refname::ROOT_REF;
use atom::url::RepoUrl;

use super::capabilities::{self, Server, Version};
use super::error::{Fault, RemoteError};
use super::fetch::{self, Depth, Fetched, Filter};
use super::guard::{self, Purpose};
use super::list::{self, Collector, Listing};
use super::options::{Retry, TransportOptions};
use super::settings::{self, Place};
pub use super::wire::Traffic;
use super::wire::Wire;
use super::words::meaning;
use crate::cache::Cache;

/// Objects that one fetch may miss before the remote is given up: each costs a turn.
const MAX_MISSING: usize = 64;

/// A conversation with one remote.
///
/// The connection is made when it is first needed, is kept, and is made anew where it broke, and
/// where a server that is a process would list the same refs again: it keeps those that it read.
/// Over http with protocol v2 the first listing or fetch takes two turns, each further one a
/// single turn. Transient faults are tried again as [`Retry`] says.
pub struct Session {
    remote: RepoUrl,
    place: Place,
    options: TransportOptions,
    line: Option<Line>,
    past: Traffic,
}

/// A connection, and who answers there.
struct Line {
    wire: Wire,
    server: Server,
    /// Refs that a v0 server sent unasked, by the prefixes they were kept for.
    advertised: Option<(Vec<String>, Listing)>,
    /// The prefixes that were listed over a stream, whose process may keep the refs that it read.
    listed: Vec<String>,
}

impl Session {
    /// Prepares to talk to `remote` as git's configuration says. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Fault::Settings`], [`Fault::Scheme`], and [`Fault::NoRepository`] for a local path that
    /// holds none.
    pub fn open(remote: &RepoUrl, options: &TransportOptions) -> Result<Self, RemoteError> {
        let place =
            settings::resolve(remote, options).map_err(|fault| RemoteError::new(remote, fault))?;
        Ok(Self {
            remote: remote.clone(),
            place,
            options: options.clone(),
            line: None,
            past: Traffic::default(),
        })
    }

    /// The remote, as it was asked for.
    #[must_use]
    pub const fn remote(&self) -> &RepoUrl {
        &self.remote
    }

    /// The refs whose full name begins with one of `prefixes`, as they are now.
    ///
    /// # Errors
    ///
    /// Any [`Fault`], transient ones after their retries.
    pub fn list(&mut self, prefixes: &[String]) -> Result<Listing, RemoteError> {
        self.retried(|session| session.list_once(prefixes))
    }

    /// Brings `wants` into a cache, all in one request. What the remote does not have is named in
    /// [`Fetched::missing`], and the rest comes nevertheless.
    ///
    /// # Errors
    ///
    /// Any [`Fault`], transient ones after their retries.
    pub fn fetch(&mut self, wants: &[ObjectId], into: &Cache) -> Result<Fetched, RemoteError> {
        self.fetch_more(wants, into, Depth::Tip, Filter::None)
    }

    /// [`fetch`](Self::fetch) with history, or without what `filter` leaves out.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch).
    pub fn fetch_more(
        &mut self,
        wants: &[ObjectId],
        into: &Cache,
        depth: Depth,
        filter: Filter,
    ) -> Result<Fetched, RemoteError> {
        let mut wants = wants.to_vec();
        wants.sort_unstable();
        wants.dedup();
        let mut missing = Vec::new();
        while !wants.is_empty() {
            let fetched =
                self.retried(
                    |session| match session.fetch_once(&wants, into, depth, filter) {
                        Err(Fault::Refused { text }) => match fetch::not_there(&text, &wants) {
                            Some(id) => Ok(Err(id)),
                            None => Err(Fault::Refused { text }),
                        },
                        other => other.map(Ok),
                    },
                )?;
            match fetched {
                Ok(fetched) => return Ok(Fetched { missing, ..fetched }),
                Err(id) => {
                    wants.retain(|want| *want != id);
                    missing.push(id);
                    // A server that refused has ended the conversation.
                    self.hang_up();
                }
            }
            if missing.len() > MAX_MISSING {
                let text = format!("more than {MAX_MISSING} of the wanted objects are missing");
                return Err(RemoteError::new(&self.remote, Fault::Refused { text }));
            }
        }
        Ok(Fetched {
            missing,
            ..Fetched::default()
        })
    }

    /// What went to and fro so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let now = self
            .line
            .as_ref()
            .map(|line| line.wire.traffic())
            .unwrap_or_default();
        self.past + now
    }

    fn list_once(&mut self, prefixes: &[String]) -> Result<Listing, Fault> {
        let options = self.options.clone();
        if self.line.as_ref().is_some_and(|it| it.is_stale(prefixes)) {
            self.hang_up();
        }
        let line = self.line(prefixes)?;
        if line.server.version == Version::V0 {
            if let Some((kept_for, listing)) = line.advertised.take()
                && kept_for == prefixes
            {
                return Ok(listing);
            }
            // A v0 server tells its refs once a conversation.
            self.hang_up();
            let line = self.line(prefixes)?;
            let (_, listing) = line.advertised.take().unwrap_or_default();
            return Ok(listing);
        }
        if !line.wire.is_stateless() {
            line.listed.extend_from_slice(prefixes);
        }
        let request = list::request(&line.server, prefixes);
        let clock = guard::clock(&options, Purpose::Listing);
        line.wire.request(&request, clock, |stream| {
            list::read(stream, Collector::new(prefixes, &options.limits))
        })
    }

    fn fetch_once(
        &mut self,
        wants: &[ObjectId],
        into: &Cache,
        depth: Depth,
        filter: Filter,
    ) -> Result<Fetched, Fault> {
        let options = self.options.clone();
        let line = self.line(&[])?;
        let request = fetch::request(&line.server, wants, depth, filter);
        let clock = guard::clock(&options, Purpose::Fetch);
        let Line { wire, server, .. } = line;
        let fetched = wire.request(&request, clock, |stream| {
            fetch::read(stream, server, &options, into)
        });
        // Over a stream, a v0 server ends the conversation with the pack.
        if server.version == Version::V0 && !wire.is_stateless() {
            self.hang_up();
        }
        fetched
    }

    /// The open connection, made now if need be. Of a v0 server's refs those below `prefixes` are kept.
    fn line(&mut self, prefixes: &[String]) -> Result<&mut Line, Fault> {
        if self.line.is_none() {
            let mut wire = Wire::connect(&self.place, &self.options)?;
            let mut refs = Collector::new(prefixes, &self.options.limits);
            let read = wire.advertisement(&self.options, |stream| {
                capabilities::read(stream, |line| refs.line_v0(line))
            });
            let server = match read {
                Ok(server) => server,
                Err(fault) => {
                    self.past = self.past + wire.traffic();
                    return Err(match fault {
                        // Before anything was asked, what is refused is the repository.
                        Fault::Refused { text } => meaning(&text),
                        fault => fault,
                    });
                }
            };
            let advertised =
                (server.version == Version::V0).then(|| (prefixes.to_vec(), refs.finish()));
            self.line = Some(Line {
                wire,
                server,
                advertised,
                listed: Vec::new(),
            });
        }
        Ok(self.line.as_mut().expect("it was just set"))
    }

    fn hang_up(&mut self) {
        self.past = self.traffic();
        self.line = None;
    }

    /// Runs `work`, and again after each wait where its fault is transient.
    fn retried<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, RemoteError> {
        let Retry { waits } = self.options.retry.clone();
        let mut waits = waits.into_iter();
        loop {
            let fault = match work(self) {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            self.hang_up();
            let Some(wait) = waits.next().filter(|_| fault.is_transient()) else {
                return Err(RemoteError::new(&self.remote, fault));
            };
            let until = Instant::now() + wait;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                self.options
                    .check_interrupt()
                    .map_err(|fault| RemoteError::new(&self.remote, fault))?;
                thread::sleep(left.min(std::time::Duration::from_millis(50)));
            }
        }
    }
}

impl Line {
    /// Whether a listing could show refs as they were at an earlier one. The root never changes.
    fn is_stale(&self, prefixes: &[String]) -> bool {
        let overlap = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        let mut changing = prefixes.iter().filter(|it| *it != ROOT_REF);
        changing.any(|it| self.listed.iter().any(|listed| overlap(it, listed)))
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("remote", &self.remote)
            .field("traffic", &self.traffic())
            .finish_non_exhaustive()
    }
}
