//! Why the command ended badly.

use std::io;
use std::path::PathBuf;

use eka::Exit;
use miette::Diagnostic;
use thiserror::Error;

/// A fault of a workflow, or of the edge itself.
#[derive(Debug, Error, Diagnostic)]
pub(crate) enum Failure {
    /// The workflow's.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eka(Box<eka::Error>),
    /// There is no current folder.
    #[error("the current folder cannot be entered")]
    #[diagnostic(code(eka::cli::current_dir), help("go to a folder that exists"))]
    CurrentDir {
        #[source]
        source: io::Error,
    },
    /// The answer could not be handed on.
    #[error("cannot write to stdout")]
    #[diagnostic(code(eka::cli::stdout), help("see that its disk is not full"))]
    Stdout {
        #[source]
        source: io::Error,
    },
    /// Bytes as they are would go to a terminal.
    #[error("`--raw` would write foreign bytes to a terminal, which obeys some of them")]
    #[diagnostic(
        code(eka::cli::raw),
        help("send them to a file or a program, as `eka diff … --raw > it.patch`")
    )]
    RawTerminal,
    /// A NAR would go to a terminal.
    #[error("a NAR would go to a terminal, which obeys some of its bytes")]
    #[diagnostic(
        code(eka::cli::nar_terminal),
        help("send it to a program, as `eka nar pack … | sha256sum`, or to a file by `-o`")
    )]
    NarTerminal,
    /// A file could not be written.
    #[error("cannot write `{}`", path.display())]
    #[diagnostic(
        code(eka::cli::write),
        help("see to the cause and run the command again")
    )]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl From<eka::Error> for Failure {
    fn from(error: eka::Error) -> Self {
        Self::Eka(Box::new(error))
    }
}

impl Failure {
    /// What it means for the exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Eka(error) => error.exit(),
            Self::CurrentDir { .. } | Self::RawTerminal | Self::NarTerminal => Exit::Usage,
            Self::Stdout { .. } | Self::Write { .. } => Exit::No,
        }
    }
}
