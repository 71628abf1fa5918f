//! Why a derivation is not read, or has no inhash.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use nix_format::StorePath;
use nix_format::derivation::{DerivationError, ModuloError};
use thiserror::Error;

use crate::error::Error;
use crate::exit::Exit;

/// What keeps `eka drv` from its answer.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum DrvError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    #[diagnostic(code(eka::drv::read))]
    Read {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The file is longer than [`super::MAX_BYTES`].
    #[error("`{}` is too long for a derivation", path.display())]
    #[diagnostic(
        code(eka::drv::large),
        help("a derivation of more than 256 MiB is not read")
    )]
    Large {
        /// Which.
        path: PathBuf,
    },
    /// The file's name does not tell the derivation's.
    #[error("`{}` does not tell the name of a derivation", path.display())]
    #[diagnostic(
        code(eka::drv::file_name),
        help("call the file `<hash>-<name>.drv`, as in the store, or `<name>.drv`")
    )]
    FileName {
        /// Which.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("`{}` is not a derivation as Nix writes them", path.display())]
    #[diagnostic(code(eka::drv::malformed))]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: DerivationError,
    },
    /// An input derivation is not in the folder.
    #[error("the input derivation `{path}` is not in `{}`", folder.display())]
    #[diagnostic(
        code(eka::drv::input),
        help("name the folder that has all of them by `--store-dir`")
    )]
    Input {
        /// Which.
        path: StorePath,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A file in the store is not what its name says.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Misnamed(#[from] Misnamed),
    /// The hash cannot be computed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Modulo(#[from] ModuloError),
}

/// The name of a file tells another store path than its text.
#[derive(Debug, Clone, Error, Diagnostic)]
#[error("the text of `{}` is that of `{path}`", file.display())]
#[diagnostic(
    code(eka::drv::misnamed),
    help("the file was changed or renamed; take it anew from where it came from")
)]
#[non_exhaustive]
pub struct Misnamed {
    /// The file.
    pub file: PathBuf,
    /// What its text is called.
    pub path: StorePath,
}

impl DrvError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::FileName { .. } => Exit::Usage,
            Self::Misnamed(_) => Exit::Integrity,
            Self::Read { .. }
            | Self::Large { .. }
            | Self::Malformed { .. }
            | Self::Input { .. }
            | Self::Modulo(_) => Exit::No,
        }
    }
}

impl From<ModuloError> for Error {
    fn from(error: ModuloError) -> Self {
        DrvError::Modulo(error).into()
    }
}
