//! Why a pin cannot be locked, brought or believed.

use atom::download::FileHash;
use atom::url::RepoUrl;
use atom::{Name, NarHash, ObjectId};
use atom_git::nar::NarError;
use atom_git::pin::PinError;
use atom_git::tree_guard::GuardError;
use fetch::Fault;
use fetch::download::DownloadError;
use fetch::tar::UnpackError;
use miette::Diagnostic;
use thiserror::Error;

use crate::error::remote;
use crate::exit::Exit;

/// Why a pin cannot be locked, brought or believed.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PinsError {
    /// A git pin has no commit, or its commit no files.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] PinError),
    /// A commit's files have no nar.
    #[error(transparent)]
    #[diagnostic(transparent)]
    NoNar(#[from] NarError),
    /// The content is not what was locked.
    #[error(
        "the pin `{pin}` is not what was locked: {at} has the nar {found}, and the lock has {locked}"
    )]
    #[diagnostic(
        code(eka::pin::nar),
        help(
            "the source was changed, or the lock edited by hand: see which; `eka update {pin}` takes what is there now"
        )
    )]
    Nar {
        /// The pin.
        pin: Name,
        /// What was looked at.
        at: String,
        /// What it has.
        found: NarHash,
        /// What the lock has.
        locked: NarHash,
    },
    /// The file is not what was locked.
    #[error(
        "the pin `{pin}` is not what was locked: `{at}` has the hash {found}, and the lock has {locked}"
    )]
    #[diagnostic(
        code(eka::pin::hash),
        help(
            "the file was changed, or the lock edited by hand: see which; `eka update {pin}` takes what is there now"
        )
    )]
    Hash {
        /// The pin.
        pin: Name,
        /// What was looked at.
        at: String,
        /// What it has.
        found: FileHash,
        /// What the lock has.
        locked: FileHash,
    },
    /// A file cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Download(#[from] DownloadError),
    /// What was asked for does not lead to the locked commit any more.
    #[error(
        "the pin `{pin}` has moved: the lock has the commit {locked}, and {asked} of `{url}` is {now}, which does not lead there"
    )]
    #[diagnostic(
        code(eka::pin::moved),
        help(
            "the history was rewritten, a tag moved, or the lock edited by hand: see which; `eka update {pin}` takes what is there now"
        )
    )]
    Moved {
        /// The pin.
        pin: Name,
        /// The repository.
        url: RepoUrl,
        /// What was asked for, in words.
        asked: String,
        /// The commit in the lock.
        locked: ObjectId,
        /// The commit that is shown.
        now: ObjectId,
    },
    /// An archive cannot be unpacked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unpack(#[from] UnpackError),
    /// No pin of that name.
    #[error("there is no pin `{name}`")]
    #[diagnostic(code(eka::pin::not_found), help("{}", those(known)))]
    NotFound {
        /// What was given.
        name: String,
        /// What there is.
        known: Vec<Name>,
    },
    /// What stands after `--git` is no repository.
    #[error("`{text}` is no repository")]
    #[diagnostic(
        code(eka::pin::no_repository),
        help("name one, as `gh:owner/repo`; an atom is added without `--git`")
    )]
    NoRepository {
        /// What was given.
        text: String,
    },
    /// A value that stands on the command line is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Value(#[from] ValueError),
}

/// A value of a pin that is none.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ValueError {
    /// The name.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Name(#[from] atom::NameError),
    /// The URL of a file.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Download(#[from] atom::download::DownloadError),
    /// The commit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Rev(#[from] atom::ObjectIdError),
    /// The requirement.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Requirement(#[from] atom::VersionError),
}

impl PinsError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Git(PinError::Remote(error)) => remote(error),
            Self::Git(PinError::Guard(GuardError::Entry { .. })) => Exit::Integrity,
            Self::Nar { .. } | Self::Hash { .. } | Self::Moved { .. } => Exit::Integrity,
            Self::Download(error) => download(error),
            Self::Unpack(UnpackError::Entry { .. }) => Exit::Integrity,
            Self::Unpack(UnpackError::Interrupted) => Exit::Interrupted,
            Self::Unpack(_) => Exit::No,
            Self::Git(_) | Self::NoNar(_) | Self::NotFound { .. } => Exit::No,
            Self::NoRepository { .. } | Self::Value(_) => Exit::Usage,
        }
    }

    /// Whether what was looked at is not what it should be.
    pub(crate) fn is_lie(&self) -> bool {
        self.exit() == Exit::Integrity
    }
}

const fn download(error: &DownloadError) -> Exit {
    match error {
        DownloadError::Server { fault, .. } => match fault {
            Fault::Interrupted => Exit::Interrupted,
            Fault::Settings { .. } => Exit::Usage,
            _ => Exit::Network,
        },
        _ => Exit::No,
    }
}

fn those(known: &[Name]) -> String {
    if known.is_empty() {
        return "there is none; `eka add --pin NAME` adds one".to_owned();
    }
    let known: Vec<String> = known.iter().map(|it| format!("`{it}`")).collect();
    format!("there is {}", known.join(", "))
}
