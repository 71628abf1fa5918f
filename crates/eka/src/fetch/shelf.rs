//! The folder where contents lie, each under its store path's name: complete, or not there.
//!
//! A content grows in a folder whose name begins with `.eka-`, and is renamed when it is complete.
//! Nothing is flushed, and whoever can write the folder can write its files: so what lies there
//! already is hashed before it is believed.

use std::fmt;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use atom::NarHash;
use atom::download::FileHash;
use atom_git::cache::{self, CacheError};
use atom_git::export::{ExportError, export};
use atom_git::objects::Objects;
use atom_git::tree_guard::GuardedTree;
use miette::Diagnostic;
use nix_format::{Sha256, Sha256Hasher, StoreDir, StoreName, StorePath};
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, RenameFlags, flock, open, renameat_with};
use rustix::io::Errno;
use tempfile::TempDir;
use thiserror::Error;

use super::folder_nar::nar_of;
use super::wanted::store_name;

/// What a folder that grows is called; six letters and digits follow.
const GROWING: &str = ".eka-";

/// A folder of contents. While it lives, nobody takes its growing folders for left behind.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    owner: Owner,
    _lock: Option<OwnedFd>,
}

/// Whose the folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Eka's: what does not fit there is replaced.
    Cache,
    /// The user's: what does not fit there is an error.
    User,
}

/// What lies in a content's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing.
    Free,
    /// The content.
    Taken,
}

/// Why a content cannot be put in its place.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ShelfError {
    /// Something else lies there, or the content was changed.
    #[error("`{}` is not the content of its name: its nar is {found}", path.display())]
    #[diagnostic(
        code(eka::fetch::changed),
        help("remove it, and run the command again")
    )]
    Changed {
        /// Where.
        path: PathBuf,
        /// Its nar, or why it has none.
        found: String,
    },
    /// The cache is not ours alone.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
    /// The folder cannot be made, read or written.
    #[error("cannot use `{}`", path.display())]
    #[diagnostic(
        code(eka::fetch::io),
        help("see that the folder is yours and the disk not full")
    )]
    Io {
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The content cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Export(#[from] ExportError),
}

impl Shelf {
    /// Opens a folder, made if need be, and removes what dead processes left in it.
    pub(crate) fn open(folder: PathBuf, owner: Owner) -> Result<Self, ShelfError> {
        match owner {
            Owner::Cache => {
                // What lies in a folder of ours could be moved by whoever may write the one above.
                folder.parent().map_or(Ok(()), cache::own_top)?;
                cache::own(&folder)?;
            }
            Owner::User => fs::create_dir_all(&folder).map_err(failed(&folder))?,
        }
        let lock = lock(&folder).map_err(failed(&folder))?;
        Ok(Self {
            folder,
            owner,
            _lock: lock,
        })
    }

    /// Where a content belongs.
    pub(crate) fn path(&self, nar: NarHash) -> PathBuf {
        self.folder.join(store_name(nar))
    }

    /// Looks what lies in a content's place, and hashes it. In a cache what does not fit is
    /// thrown out.
    pub(crate) fn look(&self, nar: NarHash) -> Result<Place, ShelfError> {
        let path = self.path(nar);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
            Err(error) => return Err(failed(&path)(error)),
            Ok(_) => {}
        }
        let found = nar_of(&path);
        self.judge(path, nar, found)
    }

    /// Whether what lies at `path` is what belongs there, going by its hash.
    fn judge<H: PartialEq + fmt::Display, E: fmt::Display>(
        &self,
        path: PathBuf,
        wanted: H,
        found: Result<H, E>,
    ) -> Result<Place, ShelfError> {
        let found = match found {
            Ok(found) if found == wanted => return Ok(Place::Taken),
            Ok(found) => found.to_string(),
            Err(error) => format!("none ({error})"),
        };
        if self.owner == Owner::User {
            return Err(ShelfError::Changed { path, found });
        }
        self.throw_out(&path)?;
        Ok(Place::Free)
    }

    /// Puts a content in its place; where another process was faster, its content is hashed.
    pub(crate) fn put(
        &self,
        objects: &Objects,
        tree: GuardedTree,
        nar: NarHash,
    ) -> Result<(), ShelfError> {
        loop {
            let name = store_name(nar);
            match export(objects, tree, &self.folder, name.as_ref()) {
                Err(ExportError::Exists { .. }) => {}
                exported => return Ok(exported.map(drop)?),
            }
            if self.look(nar)? == Place::Taken {
                return Ok(());
            }
        }
    }

    /// Where a file belongs that is called `name`.
    pub(crate) fn file_path(&self, hash: FileHash, name: &StoreName) -> PathBuf {
        let path = StorePath::file(&StoreDir::default(), &Sha256(hash.0), name.clone());
        self.folder.join(path.to_string())
    }

    /// Looks what lies in a file's place, as [`Shelf::look`] does.
    pub(crate) fn look_file(&self, hash: FileHash, name: &StoreName) -> Result<Place, ShelfError> {
        let path = self.file_path(hash, name);
        match file_hash(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::Free),
            found => self.judge(path, hash, found),
        }
    }

    /// A folder in which something can grow, to be put in its place when it is complete.
    pub(crate) fn grow(&self) -> Result<TempDir, ShelfError> {
        tempfile::Builder::new()
            .prefix(GROWING)
            .tempdir_in(&self.folder)
            .map_err(failed(&self.folder))
    }

    /// Puts a file that grew here in its place; where another process was faster, its file is
    /// hashed.
    pub(crate) fn put_file(
        &self,
        from: &Path,
        hash: FileHash,
        name: &StoreName,
    ) -> Result<(), ShelfError> {
        let to = self.file_path(hash, name);
        fs::set_permissions(from, fs::Permissions::from_mode(0o644)).map_err(failed(&to))?;
        self.place(from, &to, || self.look_file(hash, name))
    }

    /// Puts a folder that grew here in its place; where another process was faster, its folder is
    /// hashed.
    pub(crate) fn put_folder(&self, from: &Path, nar: NarHash) -> Result<(), ShelfError> {
        self.place(from, &self.path(nar), || self.look(nar))
    }

    /// Renames, and replaces nothing; `look` says whether what is there will do.
    fn place(
        &self,
        from: &Path,
        to: &Path,
        look: impl Fn() -> Result<Place, ShelfError>,
    ) -> Result<(), ShelfError> {
        loop {
            match rename(from, to) {
                Err(Errno::EXIST | Errno::NOTEMPTY) => {}
                renamed => return renamed.map_err(|it| failed(to)(it.into())),
            }
            if look()? == Place::Taken {
                return Ok(());
            }
        }
    }

    /// Takes a content away under another name first, so that nobody sees half of it.
    fn throw_out(&self, path: &Path) -> Result<(), ShelfError> {
        let aside = tempfile::Builder::new()
            .prefix(GROWING)
            .tempdir_in(&self.folder)
            .map_err(failed(path))?;
        match fs::rename(path, aside.path().join("out")) {
            // Another process has done so.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed.map_err(failed(path))?,
        }
        // What cannot be removed now is swept another time.
        drop(aside.close());
        Ok(())
    }
}

/// Renames, and replaces nothing.
fn rename(from: &Path, to: &Path) -> rustix::io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems know no flags: there a file may be replaced, by one of the same hash.
        Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::rename(from, to),
        renamed => renamed,
    }
}

/// Hashes a file that is one, and not executable; nothing is followed.
fn file_hash(path: &Path) -> io::Result<FileHash> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = fs::File::from(open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    if !found.is_file() || found.mode() & 0o111 != 0 {
        return Err(io::Error::other("it is no plain file"));
    }
    let mut hasher = Sha256Hasher::new();
    io::copy(&mut file, &mut hasher)?;
    Ok(FileHash(hasher.finish().0))
}

/// Holds the folder for reading; who gets it alone sweeps first. Nothing is held where the file
/// system knows no locks.
fn lock(folder: &Path) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let handle = open(folder, flags, Mode::empty())?;
    if flock(&handle, FlockOperation::NonBlockingLockExclusive).is_ok() {
        sweep(folder)?;
    }
    let held = flock(&handle, FlockOperation::LockShared).is_ok();
    Ok(held.then_some(handle))
}

/// Removes the growing folders: nobody is alive who could go on with them.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|it| it.strip_prefix(GROWING)) else {
            continue;
        };
        let ours = rest.len() == 6 && rest.bytes().all(|it| it.is_ascii_alphanumeric());
        if ours && entry.file_type()?.is_dir() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ShelfError {
    let path = path.to_owned();
    move |source| ShelfError::Io {
        path: path.clone(),
        source,
    }
}
