//! Why a tree is not written.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// Why a tree is not written, or not to its place.
#[derive(Debug, Error, Diagnostic)]
pub enum TreeError {
    /// Something is in its place already.
    #[error("`{}` exists", path.display())]
    #[diagnostic(
        code(eka::file_tree::exists),
        help("nothing is overwritten: name another place, or remove it")
    )]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// A file, a folder or a link cannot be made.
    #[error("`{}` cannot be written", path.display())]
    #[diagnostic(
        code(eka::file_tree::write),
        help("is the disk full, or the folder not yours?")
    )]
    Write {
        /// What cannot be made.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}
