//! A tree written to a folder, under a directory handle.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use atom::ObjectId;
use miette::Diagnostic;
use rustix::fs::{Mode as Permissions, OFlags, RenameFlags};
use thiserror::Error;

use crate::objects::{ObjectError, Objects};
use crate::tree::Mode;
use crate::tree_guard::GuardedTree;

/// Why a tree cannot be written to a folder.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ExportError {
    /// The folder is there already.
    #[error("`{}` exists", path.display())]
    #[diagnostic(code(eka::export::exists))]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file, a folder or a link cannot be made.
    #[error("`{}` cannot be written", path.display())]
    #[diagnostic(
        code(eka::export::io),
        help("is the disk full, or the folder not yours?")
    )]
    Io {
        /// What cannot be made.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

/// Writes a tree to `parent/name`, all of it or nothing.
///
/// Blobs are written as they are: no attribute, filter or line ending counts. Files have the mode
/// 0644 or 0755, folders 0755, whatever the umask; dates are those of the writing. It grows beside
/// its place, in a folder whose name begins with `.`, and is renamed when it is complete; a folder
/// that a crash leaves there may be removed at any time. Nothing is flushed to the disk, as git
/// flushes no work tree: what lies in a cache is hashed again before it is believed.
///
/// Every step is taken under a handle on the folder above and follows no link; links are made
/// last. So whatever the tree holds, nothing outside is touched.
///
/// # Errors
///
/// [`ExportError::Exists`] where `parent/name` is there, [`ExportError::Io`],
/// [`ExportError::Object`].
pub fn export(
    objects: &Objects,
    tree: GuardedTree,
    parent: &Path,
    name: &OsStr,
) -> Result<PathBuf, ExportError> {
    let target = parent.join(name);
    let failed = |source| ExportError::Io {
        path: target.clone(),
        source,
    };
    if std::fs::symlink_metadata(&target).is_ok() {
        return Err(ExportError::Exists { path: target });
    }
    let growing = tempfile::Builder::new()
        .prefix(".eka-")
        .tempdir_in(parent)
        .map_err(failed)?;
    let top = open_folder(rustix::fs::CWD, growing.path().as_os_str().as_bytes());
    let top = top.map_err(failed)?;
    let mut writer = Writer {
        objects,
        shown: target.clone(),
        links: Vec::new(),
    };
    writer.folder(&top, tree.id())?;
    writer.links(&top)?;
    rustix::fs::fchmod(&top, FOLDER)
        .and_then(|()| {
            let (from, to) = (growing.path(), &target);
            rustix::fs::renameat_with(
                rustix::fs::CWD,
                from,
                rustix::fs::CWD,
                to,
                RenameFlags::NOREPLACE,
            )
        })
        .map_err(|source| match source {
            rustix::io::Errno::EXIST | rustix::io::Errno::NOTEMPTY => ExportError::Exists {
                path: target.clone(),
            },
            _ => failed(source.into()),
        })?;
    // It has moved: there is nothing left to remove.
    drop(growing.keep());
    Ok(target)
}

const FOLDER: Permissions = Permissions::from_raw_mode(0o755);
const FILE: Permissions = Permissions::from_raw_mode(0o644);
const EXECUTABLE: Permissions = Permissions::from_raw_mode(0o755);

struct Writer<'a> {
    objects: &'a Objects,
    /// The path of what is being written, for errors.
    shown: PathBuf,
    /// The names that lead to a link, and its target.
    links: Vec<(Vec<Vec<u8>>, ObjectId)>,
}

/// What is still to be done in a folder.
struct Open {
    handle: OwnedFd,
    /// The folders in it that are not made yet.
    folders: Vec<(Vec<u8>, ObjectId)>,
}

impl Writer<'_> {
    /// Writes the files and folders of a tree, and notes its links.
    fn folder(&mut self, top: &OwnedFd, tree: ObjectId) -> Result<(), ExportError> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        let handle = top.try_clone().map_err(|it| self.failed(it))?;
        let folders = self.files(handle.as_fd(), tree, &names)?;
        let mut open = vec![Open { handle, folders }];
        while let Some(current) = open.last_mut() {
            let Some((name, tree)) = current.folders.pop() else {
                open.pop();
                if names.pop().is_some() {
                    self.shown.pop();
                }
                continue;
            };
            self.shown.push(OsStr::from_bytes(&name));
            let handle = make_folder(current.handle.as_fd(), &name);
            let handle = handle.map_err(|it| self.failed(it))?;
            names.push(name);
            let folders = self.files(handle.as_fd(), tree, &names)?;
            open.push(Open { handle, folders });
        }
        Ok(())
    }

    /// Writes the files of one folder, notes its links, and gives the folders in it.
    fn files(
        &mut self,
        folder: BorrowedFd<'_>,
        tree: ObjectId,
        names: &[Vec<u8>],
    ) -> Result<Vec<(Vec<u8>, ObjectId)>, ExportError> {
        let tree = self.objects.tree(tree)?;
        let mut folders = Vec::new();
        for entry in tree.entries().map_while(Result::ok) {
            let name = entry.name.to_owned();
            let mode = match entry.kind() {
                Some(Mode::File) => FILE,
                Some(Mode::Executable) => EXECUTABLE,
                Some(Mode::Folder) => {
                    folders.push((name, entry.id));
                    continue;
                }
                Some(Mode::Symlink) | None => {
                    let path = names.iter().cloned().chain([name]).collect();
                    self.links.push((path, entry.id));
                    continue;
                }
            };
            let bytes = self.objects.blob(entry.id)?;
            write_file(folder, &name, mode, &bytes).map_err(|source| ExportError::Io {
                path: self.shown.join(OsStr::from_bytes(&name)),
                source,
            })?;
        }
        Ok(folders)
    }

    /// Makes the links, when nothing is left that could be written through one.
    fn links(&self, top: &OwnedFd) -> Result<(), ExportError> {
        for (path, id) in &self.links {
            let target = self.objects.blob(*id)?;
            let made = make_link(top, path, &target);
            made.map_err(|source| {
                let names = path.iter().map(|it| OsStr::from_bytes(it));
                let path = self.shown.join(names.collect::<PathBuf>());
                ExportError::Io { path, source }
            })?;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> ExportError {
        let path = self.shown.clone();
        ExportError::Io { path, source }
    }
}

fn open_folder(parent: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(
        parent,
        name,
        flags,
        Permissions::empty(),
    )?)
}

fn make_folder(parent: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    rustix::fs::mkdirat(parent, name, FOLDER)?;
    let folder = open_folder(parent, name)?;
    rustix::fs::fchmod(&folder, FOLDER)?;
    Ok(folder)
}

fn write_file(
    parent: BorrowedFd<'_>,
    name: &[u8],
    mode: Permissions,
    bytes: &[u8],
) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(parent, name, flags, mode)?;
    rustix::fs::fchmod(&file, mode)?;
    std::fs::File::from(file).write_all(bytes)
}

fn make_link(top: &OwnedFd, path: &[Vec<u8>], target: &[u8]) -> io::Result<()> {
    let Some((name, folders)) = path.split_last() else {
        return Ok(());
    };
    let mut folder = top.try_clone()?;
    for name in folders {
        folder = open_folder(folder.as_fd(), name)?;
    }
    Ok(rustix::fs::symlinkat(target, &folder, name.as_slice())?)
}
