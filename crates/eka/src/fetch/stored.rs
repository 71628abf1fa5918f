//! Sources in the store: what was verified is put there, and what is there need not come again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use ::store::{PathInfo, Session};
use atom::NarHash;
use atom::download::FileHash;
use atom_git::tree_guard;
use castore::{Closure, Limits, Node, closure, export};
use miette::Diagnostic;
use nix_format::{ContentAddress, Hash, Method, Sha256, Sha256Hasher, StoreName, StorePath};
use thiserror::Error;
use tokio::io::AsyncReadExt as _;

use super::shelf::{Place, Shelf};
use crate::context::{Context, ContextError};
use crate::error::Error;
use crate::store::{Opened, StoreError, plain, take_in};

/// A source that a lock names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file, a folder or a link, by its NAR.
    Tree(NarHash),
    /// A file that is not executable, by its bytes, and its name in the store.
    File(FileHash, StoreName),
}

/// The store, for as long as sources come.
///
/// A store that fails is told once and left alone: whoever fetches has the contents all the same.
pub(crate) struct Stored<'a> {
    ctx: &'a Context<'a>,
    /// Nothing once it has failed.
    store: RefCell<Option<(Opened, Session)>>,
    /// What came back damaged, and is to be put again.
    damaged: RefCell<BTreeSet<StorePath>>,
}

/// Sources that are not in the store now.
#[derive(Debug, Error, Diagnostic)]
#[error("the sources are not put into the store")]
#[diagnostic(
    severity(warning),
    code(eka::fetch::not_stored),
    help("they are where they are printed; see to the store before it is needed")
)]
struct NotStored(#[source] Box<Error>);

impl<'a> Stored<'a> {
    /// Opens the store, unless that fails.
    pub(crate) fn open(ctx: &'a Context<'a>) -> Result<Self, Error> {
        let stored = Self {
            ctx,
            store: RefCell::new(None),
            damaged: RefCell::default(),
        };
        let opened = Opened::open(ctx).and_then(|opened| {
            let session = opened.store.session().map_err(StoreError::from)?;
            Ok((opened, session))
        });
        let opened = stored.unless_failed(opened.map(Some))?;
        *stored.store.borrow_mut() = opened.flatten();
        Ok(stored)
    }

    /// Puts a source in its place on the shelf, where the store has it; says whether it did.
    pub(crate) fn restore(&self, shelf: &Shelf, source: &Source) -> Result<bool, Error> {
        let store = self.store.borrow();
        let Some((opened, session)) = &*store else {
            return Ok(false);
        };
        let restored = self.take_out(opened, session, shelf, source);
        drop(store);
        Ok(self.unless_failed(restored)?.unwrap_or_default())
    }

    /// Puts those sources into the store that it does not have, from where they lie on the shelf.
    pub(crate) fn keep(&self, sources: &[(Source, PathBuf)]) -> Result<(), Error> {
        let store = self.store.borrow();
        let Some((opened, session)) = &*store else {
            return Ok(());
        };
        let kept = self.take_all(opened, session, sources);
        drop(store);
        self.unless_failed(kept).map(drop)
    }

    /// What came, or nothing where the store failed; only an interruption ends the command.
    fn unless_failed<T>(&self, done: Result<T, Error>) -> Result<Option<T>, Error> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(error @ Error::Context(ContextError::Interrupted)) => Err(error),
            Err(error) => {
                self.store.borrow_mut().take();
                self.ctx.warn(NotStored(Box::new(error)));
                Ok(None)
            }
        }
    }

    fn take_out(
        &self,
        opened: &Opened,
        session: &Session,
        shelf: &Shelf,
        source: &Source,
    ) -> Result<bool, Error> {
        let path = source.path(opened);
        // From now on no collection takes it.
        let held = opened.run(self.ctx, session.hold(std::slice::from_ref(&path)))?;
        if held != [true] {
            return Ok(false);
        }
        let info = opened.run(self.ctx, opened.store.infos().get(&path))?;
        let Some(info) = info.filter(|it| source.is(it)) else {
            return Ok(false);
        };
        let grown = shelf.grow().map_err(super::FetchError::from)?;
        let grown_tree = grown.path().join("tree");
        let blobs = opened.store.blobs();
        // A tree that cannot be read comes from elsewhere, and is put again.
        let exported = opened.run(self.ctx, async {
            let Ok(tree) = closure(blobs.as_ref(), &info.root, Limits::default()).await else {
                return Ok::<_, StoreError>(false);
            };
            let is_written = is_guarded(&tree)
                && export(blobs.as_ref(), &tree, &grown_tree, &|_| {})
                    .await
                    .is_ok();
            Ok(is_written)
        })?;
        if !exported {
            self.damaged.borrow_mut().insert(path);
            return Ok(false);
        }
        let put = match source {
            Source::Tree(nar) => shelf.put_folder(&grown_tree, *nar).map(|()| Place::Taken),
            Source::File(hash, name) => match shelf.put_file(&grown_tree, *hash, name) {
                // The path says what hash it should have, and nobody has looked.
                Ok(()) => shelf.look_file(*hash, name),
                Err(error) => Err(error),
            },
        };
        Ok(put.map_err(super::FetchError::from)? == Place::Taken)
    }

    fn take_all(
        &self,
        opened: &Opened,
        session: &Session,
        sources: &[(Source, PathBuf)],
    ) -> Result<(), Error> {
        let paths: Vec<_> = sources.iter().map(|it| it.0.path(opened)).collect();
        let there = opened.run(self.ctx, session.hold(&paths))?;
        let mut infos: Vec<PathInfo> = Vec::new();
        for ((source, place), (path, there)) in sources.iter().zip(paths.into_iter().zip(there)) {
            let is_sound = there && !self.damaged.borrow().contains(&path);
            if is_sound || infos.iter().any(|it| it.path == path) {
                continue;
            }
            let (ingested, _) = take_in(self.ctx, opened, session, place, "storing")?;
            let mut info = plain(path, &ingested);
            info.ca = Some(source.address());
            if source.is(&info) && self.is_whole(opened, source, &info)? {
                infos.push(info);
            }
        }
        if !infos.is_empty() {
            opened.run(self.ctx, session.register(infos))?;
        }
        Ok(())
    }

    /// Whether a file that was put has the bytes of its hash. Of a tree the NAR says so.
    fn is_whole(&self, opened: &Opened, source: &Source, info: &PathInfo) -> Result<bool, Error> {
        let Source::File(hash, _) = source else {
            return Ok(true);
        };
        let Node::File {
            digest,
            executable: false,
            ..
        } = info.root
        else {
            return Ok(false);
        };
        let blobs = opened.store.blobs();
        let found = opened.run(self.ctx, async {
            let Some(mut blob) = blobs.open(&digest).await? else {
                return Ok::<_, StoreError>(None);
            };
            let mut hasher = Sha256Hasher::new();
            let mut buffer = vec![0; 128 << 10];
            loop {
                let read = blob.read(&mut buffer).await;
                match read.map_err(|source| {
                    let path = opened.print(&info.path);
                    StoreError::Unreadable { path, source }
                })? {
                    0 => return Ok(Some(hasher.finish())),
                    n_bytes => hasher.update(&buffer[..n_bytes]),
                }
            }
        })?;
        Ok(found == Some(Sha256(hash.0)))
    }
}

/// Whether each name of a tree is one that an atom may have: the same guard as for what comes from
/// a repository.
fn is_guarded(tree: &Closure) -> bool {
    let entries = tree.directories().iter().flat_map(|it| it.1.entries());
    let mut names = entries.map(|it| it.name.as_bytes());
    names.all(|it| tree_guard::check_name(it).is_ok())
}

impl Source {
    fn path(&self, opened: &Opened) -> StorePath {
        let dir = opened.store.dir();
        match self {
            Self::Tree(nar) => StorePath::source(dir, &Sha256(nar.0), StoreName::source()),
            Self::File(hash, name) => StorePath::file(dir, &Sha256(hash.0), name.clone()),
        }
    }

    fn address(&self) -> ContentAddress {
        let (method, hash) = match self {
            Self::Tree(nar) => (Method::Recursive, nar.0),
            Self::File(hash, _) => (Method::Flat, hash.0),
        };
        let hash = Hash::from(Sha256(hash));
        ContentAddress::Fixed { method, hash }
    }

    /// Whether what is registered can be this, as far as its NAR tells.
    fn is(&self, info: &PathInfo) -> bool {
        match self {
            Self::Tree(nar) => info.nar_hash.0 == nar.0,
            Self::File(..) => matches!(
                info.root,
                Node::File {
                    executable: false,
                    ..
                }
            ),
        }
    }
}

/// Where a source lies on the shelf.
pub(crate) fn on_shelf(shelf: &Shelf, source: Source) -> (Source, PathBuf) {
    let path = match &source {
        Source::Tree(nar) => shelf.path(*nar),
        Source::File(hash, name) => shelf.file_path(*hash, name),
    };
    (source, path)
}
