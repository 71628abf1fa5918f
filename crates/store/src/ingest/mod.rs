//! A NAR comes in: one pass for its tree, its hash and size, and what it refers to.

mod pump;
mod tree;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use castore::{BlobError, DirectoryError, NameFault, Node};
use miette::Diagnostic;
use nix_format::nar::{DecodeError, Decoder};
use nix_format::{Sha256, Sha256Hasher, StorePath};
use refscan::{CandidateError, Candidates, StoreSpec};
use thiserror::Error;
use tokio::io::AsyncRead;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::blocking::{blocking, joined};
use crate::store::Session;
use tree::Tree;

/// What is asked of a NAR.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The paths that it may refer to, its own among them: these are looked for.
    pub candidates: BTreeSet<StorePath>,
    /// The hash and the size in bytes that it must have.
    pub nar: Option<(Sha256, u64)>,
    /// The most bytes that are taken of it.
    pub most_bytes: Option<u64>,
}

/// What a NAR was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// Its tree, whose blobs were put.
    pub root: Node,
    /// The SHA-256 of its bytes.
    pub nar_hash: Sha256,
    /// How many they are.
    pub nar_size: u64,
    /// Which candidates occur in it: the hash part, whatever is before and behind it.
    pub references: BTreeSet<StorePath>,
}

/// Why a NAR was not taken in.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum IngestError {
    /// It is no NAR.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Nar(#[from] DecodeError),
    /// Its bytes cannot be read.
    #[error("the NAR cannot be read behind byte {at}")]
    #[diagnostic(code(eka::store::nar_unreadable), help("bring it again"))]
    Read {
        /// How many bytes were read.
        at: u64,
        /// What the source says.
        #[source]
        source: io::Error,
    },
    /// It is not the one that was announced.
    #[error("the NAR has the hash `{found}`, and `{announced}` was announced")]
    #[diagnostic(
        code(eka::store::nar_hash),
        help("it was damaged or forged on the way: bring it again, or from elsewhere")
    )]
    Hash {
        /// Its hash.
        found: Sha256,
        /// The one that it should have.
        announced: Sha256,
    },
    /// It is shorter or longer than was announced.
    #[error("the NAR has {} bytes, and {announced} were announced", at_least(*found, *announced))]
    #[diagnostic(
        code(eka::store::nar_size),
        help("it was damaged or forged on the way: bring it again, or from elsewhere")
    )]
    Size {
        /// How many bytes came; no more were read once they were too many.
        found: u64,
        /// How many should.
        announced: u64,
    },
    /// It is longer than is taken.
    #[error("the NAR has more than {limit} bytes")]
    #[diagnostic(code(eka::store::nar_large))]
    Large {
        /// The limit.
        limit: u64,
    },
    /// Its tree has more nodes than a tree may have.
    #[error("the NAR has more than {limit} files, directories and links")]
    #[diagnostic(code(eka::store::nar_nodes))]
    Nodes {
        /// The limit.
        limit: u64,
    },
    /// A name or target in it is beyond what a tree may hold.
    #[error("`{}` cannot stand in a tree: {fault}", bytes.escape_ascii())]
    #[diagnostic(code(eka::store::nar_name))]
    Name {
        /// The name or target.
        bytes: Vec<u8>,
        /// Why.
        #[source]
        fault: NameFault,
    },
    /// A directory in it is beyond what a tree may hold.
    #[error("a directory of the NAR cannot stand in a tree")]
    #[diagnostic(code(eka::store::nar_directory))]
    Directory(#[from] DirectoryError),
    /// What is to be looked for cannot be.
    #[error("what the NAR may refer to cannot be looked for")]
    #[diagnostic(code(eka::store::candidates))]
    Candidates(#[from] CandidateError),
    /// A blob cannot be put.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blobs(#[from] BlobError),
}

impl Session {
    /// Takes in a NAR from a stream.
    ///
    /// Nothing is registered by it. On error what was put of the tree is garbage.
    ///
    /// # Errors
    ///
    /// [`IngestError`], for the first fault.
    pub async fn ingest(
        &self,
        nar: impl AsyncRead + Send + Unpin,
        ask: Ask,
    ) -> Result<Ingested, IngestError> {
        let line = Line::start(self, &ask)?;
        let pumped = pump::pump(nar, &line.pipes, bound(&ask)).await;
        line.finish(pumped, &ask).await
    }

    /// Takes in a NAR as [`Session::ingest`], from a source that blocks.
    ///
    /// # Errors
    ///
    /// [`IngestError`], for the first fault.
    pub async fn ingest_blocking(
        &self,
        nar: impl Read + Send + 'static,
        ask: Ask,
    ) -> Result<Ingested, IngestError> {
        let line = Line::start(self, &ask)?;
        let (pipes, bound) = (line.pipes.clone(), bound(&ask));
        let pumped = blocking(move || pump::pump_blocking(nar, &pipes, bound)).await;
        line.finish(pumped, &ask).await
    }
}

/// The bytes behind which no more are read.
fn bound(ask: &Ask) -> u64 {
    let announced = ask.nar.map_or(u64::MAX, |it| it.1);
    announced.min(ask.most_bytes.unwrap_or(u64::MAX))
}

/// Two threads that take the same pieces: one hashes the NAR, the other takes it apart.
struct Line {
    pipes: pump::Pipes,
    hash: JoinHandle<Sha256>,
    tree: JoinHandle<Result<Taken, IngestError>>,
}

/// What taking a NAR apart gives.
struct Taken {
    root: Node,
    references: BTreeSet<StorePath>,
}

impl Line {
    fn start(session: &Session, ask: &Ask) -> Result<Self, IngestError> {
        let paths: Vec<_> = ask.candidates.iter().cloned().collect();
        let hashes = paths.iter().map(StorePath::hash_part);
        let candidates = Candidates::new(&StoreSpec::NIX, hashes)?;
        let (to_hash, hash_pieces) = channel(pump::N_AHEAD);
        let (to_tree, tree_pieces) = channel(pump::N_AHEAD);
        let tree = Tree::new(Arc::clone(session.store().blobs()), Handle::current());
        Ok(Self {
            pipes: pump::Pipes { to_hash, to_tree },
            hash: spawn_blocking(move || hash(hash_pieces)),
            tree: spawn_blocking(move || take_apart(tree_pieces, tree, &candidates, &paths)),
        })
    }

    /// Waits for both; of several faults the one is told that is the cause of the others.
    async fn finish(self, pumped: pump::Pumped, ask: &Ask) -> Result<Ingested, IngestError> {
        drop(self.pipes);
        let nar_hash = joined(self.hash.await);
        let taken = joined(self.tree.await);
        let nar_size = pumped.n_bytes;
        if let Some(source) = pumped.fault {
            let at = nar_size;
            return Err(IngestError::Read { at, source });
        }
        if let Some(limit) = ask.most_bytes.filter(|it| nar_size > *it) {
            return Err(IngestError::Large { limit });
        }
        if let Some((announced_hash, announced)) = ask.nar {
            // An end that comes early is a fault of the NAR itself, which says where.
            let was_whole = taken.is_ok() || !pumped.was_refused;
            if was_whole && nar_size != announced {
                let found = nar_size;
                return Err(IngestError::Size { found, announced });
            }
            if was_whole && nar_hash != announced_hash {
                return Err(IngestError::Hash {
                    found: nar_hash,
                    announced: announced_hash,
                });
            }
        }
        let Taken { root, references } = taken?;
        Ok(Ingested {
            root,
            nar_hash,
            nar_size,
            references,
        })
    }
}

fn hash(mut pieces: Receiver<Bytes>) -> Sha256 {
    let mut hasher = Sha256Hasher::new();
    while let Some(piece) = pieces.blocking_recv() {
        hasher.update(&piece);
    }
    hasher.finish()
}

fn take_apart(
    mut pieces: Receiver<Bytes>,
    mut tree: Tree,
    candidates: &Candidates,
    paths: &[StorePath],
) -> Result<Taken, IngestError> {
    let mut decoder = Decoder::new(tree::limits());
    let mut search = candidates.search();
    let mut found = vec![false; paths.len()];
    while let Some(piece) = pieces.blocking_recv() {
        search.feed(&piece, |hit| found[hit.candidate] = true);
        let mut rest = piece.as_ref();
        while let Some(event) = decoder.next_event(&mut rest)? {
            tree.take(event)?;
        }
    }
    decoder.finish()?;
    let occurs = paths.iter().zip(found).filter(|it| it.1);
    Ok(Taken {
        root: tree.finish()?,
        references: occurs.map(|it| it.0.clone()).collect(),
    })
}

fn at_least(found: u64, announced: u64) -> String {
    let word = if found > announced { "at least " } else { "" };
    format!("{word}{found}")
}
