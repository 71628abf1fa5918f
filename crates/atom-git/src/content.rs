//! The content tree of an atom: its folder less the atoms below it.

use atom::manifest::{ManifestFaults, Publish, is_atom};
use atom::source::Sourced;
use atom::{AtomPath, ObjectId};
use miette::{Diagnostic, NamedSource};
use thiserror::Error;

use crate::objects::{ObjectError, Objects};
use crate::read::{MANIFEST, MAX_MANIFEST_BYTES};
use crate::tree::Tree;
use crate::tree_guard::Limits;
use crate::write::{Staging, WriteError};

/// What of a folder is the atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The content tree: the folder's own where nothing was cut.
    pub tree: ObjectId,
    /// What was left out, by path.
    pub cut: Vec<Cut>,
    /// The manifests without an `[atom]` table: they are content, and perhaps a mistake.
    pub tableless: Vec<String>,
}

/// A folder that is no part of the atom around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// The path from the repository's top, `/`-separated.
    pub path: String,
    /// Why it was cut.
    pub why: CutWhy,
}

/// Why a folder is no part of the atom around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CutWhy {
    /// It is an atom of its own.
    Atom,
    /// It holds nothing, or nothing but atoms.
    Empty,
}

/// Why the content of an atom cannot be told.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ContentError {
    /// A manifest below the atom cannot be read, so whether its folder is cut is not known.
    #[error("`{path}` decides whether its folder is an atom of its own, and cannot be read")]
    #[diagnostic(
        code(eka::content::manifest),
        help("repair the file, or give it another name")
    )]
    Manifest {
        /// Its path from the repository's top.
        path: String,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        faults: Sourced<ManifestFaults>,
    },
    /// A manifest below the atom is too large or no UTF-8.
    #[error(
        "`{path}` decides whether its folder is an atom of its own, and is no text of at most {limit} bytes"
    )]
    #[diagnostic(
        code(eka::content::text),
        help("repair the file, or give it another name")
    )]
    Text {
        /// Its path from the repository's top.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Folders in folders beyond [`Limits::depth`].
    #[error("`{path}` lies deeper than {limit} folders")]
    #[diagnostic(code(eka::content::depth), help("the limit is `limits.depth`"))]
    Depth {
        /// The path from the repository's top.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// A tree or a manifest is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
    /// A new tree cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
}

/// Cuts the atoms below a folder out of its tree, and folders that hold nothing
/// (`docs/reference/formats.md`, section 4).
///
/// `tree` is the folder's own tree, `path` where it lies. New trees go to `staging`.
///
/// # Errors
///
/// [`ContentError`], by variant.
pub fn content_tree(
    staging: &Staging,
    tree: ObjectId,
    path: &AtomPath,
    limits: &Limits,
) -> Result<Content, ContentError> {
    let objects = staging.objects();
    let mut cutter = Cutter {
        staging,
        objects: &objects,
        limits,
        content: Content {
            tree,
            cut: Vec::new(),
            tableless: Vec::new(),
        },
    };
    let path = if path.is_top() { "" } else { path.as_str() };
    let folder = objects.tree(tree)?;
    if let Some(rest) = cutter.rest(&folder, path, 1)? {
        cutter.content.tree = staging.write_tree(&rest)?;
    }
    cutter.content.cut.sort();
    Ok(cutter.content)
}

struct Cutter<'a> {
    staging: &'a Staging,
    objects: &'a Objects,
    limits: &'a Limits,
    content: Content,
}

impl Cutter<'_> {
    /// What is left of a folder, where that is not all of it.
    fn rest(
        &mut self,
        folder: &Tree,
        path: &str,
        depth: usize,
    ) -> Result<Option<Tree>, ContentError> {
        if depth > self.limits.depth {
            return Err(ContentError::Depth {
                path: path.to_owned(),
                limit: self.limits.depth,
            });
        }
        let mut changed = false;
        let mut kept = Vec::new();
        for mut entry in folder.entries().map_while(Result::ok) {
            if entry.is_folder() {
                let below = join(path, entry.name);
                match self.below(entry.id, below, depth + 1)? {
                    Some(id) => {
                        changed |= id != entry.id;
                        entry.id = id;
                    }
                    None => {
                        changed = true;
                        continue;
                    }
                }
            }
            kept.push(entry);
        }
        Ok(changed.then(|| Tree::print(kept)))
    }

    /// What is left of a folder below the atom's own: its tree, or nothing.
    fn below(
        &mut self,
        id: ObjectId,
        path: String,
        depth: usize,
    ) -> Result<Option<ObjectId>, ContentError> {
        let folder = self.objects.tree(id)?;
        if self.is_atom(&folder, &path)? {
            let why = CutWhy::Atom;
            self.content.cut.push(Cut { path, why });
            return Ok(None);
        }
        let rest = self.rest(&folder, &path, depth)?;
        if rest.as_ref().unwrap_or(&folder).as_bytes().is_empty() {
            let why = CutWhy::Empty;
            self.content.cut.push(Cut { path, why });
            return Ok(None);
        }
        match rest {
            Some(rest) => Ok(Some(self.staging.write_tree(&rest)?)),
            None => Ok(Some(id)),
        }
    }

    /// Whether a folder is an atom that is published by itself.
    fn is_atom(&mut self, folder: &Tree, path: &str) -> Result<bool, ContentError> {
        let entry = folder.find(MANIFEST.as_bytes());
        let Some(entry) = entry.filter(|it| it.is_file()) else {
            return Ok(false);
        };
        let path = join(path, MANIFEST.as_bytes());
        let Some(text) = self.text(entry.id)? else {
            let limit = MAX_MANIFEST_BYTES;
            return Err(ContentError::Text { path, limit });
        };
        match is_atom(&text) {
            Ok(Some(publish)) => Ok(publish == Publish::Yes),
            Ok(None) => {
                self.content.tableless.push(path);
                Ok(false)
            }
            Err(error) => {
                let text = NamedSource::new(&path, text.into());
                let faults = Sourced { error, text };
                Err(ContentError::Manifest { path, faults })
            }
        }
    }

    fn text(&self, id: ObjectId) -> Result<Option<String>, ObjectError> {
        match self.objects.header(id)? {
            Some((_, size)) if size > MAX_MANIFEST_BYTES => Ok(None),
            _ => Ok(String::from_utf8(self.objects.blob(id)?).ok()),
        }
    }
}

fn join(folder: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    match folder {
        "" => name.into_owned(),
        _ => format!("{folder}/{name}"),
    }
}
