//! `eka tree`: what the lock holds, and who needs what; no remote is asked.

mod layout;

pub use layout::{Line, Node};

use std::path::PathBuf;

use atom::lock::{Graph, Lock, LockedAtom};
use atom::{Id, Version};

use crate::context::Context;
use crate::error::Error;
use crate::files::Access;
use crate::lock::{Opened, Scene, Scope, folders};
use crate::look::{self, Selector};
use layout::Way;

/// What to show.
#[derive(Debug, Clone)]
pub struct Request {
    /// Of which atoms.
    pub scope: Scope,
    /// Which part.
    pub show: Show,
    /// How many levels below the first; all where nothing is said.
    pub depth: Option<usize>,
}

/// Which part of a lock is shown.
#[derive(Debug, Clone)]
pub enum Show {
    /// All that the atom needs.
    All,
    /// Who needs an atom, given as `<id>[@<requirement>]` or as a URI.
    WhoNeeds(String),
    /// Who needs the atoms that are locked in more than one version.
    Duplicates,
}

/// A tree for each lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// By folder.
    pub trees: Vec<Tree>,
}

/// One lock as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The atom that the lock belongs to.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// The lock's file.
    pub path: PathBuf,
    /// What it holds.
    pub lock: Lock,
    /// The tree, line by line. Atoms are numbered as in [`Graph`].
    pub lines: Vec<Line>,
}

/// Shows what locks hold, as they are.
///
/// # Errors
///
/// [`look::LookError::NotLocked`] where no lock holds the atom that is asked for, and what makes
/// manifests and locks unreadable.
pub fn tree(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let folders = folders(&mut scene, request.scope)?;
    let selector = match &request.show {
        Show::WhoNeeds(text) => Some(Selector::parse(text, &ctx.aliases)?),
        Show::All | Show::Duplicates => None,
    };
    let mut report = Report { trees: Vec::new() };
    let mut known = Vec::new();
    for folder in folders {
        let opened = Opened::open(ctx, &folder, Access::Read)?;
        look::warn_if_stale(ctx, &mut scene, &opened)?;
        let path = opened.lock_path();
        let lock = opened.lock.unwrap_or_default();
        let graph = Graph::of(&lock);
        let (way, roots) = match (&request.show, &selector) {
            (Show::All, _) => (Way::Down, vec![Node::Top]),
            (_, Some(selector)) => (Way::Up, nodes(selector.find(&graph))),
            (_, None) => (Way::Up, nodes(graph.duplicates())),
        };
        if roots.is_empty() {
            known.extend(lock.atoms.into_iter().map(|it| it.id));
            continue;
        }
        let lines = layout::lines(&graph, way, roots, request.depth);
        report.trees.push(Tree {
            id: opened.manifest.id,
            version: opened.manifest.version,
            path,
            lines,
            lock,
        });
    }
    match selector {
        Some(selector) if report.trees.is_empty() => Err(selector.not_locked(known).into()),
        _ => Ok(report),
    }
}

fn nodes(atoms: Vec<usize>) -> Vec<Node> {
    atoms.into_iter().map(Node::Atom).collect()
}

impl Tree {
    /// Who needs whom.
    #[must_use]
    pub fn graph(&self) -> Graph<'_> {
        Graph::of(&self.lock)
    }

    /// Where an atom comes from, in a few words: what the manifest calls its set, else the set's
    /// URL; for an atom of the work tree its folder.
    #[must_use]
    pub fn origin(&self, atom: &LockedAtom) -> String {
        look::origin(&self.lock, &atom.place)
    }
}
