//! Why a NAR is not made, read or unpacked.

use std::io;
use std::path::{Path, PathBuf};

use file_tree::TreeError;
use miette::Diagnostic;
use nix_format::nar::ReadError;
use thiserror::Error;

use super::walk::Fault;
use crate::exit::Exit;

/// What keeps `eka nar` from its answer.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum NarError {
    /// The bytes are no NAR, or do not come.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Nar(#[from] ReadError),
    /// Something of a tree cannot be read.
    #[error("cannot read `{}`", path.display())]
    #[diagnostic(code(eka::nar::unread))]
    Read {
        /// What.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A socket, a device or a pipe lies in a tree.
    #[error("`{}` is {kind}, which no NAR can hold", path.display())]
    #[diagnostic(
        code(eka::nar::kind),
        help("a NAR holds files, folders and links: remove it, or pack what is beside it")
    )]
    Kind {
        /// Which.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A NAR would be written into the folder that it is to hold.
    #[error("`{}` would lie in what is packed", path.display())]
    #[diagnostic(
        code(eka::nar::within),
        help("the NAR would hold a part of itself: write it beside the folder, or elsewhere")
    )]
    Within {
        /// Where the NAR was to be.
        path: PathBuf,
    },
    /// A file ended before its size.
    #[error("`{}` became shorter while it was read", path.display())]
    #[diagnostic(
        code(eka::nar::changed),
        help("run the command again when nothing writes there")
    )]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// A NAR has no such path.
    #[error("the NAR holds no `{path}`")]
    #[diagnostic(code(eka::nar::no_path), help("`eka nar ls -R` shows what it holds"))]
    NoPath {
        /// The path, as it was given.
        path: String,
    },
    /// A path in a NAR is no file.
    #[error("`{path}` in the NAR is a {kind}")]
    #[diagnostic(
        code(eka::nar::no_file),
        help(
            "only a file has contents; `eka nar ls -l` shows what a folder holds, and where a link leads"
        )
    )]
    NoFile {
        /// The path, as it was given.
        path: String,
        /// `folder` or `link`.
        kind: &'static str,
    },
    /// A NAR holds more than is unpacked.
    #[error("the NAR exceeds the limit `{name}` of {limit}")]
    #[diagnostic(
        code(eka::nar::limit),
        help("if the NAR is to be trusted with more, raise `{name}`")
    )]
    Limit {
        /// The limit's name.
        name: &'static str,
        /// Its value.
        limit: u64,
    },
    /// The answer cannot be handed on.
    #[error("cannot write what was asked for")]
    #[diagnostic(code(eka::nar::output), help("see that its disk is not full"))]
    Output {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A tree, or a NAR as a file, is not written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tree(#[from] TreeError),
}

impl NarError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Within { .. } => Exit::Usage,
            _ => Exit::No,
        }
    }

    /// Whether whoever read the answer had enough.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output { source } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl NarError {
    /// With a path from this folder on.
    pub(super) fn below(mut self, folder: &Path) -> Self {
        if let Self::Read { path, .. } | Self::Kind { path, .. } | Self::Changed { path } =
            &mut self
            && let Ok(below) = path.strip_prefix(folder)
        {
            *path = below.to_owned();
        }
        self
    }
}

impl From<Fault> for NarError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Read { path, source } => Self::Read { path, source },
            Fault::Kind { path, kind } => Self::Kind { path, kind },
            Fault::Changed { path } => Self::Changed { path },
            Fault::Write { source } => Self::Output { source },
        }
    }
}
