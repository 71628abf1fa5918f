//! What atoms a commit holds.

use std::collections::HashSet;

use atom::{AtomPath, ObjectId};
use miette::Diagnostic;
use thiserror::Error;

use crate::objects::{ObjectError, Objects};
use crate::tree::{Entry, Tree};

/// The manifest's name in an atom's folder.
pub const MANIFEST: &str = "atom.toml";

/// The lock's name in an atom's folder.
pub const LOCK: &str = "atom.lock";

/// The largest manifest that is read, in bytes.
pub const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The largest lock that is read, in bytes.
pub const MAX_LOCK_BYTES: u64 = 16 << 20;

/// How many folders in each other are looked into.
const MAX_DEPTH: usize = 512;

/// A folder with a manifest. Whether the manifest makes an atom of it is for
/// [`atom::manifest::is_atom`] to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtomFolder {
    /// The folder.
    pub path: AtomPath,
    /// Its tree, nothing cut.
    pub tree: ObjectId,
    /// `atom.toml`.
    pub manifest: TextBlob,
    /// `atom.lock`, where there is one.
    pub lock: Option<TextBlob>,
}

/// A file of text, and the blob that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBlob {
    /// The blob.
    pub id: ObjectId,
    /// Its text.
    pub text: String,
}

/// What [`atoms`] finds.
#[derive(Debug, Default)]
pub struct Survey {
    /// The folders with a manifest, by path.
    pub folders: Vec<AtomFolder>,
    /// The folders that look like atoms and cannot be read as such.
    pub faults: Vec<FolderFault>,
}

/// Why a folder with an `atom.toml` cannot be read as an atom.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum FolderFault {
    /// `atom.toml` or `atom.lock` is a link, a folder or a submodule.
    #[error("`{path}` is no regular file")]
    #[diagnostic(
        code(eka::folder::not_a_file),
        help("a published manifest or lock is the file itself: replace it by its content")
    )]
    NotAFile {
        /// The path from the repository's top, escaped.
        path: String,
    },
    /// The file is larger than any reader takes.
    #[error("`{path}` has {size} bytes, more than {limit}")]
    #[diagnostic(
        code(eka::folder::too_large),
        help("a manifest has at most 1 MiB, a lock 16")
    )]
    TooLarge {
        /// The path from the repository's top, escaped.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is no UTF-8.
    #[error("`{path}` is not UTF-8")]
    #[diagnostic(
        code(eka::folder::not_utf8),
        help("TOML is UTF-8: save the file in that encoding")
    )]
    NotUtf8 {
        /// The path from the repository's top, escaped.
        path: String,
    },
    /// The folder's own path cannot be recorded.
    #[error("`{path}` cannot be the folder of an atom")]
    #[diagnostic(
        code(eka::folder::path),
        help("names are UTF-8 without control characters and `\\`; rename the folder")
    )]
    Path {
        /// The path from the repository's top, escaped.
        path: String,
    },
    /// The folder lies deeper than is looked into.
    #[error("`{path}` lies deeper than {limit} folders")]
    #[diagnostic(code(eka::folder::depth))]
    Depth {
        /// The path from the repository's top, escaped.
        path: String,
        /// The limit.
        limit: usize,
    },
}

/// Why a commit's folders cannot be read.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ReadError {
    /// The commit has no such folder.
    #[error("commit `{commit}` has no folder `{path}`")]
    #[diagnostic(
        code(eka::read::no_folder),
        help("what is not committed is not published; `git status` tells what is new")
    )]
    NoFolder {
        /// The commit.
        commit: ObjectId,
        /// The folder.
        path: AtomPath,
    },
    /// The folder has no manifest.
    #[error("`{path}` has no `atom.toml` in commit `{commit}`")]
    #[diagnostic(
        code(eka::read::no_manifest),
        help("make one by `eka new {path}` and commit it")
    )]
    NoManifest {
        /// The commit.
        commit: ObjectId,
        /// The folder.
        path: AtomPath,
    },
    /// The folder has a manifest that cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Folder(#[from] FolderFault),
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

/// Finds every folder of a commit that has an `atom.toml`, the top included.
///
/// Submodules and links are not followed.
///
/// # Errors
///
/// [`ObjectError`] for a tree or a blob that is missing or damaged.
pub fn atoms(objects: &Objects, commit: ObjectId) -> Result<Survey, ObjectError> {
    let mut walk = Walk {
        objects,
        barren: HashSet::new(),
        survey: Survey::default(),
    };
    walk.folder(objects.tree_of(commit)?, "", 0)?;
    let mut survey = walk.survey;
    survey.folders.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(survey)
}

/// Reads one folder of a commit, without looking at the others.
///
/// # Errors
///
/// [`ReadError`], by variant.
pub fn folder(
    objects: &Objects,
    commit: ObjectId,
    path: &AtomPath,
) -> Result<AtomFolder, ReadError> {
    let tree = subtree(objects, commit, path)?.ok_or_else(|| ReadError::NoFolder {
        commit,
        path: path.clone(),
    })?;
    read_folder(objects, tree, path.clone())?.ok_or_else(|| ReadError::NoManifest {
        commit,
        path: path.clone(),
    })
}

/// The tree at `path` in a commit, if there is one.
///
/// # Errors
///
/// [`ObjectError`] for a tree on the way that is missing or damaged.
pub fn subtree(
    objects: &Objects,
    commit: ObjectId,
    path: &AtomPath,
) -> Result<Option<ObjectId>, ObjectError> {
    let mut id = objects.tree_of(commit)?;
    if path.is_top() {
        return Ok(Some(id));
    }
    for name in path.as_str().split('/') {
        let tree = objects.tree(id)?;
        match tree.find(name.as_bytes()).filter(Entry::is_folder) {
            Some(entry) => id = entry.id,
            None => return Ok(None),
        }
    }
    Ok(Some(id))
}

/// Reads the manifest and the lock of a tree, as an atom's folder and a spec have them; none
/// where there is no manifest.
///
/// # Errors
///
/// [`ReadError::Folder`], [`ReadError::Object`].
pub fn read_folder(
    objects: &Objects,
    tree: ObjectId,
    path: AtomPath,
) -> Result<Option<AtomFolder>, ReadError> {
    let entries = objects.tree(tree)?;
    if entries.find(MANIFEST.as_bytes()).is_none() {
        return Ok(None);
    }
    let (manifest, lock) = texts(objects, &entries, path.as_str())?;
    Ok(Some(AtomFolder {
        path,
        tree,
        manifest,
        lock,
    }))
}

struct Walk<'a> {
    objects: &'a Objects,
    /// Trees without any `atom.toml` in or below them.
    barren: HashSet<ObjectId>,
    survey: Survey,
}

impl Walk<'_> {
    /// Looks into a folder, and says whether there was anything at or below it.
    fn folder(&mut self, id: ObjectId, path: &str, depth: usize) -> Result<bool, ObjectError> {
        if self.barren.contains(&id) {
            return Ok(false);
        }
        if depth > MAX_DEPTH {
            self.survey.faults.push(FolderFault::Depth {
                path: path.to_owned(),
                limit: MAX_DEPTH,
            });
            return Ok(true);
        }
        let tree = self.objects.tree(id)?;
        let mut fertile = tree.find(MANIFEST.as_bytes()).is_some();
        if fertile {
            self.found(id, &tree, path)?;
        }
        for entry in tree.entries().map_while(Result::ok) {
            if entry.is_folder() {
                let below = join(path, entry.name);
                fertile |= self.folder(entry.id, &below, depth + 1)?;
            }
        }
        if !fertile {
            self.barren.insert(id);
        }
        Ok(fertile)
    }

    fn found(&mut self, id: ObjectId, tree: &Tree, path: &str) -> Result<(), ObjectError> {
        let shown = if path.is_empty() { "." } else { path };
        let Ok(path) = shown.parse::<AtomPath>() else {
            let path = shown.to_owned();
            self.survey.faults.push(FolderFault::Path { path });
            return Ok(());
        };
        match texts(self.objects, tree, shown) {
            Ok((manifest, lock)) => self.survey.folders.push(AtomFolder {
                path,
                tree: id,
                manifest,
                lock,
            }),
            Err(ReadError::Folder(fault)) => self.survey.faults.push(fault),
            Err(ReadError::Object(error)) => return Err(error),
            Err(ReadError::NoFolder { .. } | ReadError::NoManifest { .. }) => {}
        }
        Ok(())
    }
}

/// The manifest and the lock of a folder that has an entry of the manifest's name.
fn texts(
    objects: &Objects,
    tree: &Tree,
    path: &str,
) -> Result<(TextBlob, Option<TextBlob>), ReadError> {
    let read = |name: &str, limit| {
        let entry = tree.find(name.as_bytes());
        let path = match path {
            "." => name.to_owned(),
            _ => format!("{path}/{name}"),
        };
        entry.map(|it| text(objects, it, path, limit)).transpose()
    };
    let lock = read(LOCK, MAX_LOCK_BYTES)?;
    let manifest = read(MANIFEST, MAX_MANIFEST_BYTES)?;
    let manifest = manifest.expect("the caller has seen an entry of that name");
    Ok((manifest, lock))
}

fn text(
    objects: &Objects,
    entry: Entry<'_>,
    path: String,
    limit: u64,
) -> Result<TextBlob, ReadError> {
    if !entry.is_file() {
        return Err(FolderFault::NotAFile { path }.into());
    }
    let id = entry.id;
    match objects.header(id)? {
        Some((_, size)) if size > limit => {
            return Err(FolderFault::TooLarge { path, size, limit }.into());
        }
        _ => {}
    }
    let text = String::from_utf8(objects.blob(id)?).map_err(|_| FolderFault::NotUtf8 { path })?;
    Ok(TextBlob { id, text })
}

/// The path of an entry; bytes that are not UTF-8 are shown in a way that no folder can have.
fn join(folder: &str, name: &[u8]) -> String {
    let name = match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => name.escape_ascii().to_string(),
    };
    match folder {
        "" => name,
        _ => format!("{folder}/{name}"),
    }
}
