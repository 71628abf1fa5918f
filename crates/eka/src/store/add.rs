//! `eka store add`: trees of a file system, as Nix adds sources.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::SystemTime;

use ::store::infos::Registered;
use ::store::ingest::{Ask, IngestError, Ingested};
use ::store::{PathInfo, Session};
use nix_format::nar::Writer;
use nix_format::{ContentAddress, Hash, Method, StoreName, StorePath};

use super::{Opened, StoreError};
use crate::context::Context;
use crate::error::Error;
use crate::nar;

/// What to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddRequest {
    /// Files, folders or links, which are not followed.
    pub paths: Vec<PathBuf>,
    /// The name in the store; without it, the last part of the path.
    pub name: Option<String>,
}

/// What was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddReport {
    /// One entry a path, in the order that was asked.
    pub added: Vec<Added>,
}

/// One path of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The path, in full.
    pub path: String,
    /// The SHA-256 of its NAR.
    pub nar_hash: Hash,
    /// How many bytes its NAR has.
    pub nar_size: u64,
    /// How it was found.
    pub registered: Registered,
}

/// Puts files, folders and links into the store, each under the path that `nix-store --add` gives
/// it.
///
/// # Errors
///
/// [`StoreError::Tree`] for what cannot be read; [`StoreError::OneName`], [`StoreError::NoName`]
/// and [`StoreError::Path`] for names; [`StoreError::Ingest`] and [`StoreError::Open`] for the
/// store. What was added before stays.
pub fn add(ctx: &Context<'_>, request: &AddRequest) -> Result<AddReport, Error> {
    let names = names(request)?;
    let opened = Opened::open(ctx)?;
    let session = opened.store.session().map_err(StoreError::from)?;
    let mut added = Vec::new();
    for (path, name) in request.paths.iter().zip(names) {
        let (ingested, _) = take_in(ctx, &opened, &session, path, "adding")?;
        let dir = opened.store.dir();
        let path = StorePath::source(dir, &ingested.nar_hash, name);
        let info = PathInfo {
            ca: Some(ContentAddress::Fixed {
                method: Method::Recursive,
                hash: ingested.nar_hash.into(),
            }),
            ..plain(path, &ingested)
        };
        added.push(Added {
            path: opened.print(&info.path),
            nar_hash: ingested.nar_hash.into(),
            nar_size: ingested.nar_size,
            registered: register(ctx, &opened, &session, info)?,
        });
    }
    Ok(AddReport { added })
}

/// A path that refers to nothing, and that nobody vouches for.
pub(crate) fn plain(path: StorePath, ingested: &Ingested) -> PathInfo {
    PathInfo {
        path,
        root: ingested.root.clone(),
        nar_hash: ingested.nar_hash,
        nar_size: ingested.nar_size,
        references: BTreeSet::new(),
        deriver: None,
        signatures: BTreeSet::new(),
        ca: None,
        registered: SystemTime::UNIX_EPOCH,
    }
}

/// Registers one path.
pub(crate) fn register(
    ctx: &Context<'_>,
    opened: &Opened,
    session: &Session,
    info: PathInfo,
) -> Result<Registered, Error> {
    let registered = opened.run(ctx, session.register(vec![info]))?;
    Ok(registered[0])
}

fn names(request: &AddRequest) -> Result<Vec<StoreName>, StoreError> {
    let n_paths = request.paths.len();
    if request.name.is_some() && n_paths > 1 {
        return Err(StoreError::OneName { n_paths });
    }
    let name = |path: &PathBuf| {
        let last = path.file_name().and_then(|it| it.to_str());
        let text = request.name.as_deref().or(last);
        let text = text.ok_or_else(|| StoreError::NoName { path: path.clone() })?;
        Ok(text.parse::<StoreName>()?)
    };
    request.paths.iter().map(name).collect()
}

/// How many pieces of a NAR wait to be taken in.
const N_AHEAD: usize = 16;

/// Takes in the NAR of what lies on disk; nothing is registered. Gives the tree back, and how many
/// nodes it has.
pub(crate) fn take_in(
    ctx: &Context<'_>,
    opened: &Opened,
    session: &Session,
    path: &Path,
    what: &str,
) -> Result<(Ingested, u64), Error> {
    let (sender, receiver) = sync_channel(N_AHEAD);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut pieces = Pieces(sender);
            let mut writer = Writer::new(io::BufWriter::with_capacity(128 << 10, &mut pieces));
            let read = nar::tree(ctx, what, path, &mut writer).and_then(|n_nodes| {
                let ended = writer.finish().and_then(|mut it| it.flush());
                ended.map_err(|source| nar::NarError::Output { source })?;
                Ok(n_nodes)
            });
            if read.is_err() {
                // Whoever takes it in must not take this for its end.
                drop(pieces.0.send(Err(io::ErrorKind::Interrupted.into())));
            }
            read
        });
        let nar = Taking {
            pieces: receiver,
            piece: io::Cursor::default(),
        };
        let ingested = opened.run(ctx, session.ingest_blocking(nar, Ask::default()));
        let read = reader.join().expect("a walk does not panic");
        match (ingested, read) {
            (Ok(ingested), Ok(n_nodes)) => Ok((ingested, n_nodes)),
            // Of two the one that came first: who stops taking in breaks the pipe.
            (Err(error), Err(read)) if is_broken_pipe(&read) => Err(error),
            (_, Err(read)) => Err(of_tree(read)),
            (Err(error), Ok(_)) => Err(error),
        }
    })
}

fn is_broken_pipe(error: &Error) -> bool {
    matches!(error, Error::Nar(error) if error.is_closed_pipe())
}

fn of_tree(error: Error) -> Error {
    match error {
        Error::Nar(error) => StoreError::from(error).into(),
        error => error,
    }
}

/// The side that a walk writes to.
struct Pieces(SyncSender<io::Result<Vec<u8>>>);

impl Write for &mut Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(Ok(bytes.to_owned()));
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The side that the store reads from.
struct Taking {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Taking {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n_bytes = self.piece.read(buf)?;
            if n_bytes > 0 || buf.is_empty() {
                return Ok(n_bytes);
            }
            match self.pieces.recv() {
                Ok(piece) => self.piece = io::Cursor::new(piece?),
                Err(_) => return Ok(0),
            }
        }
    }
}

impl From<IngestError> for Error {
    fn from(error: IngestError) -> Self {
        StoreError::from(error).into()
    }
}
