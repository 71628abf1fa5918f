//! A tree written to a folder, under a directory handle.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use atom::ObjectId;
use file_tree::{FileMode, NewTree, ROOT, TreeError, Writer};
use miette::Diagnostic;
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
    let mut growing = NewTree::at(&target)?;
    write(objects, tree.id(), &mut growing.writer)?;
    growing.finish_with(|id| Ok::<_, ExportError>(objects.blob(id)?))?;
    Ok(target)
}

/// Writes the files and folders of a tree, and notes its links by their blobs.
fn write(
    objects: &Objects,
    top: ObjectId,
    writer: &mut Writer<ObjectId>,
) -> Result<(), ExportError> {
    writer.folder(ROOT)?;
    // The folders of each open folder that are not made yet.
    let mut open = vec![files(objects, top, writer)?];
    while let Some(folders) = open.last_mut() {
        if let Some((name, tree)) = folders.pop() {
            writer.folder(&name)?;
            open.push(files(objects, tree, writer)?);
        } else {
            open.pop();
            writer.leave()?;
        }
    }
    Ok(())
}

/// Writes the files of one folder, notes its links, and gives the folders in it.
fn files(
    objects: &Objects,
    tree: ObjectId,
    writer: &mut Writer<ObjectId>,
) -> Result<Vec<(Vec<u8>, ObjectId)>, ExportError> {
    let tree = objects.tree(tree)?;
    let mut folders = Vec::new();
    for entry in tree.entries().map_while(Result::ok) {
        let name = entry.name;
        if entry.is_submodule() {
            // The guard lets none pass but where it counts as an empty folder.
            writer.folder(name)?;
            writer.leave()?;
            continue;
        }
        let mode = match entry.kind() {
            Some(Mode::File) => FileMode::Plain,
            Some(Mode::Executable) => FileMode::Executable,
            Some(Mode::Folder) => {
                folders.push((name.to_owned(), entry.id));
                continue;
            }
            Some(Mode::Symlink) | None => {
                writer.link(name, entry.id);
                continue;
            }
        };
        let mut blob = objects.open_blob(entry.id)?;
        let mut file = writer.file(name, mode)?;
        copy(&mut blob, &mut file).map_err(|it| writer.failed(name, it))?;
    }
    Ok(folders)
}

fn copy(blob: &mut Blob, file: &mut File) -> io::Result<()> {
    let size = blob.size();
    if io::copy(&mut blob.take(size), file)? < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

impl From<TreeError> for ExportError {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Exists { path } => Self::Exists { path },
            TreeError::Write { path, source } => Self::Io { path, source },
        }
    }
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
        let link = blob(canary.as_os_str().as_encoded_bytes());
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
}
