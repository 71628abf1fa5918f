//! Whether the blobs of registered paths are there and sound, and how they become so again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use castore::{BlobError, Blobs, Digest, Directory, Node};
use miette::Diagnostic;
use nix_format::StorePath;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinSet;

use crate::blocking::joined;
use crate::info::PathInfo;
use crate::infos::InfosError;
use crate::ingest::{Ask, IngestError};
use crate::session::SessionError;
use crate::store::{Session, Store};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Which<'p> {
    /// All that is registered.
    All,
    /// These, without what they refer to.
    Paths(&'p [StorePath]),
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many paths were looked at.
    pub n_paths: usize,
    /// How many blobs they have, each counted once.
    pub n_blobs: usize,
    /// How many bytes of blobs were read.
    pub n_bytes: u64,
    /// What is not as it should be, in the order of digests.
    pub faults: Vec<Fault>,
}

/// A blob that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The blob.
    pub digest: Digest,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// The paths that have it, in order; never none.
    pub paths: Vec<StorePath>,
}

/// What is wrong with a blob.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It holds other bytes than its digest says.
    #[error("it is damaged")]
    Damaged,
    /// It has another size than the tree says; bringing it again does not help.
    #[error("it has {found} bytes where the tree says {said}")]
    Size {
        /// How many it has.
        found: u64,
        /// How many the tree says.
        said: u64,
    },
    /// It stands for a directory and is none; bringing it again does not help.
    #[error("it is no directory")]
    NoDirectory,
    /// It cannot be read.
    #[error("it cannot be read: {why}")]
    Unreadable {
        /// What the operating system says.
        why: String,
    },
}

/// Brings paths from elsewhere.
#[async_trait]
pub trait Elsewhere: Send + Sync {
    /// Opens the NAR of a path, as it is before compression; nothing where it is not there.
    ///
    /// What it gives is held to the hash that is registered.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from finding out.
    async fn nar(&self, info: &PathInfo) -> io::Result<Option<Nar>>;
}

/// A NAR that is read from elsewhere.
pub type Nar = Box<dyn AsyncRead + Send + Unpin>;

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// The blobs that are sound again.
    pub blobs: BTreeSet<Digest>,
    /// The paths that still have others, and why, in order.
    pub failed: Vec<(StorePath, RepairFault)>,
}

/// Why a path was not repaired.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RepairFault {
    /// It is nowhere.
    #[error("it is nowhere else")]
    #[diagnostic(
        code(eka::store::nowhere),
        help("name a cache that has it, or build it anew")
    )]
    NotThere,
    /// It could not be found out whether it is elsewhere.
    #[error("it could not be brought from elsewhere")]
    #[diagnostic(code(eka::store::elsewhere), help("run the repair again later"))]
    Unknown(#[source] io::Error),
    /// What came from elsewhere is of no use.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ingest(#[from] IngestError),
    /// What came is what was registered, and the tree that is registered is another.
    #[error("its tree is not that of its NAR")]
    #[diagnostic(
        code(eka::store::other_tree),
        help("release what keeps it, collect garbage, and bring it again")
    )]
    OtherTree,
    /// It is registered no more.
    #[error("it is not in the store any more")]
    #[diagnostic(code(eka::store::collected))]
    Collected,
}

/// Why nothing was verified or repaired.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum VerifyError {
    /// A path that was named is not registered.
    #[error("`{path}` is not in the store")]
    #[diagnostic(
        code(eka::store::not_there),
        help("`eka store info` tells what is there")
    )]
    NotThere {
        /// The path.
        path: StorePath,
    },
    /// The database of paths fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Infos(#[from] InfosError),
    /// No session can be opened.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Session(#[from] SessionError),
    /// What was repaired may not survive a loss of power.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blobs(#[from] BlobError),
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many paths were looked at, and so many bytes read.
    Checked {
        /// How many paths.
        n_paths: usize,
        /// How many bytes.
        n_bytes: u64,
    },
    /// So many blobs are sound again.
    Brought(usize),
}

/// Who hears how far it is.
pub type Hear<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// How many paths are read at a time.
const PAGE: usize = 1_000;

/// How many files are read at a time.
const AT_ONCE: usize = 8;

impl Store {
    /// Reads every blob of the paths and holds it to its digest, and to what the trees say of it.
    ///
    /// # Errors
    ///
    /// [`VerifyError`]. What is wrong with blobs is no error, but what was asked.
    pub async fn verify(&self, which: Which<'_>, hear: Hear<'_>) -> Result<Verified, VerifyError> {
        // So that no collection takes what is being read for missing.
        let session = self.session()?;
        let mut check = Check::new(Arc::clone(self.blobs()));
        let mut held = Vec::new();
        match which {
            Which::Paths(paths) => {
                session.hold(paths).await?;
                for path in paths {
                    let info = self.infos().get(path).await?;
                    let info = info.ok_or_else(|| VerifyError::NotThere { path: path.clone() })?;
                    held.push((info.path, info.root));
                }
            }
            Which::All => {
                let mut after = None;
                loop {
                    let page = self.infos().list(after.as_ref(), PAGE).await?;
                    let Some(last) = page.last() else { break };
                    after = Some(last.path.clone());
                    let paths: Vec<_> = page.iter().map(|it| it.path.clone()).collect();
                    let there = session.hold(&paths).await?.into_iter();
                    let there = page.into_iter().zip(there).filter(|it| it.1);
                    held.extend(there.map(|it| (it.0.path, it.0.root)));
                }
            }
        }
        for (number, (_, root)) in held.iter().enumerate() {
            check.tree(root).await;
            hear(Progress::Checked {
                n_paths: number + 1,
                n_bytes: check.n_bytes,
            });
        }
        check.finish().await;
        Ok(check.verified(&held))
    }

    /// Brings paths with faults from elsewhere, until each blob is sound or was looked for in vain.
    ///
    /// # Errors
    ///
    /// [`VerifyError`].
    pub async fn repair(
        &self,
        verified: &Verified,
        elsewhere: &dyn Elsewhere,
        hear: Hear<'_>,
    ) -> Result<Repaired, VerifyError> {
        let session = self.session()?;
        let mut faulty: BTreeMap<&StorePath, BTreeSet<Digest>> = BTreeMap::new();
        for fault in &verified.faults {
            for path in &fault.paths {
                faulty.entry(path).or_default().insert(fault.digest);
            }
        }
        let mut repaired = Repaired::default();
        for (path, digests) in &faulty {
            if digests.is_subset(&repaired.blobs) {
                continue;
            }
            session.hold(std::slice::from_ref(*path)).await?;
            let brought = match self.infos().get(path).await? {
                Some(info) => bring(&session, &info, elsewhere).await,
                None => Err(RepairFault::Collected),
            };
            match brought {
                Ok(()) => repaired.blobs.extend(digests),
                Err(fault) => repaired.failed.push((StorePath::clone(path), fault)),
            }
            hear(Progress::Brought(repaired.blobs.len()));
        }
        // Another path may have brought what was missing of one.
        let sound = &repaired.blobs;
        repaired.failed.retain(|it| !faulty[&it.0].is_subset(sound));
        self.blobs().sync().await?;
        Ok(repaired)
    }
}

/// Puts the blobs of a path again: whatever is damaged is put right by that.
async fn bring(
    session: &Session,
    info: &PathInfo,
    elsewhere: &dyn Elsewhere,
) -> Result<(), RepairFault> {
    let nar = match elsewhere.nar(info).await {
        Ok(Some(nar)) => nar,
        Ok(None) => return Err(RepairFault::NotThere),
        Err(error) => return Err(RepairFault::Unknown(error)),
    };
    let ask = Ask {
        nar: Some((info.nar_hash, info.nar_size)),
        ..Ask::default()
    };
    let ingested = session.ingest(nar, ask).await?;
    if ingested.root != info.root {
        return Err(RepairFault::OtherTree);
    }
    Ok(())
}

/// What is known of blobs so far.
struct Check {
    blobs: Arc<dyn Blobs>,
    /// Directories that were read, each with what it holds; nothing where it cannot be.
    directories: HashMap<Digest, Option<Directory>>,
    /// Files that were met, by the size that a tree says.
    files: HashMap<Digest, u64>,
    faults: BTreeMap<Digest, FaultKind>,
    reading: JoinSet<(Digest, u64, Option<FaultKind>)>,
    n_bytes: u64,
}

impl Check {
    fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self {
            blobs,
            directories: HashMap::new(),
            files: HashMap::new(),
            faults: BTreeMap::new(),
            reading: JoinSet::new(),
            n_bytes: 0,
        }
    }

    /// Reads what is new of a tree; some of its files may be under way when it returns.
    async fn tree(&mut self, root: &Node) {
        let mut open = vec![root.clone()];
        while let Some(node) = open.pop() {
            match node {
                Node::Symlink { .. } => {}
                Node::File { digest, size, .. } => self.file(digest, size).await,
                Node::Directory { digest, size } => {
                    if self.directories.contains_key(&digest) {
                        continue;
                    }
                    let read = directory(self.blobs.as_ref(), digest, size).await;
                    let read = read.map_err(|it| self.faults.insert(digest, it)).ok();
                    if let Some(directory) = &read {
                        open.extend(directory.entries().iter().map(|it| it.node.clone()));
                        self.n_bytes += directory.print().len() as u64;
                    }
                    self.directories.insert(digest, read);
                }
            }
        }
    }

    async fn file(&mut self, digest: Digest, said: u64) {
        if let Some(found) = self.files.insert(digest, said) {
            if found != said {
                self.faults
                    .entry(digest)
                    .or_insert(FaultKind::Size { found, said });
            }
            return;
        }
        if self.reading.len() >= AT_ONCE {
            self.join_one().await;
        }
        let blobs = Arc::clone(&self.blobs);
        self.reading.spawn(async move {
            let (n_bytes, read) = file(blobs.as_ref(), digest, said).await;
            (digest, n_bytes, read.err())
        });
    }

    async fn join_one(&mut self) -> bool {
        let Some(done) = self.reading.join_next().await else {
            return false;
        };
        let (digest, n_bytes, fault) = joined(done);
        self.n_bytes += n_bytes;
        if let Some(fault) = fault {
            self.faults.insert(digest, fault);
        }
        true
    }

    async fn finish(&mut self) {
        while self.join_one().await {}
    }

    fn verified(self, paths: &[(StorePath, Node)]) -> Verified {
        let mut of: BTreeMap<Digest, BTreeSet<&StorePath>> = BTreeMap::new();
        if !self.faults.is_empty() {
            for (path, root) in paths {
                for digest in self.faulty_below(root) {
                    of.entry(digest).or_default().insert(path);
                }
            }
        }
        let fault = |(digest, kind): (Digest, FaultKind)| Fault {
            digest,
            kind,
            paths: of[&digest].iter().copied().cloned().collect(),
        };
        let directories = self.directories.keys();
        let blobs = directories.filter(|it| !self.files.contains_key(it));
        Verified {
            n_paths: paths.len(),
            n_blobs: blobs.count() + self.files.len(),
            n_bytes: self.n_bytes,
            faults: self.faults.into_iter().map(fault).collect(),
        }
    }

    fn faulty_below(&self, root: &Node) -> BTreeSet<Digest> {
        let (mut faulty, mut walked) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            let Some(digest) = node.digest() else {
                continue;
            };
            if self.faults.contains_key(&digest) {
                faulty.insert(digest);
            }
            if matches!(node, Node::Directory { .. })
                && walked.insert(digest)
                && let Some(Some(directory)) = self.directories.get(&digest)
            {
                open.extend(directory.entries().iter().map(|it| &it.node));
            }
        }
        faulty
    }
}

async fn directory(blobs: &dyn Blobs, digest: Digest, said: u64) -> Result<Directory, FaultKind> {
    let bytes = blobs.get(&digest, Directory::MAX_BYTES as u64).await;
    let bytes = bytes.map_err(unusable)?.ok_or(FaultKind::Missing)?;
    let directory = Directory::parse(&bytes).map_err(|_| FaultKind::NoDirectory)?;
    let found = directory.size();
    if found != said {
        return Err(FaultKind::Size { found, said });
    }
    Ok(directory)
}

/// Reads all of a file, whose bytes are verified on the way.
async fn file(blobs: &dyn Blobs, digest: Digest, said: u64) -> (u64, Result<(), FaultKind>) {
    let mut n_bytes = 0;
    let read = async {
        let reader = blobs.open(&digest).await.map_err(unusable)?;
        let mut reader = reader.ok_or(FaultKind::Missing)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer).await {
                Ok(0) => break,
                Ok(n_read) => n_bytes += n_read as u64,
                Err(error) => return Err(unreadable(error)),
            }
        }
        Ok(())
    };
    let read = read.await;
    let fits = read.and_then(|()| {
        let found = n_bytes;
        (found == said)
            .then_some(())
            .ok_or(FaultKind::Size { found, said })
    });
    (n_bytes, fits)
}

fn unusable(error: BlobError) -> FaultKind {
    match error {
        BlobError::Corrupt { .. } => FaultKind::Damaged,
        BlobError::Large {
            size: found,
            limit: said,
            ..
        } => FaultKind::Size { found, said },
        other => unreadable(other.into()),
    }
}

fn unreadable(error: io::Error) -> FaultKind {
    match error.kind() {
        io::ErrorKind::InvalidData => FaultKind::Damaged,
        io::ErrorKind::NotFound => FaultKind::Missing,
        _ => FaultKind::Unreadable {
            why: error.to_string(),
        },
    }
}
