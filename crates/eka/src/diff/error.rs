//! Why two versions are not compared.

use atom::url::RepoUrl;
use atom::{Id, Version};
use atom_git::objects::ObjectError;
use miette::Diagnostic;
use thiserror::Error;

use crate::exit::Exit;
use crate::versions::first;

/// What keeps `eka diff` from its work.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum DiffError {
    /// A repository or a git ref was named.
    #[error("`{text}` is not a version of an atom")]
    #[diagnostic(
        code(eka::diff::not_an_atom),
        help("name one as `zlib@1.2.0`, or as `gh:owner/repo::zlib@1.2.0`")
    )]
    NotAnAtom {
        /// What was given.
        text: String,
    },
    /// The remote has no such version.
    #[error("`{url}` has no version {which} of `{id}`")]
    #[diagnostic(code(eka::diff::no_version), help("there is: {}", newest(known)))]
    NoVersion {
        /// The atom.
        id: Id,
        /// What was asked for.
        which: String,
        /// The remote.
        url: RepoUrl,
        /// What there is, the newest first.
        known: Vec<Version>,
    },
    /// Several sets of the manifest and the lock have an atom of that id.
    #[error("`{id}` is an atom of several sets here")]
    #[diagnostic(code(eka::diff::ambiguous), help("name one of: {}", names(known)))]
    Ambiguous {
        /// The atom.
        id: Id,
        /// The URIs that would do.
        known: Vec<String>,
    },
    /// The lock has several versions, or atoms of several sets.
    #[error(
        "the lock holds several atoms that `{text}` may mean: {}",
        names(known)
    )]
    #[diagnostic(
        code(eka::diff::several),
        help("name both sides in full, as `eka diff {} VERSION`", known.first().map_or("ID@VERSION", |it| it))
    )]
    Several {
        /// What was given.
        text: String,
        /// What the lock holds.
        known: Vec<String>,
    },
    /// An atom of the work tree has no version that could be brought.
    #[error("the lock holds `{id}` as an atom of the work tree")]
    #[diagnostic(
        code(eka::diff::local),
        help("its source is in this repository: `git diff` shows what changed in it")
    )]
    Local {
        /// The atom.
        id: Id,
    },
    /// The cache lost an object meanwhile.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

impl DiffError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NotAnAtom { .. } => Exit::Usage,
            _ => Exit::No,
        }
    }
}

fn names(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    names.join(", ")
}

fn newest(known: &[Version]) -> String {
    first(known, "others")
}
