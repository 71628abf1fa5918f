//! `eka store roots`: what keeps paths from being collected.

use std::path::PathBuf;

use ::store::roots::{LinkPath, Root, RootName};
use nix_format::StorePath;

use super::{Opened, StoreError, named};
use crate::context::Context;
use crate::error::Error;

/// What shall keep paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootsRequest {
    /// A name, and the paths that it keeps.
    Name {
        /// The name.
        name: String,
        /// Paths of the store.
        paths: Vec<String>,
    },
    /// A link of a file system, for as long as it points at what it points at now.
    Link(PathBuf),
}

/// A root, and one path that it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What keeps it.
    pub by: Keeper,
    /// The path, in full.
    pub path: String,
    /// Whether it is registered; else it is kept once it is.
    pub is_there: bool,
}

/// What keeps a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// A name.
    Name(String),
    /// A link, where it lies.
    Link(PathBuf),
    /// A process at work.
    Session(String),
}

/// A root that is none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// What it was.
    pub root: Keeper,
    /// How many paths it kept.
    pub n_paths: usize,
}

/// Lists what keeps paths.
///
/// # Errors
///
/// [`StoreError::Open`].
pub fn roots(ctx: &Context<'_>) -> Result<Vec<Kept>, Error> {
    let opened = Opened::open(ctx)?;
    let roots = opened.run(ctx, opened.store.infos().roots())?;
    let paths: Vec<_> = roots.iter().map(|it| it.1.clone()).collect();
    let there = opened.run(ctx, opened.store.registered(&paths))?;
    let kept = roots.into_iter().map(|(root, path)| Kept {
        by: root.into(),
        is_there: there.contains(&path),
        path: opened.print(&path),
    });
    Ok(kept.collect())
}

/// Keeps paths by a name or by a link.
///
/// # Errors
///
/// [`StoreError::NotThere`] for a path that is not registered, [`StoreError::NoLink`],
/// [`StoreError::Root`] for a name that cannot be one.
pub fn keep(ctx: &Context<'_>, request: &RootsRequest) -> Result<Vec<Kept>, Error> {
    let opened = Opened::open(ctx)?;
    let (root, paths) = match request {
        RootsRequest::Name { name, paths } => {
            let name: RootName = name.parse().map_err(StoreError::from)?;
            (Root::Named(name), named::paths(opened.store.dir(), paths)?)
        }
        RootsRequest::Link(link) => {
            let place = ctx.dir.join(link);
            let target = std::fs::read_link(&place).ok();
            let path = target.and_then(|target| {
                let mut names = target.components().filter_map(|it| it.as_os_str().to_str());
                names.find_map(|it| it.parse::<StorePath>().ok())
            });
            let path = path.ok_or_else(|| StoreError::NoLink { path: link.clone() })?;
            let link = LinkPath::new(&std::path::absolute(&place).unwrap_or(place));
            (Root::Link(link.map_err(StoreError::from)?), vec![path])
        }
    };
    for path in &paths {
        named::info(ctx, &opened, path)?;
    }
    let there = opened.run(ctx, opened.store.infos().keep(&root, &paths))?;
    let by = Keeper::from(root);
    let kept = paths.iter().zip(there).map(|(path, is_there)| Kept {
        by: by.clone(),
        path: opened.print(path),
        is_there,
    });
    Ok(kept.collect())
}

/// Removes roots: names, or places of links, which stay where they are.
///
/// # Errors
///
/// [`StoreError::NoRoot`] for the first that is none; those before it are removed.
pub fn release(ctx: &Context<'_>, roots: &[String]) -> Result<Vec<Released>, Error> {
    let opened = Opened::open(ctx)?;
    let mut released = Vec::new();
    for text in roots {
        let mut candidates = Vec::new();
        candidates.extend(text.parse().ok().map(Root::Named));
        let place = ctx.dir.join(text);
        let link = LinkPath::new(&std::path::absolute(&place).unwrap_or(place));
        candidates.extend(link.ok().map(Root::Link));
        let mut found = None;
        for root in candidates {
            let n_paths = opened.run(ctx, opened.store.infos().release(&root))?;
            if n_paths > 0 {
                let root = root.into();
                found = Some(Released { root, n_paths });
                break;
            }
        }
        let root = text.clone();
        released.push(found.ok_or(StoreError::NoRoot { root })?);
    }
    Ok(released)
}

impl From<Root> for Keeper {
    fn from(root: Root) -> Self {
        match root {
            Root::Named(name) => Self::Name(name.to_string()),
            Root::Link(link) => Self::Link(link.as_path().to_owned()),
            Root::Session(id) => Self::Session(id.to_string()),
        }
    }
}
