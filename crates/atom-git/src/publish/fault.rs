//! Why an atom of a commit cannot be published anywhere.

use atom::lock::LockFaults;
use atom::manifest::ManifestFaults;
use atom::source::Sourced;
use atom::{AtomPath, Id, ObjectId, Requirement};
use miette::Diagnostic;
use thiserror::Error;

use crate::content::ContentError;
use crate::nar::NarError;
use crate::objects::ObjectError;
use crate::read::{FolderFault, ReadError};
use crate::tree_guard::GuardError;
use crate::write::WriteError;

/// Why nothing of a commit can be published.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum CollectError {
    /// One atom is at fault.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fault(#[from] Box<AtomFault>),
    /// Several are, or one in several ways.
    #[error("{} things stand against publishing", faults.len())]
    #[diagnostic(
        code(eka::publish::faults),
        help("nothing is published until each of them is seen to")
    )]
    Faults {
        /// Each of them.
        #[related]
        faults: Vec<AtomFault>,
    },
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
    /// A new tree or commit cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// The hash of a NAR cannot be computed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Nar(#[from] NarError),
}

/// What stands against publishing one atom.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum AtomFault {
    /// The commit holds no atom that is published.
    #[error("commit `{commit}` has no atom to publish")]
    #[diagnostic(
        code(eka::publish::no_atoms),
        help("`eka new DIR` makes one; commit it, for what is not committed is not published")
    )]
    NoAtoms {
        /// The commit.
        commit: ObjectId,
    },
    /// No atom of the commit has that id.
    #[error("commit `{commit}` has no atom `{id}`")]
    #[diagnostic(code(eka::publish::no_id), help("{}", no_id_help(id, known, unread)))]
    NoId {
        /// The id.
        id: Id,
        /// The commit.
        commit: ObjectId,
        /// The ids that there are.
        known: Vec<Id>,
        /// The folders whose manifest cannot be read.
        unread: Vec<AtomPath>,
    },
    /// Neither the folder nor one above it is an atom in the commit.
    #[error("`{path}` is in no atom of commit `{commit}`")]
    #[diagnostic(
        code(eka::publish::not_in_an_atom),
        help(
            "name atoms by id or folder, or publish them all by `--all`; what is not committed is not published"
        )
    )]
    NotInAnAtom {
        /// The folder.
        path: AtomPath,
        /// The commit.
        commit: ObjectId,
    },
    /// The folder's `atom.toml` has no `[atom]` table.
    #[error("`{path}` is no atom: its `atom.toml` has no `[atom]` table")]
    #[diagnostic(
        code(eka::publish::no_table),
        help("begin it with `[atom]`, `id = \"my-atom\"` and `version = \"0.1.0\"`, and commit")
    )]
    NoTable {
        /// The folder.
        path: AtomPath,
    },
    /// The atom says that it is not published.
    #[error("`{path}` has `publish = false`")]
    #[diagnostic(
        code(eka::publish::not_published),
        help(
            "it is content of the atom around it, if there is one; to publish it by itself take the line out of `{path}/atom.toml`, and commit"
        )
    )]
    NotPublished {
        /// The folder.
        path: AtomPath,
    },
    /// The folder is not there, or has no manifest.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Read(ReadError),
    /// The manifest or the lock is no file that can be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Folder(FolderFault),
    /// The manifest is not valid, or not for readers elsewhere.
    #[error("the manifest of `{path}` cannot be published")]
    #[diagnostic(code(eka::publish::manifest), help("repair it, and commit"))]
    Manifest {
        /// The folder.
        path: AtomPath,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        faults: Sourced<ManifestFaults>,
    },
    /// The lock is not valid.
    #[error("the lock of `{path}` is not valid")]
    #[diagnostic(
        code(eka::publish::lock),
        help("write it anew by `eka lock` in `{path}`, and commit it")
    )]
    Lock {
        /// The folder.
        path: AtomPath,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        faults: Sourced<LockFaults>,
    },
    /// The atom has dependencies and no lock.
    #[error("`{path}` has dependencies and no `atom.lock`")]
    #[diagnostic(
        code(eka::publish::no_lock),
        help("run `eka lock` in `{path}`, and commit `atom.lock`")
    )]
    NoLock {
        /// The folder.
        path: AtomPath,
    },
    /// The lock does not answer the manifest.
    #[error("the lock of `{path}` is out of date:\n{}", changes.join("\n"))]
    #[diagnostic(
        code(eka::publish::lock_out_of_date),
        help("run `eka lock` in `{path}`, and commit `atom.lock`")
    )]
    OutOfDate {
        /// The folder.
        path: AtomPath,
        /// What differs, a line each.
        changes: Vec<String>,
    },
    /// A dependency by `::` is an atom that is never published.
    #[error("`{path}` depends on `{id}`, which has `publish = false`")]
    #[diagnostic(
        code(eka::publish::unpublished_dependency),
        help(
            "who depends on this atom could never get `{id}`: take `publish = false` out of `{at}/atom.toml`, or drop the dependency"
        )
    )]
    UnpublishedDependency {
        /// The folder.
        path: AtomPath,
        /// The dependency.
        id: Id,
        /// Its folder.
        at: AtomPath,
    },
    /// A dependency by `::` is no atom of the commit, or of another version.
    #[error("`{path}` depends on `{id}` `{req}` of this repository, and the commit has {}", has(found.as_deref()))]
    #[diagnostic(
        code(eka::publish::no_such_dependency),
        help("commit such an atom, or change the requirement in `{path}/atom.toml`")
    )]
    NoSuchDependency {
        /// The folder.
        path: AtomPath,
        /// The dependency.
        id: Id,
        /// The versions that will do.
        req: Requirement,
        /// The version that is there.
        found: Option<String>,
    },
    /// Several folders of the commit are one atom.
    #[error("`{id}` is the atom of several folders: {}", quoted(paths))]
    #[diagnostic(
        code(eka::publish::two_of_one_id),
        help("give each another id, or `publish = false` to all but one")
    )]
    TwoOfOneId {
        /// The id.
        id: Id,
        /// The folders.
        paths: Vec<AtomPath>,
    },
    /// What of the folder is the atom cannot be told.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Content(ContentError),
    /// The content holds what no atom may hold.
    #[error("the content of `{path}` cannot be published")]
    #[diagnostic(code(eka::publish::content))]
    Hostile {
        /// The folder.
        path: AtomPath,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        error: GuardError,
    },
}

/// What a fault means for the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The answer is no.
    Refused,
    /// A lock is out of date.
    OutOfDate,
    /// A manifest or a lock is not valid.
    Invalid,
}

impl AtomFault {
    /// What it means.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Lock { faults, .. } if faults.error.is_patched() => Kind::OutOfDate,
            Self::Manifest { .. }
            | Self::Lock { .. }
            | Self::Folder(_)
            | Self::NoTable { .. }
            | Self::Content(ContentError::Manifest { .. } | ContentError::Text { .. }) => {
                Kind::Invalid
            }
            Self::NoLock { .. } | Self::OutOfDate { .. } => Kind::OutOfDate,
            _ => Kind::Refused,
        }
    }
}

impl CollectError {
    /// What it means; of several faults the gravest.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Fault(fault) => fault.kind(),
            Self::Faults { faults } => {
                let kinds = faults.iter().map(AtomFault::kind);
                kinds.max().unwrap_or(Kind::Refused)
            }
            Self::Object(_) | Self::Write(_) | Self::Nar(_) => Kind::Refused,
        }
    }
}

impl From<AtomFault> for CollectError {
    fn from(fault: AtomFault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

/// Nothing, where there is no fault.
pub(super) fn refused(mut faults: Vec<AtomFault>) -> Result<(), CollectError> {
    match (faults.pop(), faults.is_empty()) {
        (None, _) => Ok(()),
        (Some(only), true) => Err(only.into()),
        (Some(last), false) => {
            faults.push(last);
            Err(CollectError::Faults { faults })
        }
    }
}

fn no_id_help(id: &Id, known: &[Id], unread: &[AtomPath]) -> String {
    if !unread.is_empty() {
        return format!(
            "it may be one of those whose manifest cannot be read: {}",
            quoted(unread)
        );
    }
    let alike = |it: &&Id| it.as_str().to_lowercase() == id.as_str().to_lowercase();
    if let Some(near) = known.iter().find(alike) {
        return format!("did you mean `{near}`?");
    }
    match known {
        [] => "the commit has no atoms at all; what is not committed is not published".to_owned(),
        known if known.len() <= 10 => format!("the commit has: {}", quoted(known)),
        known => format!(
            "the commit has {} others; what is not committed is not published",
            known.len()
        ),
    }
}

fn has(found: Option<&str>) -> String {
    found.map_or_else(|| "none".to_owned(), |it| format!("`{it}`"))
}

fn quoted<T: std::fmt::Display>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(|it| format!("`{it}`")).collect();
    items.join(", ")
}
