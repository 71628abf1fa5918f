//! The atoms of a work tree as it is now: committed or not, but nothing that git ignores.

use std::io;
use std::path::{Path, PathBuf};

use atom::AtomPath;
use gix::worktree::stack::state::ignore::Source;
use miette::Diagnostic;
use thiserror::Error;

use crate::repo::Repo;

/// The manifest's file name.
const MANIFEST: &str = "atom.toml";

/// How deep folders may be nested below the top.
const MAX_DEPTH: usize = 128;

/// Why a work tree cannot be looked through.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum WorkTreeError {
    /// A folder cannot be read.
    #[error("the folder `{}` cannot be read", path.display())]
    #[diagnostic(
        code(eka::work_tree::unreadable),
        help("give yourself leave to read it, or have git ignore it")
    )]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The index or the ignore rules cannot be read.
    #[error("what git ignores cannot be told: {reason}")]
    #[diagnostic(
        code(eka::work_tree::ignore),
        help("see what `git status` says in this work tree")
    )]
    Ignore {
        /// What went wrong.
        reason: String,
    },
}

/// Finds every folder below the top that holds a file `atom.toml`, by path from the top.
///
/// Passed by are what git ignores, `.git`, links, and other repositories inside.
/// A bare repository has none.
///
/// # Errors
///
/// [`WorkTreeError`], by variant.
pub fn atom_folders(repo: &Repo) -> Result<Vec<AtomPath>, WorkTreeError> {
    let Some(top) = repo.work_dir() else {
        return Ok(Vec::new());
    };
    let ignore = |error: &dyn std::fmt::Display| WorkTreeError::Ignore {
        reason: error.to_string(),
    };
    let local = repo.local();
    let index = local.index_or_empty().map_err(|it| ignore(&it))?;
    let mut ignored = local
        .excludes(&index, None, Source::WorktreeThenIdMappingIfNotSkipped)
        .map_err(|it| ignore(&it))?;
    let mut found = Vec::new();
    let mut todo = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = todo.pop() {
        for entry in entries(&top.join(&folder))? {
            let below = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let is_manifest = kind.is_file() && entry.file_name() == MANIFEST;
            let is_folder = kind.is_dir()
                && depth < MAX_DEPTH
                && entry.file_name() != ".git"
                && !entry.path().join(".git").exists();
            if !is_manifest && !is_folder {
                continue;
            }
            let mode = kind.is_dir().then_some(gix::index::entry::Mode::DIR);
            let platform = ignored.at_path(&below, mode);
            if platform.map_err(|it| ignore(&it))?.is_excluded() {
                continue;
            }
            if is_manifest {
                found.extend(path_of(&folder));
            } else {
                todo.push((below, depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<std::fs::DirEntry>, WorkTreeError> {
    let read = || std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>();
    read().map_err(|source| WorkTreeError::Unreadable {
        path: folder.to_owned(),
        source,
    })
}

/// A folder that git could not hold under that name holds no atom.
fn path_of(folder: &Path) -> Option<AtomPath> {
    let text = folder.to_str()?;
    if text.is_empty() { "." } else { text }.parse().ok()
}

/// What git makes of a file of the work tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is in the index.
    Tracked,
    /// Its rules say that it is not to be.
    Ignored,
    /// Neither: it would go along with `git add .`.
    Free,
}

/// Tells what git makes of a file, by its `/`-separated path from the top, which need not be there.
///
/// # Errors
///
/// [`WorkTreeError::Ignore`].
pub fn standing(repo: &Repo, path: &str) -> Result<Standing, WorkTreeError> {
    let ignore = |error: &dyn std::fmt::Display| WorkTreeError::Ignore {
        reason: error.to_string(),
    };
    let local = repo.local();
    let index = local.index_or_empty().map_err(|it| ignore(&it))?;
    if index.entry_by_path(path.into()).is_some() {
        return Ok(Standing::Tracked);
    }
    let mut ignored = local
        .excludes(&index, None, Source::WorktreeThenIdMappingIfNotSkipped)
        .map_err(|it| ignore(&it))?;
    let platform = ignored.at_path(path, None);
    let platform = platform.map_err(|it| ignore(&it))?;
    Ok(match platform.is_excluded() {
        true => Standing::Ignored,
        false => Standing::Free,
    })
}
