//! Why nothing is published, and what is odd.

use std::io;
use std::path::PathBuf;

use atom::{AtomPathError, Id, ObjectId, Requirement};
use atom_git::objects::ObjectError;
use atom_git::publish::{self, CollectError, Kind};
use atom_git::remote::push::PushError;
use miette::Diagnostic;
use thiserror::Error;

use crate::error::remote;
use crate::exit::Exit;

/// Why nothing is published.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PublishError {
    /// There is no current folder that an atom could be around.
    #[error("a bare repository has no current atom")]
    #[diagnostic(
        code(eka::publish::no_folder),
        help("name atoms by id or folder, or publish them all by `--all`")
    )]
    NoFolder,
    /// The folder is not in the repository.
    #[error("`{}` is not below `{}`", folder.display(), top.display())]
    #[diagnostic(
        code(eka::publish::outside),
        help("name a folder of the repository that one works in; `-C DIR` works in another")
    )]
    Outside {
        /// What was named.
        folder: PathBuf,
        /// The repository's top.
        top: PathBuf,
    },
    /// No atom can lie in the folder.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Path(#[from] AtomPathError),
    /// An atom of the commit cannot be published anywhere.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Collect(#[from] CollectError),
    /// A remote may not get it, or gave no usable answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(Box<publish::PublishError>),
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
    /// There is no place for what is to be pushed.
    #[error("cannot prepare the push in `{}`", path.display())]
    #[diagnostic(
        code(eka::publish::scratch),
        help("see that the folder is yours and the disk not full; it may be removed at any time")
    )]
    Scratch {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// The work tree holds something else than what is published.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error(
    "the work tree differs from commit `{commit}`, which is what is published: {}",
    some(paths)
)]
#[diagnostic(
    severity(warning),
    code(eka::publish::dirty),
    help("commit what is to be published")
)]
pub struct Dirty {
    /// The commit.
    pub commit: ObjectId,
    /// The paths of the chosen atoms that differ, from the repository's top.
    pub paths: Vec<String>,
}

/// A dependency by `::` that consumers will not find.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error(
    "`{id}` depends on `{dep}` `{req}` of this repository, of which nothing is published that fits"
)]
#[diagnostic(
    severity(warning),
    code(eka::publish::unfound),
    help("who adds `{id}` needs it: run `eka publish {dep}` too")
)]
pub struct Unfound {
    /// The atom.
    pub id: Id,
    /// The dependency.
    pub dep: Id,
    /// The versions that will do.
    pub req: Requirement,
}

impl PublishError {
    /// What it means for the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoFolder | Self::Outside { .. } | Self::Path(_) => Exit::Usage,
            Self::Collect(error) => match error.kind() {
                Kind::Refused => Exit::No,
                Kind::OutOfDate => Exit::OutOfDate,
                Kind::Invalid => Exit::Usage,
            },
            Self::Remote(error) => match &**error {
                publish::PublishError::Remote(error)
                | publish::PublishError::Push(PushError::Remote(error)) => remote(error),
                _ => Exit::No,
            },
            Self::Object(_) | Self::Scratch { .. } => Exit::No,
        }
    }
}

impl From<publish::PublishError> for PublishError {
    fn from(error: publish::PublishError) -> Self {
        Self::Remote(Box::new(error))
    }
}

/// The first few, and how many more.
fn some(paths: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = paths
        .iter()
        .take(SHOWN)
        .map(|it| format!("`{it}`"))
        .collect();
    let shown = shown.join(", ");
    match paths.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
