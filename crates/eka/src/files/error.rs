//! Why an atom's files cannot be read or replaced.

use std::io;
use std::path::PathBuf;

use atom::lock::LockFaults;
use atom::manifest::ManifestFaults;
use atom::source::Sourced;
use miette::Diagnostic;
use thiserror::Error;

use crate::exit::Exit;

/// What went wrong with the manifest or the lock as files.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum FilesError {
    /// The folder is no atom.
    #[error("there is no `atom.toml` in `{}`", folder.display())]
    #[diagnostic(
        code(eka::files::no_manifest),
        help("`eka new {}` makes one", folder.display())
    )]
    NoManifest {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A file is a symbolic link.
    #[error("`{}` is a symbolic link", path.display())]
    #[diagnostic(
        code(eka::files::symbolic_link),
        help(
            "replace the link by the file it points to: an atom's manifest and lock are regular files"
        )
    )]
    SymbolicLink {
        /// Which.
        path: PathBuf,
    },
    /// A file is a folder, a socket or the like.
    #[error("`{}` is not a regular file", path.display())]
    #[diagnostic(code(eka::files::not_a_file), help("remove it, or rename it"))]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// A file is no text.
    #[error("`{}` is not UTF-8: byte {at} is no part of a character", path.display())]
    #[diagnostic(code(eka::files::not_utf8), help("save the file as UTF-8"))]
    NotUtf8 {
        /// Which.
        path: PathBuf,
        /// The offset, in bytes.
        at: usize,
    },
    /// A file is larger than is read.
    #[error("`{}` has more than {max} bytes", path.display())]
    #[diagnostic(
        code(eka::files::too_large),
        help("a manifest has at most 1 MiB, a lock at most 16 MiB")
    )]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// How many bytes are read.
        max: u64,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(
        code(eka::files::io),
        help("see to the cause and run the command again: no file was changed")
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Somebody changed a file while the command worked.
    #[error("`{}` was changed while eka was at work", path.display())]
    #[diagnostic(
        code(eka::files::changed),
        help("run the command again: no file was changed by this one")
    )]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// An earlier command was interrupted, and a file was edited since.
    #[error(
        "an earlier command was interrupted, and `{}` was edited since",
        path.display()
    )]
    #[diagnostic(
        code(eka::files::edited_since),
        help("remove `{}` to keep the files as they are now, and run the earlier command again", journal.display())
    )]
    EditedSince {
        /// The edited file.
        path: PathBuf,
        /// The unfinished change.
        journal: PathBuf,
    },
    /// What should be an unfinished change is none of eka's.
    #[error("`{}` is not a journal that this eka can read", path.display())]
    #[diagnostic(
        code(eka::files::journal),
        help(
            "finish the change with the version of eka that began it, or remove the file to keep `atom.toml` and `atom.lock` as they are"
        )
    )]
    Journal {
        /// Which.
        path: PathBuf,
    },
    /// The change was decided and could not be finished.
    #[error("the change of `{}` is not finished", folder.display())]
    #[diagnostic(
        code(eka::files::unfinished),
        help("see to the cause: the next eka command in this folder finishes the change")
    )]
    Unfinished {
        /// Where.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// Interrupted while waiting.
    #[error("interrupted")]
    #[diagnostic(code(eka::files::interrupted), help("no file was changed"))]
    Interrupted,
    /// The manifest has faults.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Box<Sourced<ManifestFaults>>),
    /// The lock has faults.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(Box<Sourced<LockFaults>>),
}

impl FilesError {
    /// What it means for the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::Lock(faults) if faults.error.is_patched() => Exit::OutOfDate,
            Self::SymbolicLink { .. }
            | Self::NotAFile { .. }
            | Self::NotUtf8 { .. }
            | Self::TooLarge { .. }
            | Self::Manifest(_)
            | Self::Lock(_) => Exit::Usage,
            _ => Exit::No,
        }
    }
}
