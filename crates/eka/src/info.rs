//! `eka info`: what a version says of itself.

use atom::manifest::{Manifest, SetPlace};
use atom::refname::{AtomRef, Part};
use atom::uri::{Uri, Wanted};
use atom::url::RepoUrl;
use atom::{Digest, Id, Name, NarHash, ObjectId, Requirement, Root, Version};
use atom_git::cache::{Spec, SpecError};
use atom_git::remote::atoms;
use miette::Diagnostic;
use nix_format::{Sha256, StoreDir, StoreName, StorePath};
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::remotes::{Remote, Remotes};
use crate::target;
use crate::versions::{Atom, Listed, VersionsError, one, read, tell};

/// Of what.
#[derive(Debug, Clone)]
pub struct Request {
    /// An atom, with or without a requirement.
    pub uri: String,
}

/// What the newest matching version says.
#[derive(Debug, Clone)]
pub struct Report {
    /// The repository that was asked.
    pub repository: RepoUrl,
    /// The set's root.
    pub root: Root,
    /// The atom.
    pub id: Id,
    /// Its identity.
    pub digest: Digest,
    /// The version.
    pub chosen: Listed,
    /// All versions that match, the newest first.
    pub versions: Vec<Listed>,
    /// What its spec says.
    pub spec: Box<Spec>,
    /// Where its content lies in a Nix store at `/nix/store`.
    pub store_path: String,
}

/// A dependency, with the place of its set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency<'a> {
    /// The set's name in the manifest.
    pub set: &'a Name,
    /// Where the set lies; `None` for the repository of the atom itself.
    pub origin: Option<&'a RepoUrl>,
    /// The atom.
    pub id: &'a Id,
    /// The versions that will do.
    pub req: &'a Requirement,
}

/// A version that cannot be shown.
#[derive(Debug, Error, Diagnostic)]
#[error("`{id}@{version}` cannot be read, and an older version is shown")]
#[diagnostic(severity(warning), code(eka::info::unreadable))]
struct Unreadable {
    id: Id,
    version: Version,
    #[source]
    #[diagnostic_source]
    source: SpecError,
}

/// Shows the newest version that matches and is not yanked; a yanked one where there is no other.
///
/// # Errors
///
/// [`VersionsError`] where there is none, [`Error::Spec`] for one that cannot be read or whose
/// claims contradict each other, and what keeps the remote from answering.
pub fn info(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let uri = Uri::parse(&request.uri, &ctx.aliases)?;
    let Wanted::Atom { id, req } = &uri.wanted else {
        let text = uri.to_string();
        return Err(InfoError::NotAnAtom { text }.into());
    };
    let url = target::url_of(ctx, &uri.repository)?;
    let remotes = Remotes::open(ctx)?;
    let (mut remote, seen) = remotes.list(url.clone(), &atoms::prefixes([id]))?;
    let listing = read(ctx, &url, &seen.listing);
    let no_set = || VersionsError::NoSet { url: url.clone() };
    let root = listing.root.ok_or_else(no_set)?;
    let mut atom = one(&listing, root, &url, id, req.as_ref())?;
    tell(ctx, &mut remote, atom.versions.iter_mut());
    let (chosen, spec) = newest(ctx, &mut remote, root, &atom)?;
    Ok(Report {
        repository: url,
        root,
        id: atom.id,
        digest: atom.digest,
        store_path: store_path(spec.commit.nar),
        chosen,
        versions: atom.versions,
        spec: Box::new(spec),
    })
}

/// The newest version whose spec can be read.
fn newest(
    ctx: &Context<'_>,
    remote: &mut Remote<'_>,
    root: Root,
    atom: &Atom,
) -> Result<(Listed, Spec), Error> {
    let mut order: Vec<&Listed> = atom.versions.iter().collect();
    // Stable: among each kind the newest stays first.
    order.sort_by_key(|it| (it.is_yanked(), !it.version.pre.is_empty()));
    let mut first = None;
    for listed in order {
        match spec(remote, root, &atom.id, listed) {
            Ok(spec) => {
                if let Some((version, source)) = first {
                    let id = atom.id.clone();
                    ctx.warn(Unreadable {
                        id,
                        version,
                        source,
                    });
                }
                return Ok((listed.clone(), spec));
            }
            Err(Error::Spec(error)) if is_about_one_version(&error) => {
                first.get_or_insert((listed.version.clone(), error));
            }
            Err(error) => return Err(error),
        }
    }
    let (_, error) = first.expect("an atom of a listing has a version");
    Err(error.into())
}

fn spec(remote: &mut Remote<'_>, root: Root, id: &Id, listed: &Listed) -> Result<Spec, Error> {
    let commit = listed.refs.spec.expect("a version that exists has a spec");
    let spec = remote.spec(commit)?;
    let name = AtomRef::new(id.clone(), listed.version.clone(), Part::Spec);
    spec.check(&name, &listed.refs, root)?;
    Ok(spec)
}

/// Whether a fault leaves the other versions as they are: not one of trust.
const fn is_about_one_version(error: &SpecError) -> bool {
    matches!(
        error,
        SpecError::Commit(_) | SpecError::Manifest { .. } | SpecError::Tree { .. }
    )
}

fn store_path(nar: NarHash) -> String {
    let store = StoreDir::default();
    store.print(&StorePath::source(
        &store,
        &Sha256(nar.0),
        StoreName::source(),
    ))
}

impl Report {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.spec.manifest
    }

    /// The atom commit.
    #[must_use]
    pub const fn rev(&self) -> ObjectId {
        self.spec.commit.atom_commit
    }

    /// The dependencies, in the order of the manifest.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        let manifest = self.manifest();
        manifest.deps.iter().map(|dep| Dependency {
            set: &dep.set,
            origin: manifest
                .sets
                .get(&dep.set)
                .and_then(|it| SetPlace::origin(&it.place)),
            id: &dep.id,
            req: &dep.req,
        })
    }
}

/// Why nothing is shown.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum InfoError {
    /// A repository or a git ref was named.
    #[error("`{text}` is not an atom")]
    #[diagnostic(
        code(eka::info::not_an_atom),
        help("name an atom, as `gh:owner/repo::atom`; `eka versions` shows those of a repository")
    )]
    NotAnAtom {
        /// What was given.
        text: String,
    },
}
