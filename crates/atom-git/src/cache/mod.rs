//! The bare repository where specs and atoms rest: objects of many remotes, no refs.
//!
//! It may be removed at any time, is this user's alone (0700), and is not trusted: what is read by
//! [`Cache::commit`] and its like is hashed again, and what does not fit is thrown out, so that it
//! is fetched anew. Several processes may share it; one that dies leaves at most temporary files,
//! which [`Cache::tidy`] removes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use atom::ObjectId;
use gix::objs::Find as _;
use miette::Diagnostic;
use thiserror::Error;

use crate::objects::{ObjectError, ObjectKind, Objects, id_of, to_gix};

mod looks;
mod owned;
mod packs;
mod spec;

pub use looks::Look;
pub use owned::{own, own_top};
pub(crate) use packs::PackLimits;
pub use packs::Tidied;
pub use spec::{Spec, SpecError};

/// A folder that holds objects and ref lists of remotes.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
    handles: Mutex<Handles>,
}

/// What is open; replaced as one when files were thrown out.
struct Handles {
    objects: Objects,
    odb: gix::odb::Handle,
}

/// Why the cache cannot be used.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum CacheError {
    /// A file or folder cannot be read or written.
    #[error("cannot use `{}` in the cache", path.display())]
    #[diagnostic(
        code(eka::cache::io),
        help(
            "see that the folder is yours and the disk not full; the whole cache may be removed at any time"
        )
    )]
    Io {
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The folder is somebody else's, who could put anything there, or a link.
    #[error("the cache's folder `{}` is a link, or another user's", path.display())]
    #[diagnostic(
        code(eka::cache::owner),
        help("remove it, or name a folder of your own by `XDG_CACHE_HOME`")
    )]
    Owner {
        /// The folder.
        path: PathBuf,
    },
    /// The object database cannot be opened.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Objects(#[from] ObjectError),
}

impl Cache {
    /// Opens the cache in `dir`, which is made if need be.
    ///
    /// It and the folders below are made readable by this user alone.
    ///
    /// # Errors
    ///
    /// [`CacheError::Io`], [`CacheError::Owner`].
    pub fn open(dir: &Path) -> Result<Self, CacheError> {
        own_top(dir)?;
        let git = dir.join("git");
        if !git.join("objects/pack").is_dir() {
            create(dir, &git)?;
        }
        for folder in [git.as_path(), &dir.join("refs")] {
            own(folder)?;
        }
        let handles = Handles::open(&git.join("objects"))?;
        Ok(Self {
            dir: dir.to_owned(),
            handles: Mutex::new(handles),
        })
    }

    /// The bare repository, for whoever needs a git folder. It holds no refs.
    #[must_use]
    pub fn git_dir(&self) -> PathBuf {
        self.dir.join("git")
    }

    /// A handle on the objects, as they lie there: not hashed again.
    ///
    /// For trees and blobs whose NAR is checked as a whole; all else goes by [`Cache::commit`],
    /// [`Cache::tree`] and [`Cache::blob`].
    #[must_use]
    pub fn objects(&self) -> Objects {
        self.handles().objects.clone()
    }

    /// Those of `ids` that are not here, or that are commits without their tree.
    #[must_use]
    pub fn missing(&self, ids: impl IntoIterator<Item = ObjectId>) -> Vec<ObjectId> {
        let objects = self.objects();
        ids.into_iter()
            .filter(|id| !is_whole(&objects, *id))
            .collect()
    }

    /// The bytes of a commit; `None` if it is not here, or was not what its id says.
    ///
    /// # Errors
    ///
    /// [`CacheError::Objects`] for an object of another kind, [`CacheError::Io`] where what does
    /// not fit cannot be removed.
    pub fn commit(&self, id: ObjectId) -> Result<Option<Vec<u8>>, CacheError> {
        self.read(id, ObjectKind::Commit)
    }

    /// The bytes of a tree, as [`Cache::commit`].
    ///
    /// # Errors
    ///
    /// As [`Cache::commit`].
    pub fn tree(&self, id: ObjectId) -> Result<Option<Vec<u8>>, CacheError> {
        self.read(id, ObjectKind::Tree)
    }

    /// The bytes of a blob, as [`Cache::commit`].
    ///
    /// # Errors
    ///
    /// As [`Cache::commit`].
    pub fn blob(&self, id: ObjectId) -> Result<Option<Vec<u8>>, CacheError> {
        self.read(id, ObjectKind::Blob)
    }

    fn read(&self, id: ObjectId, kind: ObjectKind) -> Result<Option<Vec<u8>>, CacheError> {
        match self.find(id)? {
            Found::Nothing => Ok(None),
            Found::Object(found, bytes) if found == kind => Ok(Some(bytes)),
            Found::Object(found, _) => Err(CacheError::Objects(ObjectError::Kind {
                id,
                expected: kind,
                found,
            })),
            Found::Poison => {
                self.forget(&[id])?;
                Ok(None)
            }
        }
    }

    /// Finds an object; where that fails, the files may have changed below the open handle.
    fn find(&self, id: ObjectId) -> Result<Found, CacheError> {
        let odb = self.handles().odb.clone();
        match object(&odb, id) {
            Found::Poison => {
                self.reopen()?;
                let odb = self.handles().odb.clone();
                Ok(object(&odb, id))
            }
            found => Ok(found),
        }
    }

    /// Looks at the folder anew: an open handle has room for a bounded number of new packs.
    fn reopen(&self) -> Result<(), CacheError> {
        let handles = Handles::open(&self.git_dir().join("objects"))?;
        *self.handles() = handles;
        Ok(())
    }

    fn handles(&self) -> MutexGuard<'_, Handles> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handles {
    fn open(folder: &Path) -> Result<Self, CacheError> {
        let objects = Objects::open(folder)?;
        let odb = gix::odb::at(folder, gix::hash::Kind::Sha1).map_err(failed(folder))?;
        Ok(Self { objects, odb })
    }
}

impl std::fmt::Debug for Handles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.objects.fmt(f)
    }
}

/// What lies under an id.
enum Found {
    Nothing,
    Object(ObjectKind, Vec<u8>),
    /// Something that does not give the id, or cannot be read.
    Poison,
}

/// Reads an object of whatever kind, and hashes it.
fn object(odb: &gix::odb::Handle, id: ObjectId) -> Found {
    let mut bytes = Vec::new();
    let kind = match odb.try_find(&to_gix(id), &mut bytes) {
        Ok(None) => return Found::Nothing,
        Ok(Some(data)) => match data.kind {
            gix::objs::Kind::Commit => ObjectKind::Commit,
            gix::objs::Kind::Tree => ObjectKind::Tree,
            gix::objs::Kind::Blob => ObjectKind::Blob,
            gix::objs::Kind::Tag => ObjectKind::Tag,
        },
        Err(_) => return Found::Poison,
    };
    if id_of(kind, &bytes).is_ok_and(|is| is == id) {
        Found::Object(kind, bytes)
    } else {
        Found::Poison
    }
}

/// Whether an object is here, and of a commit its tree as well: a filtered fetch leaves commits alone.
fn is_whole(objects: &Objects, id: ObjectId) -> bool {
    match objects.header(id) {
        Ok(Some((ObjectKind::Commit, _))) => {
            objects.tree_of(id).is_ok_and(|tree| objects.contains(tree))
        }
        Ok(Some(_)) => true,
        Ok(None) | Err(_) => false,
    }
}

/// Makes an empty bare repository beside its place and moves it there: another process that does
/// the same is in nobody's way.
fn create(dir: &Path, git: &Path) -> Result<(), CacheError> {
    let new = tempfile::Builder::new()
        .prefix(".git-")
        .tempdir_in(dir)
        .map_err(failed(dir))?;
    let path = new.path();
    for below in ["objects/pack", "refs"] {
        fs::create_dir_all(path.join(below)).map_err(failed(path))?;
    }
    let config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n";
    for (name, text) in [("HEAD", "ref: refs/heads/none\n"), ("config", config)] {
        fs::write(path.join(name), text).map_err(failed(path))?;
    }
    match fs::rename(path, git) {
        Err(_) if git.join("objects/pack").is_dir() => Ok(()),
        renamed => renamed.map_err(failed(git)),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> CacheError {
    let path = path.to_owned();
    move |source| CacheError::Io {
        path: path.clone(),
        source,
    }
}
