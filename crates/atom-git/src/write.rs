//! Trees and commits, never a blob.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use atom::ObjectId;
use atom::commit::{AtomCommit, SpecCommit};
use gix::objs::Write as _;
use miette::Diagnostic;
use tempfile::TempDir;
use thiserror::Error;

use crate::history::parse;
use crate::objects::{ObjectKind, Objects, Staged, id_of, to_gix_kind};
use crate::repo::Repo;
use crate::staged_pack;
use crate::tree::{Entry, Mode, Tree};

/// Up to so many objects are written as files of their own.
const FEW: usize = 20;

/// Objects that are made here and belong to no repository yet.
///
/// It takes trees and commits alone: there is no way to write a blob. They are kept in memory
/// until [`Staging::save`], so that a dry run writes nothing anywhere. Shared by threads.
#[derive(Debug)]
pub struct Staging {
    base: Mutex<Objects>,
    staged: Arc<Staged>,
    config: String,
}

/// A bare repository without refs in a temporary folder: the staged objects, and the user's own by
/// way of alternates. Removed when dropped.
#[derive(Debug)]
pub struct Saved {
    folder: TempDir,
}

/// Why an object cannot be written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum WriteError {
    /// The bytes are no commit.
    #[error("what was to be written is no commit")]
    #[diagnostic(code(eka::write::commit))]
    Commit,
    /// The bytes collide with another object's SHA-1, or look as if they should.
    #[error("an object's SHA-1 cannot be computed")]
    #[diagnostic(code(eka::write::hash))]
    Hash {
        /// What went wrong.
        source: gix::Error,
    },
    /// The temporary repository cannot be written.
    #[error("`{}` cannot be written", path.display())]
    #[diagnostic(
        code(eka::write::io),
        help("is the disk full, or the folder not yours?")
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The objects cannot be written to the temporary repository.
    #[error("a pack cannot be written to `{}`", path.display())]
    #[diagnostic(
        code(eka::write::pack),
        help("is the disk full, or the folder not yours?")
    )]
    Pack {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        source: gix::Error,
    },
    /// An object cannot be written to the temporary repository.
    #[error("object `{id}` cannot be written to `{}`", path.display())]
    #[diagnostic(
        code(eka::write::object),
        help("is the disk full, or the folder not yours?")
    )]
    Object {
        /// Its id.
        id: ObjectId,
        /// The temporary repository.
        path: PathBuf,
        /// What went wrong.
        source: gix::Error,
    },
}

impl Staging {
    /// Starts with the objects of `repo`, and with what its own configuration says of transports.
    #[must_use]
    pub fn over(repo: &Repo) -> Self {
        Self::new(repo.objects(), repo.transport_config())
    }

    /// Starts with the objects of a repository that has no say in how remotes are reached.
    #[must_use]
    pub fn over_objects(objects: &Objects) -> Self {
        Self::new(objects, String::new())
    }

    fn new(objects: &Objects, config: String) -> Self {
        Self {
            base: Mutex::new(objects.clone()),
            staged: Arc::new(RwLock::new(HashMap::new())),
            config,
        }
    }

    /// The staged objects and those below, for this thread.
    #[must_use]
    pub fn objects(&self) -> Objects {
        let base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        base.with_staged(Arc::clone(&self.staged))
    }

    /// How many objects are staged.
    #[must_use]
    pub fn n_staged(&self) -> usize {
        let staged = self.staged.read().unwrap_or_else(PoisonError::into_inner);
        staged.len()
    }

    /// Writes a tree of entries in the order of trees.
    ///
    /// # Errors
    ///
    /// [`WriteError::Hash`].
    pub fn write_tree(&self, tree: &Tree) -> Result<ObjectId, WriteError> {
        self.put(ObjectKind::Tree, tree.as_bytes())
    }

    /// Writes the tree of a spec: the manifest, and the lock where there is one.
    ///
    /// # Errors
    ///
    /// [`WriteError::Hash`].
    pub fn write_spec_tree(
        &self,
        manifest: ObjectId,
        lock: Option<ObjectId>,
    ) -> Result<ObjectId, WriteError> {
        let file = |name, id| Entry {
            mode: Mode::File.digits(),
            name,
            id,
        };
        let lock = lock.map(|id| file(b"atom.lock".as_slice(), id));
        let manifest = file(b"atom.toml".as_slice(), manifest);
        self.write_tree(&Tree::print(lock.into_iter().chain([manifest])))
    }

    /// Writes the commit of an atom.
    ///
    /// # Errors
    ///
    /// [`WriteError::Hash`].
    pub fn write_atom(&self, commit: &AtomCommit) -> Result<ObjectId, WriteError> {
        self.write_commit(&commit.print())
    }

    /// Writes the commit of a spec.
    ///
    /// # Errors
    ///
    /// [`WriteError::Hash`].
    pub fn write_spec(&self, commit: &SpecCommit) -> Result<ObjectId, WriteError> {
        self.write_commit(&commit.print())
    }

    /// Writes a commit by its bytes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Commit`] for bytes that begin with no tree and parents, [`WriteError::Hash`].
    pub fn write_commit(&self, bytes: &[u8]) -> Result<ObjectId, WriteError> {
        parse(bytes).ok_or(WriteError::Commit)?;
        self.put(ObjectKind::Commit, bytes)
    }

    /// Makes the bare repository, in a temporary folder in `parent`.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`], [`WriteError::Object`].
    pub fn save(&self, parent: &Path) -> Result<Saved, WriteError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| WriteError::Io { path, source }
        };
        let folder = tempfile::Builder::new()
            .prefix("eka-staging-")
            // A repository's own configuration may hold a token.
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(failed(parent))?;
        let top = folder.path();
        for below in ["refs", "objects/info", "objects/pack"] {
            let below = top.join(below);
            std::fs::create_dir_all(&below).map_err(failed(&below))?;
        }
        let base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        let alternate = std::path::absolute(base.folder()).map_err(failed(base.folder()))?;
        drop(base);
        let config = format!(
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n{}",
            self.config
        );
        for (name, content) in [
            ("HEAD", b"ref: refs/heads/none\n".to_vec()),
            ("config", config.into_bytes()),
            ("objects/info/alternates", alternates(&alternate)),
        ] {
            let path = top.join(name);
            std::fs::write(&path, content).map_err(failed(&path))?;
        }
        self.write_objects(top)?;
        Ok(Saved { folder })
    }

    fn write_objects(&self, top: &Path) -> Result<(), WriteError> {
        let staged = self.staged.read().unwrap_or_else(PoisonError::into_inner);
        if staged.len() > FEW {
            let folder = top.join("objects/pack");
            let objects = staged
                .values()
                .map(|(kind, bytes)| (*kind, bytes.as_slice()));
            return staged_pack::write(&folder, objects).map_err(|source| WriteError::Pack {
                path: folder,
                source,
            });
        }
        let store = gix::odb::loose::Store::at(top.join("objects"), gix::hash::Kind::Sha1);
        for (&id, (kind, bytes)) in staged.iter() {
            let written = store.write_buf(to_gix_kind(*kind), bytes);
            written.map_err(|source| WriteError::Object {
                id,
                path: top.to_owned(),
                source,
            })?;
        }
        Ok(())
    }

    /// Only called with trees and commits.
    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<ObjectId, WriteError> {
        let id = id_of(kind, bytes).map_err(|source| WriteError::Hash { source })?;
        let mut staged = self.staged.write().unwrap_or_else(PoisonError::into_inner);
        staged.insert(id, (kind, bytes.to_owned()));
        Ok(id)
    }
}

impl Saved {
    /// The bare repository.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// One line of `objects/info/alternates`; quoted, since a path may hold any byte
/// (gitrepository-layout(5), git's `quote.c`).
pub(crate) fn alternates(folder: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut line = vec![b'"'];
    for &byte in folder.as_os_str().as_bytes() {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', byte]),
            0..=0x1f | 0x7f.. => line.extend(format!("\\{byte:03o}").into_bytes()),
            _ => line.push(byte),
        }
    }
    line.extend(b"\"\n");
    line
}
