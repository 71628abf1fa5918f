//! Why a workflow ended without its report, and what that means for the exit code.

use atom::source::Sourced;
use atom::uri::UriError;
use atom_git::cache::{CacheError, SpecError};
use atom_git::remote::push::PushError;
use atom_git::remote::{Fault, RemoteError};
use atom_git::repo::RepoError;
use atom_git::root::RootError;
use atom_git::write::WriteError;
use miette::Diagnostic;
use thiserror::Error;

use crate::context::ContextError;
use crate::exit::Exit;
use crate::files::FilesError;
use crate::project::ProjectError;
use crate::remotes::ObjectsError;
use crate::resolve::ResolveError;
use crate::target::TargetError;

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
    /// A URI that is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Uri(#[from] UriError),
    /// Where the repository is published.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Target(#[from] TargetError),
    /// The repository that one works in.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Repo(#[from] RepoError),
    /// The root of its set.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Root(#[from] RootError),
    /// A remote that gave no usable answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(#[from] RemoteError),
    /// A remote that lists what it does not have.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Objects(#[from] ObjectsError),
    /// A push that changed nothing.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Push(#[from] PushError),
    /// What was to be pushed could not be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// The cache.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
    /// A spec that cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Spec(#[from] SpecError),
    /// No resolution.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Resolve(Box<Sourced<ResolveError>>),
    /// `eka lock`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] crate::lock::LockError),
    /// `eka lock --check`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Check(#[from] crate::lock::CheckError),
    /// What stands in for atoms for a while.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Patch(#[from] crate::patches::PatchError),
    /// `eka lock --merge`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Merge(#[from] crate::lock::MergeError),
    /// `eka add` and `eka remove`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Add(#[from] crate::add::AddError),
    /// `eka update`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Update(#[from] crate::update::UpdateError),
    /// Pins.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pins(#[from] crate::pins::PinsError),
    /// `eka import`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Import(#[from] crate::import::ImportError),
    /// The atoms of the work tree.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Local(#[from] crate::local::LocalError),
    /// `eka fetch`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(#[from] crate::fetch::FetchError),
    /// A claim that does not hold.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lie(Box<crate::fetch::Lie>),
    /// `eka verify`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Verify(#[from] crate::verify::VerifyError),
    /// `eka refs`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refs(#[from] crate::refs::RefsError),
    /// `eka nar`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Nar(#[from] crate::nar::NarError),
    /// `eka drv`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Drv(#[from] crate::drv::DrvError),
    /// `eka store` and `eka gc`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] crate::store::StoreError),
    /// `eka diff`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Diff(#[from] crate::diff::DiffError),
    /// An atom that a lock does not show.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Look(#[from] crate::look::LookError),
    /// `eka new`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    New(#[from] crate::new::NewError),
    /// `eka config`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// `eka init`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Init(#[from] crate::init::InitError),
    /// `eka publish`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Publish(#[from] crate::publish::PublishError),
    /// `eka mirror`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mirror(#[from] crate::mirror::MirrorError),
    /// `eka versions`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Versions(#[from] crate::versions::VersionsError),
    /// `eka info`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Info(#[from] crate::info::InfoError),
}

impl Error {
    /// What it means for the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Context(error) => error.exit(),
            Self::Files(error) => error.exit(),
            Self::Project(_) | Self::Uri(_) | Self::Target(_) | Self::Info(_) => Exit::Usage,
            Self::Repo(RepoError::Git { .. }) => Exit::Usage,
            Self::Repo(_) | Self::Root(_) | Self::Objects(_) | Self::Write(_) | Self::Cache(_) => {
                Exit::No
            }
            Self::Remote(error) => remote(error),
            Self::Push(PushError::Remote(error)) => remote(error),
            Self::Push(_) => Exit::No,
            Self::Spec(error) => spec(error),
            Self::Resolve(error) => error.error.exit(),
            Self::Lock(error) => error.exit(),
            Self::Check(error) => error.exit(),
            Self::Merge(error) => error.exit(),
            Self::Patch(error) => error.exit(),
            Self::Add(error) => error.exit(),
            Self::Import(error) => error.exit(),
            Self::Update(error) => error.exit(),
            Self::Pins(error) => error.exit(),
            Self::Local(_) => Exit::No,
            Self::Fetch(error) => error.exit(),
            Self::Lie(lie) => lie.exit(),
            Self::Verify(error) => error.exit(),
            Self::Refs(error) => error.exit(),
            Self::Nar(error) => error.exit(),
            Self::Drv(error) => error.exit(),
            Self::Store(error) => error.exit(),
            Self::Diff(error) => error.exit(),
            Self::Look(error) => error.exit(),
            Self::New(error) => error.exit(),
            Self::Settings(error) => error.exit(),
            Self::Init(error) => error.exit(),
            Self::Publish(error) => error.exit(),
            Self::Mirror(error) => error.exit(),
            Self::Versions(error) => error.exit(),
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

/// A remote without an answer is the network's fault, except where our side is to blame: its
/// set-up, or what is missing on the machine.
pub(crate) const fn remote(error: &RemoteError) -> Exit {
    match error.fault {
        Fault::Interrupted => Exit::Interrupted,
        Fault::Scheme { .. } | Fault::Settings { .. } | Fault::Program { .. } => Exit::Usage,
        Fault::ObjectFormat { .. } | Fault::Keep { .. } => Exit::No,
        _ => Exit::Network,
    }
}

const fn spec(error: &SpecError) -> Exit {
    if error.is_integrity() {
        Exit::Integrity
    } else {
        Exit::No
    }
}
