//! Patches: what stands in for atoms for a while, by `[patch.<set>]` of `.eka/local.toml`.

mod beside;
mod warning;

pub(crate) use beside::{Beside, is_beside};
pub use warning::PatchWarning;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use atom::lock::diff::Change;
use atom::lock::{Lock, LockedAtom, Patched, Place, SetRef};
use atom::manifest::Manifest;
use atom::uri::{Aliases, Repository, Uri, UriError, Wanted};
use atom::url::{RepoUrl, Scheme};
use atom::{Id, Name};
use atom_git::work_tree::{self, Standing};
use miette::Diagnostic;
use thiserror::Error;

use crate::config::Config;
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::{Access, Folder};
use crate::here;
use crate::resolve::{LocalAtom, Patch as Settled, StandIn};

/// The file that holds patches, from the project's folder.
pub const FILE: &str = ".eka/local.toml";

/// The patches of a project.
#[derive(Debug, Default)]
pub struct Patches {
    all: Vec<Patch>,
    /// The folder that `.eka` is in.
    project: PathBuf,
    /// Whether people were told.
    told: AtomicBool,
}

/// One patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The set, as manifests name it.
    pub set: Name,
    /// The atom.
    pub id: Id,
    /// What stands in for it.
    pub target: Target,
    /// The same for people: as it is written, without a password.
    pub shown: String,
}

/// What stands in for an atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The atom that a folder holds.
    Folder(PathBuf),
    /// What a repository has published of that id.
    Repository(RepoUrl),
}

/// Why a patch cannot be used, or a command is not for a project with patches.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PatchError {
    /// It is neither a folder nor a repository.
    #[error("the patch `{name}` is neither a folder nor a repository: `{text}`")]
    #[diagnostic(
        code(eka::patch::target),
        help(
            "write a folder with a `/` in it, such as `../zlib`, or a URL, such as `gh:owner/repo`"
        )
    )]
    Target {
        /// `<set>.<id>`.
        name: String,
        /// What it is.
        text: String,
        /// Why it is no repository.
        #[source]
        source: Option<UriError>,
    },
    /// The folder holds another atom.
    #[error("the patch `{name}` is the folder `{folder}`, which holds the atom `{found}`")]
    #[diagnostic(
        code(eka::patch::other_atom),
        help("name the folder of the atom that is patched, or patch `{found}`")
    )]
    OtherAtom {
        /// `<set>.<id>`.
        name: String,
        /// The folder, as it is written.
        folder: String,
        /// What it holds.
        found: Id,
    },
    /// The file is committed.
    #[error("`{FILE}` is committed, and holds patches")]
    #[diagnostic(
        code(eka::patch::committed),
        help(
            "they would be everybody's who clones the repository: `git rm --cached {FILE}`, and add the line `/{FILE}` to `.gitignore`"
        )
    )]
    Committed,
    /// The command is about what everybody has.
    #[error("{by}, and {}", active(patches))]
    #[diagnostic(
        code(eka::patch::active),
        help(
            "take the patches out of `{FILE}`, and run `eka lock` where `atom.lock` does not answer the manifest"
        )
    )]
    Active {
        /// What was asked: "`--locked` was given".
        by: String,
        /// The patches, a line each.
        patches: Vec<String>,
    },
}

impl Patches {
    /// Reads the patches of a configuration; folders are named from the project's, or from home.
    ///
    /// # Errors
    ///
    /// [`PatchError::Target`].
    pub fn read(
        config: &Config,
        aliases: &Aliases,
        (project, home): (&Path, Option<&Path>),
    ) -> Result<Self, PatchError> {
        let patch = |(set, id, text): (&str, &str, &str)| {
            let refused = |source| PatchError::Target {
                name: format!("{set}.{id}"),
                text: text.to_owned(),
                source,
            };
            let uri = Uri::parse(text, aliases).map_err(|it| refused(Some(it)))?;
            let (Repository::At(url), Wanted::Set) = (uri.repository, uri.wanted) else {
                return Err(refused(None));
            };
            let mut shown = url.to_string();
            let target = match url.scheme() {
                Scheme::Path => {
                    text.clone_into(&mut shown);
                    let path = url.as_git();
                    let below_home = path.strip_prefix("~/").zip(home);
                    let folder = below_home.map(|(rest, home)| home.join(rest));
                    Target::Folder(folder.unwrap_or_else(|| project.join(path)))
                }
                _ => Target::Repository(url),
            };
            let (set, id) = (set.parse(), id.parse());
            let (set, id) = set.ok().zip(id.ok()).ok_or_else(|| refused(None))?;
            Ok(Patch {
                set,
                id,
                target,
                shown,
            })
        };
        Ok(Self {
            all: config.patches().map(patch).collect::<Result<_, _>>()?,
            project: project.to_owned(),
            told: AtomicBool::new(false),
        })
    }

    /// Whether there are any.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !self.all.is_empty()
    }

    /// The folder that `.eka` is in.
    pub(crate) fn project(&self) -> &Path {
        &self.project
    }

    /// The patches, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.all.iter().map(Patch::line).collect()
    }

    /// Refuses what is about that which everybody has; `by` says what: "`--locked` was given".
    ///
    /// # Errors
    ///
    /// [`PatchError::Active`].
    pub fn refuse(&self, by: impl Into<String>) -> Result<(), PatchError> {
        match self.is_active() {
            false => Ok(()),
            true => Err(PatchError::Active {
                by: by.into(),
                patches: self.lines(),
            }),
        }
    }
}

impl Patch {
    /// `<set>.<id>`.
    fn name(&self) -> String {
        format!("{}.{}", self.set, self.id)
    }

    fn line(&self) -> String {
        format!("{} → {}", self.name(), self.shown)
    }

    /// Whether it is about this atom of a lock.
    fn is_of(&self, atom: &LockedAtom, lock: &Lock) -> bool {
        let SetRef::Root(root) = atom.set() else {
            return false;
        };
        let named = lock
            .set(&root)
            .is_some_and(|it| it.names.contains(&self.set));
        named && atom.id == self.id
    }

    /// Whether it is what a lock says stands in for the atom.
    fn is_in(&self, patched: &Patched) -> bool {
        match &self.target {
            Target::Folder(path) => text_of(path) == patched.from.to_string(),
            Target::Repository(url) => url.public().to_string() == patched.from.to_string(),
        }
    }
}

/// Tells once a command that patches are active, and what is odd about their file.
///
/// # Errors
///
/// [`PatchError::Committed`]; what keeps the repository from being read.
pub(crate) fn tell(ctx: &Context<'_>) -> Result<(), Error> {
    let patches = &ctx.patches;
    if !patches.is_active() || patches.told.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    if let Some(repo) = here::repository(&patches.project)? {
        match work_tree::standing(&repo, FILE).map_err(crate::local::LocalError::from)? {
            Standing::Tracked => return Err(PatchError::Committed.into()),
            Standing::Free => ctx.warn(PatchWarning::NotIgnored),
            Standing::Ignored => {}
        }
    }
    let patches = patches.lines();
    ctx.warn(PatchWarning::Active { patches });
    Ok(())
}

/// Tells of patches that no lock has a use for.
pub(crate) fn tell_unused<'a>(
    ctx: &Context<'_>,
    locks: impl Iterator<Item = (&'a Manifest, &'a Lock)> + Clone,
) {
    for patch in &ctx.patches.all {
        let used = |lock: &Lock| {
            let patched = |it: &&LockedAtom| matches!(it.place, Place::Patched(_));
            let mut atoms = lock.atoms.iter().filter(patched);
            atoms.any(|it| patch.is_of(it, lock))
        };
        if locks.clone().any(|(_, lock)| used(lock)) {
            continue;
        }
        let mut manifests = locks.clone().map(|it| it.0);
        let named = manifests.any(|it| it.sets.contains_key(&patch.set));
        let why = match named {
            false => format!("`[sets]` has no `{}`", patch.set),
            true => format!("nothing depends on `{}` of that set", patch.id),
        };
        let name = patch.name();
        ctx.warn(PatchWarning::Unused { name, why });
    }
}

/// The patches as a resolution takes them: what folders hold is read.
///
/// # Errors
///
/// [`PatchError::OtherAtom`], and what keeps a folder from being read.
pub(crate) fn settled(ctx: &Context<'_>) -> Result<Vec<Settled>, Error> {
    let settled = |patch: &Patch| {
        let by = match &patch.target {
            Target::Repository(url) => StandIn::At(url.clone()),
            Target::Folder(path) => StandIn::Folder {
                path: text_of(path),
                atom: Box::new(read(ctx, patch, path)?),
            },
        };
        let (set, id) = (patch.set.clone(), patch.id.clone());
        Ok(Settled { set, id, by })
    };
    ctx.patches.all.iter().map(settled).collect()
}

/// The manifest of a folder that stands in for an atom of a lock.
pub(crate) fn manifest(ctx: &Context<'_>, folder: &Path) -> Result<Manifest, Error> {
    let folder = Folder::open(folder, Access::Read, ctx.patience())?;
    let texts = folder.load()?;
    Ok(folder.manifest(&texts)?)
}

fn read(ctx: &Context<'_>, patch: &Patch, path: &Path) -> Result<LocalAtom, Error> {
    let manifest = manifest(ctx, path)?;
    if manifest.id != patch.id {
        return Err(PatchError::OtherAtom {
            name: patch.name(),
            folder: patch.shown.clone(),
            found: manifest.id,
        }
        .into());
    }
    Ok(LocalAtom {
        version: manifest.version.clone(),
        // It lies elsewhere, and is never named by a path of this repository.
        path: ".".parse().expect("the top is a folder"),
        manifest,
    })
}

/// What a lock that was made under patches has otherwise than the patches say now.
pub(crate) fn changes(ctx: &Context<'_>, lock: &Lock) -> Vec<Change> {
    let mut changes = Vec::new();
    for atom in &lock.atoms {
        let patch = ctx.patches.all.iter().find(|it| it.is_of(atom, lock));
        let id = || atom.id.clone();
        changes.extend(match (&atom.place, patch) {
            (Place::Patched(it), Some(patch)) if patch.is_in(it) => None,
            (Place::Patched(it), None) => Some(Change::Unpatched {
                id: id(),
                from: it.from.to_string(),
            }),
            (Place::Patched(_) | Place::Published { .. }, Some(patch)) => Some(Change::Patched {
                id: id(),
                from: atom.version.to_string(),
                to: patch.shown.clone(),
            }),
            _ => None,
        });
    }
    changes
}

/// A folder as a lock names it.
fn text_of(path: &Path) -> String {
    let whole = path.canonicalize();
    whole
        .as_deref()
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}

fn active(patches: &[String]) -> String {
    warning::listed(patches)
}

impl PatchError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Active { .. } => Exit::OutOfDate,
            Self::Target { .. } | Self::OtherAtom { .. } | Self::Committed => Exit::Usage,
        }
    }
}
