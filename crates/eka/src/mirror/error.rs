//! Why nothing is copied.

use atom::refname::Part;
use atom::{Id, ObjectId, Root, Version};
use miette::Diagnostic;
use thiserror::Error;

use crate::exit::Exit;

/// Why nothing is copied.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum MirrorError {
    /// There is nothing to copy: the source is no set.
    #[error("`{url}` is no set of atoms: it has no `refs/eka/root`")]
    #[diagnostic(
        code(eka::mirror::no_set),
        help("its owner makes it one by `eka init`; check the URL")
    )]
    NoSet {
        /// The repository's URL, passwords as `***`.
        url: String,
    },
    /// The set has no such atom.
    #[error("`{url}` has no atom `{id}`")]
    #[diagnostic(
        code(eka::mirror::no_atom),
        help("`eka versions {url}` shows the atoms that it has")
    )]
    NoAtom {
        /// The repository's URL, passwords as `***`.
        url: String,
        /// The atom.
        id: Id,
    },
    /// The two are different sets.
    #[error("`{to}` has the root {theirs}, and `{from}` has {ours}")]
    #[diagnostic(
        code(eka::mirror::other_root),
        help("they are different sets: copy to a repository of the same root, or without one")
    )]
    OtherRoot {
        /// Where from.
        from: String,
        /// Where to.
        to: String,
        /// The root there.
        ours: Root,
        /// The root here.
        theirs: Root,
    },
    /// The destination has something else.
    #[error("`{to}` has something else than `{from}`")]
    #[diagnostic(
        code(eka::mirror::conflict),
        help(
            "a published version never changes: find out who is right before either is used; name atoms to copy others alone"
        )
    )]
    Conflict {
        /// Where from.
        from: String,
        /// Where to.
        to: String,
        /// What.
        #[related]
        conflicts: Vec<Conflict>,
    },
    /// The source lists what it does not send.
    #[error("`{url}` lists {object}, and does not have it")]
    #[diagnostic(
        code(eka::mirror::lost),
        help("tell its owner; a mirror of it may still have the object")
    )]
    Lost {
        /// The repository's URL, passwords as `***`.
        url: String,
        /// The object.
        object: ObjectId,
    },
    /// There is no place for what is to be copied.
    #[error("cannot prepare the copy in `{}`", path.display())]
    #[diagnostic(
        code(eka::mirror::scratch),
        help("see that the folder is yours and the disk not full; it may be removed at any time")
    )]
    Scratch {
        /// The folder.
        path: std::path::PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
}

/// One ref that is something else.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{id}@{version}`: its `{part}` is {to} there, and {} here", or_none(from.as_ref()))]
#[diagnostic(code(eka::mirror::other_commit))]
pub struct Conflict {
    /// The atom.
    pub id: Id,
    /// The version.
    pub version: Version,
    /// Which ref of it.
    pub part: Part,
    /// What it is where from, where it is there.
    pub from: Option<ObjectId>,
    /// What it is where to.
    pub to: ObjectId,
}

/// A version that is not copied.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error(
    "`{id}@{version}` has format `{format}`, which this version does not know, and is not copied"
)]
#[diagnostic(
    severity(warning),
    code(eka::mirror::unknown_format),
    help("a newer `eka` can copy it")
)]
pub(super) struct UnknownFormat {
    pub(super) id: Id,
    pub(super) version: Version,
    pub(super) format: u64,
}

impl MirrorError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Conflict { .. } => Exit::Integrity,
            _ => Exit::No,
        }
    }
}

fn or_none(id: Option<&ObjectId>) -> String {
    id.map_or_else(|| "none".to_owned(), ToString::to_string)
}
