//! A tree on a file system, put into a store.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use miette::Diagnostic;
use thiserror::Error;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use super::walk::{Found, Opened, Skeleton, Walk};
use super::{PIECE, Progress, shown};
use crate::blocking::{blocking, joined};
use crate::{BlobError, Blobs, Digest, Directory, DirectoryError, Limits, NameFault, Node};

/// Why a tree cannot be put into a store.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ImportError {
    /// A file, a directory or a link cannot be read.
    #[error("`{path}` cannot be read")]
    #[diagnostic(code(eka::castore::import), help("is it there, and may you read it?"))]
    Io {
        /// The path, escaped.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A tree has directories, files and links, and nothing else.
    #[error("`{path}` is {kind}")]
    #[diagnostic(
        code(eka::castore::odd_file),
        help("a tree is made of directories, files and links: leave it out")
    )]
    Kind {
        /// The path, escaped.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// A name or a link's target that no tree may have.
    #[error("`{path}` cannot be named in a tree: {fault}")]
    #[diagnostic(code(eka::castore::import_name), help("rename it, or leave it out"))]
    Name {
        /// The path, escaped.
        path: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// More than [`Limits::depth`].
    #[error("`{path}` lies deeper than {limit} directories")]
    #[diagnostic(
        code(eka::castore::import_depth),
        help("a tree of source or of a build lies flatter")
    )]
    Depth {
        /// The path, escaped.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// A directory has too much in it.
    #[error("a directory of `{path}` cannot be kept")]
    #[diagnostic(code(eka::castore::import_directory), help("spread what is in it"))]
    Directory {
        /// The top of the tree, escaped.
        path: String,
        /// What is wrong with it.
        #[source]
        fault: DirectoryError,
    },
    /// Reading stopped since something else failed; never returned.
    #[error("reading has stopped")]
    #[diagnostic(code(eka::castore::stopped), help("what failed is told elsewhere"))]
    Stopped,
    /// A blob cannot be put.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blob(#[from] BlobError),
}

/// How many files may be open and wait to be read.
const N_WAITING: usize = 64;

/// Puts what is at a path, and all below it, and returns its node.
///
/// Links are kept as they are and never followed, but those above the path itself. Of modes one
/// thing counts: whether the owner may run a file. What changes while it is read comes in as it
/// was when its bytes were read. Files are read and hashed on several threads; `progress` is
/// called after each, on the caller's. It is not flushed to the disk: see [`Blobs::sync`].
///
/// # Errors
///
/// [`ImportError`], for the first fault.
pub async fn import(
    blobs: &Arc<dyn Blobs>,
    path: &Path,
    limits: Limits,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Node, ImportError> {
    let (send_opened, opened) = mpsc::channel(N_WAITING);
    let (send_done, mut done) = mpsc::channel(N_WAITING);
    let walk = Walk::new(path.to_owned(), limits.depth, move |file| {
        send_opened.blocking_send(file).is_ok()
    });
    let walk: JoinHandle<io::Result<_>> = tokio::task::spawn_blocking(|| Ok(walk.run()));
    let opened = Arc::new(Mutex::new(opened));
    let mut workers = JoinSet::new();
    for _ in 0..n_workers() {
        let (blobs, opened, done) = (Arc::clone(blobs), Arc::clone(&opened), send_done.clone());
        workers.spawn(work(blobs, opened, done));
    }
    // Else the channel never closes.
    drop((send_done, opened));
    let mut files: Vec<Option<(Digest, u64)>> = Vec::new();
    let mut so_far = Progress::default();
    while let Some(put) = done.recv().await {
        let (at, digest, size) = put?;
        if files.len() <= at {
            files.resize(at + 1, None);
        }
        files[at] = Some((digest, size));
        so_far.add(size);
        progress(so_far);
    }
    let walked = joined(walk.await).map_err(|source| failed(path, source))?;
    let (top, skeleton) = walked?;
    put_directories(&**blobs, path, (top, skeleton), &files).await
}

fn n_workers() -> usize {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    processors.clamp(2, 16)
}

type Put = Result<(usize, Digest, u64), ImportError>;

/// Puts files as they come, until there are no more or nobody waits.
async fn work(
    blobs: Arc<dyn Blobs>,
    opened: Arc<Mutex<mpsc::Receiver<Opened>>>,
    done: mpsc::Sender<Put>,
) {
    loop {
        let next = opened.lock().await.recv().await;
        let Some(file) = next else { return };
        let put = put_file(&*blobs, file).await;
        if done.send(put).await.is_err() {
            return;
        }
    }
}

async fn put_file(blobs: &dyn Blobs, opened: Opened) -> Put {
    let Opened {
        at,
        mut file,
        size,
        path,
    } = opened;
    let error = |source| failed(&path, source);
    if size < PIECE as u64 {
        // Sooner done than handed to another thread; one that grew is read on below.
        let bytes = read_piece(&mut file, size).map_err(error)?;
        if bytes.len() < PIECE {
            let size = bytes.len() as u64;
            return Ok((at, blobs.put(Bytes::from(bytes)).await?, size));
        }
        return put_large(blobs, (at, file, bytes))
            .await
            .map_err(|it| it.into_import(&path));
    }
    let first = Vec::new();
    put_large(blobs, (at, file, first))
        .await
        .map_err(|it| it.into_import(&path))
}

/// Why a large file cannot be put.
enum Fault {
    Read(io::Error),
    Put(BlobError),
}

impl Fault {
    fn into_import(self, path: &Path) -> ImportError {
        match self {
            Self::Read(source) => failed(path, source),
            Self::Put(error) => error.into(),
        }
    }
}

async fn put_large(
    blobs: &dyn Blobs,
    (at, mut file, mut bytes): (usize, std::fs::File, Vec<u8>),
) -> Result<(usize, Digest, u64), Fault> {
    let mut writer = blobs.create().await.map_err(Fault::Put)?;
    let mut size = 0;
    loop {
        writer.write(&bytes).await.map_err(Fault::Put)?;
        size += bytes.len() as u64;
        let read = blocking(move || {
            let bytes = read_piece(&mut file, PIECE as u64)?;
            Ok((file, bytes))
        });
        (file, bytes) = read.await.map_err(Fault::Read)?;
        if bytes.is_empty() {
            let digest = writer.finish().await.map_err(Fault::Put)?;
            return Ok((at, digest, size));
        }
    }
}

/// Reads on, at most a piece; `size` is what one expects.
fn read_piece(file: &mut std::fs::File, size: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(size).unwrap_or(PIECE).min(PIECE);
    // One more byte tells the end without another growth.
    let mut bytes = Vec::with_capacity(size + 1);
    file.take(PIECE as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn failed(path: &Path, source: io::Error) -> ImportError {
    let path = shown(path);
    ImportError::Io { path, source }
}

/// Puts the directories, those first that others name.
async fn put_directories(
    blobs: &dyn Blobs,
    path: &Path,
    (top, skeleton): (Found, Skeleton),
    files: &[Option<(Digest, u64)>],
) -> Result<Node, ImportError> {
    let mut made: Vec<Option<Node>> = vec![None; skeleton.directories.len()];
    for (at, entries) in skeleton.directories.into_iter().enumerate().rev() {
        let entries = entries
            .into_iter()
            .map(|(name, found)| (name, node(found, &made, files)));
        let directory = Directory::new(entries).map_err(|fault| ImportError::Directory {
            path: shown(path),
            fault,
        })?;
        let digest = blobs.put(Bytes::from(directory.print())).await?;
        let size = directory.size();
        made[at] = Some(Node::Directory { digest, size });
    }
    Ok(node(top, &made, files))
}

fn node(found: Found, made: &[Option<Node>], files: &[Option<(Digest, u64)>]) -> Node {
    match found {
        Found::Directory(at) => made[at].clone().expect("those within were made before"),
        Found::File { at, executable } => {
            let (digest, size) = files[at].expect("every file that was opened was put");
            Node::File {
                digest,
                size,
                executable,
            }
        }
        Found::Symlink(target) => Node::Symlink { target },
    }
}
