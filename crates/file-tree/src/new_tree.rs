//! A tree that grows beside its place, and is there whole or not at all.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, RenameFlags, renameat, renameat_with, unlinkat};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::way::open_folder;
use crate::{TreeError, Writer};

/// A file, a folder or a link that is not in its place yet.
///
/// It grows in a folder beside its place, whose name begins with `.eka-`; dropping it removes all
/// of it. A folder that a crash leaves there may be removed at any time.
#[derive(Debug)]
pub struct NewTree<T = Vec<u8>> {
    /// Stands above the root: the first thing to write is one named [`ROOT`].
    pub writer: Writer<T>,
    growing: Growing,
    place: PathBuf,
}

/// The folder that it grows in, which goes with all that is in it.
#[derive(Debug)]
struct Growing(TempDir);

/// The name of the root while it grows.
pub const ROOT: &[u8] = b"tree";

impl<T> NewTree<T> {
    /// Starts a tree whose place is `place`.
    ///
    /// # Errors
    ///
    /// [`TreeError::Exists`] where something is there, [`TreeError::Write`] where nothing can be
    /// written beside it.
    pub fn at(place: &Path) -> Result<Self, TreeError> {
        if std::fs::symlink_metadata(place).is_ok() {
            let path = place.to_owned();
            return Err(TreeError::Exists { path });
        }
        let parent = match place.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => Path::new("/"),
        };
        let growing = tempfile::Builder::new().prefix(".eka-").tempdir_in(parent);
        let growing = growing.map_err(|it| failed(place, it))?;
        let growing = Growing(growing);
        Ok(Self {
            writer: Writer::open_as(growing.0.path(), place.to_owned(), 1)?,
            growing,
            place: place.to_owned(),
        })
    }

    /// Makes the links, as [`Writer::finish_with`], and puts the tree in its place; replaces nothing.
    ///
    /// # Errors
    ///
    /// [`TreeError::Exists`] where something is there by now, [`TreeError::Write`], and what `find`
    /// fails with.
    pub fn finish_with<E: From<TreeError>>(
        self,
        find: impl FnMut(T) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        self.writer.finish_with(find)?;
        let root = self.growing.0.path().join("tree");
        let placed = put(&root, &self.place).map_err(|error| match error {
            Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR | Errno::ISDIR => TreeError::Exists {
                path: self.place.clone(),
            },
            _ => failed(&self.place, error.into()),
        });
        Ok(placed?)
    }
}

impl NewTree {
    /// Makes the links, and puts the tree in its place; replaces nothing.
    ///
    /// # Errors
    ///
    /// [`TreeError::Exists`] where something is there by now, [`TreeError::Write`].
    pub fn finish(self) -> Result<(), TreeError> {
        self.finish_with(Ok)
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        // What cannot be removed is no part of anything.
        clear(self.0.path()).ok();
    }
}

/// Removes all that grew in a folder: folders in a folder are first moved to the top, so that one
/// is open at a time, however deep they lie.
fn clear(growing: &Path) -> io::Result<()> {
    let top = open_folder(CWD, growing.as_os_str().as_bytes())?;
    let mut folders = Vec::new();
    let mut n_moved = 0u64;
    if let Err(Errno::ISDIR | Errno::PERM) = unlinkat(&top, ROOT, AtFlags::empty()) {
        folders.push(ROOT.to_vec());
    }
    while let Some(name) = folders.pop() {
        let folder = open_folder(&top, &name)?;
        for entry in Dir::read_from(&folder)?.collect::<Result<Vec<_>, _>>()? {
            let within = entry.file_name();
            if matches!(within.to_bytes(), b"." | b"..") {
                continue;
            }
            match unlinkat(&folder, within, AtFlags::empty()) {
                // What Linux says of a folder, and what others say.
                Err(Errno::ISDIR | Errno::PERM) => {
                    let moved = n_moved.to_string();
                    n_moved += 1;
                    renameat(&folder, within, &top, &moved)?;
                    folders.push(moved.into_bytes());
                }
                removed => removed?,
            }
        }
        unlinkat(&top, &*name, AtFlags::REMOVEDIR)?;
    }
    Ok(())
}

/// Renames, and replaces nothing.
fn put(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems know no flags: there only an empty folder is replaced by a folder.
        Err(Errno::INVAL | Errno::NOSYS) if std::fs::symlink_metadata(to).is_ok() => {
            Err(Errno::EXIST)
        }
        Err(Errno::INVAL | Errno::NOSYS) => renameat(CWD, from, CWD, to),
        placed => placed,
    }
}

fn failed(path: &Path, source: io::Error) -> TreeError {
    TreeError::Write {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever was faster keeps the place, even with an empty folder.
    #[test]
    fn nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|it| folder.path().join(it));
        for folder in [&from, &to] {
            std::fs::create_dir(folder).unwrap();
        }
        assert_eq!(put(&from, &to), Err(Errno::EXIST));
        assert!(from.is_dir());
    }
}
