//! A claim that does not hold, with both sides.

use std::fmt::Display;

use atom::commit::CommitError;
use atom::{AtomPath, Id, ObjectId, Root, Version};
use atom_git::cache::SpecError;
use atom_git::content::ContentError;
use atom_git::nar::NarError;
use atom_git::objects::ObjectError;
use atom_git::tree_guard::GuardError;
use miette::Diagnostic;
use thiserror::Error;

use crate::exit::Exit;
use crate::pins::PinsError;

/// Why a version is not what is claimed of it.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Lie {
    /// A pin is not what was locked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pin(Box<PinsError>),
    /// Two that must say the same do not.
    #[error("the {what} of `{atom}` is `{first}` by {first_by}, and `{second}` by {second_by}")]
    #[diagnostic(
        code(eka::claim::disagree),
        help(
            "do not use this version, and tell the set's owner: a published version never changes"
        )
    )]
    Disagree {
        /// `<id>@<version>`.
        atom: String,
        /// Which claim, such as "nar".
        what: &'static str,
        /// What one says.
        first: String,
        /// Who says so.
        first_by: String,
        /// What the other says.
        second: String,
        /// Who says that.
        second_by: String,
    },
    /// The ref shows another commit than the lock has.
    #[error(
        "`{id}@{version}` has moved: the lock has the commit {locked}, and `{url}` shows {now}"
    )]
    #[diagnostic(
        code(eka::claim::moved),
        help(
            "a published version never changes: ask the set's owner what happened, and do not take the new commit unseen"
        )
    )]
    Moved {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The commit in the lock.
        locked: ObjectId,
        /// Who shows another.
        url: String,
        /// Which.
        now: ObjectId,
    },
    /// No remote shows the version any more.
    #[error(
        "`{id}@{version}` has vanished: the lock has the commit {locked}, and `{url}` shows none, nor does a mirror"
    )]
    #[diagnostic(
        code(eka::claim::vanished),
        help(
            "a published version is not taken away: ask the set's owner what happened; a mirror that still has it can be named in `[sets]`"
        )
    )]
    Vanished {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The commit in the lock.
        locked: ObjectId,
        /// The set's origin.
        url: String,
    },
    /// Every remote of the set answers, and none has the spec that the lock names.
    #[error(
        "the lock names the spec {locked} for `{id}@{version}`, which no remote has; `{url}` shows {now}"
    )]
    #[diagnostic(
        code(eka::claim::lost_spec),
        help("see who changed the lock, and how; `eka lock` in a clone without it makes it anew")
    )]
    LostSpec {
        /// The atom.
        id: Id,
        /// Its version.
        version: Version,
        /// The spec in the lock.
        locked: ObjectId,
        /// Who shows another.
        url: String,
        /// Which.
        now: ObjectId,
    },
    /// A commit is none that eka writes.
    #[error("the {part} commit {commit} of `{atom}` is none that eka writes")]
    #[diagnostic(
        code(eka::claim::commit),
        help("do not use this version, and tell the set's owner")
    )]
    Commit {
        /// `<id>@<version>`.
        atom: String,
        /// `atom` or `spec`.
        part: &'static str,
        /// The commit.
        commit: ObjectId,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        source: CommitError,
    },
    /// The spec cannot be used.
    #[error("the spec of `{atom}` cannot be used")]
    #[diagnostic(
        code(eka::claim::spec),
        help("do not use this version, and tell the set's owner")
    )]
    Spec {
        /// `<id>@<version>`.
        atom: String,
        /// Why not.
        #[source]
        source: Box<SpecError>,
    },
    /// The content holds what no atom may hold.
    #[error("the content of `{atom}` is refused")]
    #[diagnostic(
        code(eka::claim::content),
        help("nothing of it was written; tell the set's owner")
    )]
    Content {
        /// `<id>@<version>`.
        atom: String,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: GuardError,
    },
    /// The content has no NAR.
    #[error("the content of `{atom}` cannot be hashed")]
    #[diagnostic(
        code(eka::claim::nar),
        help("nothing of it was written; tell the set's owner")
    )]
    Nar {
        /// `<id>@<version>`.
        atom: String,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: NarError,
    },
    /// The source commit has no such folder.
    #[error(
        "`{atom}` claims to be the folder `{path}` of its source {src}, which has no such folder"
    )]
    #[diagnostic(
        code(eka::claim::no_folder),
        help("do not use this version, and tell the set's owner")
    )]
    NoFolder {
        /// `<id>@<version>`.
        atom: String,
        /// The folder.
        path: AtomPath,
        /// The source commit.
        src: ObjectId,
    },
    /// What of the source's folder is the atom cannot be told.
    #[error("`{atom}` claims a folder of its source {src} that cannot be read")]
    #[diagnostic(
        code(eka::claim::folder),
        help("do not use this version, and tell the set's owner")
    )]
    Folder {
        /// `<id>@<version>`.
        atom: String,
        /// The source commit.
        src: ObjectId,
        /// Why not.
        #[source]
        source: Box<ContentError>,
    },
    /// The source commit does not come from the set's root.
    #[error("the root {root} is no ancestor of {src}, which `{atom}` claims as its source")]
    #[diagnostic(
        code(eka::claim::unrelated),
        help("do not use this version, and tell the set's owner")
    )]
    Unrelated {
        /// `<id>@<version>`.
        atom: String,
        /// The set's root.
        root: Root,
        /// The source commit.
        src: ObjectId,
    },
    /// An object that is claimed is not there, or is of another kind.
    #[error("`{atom}` names an object that cannot be had")]
    #[diagnostic(
        code(eka::claim::object),
        help("its remote has lost it, or never had it: tell the set's owner")
    )]
    Object {
        /// `<id>@<version>`.
        atom: String,
        /// Which, and why.
        #[source]
        #[diagnostic_source]
        source: ObjectError,
    },
}

impl Lie {
    /// What it means for the command: to refuse what cannot be read is no reproach.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Commit {
                source: CommitError::UnknownFormat { .. },
                ..
            } => Exit::No,
            Self::Spec { source, .. } => match **source {
                SpecError::Manifest { .. } | SpecError::Cache(_) => Exit::No,
                SpecError::Commit(CommitError::UnknownFormat { .. }) => Exit::No,
                _ => Exit::Integrity,
            },
            Self::Content {
                source: GuardError::Depth { .. } | GuardError::Entries { .. },
                ..
            } => Exit::No,
            Self::Pin(error) => error.exit(),
            _ => Exit::Integrity,
        }
    }
}

impl From<Lie> for crate::error::Error {
    fn from(lie: Lie) -> Self {
        Self::Lie(Box::new(lie))
    }
}

/// Two that must say the same.
pub(crate) fn agree<T: PartialEq + Display>(
    atom: &str,
    what: &'static str,
    (first_by, first): (&str, &T),
    (second_by, second): (&str, &T),
) -> Result<(), Lie> {
    if first == second {
        return Ok(());
    }
    Err(Lie::Disagree {
        atom: atom.to_owned(),
        what,
        first: first.to_string(),
        first_by: first_by.to_owned(),
        second: second.to_string(),
        second_by: second_by.to_owned(),
    })
}
