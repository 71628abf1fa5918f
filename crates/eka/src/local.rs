//! The atoms of the work tree, as a resolution sees them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use atom::manifest::{Manifest, Publish};
use atom::{AtomPath, Id};
use atom_git::repo::Repo;
use atom_git::work_tree::{self, WorkTreeError};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::event::Event;
use crate::files::{Access, Folder};
use crate::resolve::LocalAtom;

/// Why the atoms of a work tree cannot be told.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum LocalError {
    /// Two folders hold an atom of one id.
    #[error("`{first}` and `{second}` both hold an atom `{id}`")]
    #[diagnostic(
        code(eka::local::two_of_one_id),
        help("an id names one atom of a repository: rename one, or give it `publish = false`")
    )]
    Twice {
        /// The id.
        id: Id,
        /// One folder.
        first: AtomPath,
        /// The other.
        second: AtomPath,
    },
    /// The work tree cannot be looked through.
    #[error(transparent)]
    #[diagnostic(transparent)]
    WorkTree(#[from] WorkTreeError),
}

/// Finds the atoms of the work tree. Manifests that cannot be read are left out: whoever depends
/// on one is told that it is not there, and `eka -v` tells why.
///
/// Atoms with `publish = false` count where no other has their id.
pub(crate) fn atoms(ctx: &Context<'_>, repo: &Repo) -> Result<BTreeMap<Id, LocalAtom>, Error> {
    let Some(top) = repo.work_dir() else {
        return Ok(BTreeMap::new());
    };
    let mut found: BTreeMap<Id, LocalAtom> = BTreeMap::new();
    for path in work_tree::atom_folders(repo).map_err(LocalError::from)? {
        let manifest = match manifest(ctx, top.join(path.as_str())) {
            Ok(manifest) => manifest,
            Err(error) => {
                let text = format!("left out `{path}/atom.toml`: {error}");
                ctx.events.emit(Event::Detail(text));
                continue;
            }
        };
        let id = manifest.id.clone();
        let atom = LocalAtom {
            version: manifest.version.clone(),
            path,
            manifest,
        };
        match found.get(&id) {
            Some(before) if before.manifest.publish == atom.manifest.publish => {
                if atom.manifest.publish == Publish::Yes {
                    return Err(twice(id, before, &atom).into());
                }
            }
            Some(before) if before.manifest.publish == Publish::Yes => {}
            _ => {
                found.insert(id, atom);
            }
        }
    }
    Ok(found)
}

fn manifest(ctx: &Context<'_>, folder: PathBuf) -> Result<Manifest, Error> {
    let folder = Folder::open(&folder, Access::Read, ctx.patience())?;
    let texts = folder.load()?;
    Ok(folder.manifest(&texts)?)
}

fn twice(id: Id, before: &LocalAtom, atom: &LocalAtom) -> LocalError {
    LocalError::Twice {
        id,
        first: before.path.clone(),
        second: atom.path.clone(),
    }
}
