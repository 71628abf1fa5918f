//! A tree of a store, written to a file system.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use miette::Diagnostic;
use rustix::fs::{self, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use thiserror::Error;
use tokio::io::AsyncReadExt as _;

use super::{PIECE, Progress, open_folder, shown};
use crate::blocking::blocking;
use crate::{BlobError, Blobs, Closure, Digest, Directory, Node, Target};

/// Why a tree cannot be written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ExportError {
    /// There is something at the path.
    #[error("`{path}` exists")]
    #[diagnostic(code(eka::castore::exists), help("name another path, or remove it"))]
    Exists {
        /// The path, escaped.
        path: String,
    },
    /// A file, a directory or a link cannot be made.
    #[error("`{path}` cannot be written")]
    #[diagnostic(
        code(eka::castore::export),
        help("is the disk full, or the folder not yours?")
    )]
    Io {
        /// The path, escaped.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
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

const FOLDER: Mode = Mode::from_raw_mode(0o755);
const FILE: Mode = Mode::from_raw_mode(0o644);
const EXECUTABLE: Mode = Mode::from_raw_mode(0o755);

/// How many files are read at a time: a store may be far away.
const AT_ONCE: usize = 16;

/// Writes a tree to `target`, all of it or nothing.
///
/// Files have the mode 0644 or 0755, directories 0755, whatever the umask. It grows beside its
/// place, in a folder whose name begins with `.castore-`, and is renamed when it is whole; what a
/// crash leaves there may be removed at any time. Every step is taken under a handle of the
/// directory above, no link is followed, and links are made last. `progress` is called after each
/// file.
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
    if std::fs::symlink_metadata(target).is_ok() {
        return Err(exists(target));
    }
    let growing = Growing::beside(target)?;
    let mut jobs = Jobs::new(closure, target, &growing.folder)?;
    let mut writing = FuturesUnordered::new();
    let mut so_far = Progress::default();
    loop {
        while writing.len() < AT_ONCE
            && let Some(job) = jobs.next()?
        {
            writing.push(job.run(blobs));
        }
        let Some(size) = writing.next().await else {
            break;
        };
        so_far.add(size?);
        progress(so_far);
    }
    jobs.links(&growing.folder)?;
    growing.place(target)
}

fn exists(path: &Path) -> ExportError {
    let path = shown(path);
    ExportError::Exists { path }
}

fn failed(path: &Path, source: impl Into<io::Error>) -> ExportError {
    let (path, source) = (shown(path), source.into());
    ExportError::Io { path, source }
}

/// A folder in which the tree grows, under the name `tree`; what is in it goes unless it is placed.
struct Growing {
    path: PathBuf,
    folder: Arc<OwnedFd>,
}

const TREE: &[u8] = b"tree";

impl Growing {
    fn beside(target: &Path) -> Result<Self, ExportError> {
        let above = match target.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        loop {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            let nanos = now.unwrap_or_default().as_nanos();
            let path = above.join(format!(".castore-{}-{nanos}", std::process::id()));
            match fs::mkdirat(CWD, &path, Mode::RWXU) {
                Err(Errno::EXIST) => continue,
                made => made.map_err(|it| failed(above, it))?,
            }
            let folder = open_folder(CWD, path.as_os_str().as_bytes());
            let folder = Arc::new(folder.map_err(|it| failed(above, it))?);
            return Ok(Self { path, folder });
        }
    }

    /// Renames, and replaces nothing.
    fn place(self, target: &Path) -> Result<(), ExportError> {
        let flags = RenameFlags::NOREPLACE;
        let placed = match fs::renameat_with(&self.folder, TREE, CWD, target, flags) {
            // Some file systems know no flags: there only an empty folder is replaced.
            Err(Errno::INVAL | Errno::NOSYS) => fs::renameat(&self.folder, TREE, CWD, target),
            placed => placed,
        };
        placed.map_err(|error| match error {
            Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR | Errno::ISDIR => exists(target),
            _ => failed(target, error),
        })
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        // What cannot be removed is no part of anything.
        std::fs::remove_dir_all(&self.path).ok();
    }
}

/// What is still to be written.
struct Jobs<'a> {
    closure: &'a Closure,
    levels: Vec<Level<'a>>,
    files: VecDeque<Job>,
    links: Vec<Link>,
    /// The path of what is being made, for errors.
    path: PathBuf,
    names: Vec<Vec<u8>>,
}

struct Level<'a> {
    folder: Arc<OwnedFd>,
    entries: std::slice::Iter<'a, crate::Entry>,
}

/// The names that lead to a link, and where it points to.
struct Link {
    names: Vec<Vec<u8>>,
    target: Target,
}

/// A file that is to be written.
struct Job {
    folder: Arc<OwnedFd>,
    name: Vec<u8>,
    digest: Digest,
    size: u64,
    mode: Mode,
    path: PathBuf,
}

impl<'a> Jobs<'a> {
    fn new(
        closure: &'a Closure,
        target: &Path,
        growing: &Arc<OwnedFd>,
    ) -> Result<Self, ExportError> {
        let mut made = Self {
            closure,
            levels: Vec::new(),
            files: VecDeque::new(),
            links: Vec::new(),
            path: target.to_owned(),
            names: Vec::new(),
        };
        made.node(growing, TREE, closure.root())?;
        Ok(made)
    }

    /// Returns the next file; directories on the way to it are made, links are noted.
    fn next(&mut self) -> Result<Option<Job>, ExportError> {
        loop {
            if let Some(job) = self.files.pop_front() {
                return Ok(Some(job));
            }
            let Some(level) = self.levels.last_mut() else {
                return Ok(None);
            };
            let Some(entry) = level.entries.next() else {
                self.levels.pop();
                self.names.pop();
                if !self.levels.is_empty() {
                    self.path.pop();
                }
                continue;
            };
            let folder = Arc::clone(&level.folder);
            let name = entry.name.as_bytes();
            self.path.push(OsStr::from_bytes(name));
            let n_levels = self.levels.len();
            self.node(&folder, name, &entry.node)?;
            if self.levels.len() == n_levels {
                self.path.pop();
            }
        }
    }

    fn node(&mut self, folder: &Arc<OwnedFd>, name: &[u8], node: &Node) -> Result<(), ExportError> {
        match node {
            Node::Directory { digest, .. } => {
                let directory: &'a Directory =
                    (self.closure.get(digest)).expect("a closure has all its directories");
                let made = make_folder(folder, name).map_err(|it| failed(&self.path, it))?;
                self.names.push(name.to_vec());
                self.levels.push(Level {
                    folder: Arc::new(made),
                    entries: directory.entries().iter(),
                });
            }
            Node::File {
                digest,
                size,
                executable,
            } => self.files.push_back(Job {
                folder: Arc::clone(folder),
                name: name.to_vec(),
                digest: *digest,
                size: *size,
                mode: if *executable { EXECUTABLE } else { FILE },
                path: self.path.clone(),
            }),
            Node::Symlink { target } => {
                let names = self.names.iter().cloned().chain([name.to_vec()]).collect();
                let target = target.clone();
                self.links.push(Link { names, target });
            }
        }
        Ok(())
    }

    /// Makes the links, when nothing is left that could be written through one.
    fn links(&self, growing: &Arc<OwnedFd>) -> Result<(), ExportError> {
        for link in &self.links {
            make_link(growing, link).map_err(|source| {
                let below = link.names.iter().skip(1);
                let names = below.map(|it| OsStr::from_bytes(it));
                failed(&self.path.join(names.collect::<PathBuf>()), source)
            })?;
        }
        Ok(())
    }
}

fn make_folder(parent: &OwnedFd, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    fs::mkdirat(parent, name, FOLDER)?;
    let folder = open_folder(parent, name)?;
    fs::fchmod(&folder, FOLDER)?;
    Ok(folder)
}

fn make_link(top: &OwnedFd, link: &Link) -> rustix::io::Result<()> {
    let Some((name, folders)) = link.names.split_last() else {
        return Ok(());
    };
    let mut above = None;
    for name in folders {
        above = Some(open_folder(above.as_ref().unwrap_or(top), name)?);
    }
    let folder = above.as_ref().unwrap_or(top);
    fs::symlinkat(link.target.as_bytes(), folder, name.as_slice())
}

impl Job {
    /// Writes the file, and returns how many bytes it has.
    async fn run(self, blobs: &dyn Blobs) -> Result<u64, ExportError> {
        let (digest, said) = (self.digest, self.size);
        let opened = blobs.open(&digest).await?;
        let mut reader = opened.ok_or_else(|| ExportError::Missing {
            digest,
            path: shown(&self.path),
        })?;
        let size = reader.size();
        if size != said {
            let path = shown(&self.path);
            return Err(ExportError::Size {
                digest,
                path,
                said,
                size,
            });
        }
        let mut file = self.create().map_err(|it| failed(&self.path, it))?;
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let mut piece = (&mut reader).take(PIECE as u64);
            let read = piece.read_to_end(&mut bytes).await;
            read.map_err(|source| self.unread(source))?;
            if bytes.is_empty() {
                return Ok(size);
            }
            (file, bytes) = write(file, bytes)
                .await
                .map_err(|it| failed(&self.path, it))?;
        }
    }

    fn create(&self) -> rustix::io::Result<std::fs::File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(self.folder.as_fd(), self.name.as_slice(), flags, self.mode)?;
        fs::fchmod(&file, self.mode)?;
        Ok(file.into())
    }

    fn unread(&self, source: io::Error) -> ExportError {
        match source.downcast::<BlobError>() {
            Ok(error) => error.into(),
            Err(source) => failed(&self.path, source),
        }
    }
}

/// The most bytes that are written where one stands.
const SMALL: usize = 128 << 10;

async fn write(mut file: std::fs::File, bytes: Vec<u8>) -> io::Result<(std::fs::File, Vec<u8>)> {
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

#[cfg(test)]
mod tests {
    use testkit::env::Env;

    use super::*;

    /// Whoever was faster keeps the place, even with an empty folder.
    #[test]
    fn nothing_is_replaced() {
        let env = Env::new();
        let target = env.path("target");
        let growing = Growing::beside(&target).unwrap();
        drop(make_folder(&growing.folder, TREE).unwrap());
        std::fs::create_dir(&target).unwrap();
        let placed = growing.place(&target);
        assert!(matches!(placed, Err(ExportError::Exists { .. })));
    }
}
