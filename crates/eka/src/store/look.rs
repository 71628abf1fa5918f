//! `eka store info`, `closure`, `ls` and `cat`: what is registered, and what trees hold.

use std::io::Write;

use castore::{Blobs, Directory, Node};
use nix_format::nar::{Event, Extent, FileKind, Listing};
use tokio::io::AsyncReadExt as _;

use super::error::of_closure;
use super::{Known, Opened, StoreError, named};
use crate::context::Context;
use crate::error::Error;
use crate::nar::{Listed, Lister};
use ::store::render::RenderError;

/// Tells what is registered of paths.
///
/// # Errors
///
/// [`StoreError::NotThere`] for the first that is not registered; [`StoreError::Place`] and
/// [`StoreError::Path`] for what is no path of the store.
pub fn info(ctx: &Context<'_>, paths: &[String]) -> Result<Vec<Known>, Error> {
    let opened = Opened::open(ctx)?;
    let dir = opened.store.dir();
    let infos = named::paths(dir, paths)?;
    let infos = infos.iter().map(|it| {
        let info = named::info(ctx, &opened, it)?;
        Ok(Known::of(dir, &info))
    });
    infos.collect()
}

/// Tells what is registered of paths and of all that they refer to: each once, what is referred to
/// first.
///
/// # Errors
///
/// As [`info`].
pub fn closure(ctx: &Context<'_>, paths: &[String]) -> Result<Vec<Known>, Error> {
    let opened = Opened::open(ctx)?;
    let dir = opened.store.dir();
    let paths = named::paths(dir, paths)?;
    let closure = async {
        let found = opened.store.closure(&paths).await;
        found.map_err(|it| of_closure(it, |path| dir.print(path)))
    };
    let closure = opened.run(ctx, closure)?;
    Ok(closure.iter().map(|it| Known::of(dir, it)).collect())
}

/// Lists what lies in a folder of a path, with [`Extent::Whole`] all below it; or the file or link
/// itself.
///
/// `place` is a path of the store, or one below that, and `below` goes on from there.
///
/// # Errors
///
/// As [`info`]; [`StoreError::NoPath`]; [`StoreError::Render`] for a tree that is damaged.
pub fn list(
    ctx: &Context<'_>,
    place: &str,
    below: &str,
    extent: Extent,
) -> Result<Vec<Listed>, Error> {
    let found = Found::find(ctx, place, below)?;
    let mut lister = Lister::new(&found.below, extent);
    found.events(ctx, extent, |event| lister.take(event))?;
    Ok(lister.finish())
}

/// Lists the same as JSON, as `nix store ls --json` does.
///
/// # Errors
///
/// As [`list`].
pub fn listing(
    ctx: &Context<'_>,
    place: &str,
    below: &str,
    extent: Extent,
) -> Result<Vec<u8>, Error> {
    let found = Found::find(ctx, place, below)?;
    let mut listing = Listing::node(extent);
    found.events(ctx, extent, |event| listing.take(event))?;
    Ok(listing.finish())
}

/// Writes the contents of a file below a path of the store, or of a path that is a file.
///
/// # Errors
///
/// As [`list`]; [`StoreError::NoFile`]; [`StoreError::Unreadable`] where a blob is damaged: what
/// was written before is sound.
pub fn cat(ctx: &Context<'_>, place: &str, out: &mut dyn Write) -> Result<(), Error> {
    let found = Found::find(ctx, place, "")?;
    let path = found.full.clone();
    let digest = match found.node {
        Node::File { digest, .. } => digest,
        Node::Directory { .. } => {
            let kind = "folder";
            return Err(StoreError::NoFile { path, kind }.into());
        }
        Node::Symlink { .. } => {
            let kind = "link";
            return Err(StoreError::NoFile { path, kind }.into());
        }
    };
    let blobs = found.opened.store.blobs();
    found.opened.run(ctx, async {
        let blob = blobs.open(&digest).await?;
        let mut blob = blob.ok_or(RenderError::Missing { digest })?;
        let mut buffer = vec![0; 128 << 10];
        loop {
            let read = blob.read(&mut buffer).await;
            let n_bytes = read.map_err(|source| {
                let path = path.clone();
                StoreError::Unreadable { path, source }
            })?;
            if n_bytes == 0 {
                break;
            }
            let written = out.write_all(&buffer[..n_bytes]);
            written.map_err(|source| StoreError::Output { source })?;
        }
        out.flush().map_err(|source| StoreError::Output { source })
    })
}

/// A node that was asked for.
struct Found {
    opened: Opened,
    node: Node,
    /// The names that lead to it from the path of the store, each behind a slash.
    below: String,
    /// All of that, in full.
    full: String,
}

impl Found {
    fn find(ctx: &Context<'_>, place: &str, below: &str) -> Result<Self, Error> {
        let opened = Opened::open(ctx)?;
        let (path, rest) = named::within(opened.store.dir(), place)?;
        let info = named::info(ctx, &opened, &path)?;
        let names = rest.split('/').chain(below.split('/'));
        let names: Vec<&str> = names.filter(|it| !it.is_empty()).collect();
        let below: String = names.iter().map(|it| format!("/{it}")).collect();
        let blobs = opened.store.blobs();
        let node = opened.run(ctx, walk(blobs.as_ref(), info.root, &names))?;
        let path = opened.print(&path);
        let node = node.ok_or_else(|| StoreError::NoPath {
            path: path.clone(),
            below: below.trim_start_matches('/').to_owned(),
        })?;
        Ok(Self {
            full: format!("{path}{below}"),
            opened,
            node,
            below,
        })
    }

    /// Tells what a NAR of the node holds, of [`Extent::Names`] without what lies in folders.
    fn events(
        &self,
        ctx: &Context<'_>,
        extent: Extent,
        mut take: impl FnMut(&Event<'_>),
    ) -> Result<(), Error> {
        let store = &self.opened.store;
        match (&self.node, extent) {
            (Node::Directory { digest, .. }, Extent::Names) => {
                let found = directory(store.blobs().as_ref(), digest);
                let directory = self.opened.run(ctx, found)?;
                take(&Event::Directory);
                for entry in directory.entries() {
                    let name = entry.name.as_bytes();
                    take(&Event::Entry { name });
                    match &entry.node {
                        Node::Directory { .. } => {
                            take(&Event::Directory);
                            take(&Event::EndDirectory);
                        }
                        Node::File {
                            size, executable, ..
                        } => {
                            let kind = match executable {
                                true => FileKind::Executable,
                                false => FileKind::Regular,
                            };
                            let (size, offset) = (*size, 0);
                            take(&Event::File { kind, size, offset });
                            take(&Event::EndFile);
                        }
                        Node::Symlink { target } => {
                            let target = target.as_bytes();
                            take(&Event::Symlink { target });
                        }
                    }
                }
                take(&Event::EndDirectory);
                take(&Event::End);
            }
            _ => {
                let layout = self.opened.run(ctx, store.layout(&self.node))?;
                layout.events(take);
            }
        }
        Ok(())
    }
}

/// Follows names from a node on, but no links.
async fn walk(blobs: &dyn Blobs, root: Node, names: &[&str]) -> Result<Option<Node>, StoreError> {
    let mut node = root;
    for name in names {
        let Node::Directory { digest, .. } = &node else {
            return Ok(None);
        };
        let directory = directory(blobs, digest).await?;
        match directory.get(name.as_bytes()) {
            Some(next) => node = next.clone(),
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

async fn directory(blobs: &dyn Blobs, digest: &castore::Digest) -> Result<Directory, StoreError> {
    let digest = *digest;
    let bytes = blobs.get(&digest, Directory::MAX_BYTES as u64).await?;
    let missing = castore::ClosureError::Missing { digest };
    let bytes = bytes.ok_or(RenderError::Closure(missing))?;
    let parsed = Directory::parse(&bytes);
    Ok(parsed.map_err(|fault| {
        let fault = castore::ClosureError::Directory { digest, fault };
        RenderError::Closure(fault)
    })?)
}
