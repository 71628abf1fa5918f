//! Garbage: what nothing keeps goes, paths first, and then the blobs that no path has.
//!
//! Beside others that write this is sound, because every writer has a session. What is registered
//! while the oldest session lives stays, in one transaction with the look at all roots. A blob goes
//! only if no registered path has it, and if it was put, the last time, before the oldest session
//! that lives and before the collection began: whoever puts it again meanwhile makes it new.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use castore::{BlobError, Blobs, Digest, Directory, DirectoryError, Listed, Node};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use futures_util::{TryStreamExt as _, stream};
use miette::Diagnostic;
use nix_format::StorePath;
use thiserror::Error;

use crate::blocking::blocking;
use crate::infos::{Collect, Collected, InfosError, Life, PathInfos, Pulse};
use crate::roots::{self, Root};
use crate::session::{SessionError, SessionId, Sessions};
use crate::store::Store;

/// What is to be collected.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// How long paths stay that nothing keeps, from the time they came.
    pub keep_recent: Duration,
    /// Whether anything is done.
    pub mode: Collect,
}

/// What was collected, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Garbage {
    /// The paths, each with the length of its NAR in bytes, in order.
    pub paths: Vec<(StorePath, u64)>,
    /// Roots that kept nothing any more, each with its path, in order.
    pub roots: Vec<(Root, StorePath)>,
    /// How many blobs.
    pub n_blobs: u64,
    /// How many bytes they had.
    pub blob_bytes: u64,
}

/// How far a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many paths go.
    Deleted(usize),
    /// So many directories of the paths that stay were read.
    Walked(usize),
    /// So many blobs were looked at, and so many of them go.
    Swept {
        /// How many in all.
        n_seen: u64,
        /// How many go.
        n_gone: u64,
    },
}

/// Who hears how far a collection is.
pub type Hear<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Why garbage was not collected, or not all.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum CollectError {
    /// A directory of a path that stays cannot be read, so that nobody knows which blobs it has.
    #[error("nothing more is collected: a directory of `{path}` is not there, `{digest}`")]
    #[diagnostic(
        code(eka::store::tree_broken),
        help("repair the store first, or release what keeps the path, and collect again")
    )]
    Missing {
        /// The path.
        path: StorePath,
        /// The directory.
        digest: Digest,
    },
    /// What stands in place of a directory is none.
    #[error("nothing more is collected: `{digest}` of `{path}` is no directory")]
    #[diagnostic(
        code(eka::store::tree_broken),
        help("release what keeps the path, and collect again")
    )]
    Directory {
        /// The path.
        path: StorePath,
        /// The directory.
        digest: Digest,
        /// What is wrong with it.
        #[source]
        source: DirectoryError,
    },
    /// A blob cannot be read or removed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blobs(#[from] BlobError),
    /// The database of paths fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Infos(#[from] InfosError),
    /// Others that write cannot be looked at.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Session(#[from] SessionError),
}

/// How many directories are read, or blobs removed, at a time.
const AT_ONCE: usize = 32;

/// How many paths are read at a time.
const PAGE: usize = 1_000;

impl Store {
    /// Collects garbage; one collection at a time, beside any number that write.
    ///
    /// What is interrupted is done by the next one.
    ///
    /// # Errors
    ///
    /// [`CollectError`]. Paths that were deleted by then stay deleted, and no blob is gone that a
    /// registered path has.
    pub async fn collect(&self, asked: Request, hear: Hear<'_>) -> Result<Garbage, CollectError> {
        let sessions = self.sessions.clone();
        let (alone, oldest) = blocking(move || {
            let alone = sessions.collect_alone()?;
            let oldest = sessions.oldest()?;
            Ok::<_, SessionError>((alone, oldest))
        })
        .await?;
        let now = SystemTime::now();
        let recent = now
            .checked_sub(asked.keep_recent)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        let bounds = Bounds {
            since: oldest.map_or(recent, |it| it.min(recent)),
            before: oldest.map_or(alone.began, |it| it.min(alone.began)),
        };
        let deleted = self.delete(asked.mode, bounds, hear).await?;
        hear(Progress::Deleted(deleted.paths.len()));
        let (n_blobs, blob_bytes) = self.sweep(asked.mode, bounds, &deleted, hear).await?;
        if let (Collect::Really, Some(disk)) = (asked.mode, &self.disk) {
            disk.sweep().await?;
        }
        Ok(Garbage {
            paths: deleted.paths,
            roots: deleted.roots,
            n_blobs,
            blob_bytes,
        })
    }

    async fn delete(
        &self,
        mode: Collect,
        bounds: Bounds,
        hear: Hear<'_>,
    ) -> Result<Collected, CollectError> {
        let life = || Arc::new(Outside(self.sessions.clone()));
        match self.infos().collect(life(), bounds.since, mode).await {
            // To delete takes room too: what nobody has any more may make some.
            Err(InfosError::Full { .. }) => {
                self.sweep(mode, bounds, &Collected::default(), hear)
                    .await?;
                Ok(self.infos().collect(life(), bounds.since, mode).await?)
            }
            deleted => Ok(deleted?),
        }
    }

    async fn sweep(
        &self,
        mode: Collect,
        bounds: Bounds,
        deleted: &Collected,
        hear: Hear<'_>,
    ) -> Result<(u64, u64), CollectError> {
        let gone = deleted.paths.iter().map(|it| &it.0).collect();
        let kept = reach(self.blobs().as_ref(), self.infos().as_ref(), &gone, hear).await?;
        let is_garbage = |it: &Listed| it.modified < bounds.before && !kept.contains(&it.digest);
        let (mut n_seen, mut n_gone, mut bytes) = (0, 0, 0);
        let mut last = None;
        loop {
            let page = self.blobs().list(last.as_ref()).await?;
            let Some(end) = page.last() else {
                return Ok((n_gone, bytes));
            };
            last = Some(end.digest);
            n_seen += page.len() as u64;
            let garbage = page.into_iter().filter(is_garbage);
            let remove = garbage.map(|it| self.remove(mode, it, bounds.before));
            let mut removed = stream::iter(remove).buffer_unordered(AT_ONCE);
            while let Some(size) = removed.try_next().await? {
                n_gone += u64::from(size.is_some());
                bytes += size.unwrap_or_default();
            }
            hear(Progress::Swept { n_seen, n_gone });
        }
    }

    /// Removes a blob unless it was put again, and says how many bytes it had.
    async fn remove(
        &self,
        mode: Collect,
        blob: Listed,
        before: SystemTime,
    ) -> Result<Option<u64>, BlobError> {
        let is_gone = match mode {
            Collect::Dry => true,
            Collect::Really => self.blobs().remove(&blob.digest, before).await?,
        };
        Ok(is_gone.then_some(blob.size))
    }
}

/// What is too young to go.
#[derive(Clone, Copy)]
struct Bounds {
    /// Paths that came at this time or later.
    since: SystemTime,
    /// Blobs that were put at this time or later.
    before: SystemTime,
}

/// Looks at links and sessions themselves.
struct Outside(Sessions);

impl Life for Outside {
    fn session(&self, session: &SessionId) -> Pulse {
        self.0.pulse(session)
    }

    fn link(&self, link: &Path, path: &StorePath) -> Pulse {
        roots::pulse(link, path)
    }
}

/// Returns all blobs of all registered paths but `gone`.
async fn reach(
    blobs: &dyn Blobs,
    infos: &dyn PathInfos,
    gone: &BTreeSet<&StorePath>,
    hear: Hear<'_>,
) -> Result<HashSet<Digest>, CollectError> {
    let mut walk = Walk::default();
    let mut after = None;
    loop {
        let page = infos.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(walk.reached);
        };
        after = Some(last.path.clone());
        for info in page.into_iter().filter(|it| !gone.contains(&it.path)) {
            walk.meet(&info.root, &Arc::new(info.path));
        }
        walk.go(blobs, hear).await?;
    }
}

/// A walk over trees that reads every directory once.
#[derive(Default)]
struct Walk {
    reached: HashSet<Digest>,
    /// A file may have the bytes of a directory: it is reached, and not walked.
    walked: HashSet<Digest>,
    /// Directories that were met, each with the path that led there.
    open: Vec<(Digest, Arc<StorePath>)>,
}

impl Walk {
    fn meet(&mut self, node: &Node, path: &Arc<StorePath>) {
        if let Some(digest) = node.digest() {
            self.reached.insert(digest);
            if matches!(node, Node::Directory { .. }) && self.walked.insert(digest) {
                self.open.push((digest, Arc::clone(path)));
            }
        }
    }

    async fn go(&mut self, blobs: &dyn Blobs, hear: Hear<'_>) -> Result<(), CollectError> {
        let mut asked = FuturesUnordered::new();
        loop {
            while asked.len() < AT_ONCE
                && let Some((digest, path)) = self.open.pop()
            {
                asked.push(async move {
                    let directory = read(blobs, digest, &path).await?;
                    Ok::<_, CollectError>((directory, path))
                });
            }
            let Some(read) = asked.next().await else {
                hear(Progress::Walked(self.walked.len()));
                return Ok(());
            };
            let (directory, path) = read?;
            for entry in directory.entries() {
                self.meet(&entry.node, &path);
            }
        }
    }
}

async fn read(
    blobs: &dyn Blobs,
    digest: Digest,
    path: &Arc<StorePath>,
) -> Result<Directory, CollectError> {
    let path = || StorePath::clone(path);
    let bytes = blobs.get(&digest, Directory::MAX_BYTES as u64).await?;
    let Some(bytes) = bytes else {
        let path = path();
        return Err(CollectError::Missing { path, digest });
    };
    Directory::parse(&bytes).map_err(|source| CollectError::Directory {
        path: path(),
        digest,
        source,
    })
}
