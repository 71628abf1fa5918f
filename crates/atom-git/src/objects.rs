//! The objects of a repository, read as they are: no replace refs, no grafts, nothing peeled.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use atom::ObjectId;
use gix::objs::Find as _;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use miette::Diagnostic;
use thiserror::Error;

use crate::history::id_after;
use crate::tree::Tree;

/// How much of unpacked delta bases one thread keeps, in bytes.
const DELTA_CACHE_BYTES: usize = 24 << 20;

/// A handle on an object database. Cheap to clone; each thread has its own.
#[derive(Clone)]
pub struct Objects {
    odb: gix::odb::Handle,
    staged: Option<Arc<Staged>>,
}

/// What kind of object an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// A blob.
    Blob,
    /// An annotated tag.
    Tag,
}

/// Trees and commits that are written, but not to any repository yet.
pub(crate) type Staged = RwLock<HashMap<ObjectId, (ObjectKind, Vec<u8>)>>;

/// Why an object cannot be read.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ObjectError {
    /// The folder holds no object database.
    #[error("`{}` cannot be opened as a git object database", path.display())]
    #[diagnostic(code(eka::object::open))]
    Open {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// There is no such object.
    #[error("object `{id}` is missing")]
    #[diagnostic(
        code(eka::object::missing),
        help("`git fsck` tells what else is missing; a partial clone lacks objects on purpose")
    )]
    Missing {
        /// Its id.
        id: ObjectId,
    },
    /// The object is of another kind than must stand there. Nothing is ever peeled.
    #[error("object `{id}` is a {found}, not a {expected}")]
    #[diagnostic(code(eka::object::kind))]
    Kind {
        /// Its id.
        id: ObjectId,
        /// What it must be.
        expected: ObjectKind,
        /// What it is.
        found: ObjectKind,
    },
    /// The object is there, and cannot be decoded.
    #[error("object `{id}` cannot be read")]
    #[diagnostic(
        code(eka::object::unreadable),
        help("`git fsck` tells what is damaged")
    )]
    Unreadable {
        /// Its id.
        id: ObjectId,
        /// What went wrong.
        source: gix::Error,
    },
    /// A tree's bytes are no list of entries, or a commit's no commit.
    #[error("object `{id}` is malformed")]
    #[diagnostic(code(eka::object::malformed), help("`git fsck` tells what is damaged"))]
    Malformed {
        /// Its id.
        id: ObjectId,
    },
}

impl Objects {
    /// Opens the folder that is called `objects` in a repository; its alternates are followed.
    ///
    /// # Errors
    ///
    /// [`ObjectError::Open`].
    pub fn open(folder: &Path) -> Result<Self, ObjectError> {
        let options = gix::odb::store::init::Options::default();
        let no_replacements = &mut std::iter::empty();
        let kind = gix::hash::Kind::Sha1;
        gix::odb::Store::at_opts(folder.to_owned(), kind, no_replacements, options)
            .map(|store| Self::over(&Arc::new(store)))
            .map_err(|source| ObjectError::Open {
                path: folder.to_owned(),
                source,
            })
    }

    /// Sees `staged` as well.
    pub(crate) fn with_staged(&self, staged: Arc<Staged>) -> Self {
        Self {
            odb: self.odb.clone(),
            staged: Some(staged),
        }
    }

    fn over(store: &Arc<gix::odb::Store>) -> Self {
        let mut odb = store.to_cache_arc();
        odb.set_pack_cache(|| Box::new(MemoryCappedHashmap::new(DELTA_CACHE_BYTES)));
        Self { odb, staged: None }
    }

    /// The folder that [`Objects::open`] was given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.odb.store_ref().path()
    }

    /// Whether there is such an object.
    #[must_use]
    pub fn contains(&self, id: ObjectId) -> bool {
        use gix::objs::Exists as _;
        self.staged(id, |_, _| ()).is_some() || self.odb.exists(&to_gix(id))
    }

    /// The kind and the size in bytes, if there is such an object.
    ///
    /// # Errors
    ///
    /// [`ObjectError::Unreadable`].
    pub fn header(&self, id: ObjectId) -> Result<Option<(ObjectKind, u64)>, ObjectError> {
        use gix::odb::Header as _;
        if let Some(header) = self.staged(id, |kind, bytes| (kind, bytes.len() as u64)) {
            return Ok(Some(header));
        }
        self.odb
            .try_header(&to_gix(id))
            .map(|found| found.map(|it| (kind_of(it.kind()), it.size())))
            .map_err(|source| ObjectError::Unreadable { id, source })
    }

    /// A tree.
    ///
    /// # Errors
    ///
    /// [`ObjectError`], by variant; also for a tree whose bytes are no list of entries.
    pub fn tree(&self, id: ObjectId) -> Result<Tree, ObjectError> {
        let tree = Tree::new(self.read(id, ObjectKind::Tree)?);
        if tree.entries().any(|it| it.is_err()) {
            return Err(ObjectError::Malformed { id });
        }
        Ok(tree)
    }

    /// The bytes of a commit.
    ///
    /// # Errors
    ///
    /// [`ObjectError`], by variant.
    pub fn commit(&self, id: ObjectId) -> Result<Vec<u8>, ObjectError> {
        self.read(id, ObjectKind::Commit)
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    ///
    /// [`ObjectError`], by variant.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>, ObjectError> {
        self.read(id, ObjectKind::Blob)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    ///
    /// [`ObjectError`], by variant.
    pub fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, ObjectError> {
        let bytes = self.commit(commit)?;
        let line = bytes.split(|&it| it == b'\n').next();
        line.and_then(|it| id_after(it, b"tree "))
            .ok_or(ObjectError::Malformed { id: commit })
    }

    /// What an annotated tag names.
    pub(crate) fn tagged(&self, tag: ObjectId) -> Result<ObjectId, ObjectError> {
        let bytes = self.read(tag, ObjectKind::Tag)?;
        let line = bytes.split(|&it| it == b'\n').next();
        line.and_then(|it| id_after(it, b"object "))
            .ok_or(ObjectError::Malformed { id: tag })
    }

    fn read(&self, id: ObjectId, expected: ObjectKind) -> Result<Vec<u8>, ObjectError> {
        let mut bytes = Vec::new();
        let found = match self.staged(id, |kind, staged| (kind, staged.to_owned())) {
            Some((kind, staged)) => {
                bytes = staged;
                Some(kind)
            }
            None => self
                .odb
                .try_find(&to_gix(id), &mut bytes)
                .map(|it| it.map(|data| kind_of(data.kind)))
                .map_err(|source| ObjectError::Unreadable { id, source })?,
        };
        match found {
            None => Err(ObjectError::Missing { id }),
            Some(found) if found != expected => Err(ObjectError::Kind {
                id,
                expected,
                found,
            }),
            Some(_) => Ok(bytes),
        }
    }

    fn staged<T>(&self, id: ObjectId, then: impl FnOnce(ObjectKind, &[u8]) -> T) -> Option<T> {
        let staged = self.staged.as_ref()?;
        let staged = staged.read().unwrap_or_else(PoisonError::into_inner);
        staged.get(&id).map(|(kind, bytes)| then(*kind, bytes))
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.folder()).finish()
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        })
    }
}

/// An id as gix has it.
pub(crate) fn to_gix(id: ObjectId) -> gix::ObjectId {
    gix::ObjectId::from(*id.as_bytes())
}

/// An id as we have it; gix is built with SHA-1 alone.
pub(crate) fn from_gix(id: &gix::oid) -> ObjectId {
    let bytes = id.as_bytes().try_into();
    ObjectId::new(bytes.expect("a SHA-1 has 20 bytes"))
}

/// The id of an object.
pub(crate) fn id_of(kind: ObjectKind, bytes: &[u8]) -> Result<ObjectId, gix::Error> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, to_gix_kind(kind), bytes).map(|it| from_gix(&it))
}

pub(crate) const fn to_gix_kind(kind: ObjectKind) -> gix::objs::Kind {
    match kind {
        ObjectKind::Commit => gix::objs::Kind::Commit,
        ObjectKind::Tree => gix::objs::Kind::Tree,
        ObjectKind::Blob => gix::objs::Kind::Blob,
        ObjectKind::Tag => gix::objs::Kind::Tag,
    }
}

const fn kind_of(kind: gix::objs::Kind) -> ObjectKind {
    match kind {
        gix::objs::Kind::Commit => ObjectKind::Commit,
        gix::objs::Kind::Tree => ObjectKind::Tree,
        gix::objs::Kind::Blob => ObjectKind::Blob,
        gix::objs::Kind::Tag => ObjectKind::Tag,
    }
}
