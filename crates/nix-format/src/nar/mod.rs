//! NAR, Nix's canonical serialisation of a file tree.
//!
//! A node is a file, executable or not, a symbolic link, or a directory of named nodes. Names are
//! bytes, strictly ascending, so that a tree has one NAR and a NAR one tree.
//!
//! ```text
//! nar   = "nix-archive-1" node
//! node  = "(" "type" ( "regular" [ "executable" "" ] "contents" bytes
//!                    | "symlink" "target" text
//!                    | "directory" { "entry" "(" "name" text "node" node ")" } ) ")"
//! ```
//!
//! Each text, quoted or not, is its length as 64 bits, the least first; its bytes; and zeros up to
//! a multiple of eight.

mod decode;
mod decode_error;
mod token;
mod grammar;
mod encode;
mod reader;
mod listing;

use miette::Diagnostic;
use thiserror::Error;

pub use decode::{Decoder, Event, Limits};
pub use decode_error::DecodeError;
pub use encode::{Encoder, Writer};
pub use listing::{Extent, Listing};
pub use reader::{Contents, ReadError, Reader};

/// Whether a file's owner may run it: all that a NAR knows of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A plain file.
    Regular,
    /// A file that can be run.
    Executable,
}

/// Why what an [`Encoder`] is told is no NAR.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum NarError {
    /// A call came where the format has no place for it.
    #[error("`{call}` where {expected} must follow")]
    #[diagnostic(code(eka::nar::misplaced))]
    Misplaced {
        /// The method that was called.
        call: &'static str,
        /// What may come there.
        expected: &'static str,
    },
    /// A name is empty, `.` or `..`, or holds `/` or NUL.
    #[error("`{}` cannot be a name in a NAR", name.escape_ascii())]
    #[diagnostic(
        code(eka::nar::name),
        help("a name is not empty, `.` or `..`, and holds no `/` and no NUL")
    )]
    Name {
        /// The name.
        name: Vec<u8>,
    },
    /// A name is not above the one before it.
    #[error("`{}` comes after `{}` in a NAR", name.escape_ascii(), after.escape_ascii())]
    #[diagnostic(
        code(eka::nar::order),
        help("names of a directory ascend by their bytes, and none comes twice")
    )]
    Order {
        /// The name.
        name: Vec<u8>,
        /// The one before it.
        after: Vec<u8>,
    },
    /// A link's target is empty or holds NUL.
    #[error("`{}` cannot be the target of a symbolic link", target.escape_ascii())]
    #[diagnostic(code(eka::nar::target), help("a target is not empty and holds no NUL"))]
    Target {
        /// The target.
        target: Vec<u8>,
    },
    /// More bytes came than the file's size announced.
    #[error("{excess} bytes beyond the announced size of a file")]
    #[diagnostic(code(eka::nar::size))]
    Size {
        /// How many bytes too many.
        excess: u64,
    },
}

/// Whether bytes can name an entry of a directory.
fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|it| matches!(it, b'/' | 0))
}

/// Whether a link can lead to bytes.
fn is_target(target: &[u8]) -> bool {
    !target.is_empty() && !target.contains(&0)
}
