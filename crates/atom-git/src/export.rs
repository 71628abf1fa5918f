//! A tree written to a folder, under a directory handle.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use atom::ObjectId;
use miette::Diagnostic;
use rustix::fs::{Mode as Permissions, OFlags, RenameFlags};
use thiserror::Error;

use crate::blob::Blob;
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
    let placed = rustix::fs::fchmod(&top, FOLDER).and_then(|()| place(growing.path(), &target));
    placed.map_err(|source| match source {
        rustix::io::Errno::EXIST | rustix::io::Errno::NOTEMPTY | rustix::io::Errno::NOTDIR => {
            ExportError::Exists {
                path: target.clone(),
            }
        }
        _ => failed(source.into()),
    })?;
    // It has moved: there is nothing left to remove.
    drop(growing.keep());
    Ok(target)
}

/// Renames, and replaces nothing.
fn place(from: &Path, to: &Path) -> rustix::io::Result<()> {
    use rustix::fs::{CWD, renameat, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems know no flags: there only an empty folder is replaced.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => renameat(CWD, from, CWD, to),
        placed => placed,
    }
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
            if entry.is_submodule() {
                // The guard lets none pass but where it counts as an empty folder.
                make_folder(folder, &name).map_err(|source| ExportError::Io {
                    path: self.shown.join(OsStr::from_bytes(&name)),
                    source,
                })?;
                continue;
            }
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
            let mut blob = self.objects.open_blob(entry.id)?;
            write_file(folder, &name, mode, &mut blob).map_err(|source| ExportError::Io {
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
    blob: &mut Blob,
) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(parent, name, flags, mode)?;
    rustix::fs::fchmod(&file, mode)?;
    let size = blob.size();
    if io::copy(&mut blob.take(size), &mut std::fs::File::from(file))? < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use testkit::env::Env;

    use super::*;
    use crate::tree::{Entry, Tree};

    /// What the guard refuses, this refuses too: links last, and nothing through them.
    #[test]
    fn a_link_and_a_folder_of_one_name_touch_nothing_outside() {
        let env = Env::new();
        let made = env.repo("here");
        let canary = env.path("canary");
        std::fs::create_dir(&canary).unwrap();
        let id = |text: String| text.parse::<ObjectId>().unwrap();
        let blob = |bytes: &[u8]| id(made.git_with(["hash-object", "-w", "--stdin"], bytes));
        let tree = |entries: &[(Mode, &[u8], ObjectId)]| {
            let entries = entries.iter().map(|&(mode, name, id)| Entry {
                mode: mode.digits(),
                name,
                id,
            });
            let write = ["hash-object", "--literally", "-t", "tree", "-w", "--stdin"];
            id(made.git_with(write, Tree::print(entries).as_bytes()))
        };
        let link = blob(canary.as_os_str().as_bytes());
        let file = blob(b"dead");
        let folder = tree(&[(Mode::File, b"file", file)]);
        let objects = Objects::open(&made.path().join(".git/objects")).unwrap();
        for entries in [
            [
                (Mode::Symlink, b"a".as_slice(), link),
                (Mode::Folder, b"a", folder),
            ],
            [(Mode::Folder, b"a", folder), (Mode::Symlink, b"a", link)],
            [(Mode::Symlink, b"a", link), (Mode::File, b"a", file)],
            [(Mode::File, b"a", file), (Mode::File, b"a", file)],
        ] {
            let out = env.path("tmp");
            let top = GuardedTree::unchecked(tree(&entries));
            let written = export(&objects, top, &out, OsStr::new("atom"));
            assert!(
                matches!(written, Err(ExportError::Io { .. })),
                "{entries:?}"
            );
            assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
            assert_eq!(std::fs::read_dir(&canary).unwrap().count(), 0);
        }
    }

    /// Whoever swaps a folder for a link while it is written to leads nobody away.
    #[test]
    fn no_folder_is_opened_through_a_link() {
        let env = Env::new();
        let (out, canary) = (env.path("out"), env.path("canary"));
        for folder in [&out, &canary] {
            std::fs::create_dir(folder).unwrap();
        }
        std::os::unix::fs::symlink(&canary, out.join("a")).unwrap();
        let top = open_folder(rustix::fs::CWD, out.as_os_str().as_bytes()).unwrap();
        assert!(open_folder(top.as_fd(), b"a").is_err());
        assert!(make_folder(top.as_fd(), b"a").is_err());
        assert!(make_link(&top, &[b"a".to_vec(), b"b".to_vec()], b"x").is_err());
        assert_eq!(std::fs::read_dir(&canary).unwrap().count(), 0);
    }

    /// Whoever was faster keeps the place, even with an empty folder.
    #[test]
    fn nothing_is_replaced() {
        let env = Env::new();
        let [from, to] = ["from", "to"].map(|it| env.path(it));
        for folder in [&from, &to] {
            std::fs::create_dir(folder).unwrap();
        }
        assert_eq!(place(&from, &to), Err(rustix::io::Errno::EXIST));
        assert!(from.is_dir());
    }
}
