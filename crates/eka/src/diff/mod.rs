//! `eka diff`: what the source of one version has that another has not.

mod error;
mod operand;
mod moved;

pub use atom_git::diff::{Body, Change, FileDiff, Kind, Side, Text, quoted, write};
pub use error::DiffError;
pub(crate) use moved::moved;

use atom::lock::{Graph, Lock};
use atom::url::RepoUrl;
use atom::{Id, NarHash, ObjectId, Root, Version};
use atom_git::diff::{between, look};
use atom_git::objects::Objects;
use atom_git::remote::{VersionRefs, atoms};
use atom_git::tree_guard::GuardedTree;

use crate::context::Context;
use crate::error::Error;
use crate::fetch::{Look, Subject, Wanted, checked};
use crate::look::Selector;
use crate::remotes::Remotes;
use crate::verify::{bring, surely};
use crate::versions::{VersionsError, one, read};
use operand::{Operand, Surroundings, Which};

/// What to compare.
#[derive(Debug, Clone)]
pub enum Request {
    /// Two versions, each as `<id>@<version>` or as a URI; the second also as `@<version>`, of the
    /// atom of the first.
    Two {
        /// The first.
        from: String,
        /// The second.
        to: String,
    },
    /// The locked version, and the one that is named: the newest where no version is.
    FromLock {
        /// The atom.
        to: String,
    },
}

/// What differs between two versions.
#[derive(Debug)]
pub struct Report {
    /// The first.
    pub from: Point,
    /// The second.
    pub to: Point,
    /// The paths that differ, in the order of git.
    pub changes: Vec<Change>,
    objects: Objects,
}

/// One of the two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The atom.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// Where it was found.
    pub repository: RepoUrl,
    /// Its set.
    pub root: Root,
    /// The atom commit.
    pub rev: ObjectId,
    /// The SHA-256 of its content's NAR.
    pub nar: NarHash,
}

/// Brings both contents into the cache, checked as `eka fetch` checks them, and compares them.
///
/// # Errors
///
/// [`DiffError`], [`crate::look::LookError`] and [`VersionsError`] where there is no such version,
/// [`Error::Lie`] for a claim that does not hold, and what keeps remotes from answering.
pub fn diff(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let remotes = Remotes::open(ctx)?;
    let (from, to) = match request {
        Request::Two { from, to } => {
            let from = operand::parse(ctx, from)?;
            let to = operand::after(ctx, &from, to)?;
            (listed(ctx, &remotes, from)?, to)
        }
        Request::FromLock { to } => {
            let around = Surroundings::of(ctx)?;
            let id = operand::id(ctx, to)?;
            let wanted = locked(around.lock(), &id, to)?;
            let to = operand::after_locked(ctx, &wanted, to)?;
            (of_lock(ctx, &remotes, &[wanted])?.remove(0), to)
        }
    };
    let to = listed(ctx, &remotes, to)?;
    compare(&remotes, from, to)
}

fn compare(
    remotes: &Remotes<'_>,
    from: (Point, GuardedTree),
    to: (Point, GuardedTree),
) -> Result<Report, Error> {
    let objects = remotes.cache().objects();
    let changes = between(&objects, from.1, to.1).map_err(DiffError::from)?;
    Ok(Report {
        from: from.0,
        to: to.0,
        changes,
        objects,
    })
}

/// The one locked atom that is meant.
fn locked<'a>(lock: &'a Lock, id: &Id, text: &str) -> Result<Wanted<'a>, Error> {
    let graph = Graph::of(lock);
    let found: Vec<usize> = graph.named(id, None).collect();
    let atoms: Vec<_> = found.iter().map(|it| &graph.atoms()[*it]).collect();
    match &atoms[..] {
        [] => {
            let known = lock.atoms.iter().map(|it| it.id.clone()).collect();
            Err(Selector::of_id(id.clone()).not_locked(known).into())
        }
        [atom] => {
            let local = || DiffError::Local { id: id.clone() };
            Ok(Wanted::of(lock, atom).ok_or_else(local)?)
        }
        several => Err(DiffError::Several {
            text: text.to_owned(),
            known: several.iter().map(|it| it.name()).collect(),
        }
        .into()),
    }
}

/// Brings and checks versions as locks have them: from their origins, else from mirrors.
fn of_lock(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    wanted: &[Wanted<'_>],
) -> Result<Vec<(Point, GuardedTree)>, Error> {
    let trees = checked(ctx, remotes, wanted, Look::IfMissing)?;
    let point = |it: &Wanted<'_>| Point {
        id: it.id.clone(),
        version: it.version.clone(),
        repository: it.set.origin.clone(),
        root: it.root(),
        rev: it.rev,
        nar: it.nar,
    };
    Ok(wanted.iter().map(point).zip(trees).collect())
}

/// Finds a version at its remote, brings and checks it.
fn listed(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    operand: Operand,
) -> Result<(Point, GuardedTree), Error> {
    let Operand { url, id, which } = operand;
    let mut remote = remotes.at(url.clone());
    let seen = remote.list(&atoms::prefixes([&id]))?;
    let listing = read(ctx, &url, &seen.listing);
    let no_set = || VersionsError::NoSet { url: url.clone() };
    let root = listing.root.ok_or_else(no_set)?;
    let req = match &which {
        Which::Matching(req) => Some(req),
        Which::Exactly(_) | Which::Newest => None,
    };
    let mut versions = one(&listing, root, &url, &id, req)?.versions;
    // Stable: among each kind the newest stays first.
    versions.sort_by_key(|it| (it.is_yanked(), !it.version.pre.is_empty()));
    let known = || versions.iter().map(|it| it.version.clone()).collect();
    let found = versions.iter().find(|it| match &which {
        Which::Exactly(version) => it.version == *version,
        Which::Matching(_) | Which::Newest => true,
    });
    let found = found.ok_or_else(|| DiffError::NoVersion {
        id: id.clone(),
        which: which.to_string(),
        url: url.clone(),
        known: known(),
    })?;
    let VersionRefs {
        atom: Some(rev),
        spec: Some(spec),
        ..
    } = found.refs
    else {
        unreachable!("a version that exists has both");
    };
    let subject = Subject {
        id: &id,
        version: &found.version,
        root,
        rev,
        spec,
        refs: found.refs,
        locked: None,
    };
    bring(&mut remote, &[rev, spec])?;
    let again = |_: &Subject<'_>| bring(&mut remote, &[rev, spec]);
    let seen = surely(ctx, remotes, &subject, again)?;
    let (tree, nar) = (seen.tree, seen.atom.as_ref().map(|it| it.nar));
    match (tree, nar, seen.holds()) {
        (Some(tree), Some(nar), true) => {
            let version = found.version.clone();
            let point = Point {
                id,
                version,
                repository: url,
                root,
                rev,
                nar,
            };
            Ok((point, tree))
        }
        _ => Err(seen.lie().expect("a claim does not hold").into()),
    }
}

impl Report {
    /// Reads both files of a change and compares their lines: one at a time, so that no more than
    /// two files are in memory.
    ///
    /// # Errors
    ///
    /// [`DiffError::Object`].
    pub fn look(&self, change: &Change) -> Result<FileDiff, Error> {
        let looked = look(&self.objects, change.clone());
        Ok(looked.map_err(DiffError::from)?)
    }
}

impl Point {
    /// `<id>@<version>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}
