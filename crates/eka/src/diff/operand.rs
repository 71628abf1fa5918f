//! Which version an argument names, and where it is looked for.

use std::fmt;

use atom::lock::{Lock, PatchedFrom, Place};
use atom::manifest::{Manifest, SetPlace};
use atom::uri::{Repository, Uri, Wanted as Asked};
use atom::url::RepoUrl;
use atom::{Id, Requirement, Version};

use super::DiffError;
use crate::context::Context;
use crate::error::Error;
use crate::fetch::Wanted;
use crate::files::Access;
use crate::here;
use crate::lock::Opened;
use crate::project;
use crate::target;

/// A version to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) url: RepoUrl,
    pub(super) id: Id,
    pub(super) which: Which,
}

/// Which version of an atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// This one: a full version was given.
    Exactly(Version),
    /// The newest that matches.
    Matching(Requirement),
    /// The newest.
    Newest,
}

/// The manifest and the lock around the current folder, where there are any.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    manifest: Option<Manifest>,
    lock: Option<Lock>,
    none: Lock,
}

impl Surroundings {
    pub(super) fn of(ctx: &Context<'_>) -> Result<Self, Error> {
        let Ok(folder) = project::find_atom(&ctx.dir) else {
            return Ok(Self::default());
        };
        let opened = Opened::open(ctx, &folder, Access::Read)?;
        Ok(Self {
            manifest: Some(opened.manifest),
            lock: opened.lock,
            none: Lock::default(),
        })
    }

    pub(super) fn lock(&self) -> &Lock {
        self.lock.as_ref().unwrap_or(&self.none)
    }

    /// Where the sets lie that have an atom of this id, as far as one knows here; none for this
    /// repository.
    fn places(&self, id: &Id) -> Vec<Option<RepoUrl>> {
        let lock = self.lock();
        let locked = lock.atoms.iter().filter(|it| it.id == *id);
        let mut places: Vec<Option<RepoUrl>> = locked
            .filter_map(|it| match &it.place {
                Place::Local { .. } => Some(None),
                Place::Patched(it) => match &it.from {
                    PatchedFrom::Folder { .. } => None,
                    PatchedFrom::Repository { set, .. } => Some(Some(set.origin.clone())),
                },
                Place::Published { root, .. } => lock.set(root).map(|it| Some(it.origin.clone())),
            })
            .collect();
        if let Some(manifest) = &self.manifest {
            let deps = manifest.deps.iter().filter(|it| it.id == *id);
            places.extend(deps.filter_map(|it| match &manifest.set_of(it)?.place {
                SetPlace::Here => Some(None),
                SetPlace::At { origin, .. } => Some(Some(origin.clone())),
            }));
        }
        let mut seen = Vec::new();
        places.retain(|it| {
            let key = it.as_ref().map(RepoUrl::key);
            let new = !seen.contains(&key);
            seen.push(key);
            new
        });
        places
    }
}

/// Reads an argument: a URI, or an id with or without a version, which is looked for where the
/// lock and the manifest have it, else in this repository.
pub(super) fn parse(ctx: &Context<'_>, text: &str) -> Result<Operand, Error> {
    let (repository, id, which) = split(ctx, text)?;
    let is_bare = repository == Repository::Here && !text.starts_with("::");
    // A manifest that cannot be read is in nobody's way who names a place.
    let places = if is_bare {
        Surroundings::of(ctx)?.places(&id)
    } else {
        Vec::new()
    };
    let repository = match &places[..] {
        [] => repository,
        [None] => Repository::Here,
        [Some(url)] => Repository::At(url.clone()),
        several => {
            let known = several.iter().map(|it| match it {
                Some(url) => format!("{url}::{id}"),
                None => format!("::{id}"),
            });
            let known = known.collect();
            return Err(DiffError::Ambiguous { id, known }.into());
        }
    };
    let url = here::absolute(ctx, target::url_of(ctx, &repository)?);
    Ok(Operand { url, id, which })
}

/// Reads the second argument: `@<version>` is one of the atom of the first.
pub(super) fn after(ctx: &Context<'_>, first: &Operand, text: &str) -> Result<Operand, Error> {
    let Some(version) = text.strip_prefix('@') else {
        return parse(ctx, text);
    };
    let whole = format!("{}@{version}", first.id);
    let (_, _, which) = split(ctx, &whole)?;
    let first = first.clone();
    Ok(Operand { which, ..first })
}

/// Reads what the locked version is compared with: an id alone is looked for at the origin of its
/// set.
pub(super) fn after_locked(
    ctx: &Context<'_>,
    locked: &Wanted<'_>,
    text: &str,
) -> Result<Operand, Error> {
    let (repository, id, which) = split(ctx, text)?;
    let url = if repository == Repository::Here && !text.starts_with("::") {
        locked.set.origin.clone()
    } else {
        target::url_of(ctx, &repository)?
    };
    let url = here::absolute(ctx, url);
    Ok(Operand { url, id, which })
}

/// The id that an argument names.
pub(super) fn id(ctx: &Context<'_>, text: &str) -> Result<Id, Error> {
    split(ctx, text).map(|it| it.1)
}

/// Reads a URI. A full version after the `@` is that version, and no requirement.
fn split(ctx: &Context<'_>, text: &str) -> Result<(Repository, Id, Which), Error> {
    let uri = Uri::parse(text, &ctx.aliases)?;
    let Asked::Atom { id, req } = uri.wanted else {
        let text = uri.to_string();
        return Err(DiffError::NotAnAtom { text }.into());
    };
    let which = match req {
        None => Which::Newest,
        Some(req) => {
            let given = text.rsplit_once('@').map(|it| it.1);
            match given.and_then(|it| it.parse().ok()) {
                Some(version) => Which::Exactly(version),
                None => Which::Matching(req),
            }
        }
    };
    Ok((uri.repository, id, which))
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(version) => version.fmt(f),
            Self::Matching(req) => req.fmt(f),
            Self::Newest => f.write_str("*"),
        }
    }
}
