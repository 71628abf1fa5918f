//! Many remotes at once: each on a thread of its own, its session kept for the next round.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use atom::ObjectId;
use atom::url::RepoUrl;

use crate::cache::Cache;
use crate::remote::session::Traffic;
use crate::remote::{Fetched, Listing, RemoteError, Session, TransportOptions};

/// How many remotes are talked to at once, unless said otherwise.
const WIDTH: usize = 64;

/// How many sessions stay open between rounds: each holds a connection or a process.
const MAX_KEPT: usize = 128;

/// Lists and fetches from many remotes, in rounds.
///
/// A round asks each of its remotes once, all of them in parallel. Sessions stay open between
/// rounds, so that a remote is greeted once; of many only the ones that were used last.
pub struct Crawler<'a> {
    cache: &'a Cache,
    options: TransportOptions,
    width: usize,
    progress: &'a (dyn Fn(Progress<'_>) + Sync),
    kept: Mutex<Kept>,
    max_kept: usize,
}

/// The sessions that stay open between rounds.
#[derive(Default)]
struct Kept {
    /// With the number of the use that was their last.
    sessions: BTreeMap<RepoUrl, (u64, Session)>,
    n_uses: u64,
    /// What went to and fro in those that were closed.
    closed: Traffic,
}

/// What one remote is asked in one round: first the refs, then the objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ask {
    /// Prefixes of refs to list; none for no listing.
    pub prefixes: Vec<String>,
    /// Objects to bring into the cache; those that are there are not asked for.
    pub wants: Vec<ObjectId>,
}

/// What one remote answered.
#[derive(Debug, Default)]
pub struct Told {
    /// The listing, if one was asked for.
    pub listing: Option<Result<Listing, RemoteError>>,
    /// The fetch, if one was asked for and something was missing here.
    pub fetched: Option<Result<Fetched, RemoteError>>,
}

/// What happens meanwhile. Told from many threads.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A remote is being asked for its refs.
    Listing {
        /// Which.
        remote: &'a RepoUrl,
    },
    /// Its refs came.
    Listed {
        /// Which.
        remote: &'a RepoUrl,
        /// How many.
        refs: usize,
    },
    /// A remote is being asked for objects.
    Fetching {
        /// Which.
        remote: &'a RepoUrl,
        /// How many are wanted.
        wants: usize,
    },
    /// They came.
    Fetched {
        /// Which.
        remote: &'a RepoUrl,
        /// Bytes of the pack.
        bytes: u64,
    },
    /// It gave no answer.
    Failed {
        /// Which.
        remote: &'a RepoUrl,
        /// Why.
        error: &'a RemoteError,
    },
}

impl<'a> Crawler<'a> {
    /// Brings objects into `cache`. The interrupt flag is that of `options`.
    #[must_use]
    pub fn new(cache: &'a Cache, options: TransportOptions) -> Self {
        Self {
            cache,
            options,
            width: WIDTH,
            progress: &|_| {},
            kept: Mutex::default(),
            max_kept: MAX_KEPT,
        }
    }

    /// Keeps at most `max_kept` sessions open between rounds.
    #[must_use]
    pub const fn with_max_kept(mut self, max_kept: usize) -> Self {
        self.max_kept = max_kept;
        self
    }

    /// Talks to at most `width` remotes at once.
    #[must_use]
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width.max(1);
        self
    }

    /// Tells `progress` what happens.
    #[must_use]
    pub fn with_progress(mut self, progress: &'a (dyn Fn(Progress<'_>) + Sync)) -> Self {
        self.progress = progress;
        self
    }

    /// Lists these prefixes of these remotes.
    pub fn list_all(
        &self,
        prefixes: BTreeMap<RepoUrl, Vec<String>>,
    ) -> BTreeMap<RepoUrl, Result<Listing, RemoteError>> {
        let asks = prefixes.into_iter().map(|(remote, prefixes)| {
            let wants = Vec::new();
            (remote, Ask { prefixes, wants })
        });
        self.round(asks.collect())
            .into_iter()
            .map(|(remote, told)| {
                (
                    remote,
                    told.listing.unwrap_or_else(|| Ok(Listing::default())),
                )
            })
            .collect()
    }

    /// Brings these objects of these remotes into the cache, where they are not there yet.
    pub fn fetch_all(
        &self,
        wants: BTreeMap<RepoUrl, Vec<ObjectId>>,
    ) -> BTreeMap<RepoUrl, Result<Fetched, RemoteError>> {
        let asks = wants.into_iter().map(|(remote, wants)| {
            let prefixes = Vec::new();
            (remote, Ask { prefixes, wants })
        });
        self.round(asks.collect())
            .into_iter()
            .map(|(remote, told)| {
                (
                    remote,
                    told.fetched.unwrap_or_else(|| Ok(Fetched::default())),
                )
            })
            .collect()
    }

    /// Asks each remote once, all in parallel. A remote that fails fails alone.
    pub fn round(&self, asks: BTreeMap<RepoUrl, Ask>) -> BTreeMap<RepoUrl, Told> {
        let workers = self.width.min(asks.len());
        let queue = Mutex::new(asks.into_iter());
        let answers = Mutex::new(BTreeMap::new());
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((remote, ask)) = next else { break };
                        let told = self.ask(&remote, &ask);
                        answers
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(remote, told);
                    }
                });
            }
        });
        answers.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went to and fro so far, over all remotes.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let kept = self.kept();
        kept.sessions
            .values()
            .map(|(_, session)| session.traffic())
            .fold(kept.closed, |sum, it| sum + it)
    }

    /// How many sessions are open now, between rounds.
    #[must_use]
    pub fn n_open(&self) -> usize {
        self.kept().sessions.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, remote: &RepoUrl, ask: &Ask) -> Told {
        let mut told = Told::default();
        let wants = self.cache.missing(ask.wants.iter().copied());
        if ask.prefixes.is_empty() && wants.is_empty() {
            return told;
        }
        let kept = self.kept().sessions.remove(remote);
        let opened = kept.map_or_else(
            || Session::open(remote, &self.options),
            |(_, session)| Ok(session),
        );
        let mut session = match opened {
            Ok(session) => session,
            Err(error) => {
                (self.progress)(Progress::Failed {
                    remote,
                    error: &error,
                });
                if ask.prefixes.is_empty() {
                    told.fetched = Some(Err(error));
                } else {
                    told.listing = Some(Err(error));
                }
                return told;
            }
        };
        if !ask.prefixes.is_empty() {
            told.listing = Some(self.list(&mut session, &ask.prefixes));
        }
        // A remote that does not even list is not asked for more.
        if !wants.is_empty() && !matches!(told.listing, Some(Err(_))) {
            told.fetched = Some(self.fetch(&mut session, &wants));
        }
        // Ending it may wait for a process, which nobody else should.
        let closed = self.kept().keep(remote, session, self.max_kept);
        drop(closed);
        told
    }

    fn list(&self, session: &mut Session, prefixes: &[String]) -> Result<Listing, RemoteError> {
        let remote = session.remote().clone();
        (self.progress)(Progress::Listing { remote: &remote });
        let listed = session.list(prefixes);
        (self.progress)(match &listed {
            Ok(listing) => Progress::Listed {
                remote: &remote,
                refs: listing.refs.len(),
            },
            Err(error) => Progress::Failed {
                remote: &remote,
                error,
            },
        });
        listed
    }

    fn fetch(&self, session: &mut Session, wants: &[ObjectId]) -> Result<Fetched, RemoteError> {
        let remote = session.remote().clone();
        (self.progress)(Progress::Fetching {
            remote: &remote,
            wants: wants.len(),
        });
        let fetched = session.fetch(wants, self.cache);
        (self.progress)(match &fetched {
            Ok(fetched) => Progress::Fetched {
                remote: &remote,
                bytes: fetched.pack_bytes,
            },
            Err(error) => Progress::Failed {
                remote: &remote,
                error,
            },
        });
        fetched
    }
}

impl Kept {
    /// Keeps a session, and gives back the one that is to be closed in its place.
    fn keep(&mut self, remote: &RepoUrl, session: Session, max_kept: usize) -> Option<Session> {
        self.n_uses += 1;
        let used = self.n_uses;
        self.sessions.insert(remote.clone(), (used, session));
        if self.sessions.len() <= max_kept {
            return None;
        }
        let oldest = self.sessions.iter().min_by_key(|(_, (used, _))| *used);
        let oldest = oldest.map(|(remote, _)| remote.clone())?;
        let (_, session) = self.sessions.remove(&oldest)?;
        self.closed = self.closed + session.traffic();
        Some(session)
    }
}

impl std::fmt::Debug for Crawler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crawler")
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}
