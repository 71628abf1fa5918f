//! `eka versions`: what a repository has published, by its refs alone.

use std::fmt::Display;

use atom::uri::{Uri, Wanted};
use atom::url::RepoUrl;
use atom::{AtomId, Digest, Id, ObjectId, Requirement, Root, Version};
use atom_git::remote::{AtomListing, VersionRefs, atoms};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::{Context, Network};
use crate::error::Error;
use crate::exit::Exit;
use crate::notice::Notice;
use crate::remotes::{Remote, Remotes};
use crate::target;

/// Of what.
#[derive(Debug, Clone)]
pub struct Request {
    /// An atom, with or without a requirement, or a whole repository.
    pub uri: String,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The repository that was asked.
    pub repository: RepoUrl,
    /// The set's root.
    pub root: Root,
    /// The atoms, by id; each has a version.
    pub atoms: Vec<Atom>,
}

/// An atom and its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom {
    /// Its name.
    pub id: Id,
    /// Its identity.
    pub digest: Digest,
    /// Its versions, the newest first.
    pub versions: Vec<Listed>,
}

/// A version, as its refs show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub version: Version,
    /// Its refs.
    pub refs: VersionRefs,
    /// What its owner says of the yank, as far as it is known.
    pub yank: Notice,
    /// What its owner says of the deprecation, as far as it is known.
    pub deprecation: Notice,
}

/// Why there is nothing to show.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum VersionsError {
    /// The repository publishes no atoms.
    #[error("`{url}` is no set of atoms: it has no `refs/eka/root`")]
    #[diagnostic(
        code(eka::versions::no_set),
        help("its owner makes it one by `eka init`; check the URL")
    )]
    NoSet {
        /// The repository.
        url: RepoUrl,
    },
    /// The set has no such atom.
    #[error("`{url}` has no atom `{id}`")]
    #[diagnostic(
        code(eka::versions::no_atom),
        help("`eka versions {url}` shows the atoms that it has")
    )]
    NoAtom {
        /// The repository.
        url: RepoUrl,
        /// The atom.
        id: Id,
    },
    /// All versions of the atom were deleted.
    #[error("every version of `{id}` in `{url}` was deleted")]
    #[diagnostic(
        code(eka::versions::deleted),
        help("ask the owner of the repository what to use instead")
    )]
    Deleted {
        /// The repository.
        url: RepoUrl,
        /// The atom.
        id: Id,
    },
    /// No version satisfies the requirement.
    #[error("no version of `{id}` satisfies `{req}`")]
    #[diagnostic(code(eka::versions::no_match), help("there is: {}", newest(known)))]
    NoMatch {
        /// The atom.
        id: Id,
        /// What was asked.
        req: Requirement,
        /// What there is, the newest first.
        known: Vec<Version>,
    },
    /// A plain git ref has no versions.
    #[error("`{text}` names a git ref")]
    #[diagnostic(
        code(eka::versions::git_ref),
        help("name an atom, as `gh:owner/repo::atom`, or a repository, as `gh:owner/repo`")
    )]
    GitRef {
        /// What was given.
        text: String,
    },
}

/// Refs that are not what their names say.
#[derive(Debug, Error, Diagnostic)]
#[error(
    "`{url}` has refs of atoms that are no plain refs to commits: {}",
    some(names)
)]
#[diagnostic(
    severity(warning),
    code(eka::versions::wrong_kind),
    help("they are left out; tell the owner of the repository")
)]
struct WrongKind {
    url: RepoUrl,
    names: Vec<String>,
}

/// Lists an atom's versions, or all atoms of a repository with theirs.
///
/// # Errors
///
/// [`VersionsError`] where there is nothing, and what keeps a remote from answering.
pub fn versions(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let uri = Uri::parse(&request.uri, &ctx.aliases)?;
    let url = target::url_of(ctx, &uri.repository)?;
    let remotes = Remotes::open(ctx)?;
    let (prefixes, wanted) = match uri.wanted {
        Wanted::Set => (atoms::all_prefixes(), None),
        Wanted::Atom { id, req } => (atoms::prefixes([&id]), Some((id, req))),
        Wanted::Ref(_) => {
            let text = uri.to_string();
            return Err(VersionsError::GitRef { text }.into());
        }
    };
    let (mut remote, seen) = remotes.list(url.clone(), &prefixes)?;
    let listing = read(ctx, &url, &seen.listing);
    let root = listing
        .root
        .ok_or_else(|| VersionsError::NoSet { url: url.clone() })?;
    let mut atoms = match wanted {
        Some((id, req)) => vec![one(&listing, root, &url, &id, req.as_ref())?],
        None => {
            let ids = listing.versions.keys();
            let atoms = ids.map(|id| Atom::of(&listing, root, id));
            atoms.filter(|it| !it.versions.is_empty()).collect()
        }
    };
    tell(
        ctx,
        &mut remote,
        atoms.iter_mut().flat_map(|it| &mut it.versions),
    );
    Ok(Report {
        repository: url,
        root,
        atoms,
    })
}

/// Reads what owners say of the marked ones of these versions. What cannot be had stays unsaid.
pub(crate) fn tell<'a>(
    ctx: &Context<'_>,
    remote: &mut Remote<'_>,
    versions: impl Iterator<Item = &'a mut Listed>,
) {
    let marked = |it: &&mut Listed| it.is_yanked() || it.is_deprecated();
    let marked: Vec<&mut Listed> = versions.filter(marked).collect();
    let commits = marked
        .iter()
        .flat_map(|it| [it.refs.yank, it.refs.deprecate]);
    let commits: Vec<ObjectId> = commits.flatten().collect();
    if ctx.network == Network::Online {
        // The marks count whether or not their reasons can be had.
        drop(remote.fetch(&commits));
    }
    let url = remote.url().clone();
    let bytes = |commit: Option<ObjectId>| remote.cache().commit(commit?).ok()?;
    for it in marked {
        let Some(atom) = it.refs.atom else {
            continue;
        };
        if let Some(bytes) = bytes(it.refs.yank) {
            it.yank = Notice::of_yank(&bytes, atom);
        }
        if let Some(bytes) = bytes(it.refs.deprecate) {
            it.deprecation = Notice::of_deprecation(&bytes, atom, &url);
        }
    }
}

/// Reads the atoms out of a listing, and warns of refs that are none.
pub(crate) fn read(
    ctx: &Context<'_>,
    url: &RepoUrl,
    listing: &atom_git::remote::Listing,
) -> AtomListing {
    let mut atoms = AtomListing::read(listing);
    if !atoms.wrong_kind.is_empty() {
        let names = std::mem::take(&mut atoms.wrong_kind);
        let url = url.clone();
        ctx.warn(WrongKind { url, names });
    }
    atoms
}

/// One atom of a listing, with the versions that satisfy a requirement.
pub(crate) fn one(
    listing: &AtomListing,
    root: Root,
    url: &RepoUrl,
    id: &Id,
    req: Option<&Requirement>,
) -> Result<Atom, VersionsError> {
    let mut atom = Atom::of(listing, root, id);
    if atom.versions.is_empty() {
        let (url, id) = (url.clone(), id.clone());
        let refs = listing.versions.get(&id);
        let deleted = refs.is_some_and(|it| it.values().any(VersionRefs::is_tombstone));
        return Err(match deleted {
            true => VersionsError::Deleted { url, id },
            false => VersionsError::NoAtom { url, id },
        });
    }
    let Some(req) = req else {
        return Ok(atom);
    };
    let known: Vec<Version> = atom.versions.iter().map(|it| it.version.clone()).collect();
    atom.versions.retain(|it| req.matches(&it.version));
    if atom.versions.is_empty() {
        let (id, req) = (id.clone(), req.clone());
        return Err(VersionsError::NoMatch { id, req, known });
    }
    Ok(atom)
}

impl Atom {
    fn of(listing: &AtomListing, root: Root, id: &Id) -> Self {
        let mut versions: Vec<Listed> = listing
            .existing(id)
            .map(|(version, refs)| Listed {
                version: version.clone(),
                refs: *refs,
                yank: Notice::default(),
                deprecation: Notice::default(),
            })
            .collect();
        versions.reverse();
        let digest = AtomId::new(root, id.clone()).digest();
        let id = id.clone();
        Self {
            id,
            digest,
            versions,
        }
    }
}

impl Listed {
    /// Whether it was taken back.
    #[must_use]
    pub const fn is_yanked(&self) -> bool {
        self.refs.yank.is_some()
    }

    /// Whether its owner advises another.
    #[must_use]
    pub const fn is_deprecated(&self) -> bool {
        self.refs.deprecate.is_some()
    }
}

impl VersionsError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::GitRef { .. } => Exit::Usage,
            _ => Exit::No,
        }
    }
}

/// The first few of some versions.
fn newest(known: &[Version]) -> String {
    first(known, "older")
}

/// The first few of some names.
fn some(names: &[String]) -> String {
    first(names, "more")
}

/// The first eight of these, and how many there are of the `rest`.
pub(crate) fn first<T: Display>(all: &[T], rest: &str) -> String {
    let shown: Vec<_> = all.iter().take(8).map(|it| format!("`{it}`")).collect();
    match all.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} {rest}", shown.join(", ")),
    }
}
