//! Why a workflow ended without its report, and what that means for the exit code.

use miette::Diagnostic;
use thiserror::Error;

use crate::context::ContextError;
use crate::exit::Exit;
use crate::files::FilesError;
use crate::project::ProjectError;

/// Any fault of a workflow.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// The folder, the configuration, the network mode.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Context(#[from] ContextError),
    /// Which atom is meant.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Project(#[from] ProjectError),
    /// The manifest and the lock as files.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Files(#[from] FilesError),
    /// A resolution.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Resolve(#[from] Box<crate::resolve::ResolveError>),
    /// The repository one works in.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Repo(#[from] atom_git::repo::RepoError),
    /// A remote.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(#[from] atom_git::remote::RemoteError),
    /// The cache.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] atom_git::cache::CacheError),
    /// The atoms of the work tree.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Local(#[from] crate::local::LocalError),
    /// `eka new`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    New(#[from] crate::new::NewError),
    /// `eka config`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Settings(#[from] crate::settings::SettingsError),
}

impl Error {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Context(error) => error.exit(),
            Self::Project(_) => Exit::Usage,
            Self::Files(error) => error.exit(),
            Self::Resolve(error) => error.exit(),
            Self::Repo(_) => Exit::No,
            Self::Remote(_) => Exit::Network,
            Self::Cache(_) => Exit::No,
            Self::Local(_) => Exit::No,
            Self::New(error) => error.exit(),
            Self::Settings(error) => error.exit(),
        }
    }
}

impl ContextError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Offline { .. } => Exit::Network,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Usage,
        }
    }
}
