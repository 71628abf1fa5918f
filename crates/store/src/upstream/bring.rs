//! Brings paths and all they refer to from caches: each whole and checked before it is registered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use futures_util::{StreamExt as _, stream};
use miette::Diagnostic;
use nix_format::StorePath;
use thiserror::Error;

use super::content;
use super::error::{NarFault, Silence, UpstreamError};
use super::nar;
use super::several::{Found, NotFound, Upstreams};
use crate::closure::order;
use crate::info::PathInfo;
use crate::infos::InfosError;
use crate::ingest::{Ask, IngestError};
use crate::store::{Session, StoreError};

/// What is taken at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `limits.nar-bytes`: bytes of one NAR.
    pub nar_bytes: u64,
    /// Paths of one closure.
    pub paths: usize,
    /// How many NARs come at a time.
    pub nars_at_once: usize,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A path that is missing here was found in a cache.
    Found {
        /// The length of its NAR in bytes.
        nar_size: u64,
    },
    /// All are found, and come now.
    Begun {
        /// How many.
        n_paths: usize,
        /// The length of their NARs in bytes.
        n_bytes: u64,
    },
    /// A path has come.
    Brought {
        /// The path.
        path: StorePath,
        /// The length of its NAR in bytes.
        nar_size: u64,
        /// The cache it came from.
        cache: String,
    },
}

/// What was brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// The paths that were not here, those that are referred to before those that refer to them.
    pub paths: Vec<StorePath>,
    /// The length of their NARs in bytes.
    pub n_bytes: u64,
}

/// Why paths were not brought. Those that came before, whole with all they refer to, stay.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum BringError {
    /// Each cache says that it has not got a path.
    #[error("`{path}` is in no cache")]
    #[diagnostic(
        code(eka::upstream::not_there),
        help("build it, or name a cache that has it")
    )]
    NotThere {
        /// The path.
        path: StorePath,
    },
    /// A path is in no cache that could be asked, believed, and gave it whole.
    #[error(transparent)]
    #[diagnostic(transparent)]
    NotFound(#[from] NotFound),
    /// There are more paths than are taken.
    #[error("more than {limit} paths are referred to")]
    #[diagnostic(code(eka::upstream::too_many))]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// What came cannot be kept.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ingest(#[from] IngestError),
    /// What came cannot be read again.
    #[error("`{path}` came, and cannot be read")]
    #[diagnostic(code(eka::upstream::unreadable_here), help("is the disk sound?"))]
    Unreadable {
        /// The path.
        path: StorePath,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The store fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    /// The database of paths fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Infos(#[from] InfosError),
}

/// Who hears how far it is.
pub(super) type Hear<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// How many narinfos are asked for at a time.
const ASKED_AT_ONCE: usize = 16;

/// How many paths are registered at a time: each time all that was written is made to last.
const REGISTERED_AT_ONCE: usize = 64;

impl Default for Limits {
    fn default() -> Self {
        Self {
            nar_bytes: 64 << 30,
            paths: 1 << 20,
            nars_at_once: 8,
        }
    }
}

/// A path that is missing here, and the caches that are left to ask if the one it was found in
/// fails.
#[derive(Debug, Clone)]
struct Missing {
    found: Found,
    next: usize,
}

impl Session {
    /// Brings paths and all they refer to, as far as they are not registered, and registers them.
    ///
    /// Of each path the first cache counts that has it and may be believed; where its NAR does not
    /// come as it announced, the next one that has the path.
    ///
    /// # Errors
    ///
    /// [`BringError`].
    pub async fn bring(
        &self,
        upstreams: &Upstreams,
        paths: &[StorePath],
        limits: Limits,
        hear: Hear<'_>,
    ) -> Result<Brought, BringError> {
        let missing = self.find(upstreams, paths, limits, hear).await?;
        let order = order(&missing, |it| &it.found.narinfo.references, paths);
        let n_bytes = missing.values().map(|it| it.found.narinfo.nar_size).sum();
        let n_paths = order.len();
        hear(Progress::Begun { n_paths, n_bytes });
        let coming = order.iter().filter_map(|it| missing.get(it).cloned());
        let coming = stream::iter(coming).map(|it| self.take(upstreams, it, limits, hear));
        let mut coming = coming.buffered(limits.nars_at_once.max(1));
        let (mut brought, mut ready) = (Brought::default(), Vec::new());
        while let Some(next) = coming.next().await {
            match next {
                Ok(info) => ready.push(info),
                Err(error) => {
                    // What came before it is whole, and need not come again.
                    self.enter(&mut ready, &mut brought).await?;
                    return Err(error);
                }
            }
            if ready.len() == REGISTERED_AT_ONCE {
                self.enter(&mut ready, &mut brought).await?;
            }
        }
        self.enter(&mut ready, &mut brought).await?;
        Ok(brought)
    }

    /// Finds what is missing of the closure of paths.
    async fn find(
        &self,
        upstreams: &Upstreams,
        paths: &[StorePath],
        limits: Limits,
        hear: Hear<'_>,
    ) -> Result<BTreeMap<StorePath, Missing>, BringError> {
        let mut seen: BTreeSet<StorePath> = paths.iter().cloned().collect();
        let mut missing = BTreeMap::new();
        let mut open: Vec<StorePath> = seen.iter().cloned().collect();
        while !open.is_empty() {
            let here = self.hold(&open).await?;
            let absent = open.drain(..).zip(here).filter(|it| !it.1);
            let asked = stream::iter(absent).map(|(path, _)| async {
                let found = upstreams.others(&path, 0).await;
                (path, found)
            });
            let mut asked = asked.buffer_unordered(ASKED_AT_ONCE);
            let mut new = Vec::new();
            while let Some((path, found)) = asked.next().await {
                let Some((found, next)) = found? else {
                    return Err(BringError::NotThere { path });
                };
                let nar_size = found.narinfo.nar_size;
                hear(Progress::Found { nar_size });
                let references = found.narinfo.references.iter();
                new.extend(references.filter(|it| seen.insert((*it).clone())).cloned());
                missing.insert(path, Missing { found, next });
                if seen.len() > limits.paths {
                    let limit = limits.paths;
                    return Err(BringError::TooMany { limit });
                }
            }
            drop(asked);
            open = new;
        }
        Ok(missing)
    }

    /// Takes in the NAR of a path, from one cache after the other.
    async fn take(
        &self,
        upstreams: &Upstreams,
        missing: Missing,
        limits: Limits,
        hear: Hear<'_>,
    ) -> Result<PathInfo, BringError> {
        let Missing {
            mut found,
            mut next,
        } = missing;
        let path = found.narinfo.path.clone();
        let references = found.narinfo.references.clone();
        let what = path.to_string();
        let mut faults = Vec::new();
        loop {
            match self.take_from(&found, limits).await {
                Ok(info) => {
                    hear(Progress::Brought {
                        path,
                        nar_size: info.nar_size,
                        cache: found.upstream.cache(),
                    });
                    return Ok(info);
                }
                Err(Fault::Here(error)) => return Err(error),
                Err(Fault::There(fault)) => faults.push(fault),
            }
            found.upstream.forget(&path);
            // Another one may have built it otherwise; what it then refers to is known already.
            found = loop {
                match upstreams.others(&path, next).await {
                    Ok(Some((other, behind))) => {
                        next = behind;
                        if other.narinfo.references.is_subset(&references) {
                            break other;
                        }
                    }
                    Ok(None) => return Err(NotFound { what, faults }.into()),
                    Err(more) => {
                        faults.extend(more.faults);
                        return Err(NotFound { what, faults }.into());
                    }
                }
            };
        }
    }

    async fn take_from(&self, found: &Found, limits: Limits) -> Result<PathInfo, Fault> {
        let narinfo = &found.narinfo;
        let there = |fault| {
            Fault::There(UpstreamError::Nar {
                cache: found.upstream.cache(),
                path: narinfo.path.clone(),
                fault,
            })
        };
        let nar = nar::open(found, limits.nar_bytes).await;
        let nar = nar.map_err(Fault::There)?;
        let ask = Ask {
            nar: Some((narinfo.nar_hash, narinfo.nar_size)),
            ..Ask::default()
        };
        let ingested = self.ingest_blocking(nar, ask).await;
        let ingested = ingested.map_err(|error| match blame(error) {
            Ok(fault) => there(fault),
            Err(error) => Fault::Here(error.into()),
        })?;
        if let Some(ca) = &narinfo.ca {
            let named = content::is_named_by(self.store(), narinfo, ca, &ingested).await;
            let named = named.map_err(|source| {
                let path = narinfo.path.clone();
                Fault::Here(BringError::Unreadable { path, source })
            })?;
            if !named {
                return Err(there(NarFault::Content));
            }
        }
        Ok(PathInfo {
            path: narinfo.path.clone(),
            root: ingested.root,
            nar_hash: ingested.nar_hash,
            nar_size: ingested.nar_size,
            references: narinfo.references.clone(),
            deriver: narinfo.deriver.clone(),
            signatures: narinfo.signatures.clone(),
            ca: narinfo.ca,
            registered: SystemTime::UNIX_EPOCH,
        })
    }

    async fn enter(
        &self,
        ready: &mut Vec<PathInfo>,
        brought: &mut Brought,
    ) -> Result<(), BringError> {
        if ready.is_empty() {
            return Ok(());
        }
        let infos = std::mem::take(ready);
        for info in &infos {
            brought.paths.push(info.path.clone());
            brought.n_bytes += info.nar_size;
        }
        self.register(infos).await?;
        Ok(())
    }
}

/// Whose fault it is.
enum Fault {
    /// The cache's: another may have it.
    There(UpstreamError),
    /// Ours: no other cache helps.
    Here(BringError),
}

/// The fault of a NAR, unless it is ours.
fn blame(error: IngestError) -> Result<NarFault, IngestError> {
    match error {
        IngestError::Blobs(_) | IngestError::Candidates(_) => Err(error),
        IngestError::Read { at, source } => match source.downcast::<NarFault>() {
            Ok(fault) => Ok(fault),
            Err(source) => Ok(NarFault::Silent(Silence::Unreadable {
                place: format!("byte {at}"),
                source,
            })),
        },
        error => Ok(NarFault::Ingest(error)),
    }
}
