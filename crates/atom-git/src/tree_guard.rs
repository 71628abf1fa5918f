//! Refuses hostile trees before anything is written or rendered.

use std::collections::HashSet;
use std::fmt;

use atom::ObjectId;
pub use fetch::name::NameFault;
use miette::Diagnostic;
use thiserror::Error;

use crate::objects::{ObjectError, Objects};
use crate::tree::{Entry, Mode};

/// A tree that [`guard`] has passed: nothing in it can leave the folder it is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardedTree {
    id: ObjectId,
    n_files: usize,
    n_folders: usize,
}

/// How large a tree may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many folders may lie in each other; the top is the first.
    pub depth: usize,
    /// How many entries there may be, in all folders together, shared folders counted each time.
    pub entries: usize,
    /// What is made of other repositories' commits.
    pub submodules: Submodules,
}

/// What is made of an entry that is another repository's commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Submodules {
    /// It is refused: an atom is whole.
    #[default]
    Refuse,
    /// It is an empty folder, as git leaves one that is not initialised, and as Nix reads it.
    Empty,
}

/// Why a tree is refused.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum GuardError {
    /// An entry that no atom may hold.
    #[error("`{path}` {fault}")]
    #[diagnostic(code(eka::tree::hostile), help("{}", fault.help()))]
    Entry {
        /// The path from the tree's top, escaped.
        path: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Folders in folders beyond [`Limits::depth`].
    #[error("`{path}` lies deeper than {limit} folders")]
    #[diagnostic(code(eka::tree::depth), help("the limit is `limits.depth`"))]
    Depth {
        /// The path from the tree's top, escaped.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// More entries than [`Limits::entries`].
    #[error("tree `{tree}` has more than {limit} entries")]
    #[diagnostic(code(eka::tree::entries), help("the limit is `limits.entries`"))]
    Entries {
        /// The tree.
        tree: ObjectId,
        /// The limit.
        limit: usize,
    },
    /// A tree is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

/// What is wrong with an entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Its name may not stand in a folder.
    Name(NameFault),
    /// The name comes twice in its folder.
    Twice,
    /// The entry is not in its place in the order of names.
    Order,
    /// The entry is another repository's commit.
    Gitlink,
    /// The entry's mode is none of those git writes.
    OddMode,
}

impl GuardedTree {
    /// Passes a tree unseen, to try what lies behind the guard.
    #[cfg(test)]
    pub(crate) const fn unchecked(id: ObjectId) -> Self {
        Self {
            id,
            n_files: 0,
            n_folders: 1,
        }
    }

    /// The tree.
    #[must_use]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// How many files and links it holds.
    #[must_use]
    pub const fn n_files(&self) -> usize {
        self.n_files
    }

    /// How many folders it holds, itself included.
    #[must_use]
    pub const fn n_folders(&self) -> usize {
        self.n_folders
    }
}

impl Default for Limits {
    /// 64 folders deep, and a million entries.
    fn default() -> Self {
        Self {
            depth: 64,
            entries: 1_000_000,
            submodules: Submodules::Refuse,
        }
    }
}

impl Fault {
    const fn help(self) -> &'static str {
        match self {
            Self::Gitlink => {
                "an atom cannot hold a submodule: copy the files, or depend on an atom"
            }
            Self::OddMode => "the modes are 100644, 100755, 120000 and 40000",
            Self::Twice | Self::Order => "no git that is in order writes such a tree",
            Self::Name(NameFault::DotGit) => {
                "on some file system that name is `.git`, whose hooks git runs"
            }
            Self::Name(_) => {
                "a name is UTF-8 without `/`, `\\` and control characters, and not `.` or `..`"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(fault) => return fault.fmt(f),
            Self::Twice => "is there twice",
            Self::Order => "is not in its place in the tree",
            Self::Gitlink => "is a submodule",
            Self::OddMode => "has an odd mode",
        })
    }
}

/// Walks all of a tree, and passes it if every entry is one that an atom may hold.
///
/// # Errors
///
/// [`GuardError`] for the first entry that is not, in the order of the walk.
pub fn guard(
    objects: &Objects,
    tree: ObjectId,
    limits: &Limits,
) -> Result<GuardedTree, GuardError> {
    let mut passed = GuardedTree {
        id: tree,
        n_files: 0,
        n_folders: 1,
    };
    // (tree, path, depth): a stack of its own, so that no depth can overflow ours.
    let mut open = vec![(tree, Vec::new(), 1)];
    while let Some((id, path, depth)) = open.pop() {
        if depth > limits.depth {
            return Err(GuardError::Depth {
                path: escape(&path),
                limit: limits.depth,
            });
        }
        let folder = objects.tree(id)?;
        let entries: Vec<_> = folder.entries().map_while(Result::ok).collect();
        let n_entries = passed.n_files + passed.n_folders + entries.len();
        if n_entries > limits.entries.saturating_add(1) {
            let limit = limits.entries;
            return Err(GuardError::Entries { tree, limit });
        }
        if let Err((name, fault)) = check_folder(&entries, limits.submodules) {
            let path = escape(&join(&path, name));
            return Err(GuardError::Entry { path, fault });
        }
        for entry in entries {
            if entry.is_folder() {
                passed.n_folders += 1;
                open.push((entry.id, join(&path, entry.name), depth + 1));
            } else {
                passed.n_files += 1;
            }
        }
    }
    Ok(passed)
}

/// Whether a name can stand in an atom.
///
/// # Errors
///
/// The first rule that it breaks.
pub fn check_name(name: &[u8]) -> Result<(), Fault> {
    fetch::name::check(name).map_err(Fault::Name)
}

/// Checks the names, the modes and the order of one folder.
fn check_folder<'a>(
    entries: &[Entry<'a>],
    submodules: Submodules,
) -> Result<(), (&'a [u8], Fault)> {
    let mut names = HashSet::with_capacity(entries.len());
    let mut last: Option<&Entry<'a>> = None;
    for entry in entries {
        let refuse = |fault| (entry.name, fault);
        check_name(entry.name).map_err(refuse)?;
        if !(entry.is_submodule() && submodules == Submodules::Empty) {
            check_mode(entry).map_err(refuse)?;
        }
        // A file and a folder of one name need not be neighbours: `a`, `a.b`, `a/`.
        if !names.insert(entry.name) {
            return Err(refuse(Fault::Twice));
        }
        if last.is_some_and(|it| it.tree_order(entry).is_ge()) {
            return Err(refuse(Fault::Order));
        }
        last = Some(entry);
    }
    Ok(())
}

fn check_mode(entry: &Entry<'_>) -> Result<(), Fault> {
    match entry.kind() {
        Some(Mode::Folder | Mode::File | Mode::Executable | Mode::Symlink) => Ok(()),
        None if entry.is_submodule() => Err(Fault::Gitlink),
        None => Err(Fault::OddMode),
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() {
        return name.to_owned();
    }
    [folder, b"/", name].concat()
}

/// A path that is safe to show: no control, no byte that is not ASCII.
fn escape(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}
