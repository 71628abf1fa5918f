//! A tree of a store, written to a file system.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use file_tree::{FileMode, NewTree, ROOT, TreeError, Writer};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use miette::Diagnostic;
use thiserror::Error;
use tokio::io::AsyncReadExt as _;

use super::{PIECE, Progress, shown};
use crate::blocking::blocking;
use crate::{BlobError, Blobs, Closure, Digest, Entry, Node};

/// Why a tree cannot be written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ExportError {
    /// There is something at the path, or something cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tree(#[from] TreeError),
    /// A file of the tree is not in the store.
    #[error("blob `{digest}` of `{path}` is missing")]
    #[diagnostic(
        code(eka::castore::missing_blob),
        help("what holds the tree is not whole: add it again")
    )]
    Missing {
        /// The blob.
        digest: Digest,
        /// The path, escaped.
        path: String,
    },
    /// A file of the tree has another size than the tree says.
    #[error("blob `{digest}` of `{path}` has {size} bytes, and is said to have {said}")]
    #[diagnostic(
        code(eka::castore::blob_size),
        help("whoever made the tree is broken or lies")
    )]
    Size {
        /// The blob.
        digest: Digest,
        /// The path, escaped.
        path: String,
        /// What the tree says.
        said: u64,
        /// How many bytes it has.
        size: u64,
    },
    /// A blob cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blob(#[from] BlobError),
}

/// How many files are read at a time: a store may be far away.
const AT_ONCE: usize = 16;

/// Writes a tree to `target`, all of it or nothing, as a [`NewTree`].
///
/// Files have the mode 0644 or 0755, directories 0755, whatever the umask. `progress` is called
/// after each file.
///
/// # Errors
///
/// [`ExportError`], for the first fault.
pub async fn export(
    blobs: &dyn Blobs,
    closure: &Closure,
    target: &Path,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(), ExportError> {
    let mut new = NewTree::at(target)?;
    let mut jobs = Jobs::new(closure);
    let mut writing = FuturesUnordered::new();
    let mut so_far = Progress::default();
    loop {
        while writing.len() < AT_ONCE
            && let Some(job) = jobs.next(&mut new.writer)?
        {
            writing.push(job.run(blobs));
        }
        let Some(size) = writing.next().await else {
            break;
        };
        so_far.add(size?);
        progress(so_far);
    }
    Ok(new.finish()?)
}

/// What is still to be written.
struct Jobs<'a> {
    closure: &'a Closure,
    /// Until it is begun.
    root: Option<&'a Node>,
    levels: Vec<std::slice::Iter<'a, Entry>>,
}

/// A file that is to be written.
struct Job {
    file: File,
    digest: Digest,
    size: u64,
    path: PathBuf,
}

impl<'a> Jobs<'a> {
    const fn new(closure: &'a Closure) -> Self {
        Self {
            closure,
            root: Some(closure.root()),
            levels: Vec::new(),
        }
    }

    /// Returns the next file; directories on the way to it are made, links are noted.
    fn next(&mut self, writer: &mut Writer) -> Result<Option<Job>, TreeError> {
        if let Some(root) = self.root.take()
            && let Some(job) = self.node(writer, ROOT, root)?
        {
            return Ok(Some(job));
        }
        while let Some(entries) = self.levels.last_mut() {
            let Some(Entry { name, node }) = entries.next() else {
                self.levels.pop();
                writer.leave()?;
                continue;
            };
            if let Some(job) = self.node(writer, name.as_bytes(), node)? {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    fn node(
        &mut self,
        writer: &mut Writer,
        name: &[u8],
        node: &Node,
    ) -> Result<Option<Job>, TreeError> {
        match node {
            Node::Directory { digest, .. } => {
                let directory =
                    (self.closure.get(digest)).expect("a closure has all its directories");
                writer.folder(name)?;
                self.levels.push(directory.entries().iter());
            }
            Node::Symlink { target } => writer.link(name, target.as_bytes().to_vec()),
            &Node::File {
                digest,
                size,
                executable,
            } => {
                let mode = match executable {
                    true => FileMode::Executable,
                    false => FileMode::Plain,
                };
                return Ok(Some(Job {
                    file: writer.file(name, mode)?,
                    digest,
                    size,
                    path: writer.path_of(name),
                }));
            }
        }
        Ok(None)
    }
}

impl Job {
    /// Writes the file, and returns how many bytes it has.
    async fn run(self, blobs: &dyn Blobs) -> Result<u64, ExportError> {
        let Self {
            mut file,
            digest,
            size: said,
            path,
        } = self;
        let opened = blobs.open(&digest).await?;
        let mut reader = opened.ok_or_else(|| ExportError::Missing {
            digest,
            path: shown(&path),
        })?;
        let size = reader.size();
        if size != said {
            return Err(ExportError::Size {
                digest,
                path: shown(&path),
                said,
                size,
            });
        }
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let mut piece = (&mut reader).take(PIECE as u64);
            let read = piece.read_to_end(&mut bytes).await;
            read.map_err(|source| unread(source, &path))?;
            if bytes.is_empty() {
                return Ok(size);
            }
            let written = write(file, bytes).await;
            (file, bytes) = written.map_err(|it| failed(&path, it))?;
        }
    }
}

fn failed(path: &Path, source: io::Error) -> ExportError {
    let path = path.to_owned();
    TreeError::Write { path, source }.into()
}

fn unread(source: io::Error, path: &Path) -> ExportError {
    match source.downcast::<BlobError>() {
        Ok(error) => error.into(),
        Err(source) => failed(path, source),
    }
}

/// The most bytes that are written where one stands.
const SMALL: usize = 128 << 10;

async fn write(mut file: File, bytes: Vec<u8>) -> io::Result<(File, Vec<u8>)> {
    if bytes.len() <= SMALL {
        file.write_all(&bytes)?;
        return Ok((file, bytes));
    }
    blocking(move || {
        file.write_all(&bytes)?;
        Ok((file, bytes))
    })
    .await
}
