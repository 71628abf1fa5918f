//! Why nothing is scanned, or not all.

use std::io;
use std::path::PathBuf;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use crate::exit::Exit;

/// What keeps `eka refs` from its answer.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RefsError {
    /// `--store` names no store.
    #[error("`{text}` is no store")]
    #[diagnostic(
        code(eka::refs::store),
        help("take `nix`, `yzix`, or the absolute path of a store, as `/gnu/store`")
    )]
    Store {
        /// What was given.
        text: String,
    },
    /// A line of the candidates is no name of that store.
    #[error("line {line} is no name of a store path")]
    #[diagnostic(
        code(eka::refs::candidate),
        help(
            "give one store path, base name or hash part of {hash_len} characters a line, as `nix-store --query --requisites` prints them"
        )
    )]
    Candidate {
        /// Which line, from 1.
        line: usize,
        /// The length of the store's hash parts.
        hash_len: usize,
        /// The candidates.
        #[source_code]
        text: NamedSource<String>,
        /// The line.
        #[label]
        at: SourceSpan,
    },
    /// Two candidates share their hash part, so that what refers to one refers to both.
    #[error("`{first}` and `{second}` have one hash")]
    #[diagnostic(
        code(eka::refs::same_hash),
        help("a reference is known by its hash alone: give one of them")
    )]
    SameHash {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// The candidates have no end, or are no list of names.
    #[error("`{}` is too long for a list of candidates", path.display())]
    #[diagnostic(
        code(eka::refs::large),
        help(
            "a list of more than 256 MiB is not read; what is scanned goes after `--candidates FILE`"
        )
    )]
    Large {
        /// Where they come from.
        path: PathBuf,
    },
    /// Both the bytes and the candidates are to come from standard input.
    #[error("standard input cannot be both the candidates and what is scanned")]
    #[diagnostic(code(eka::refs::one_stdin), help("name a file for one of them"))]
    OneStdin,
    /// Something cannot be read.
    #[error("cannot read `{}`", path.display())]
    #[diagnostic(code(eka::refs::read))]
    Read {
        /// What.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A socket, a device or a pipe lies in the tree.
    #[error("`{}` is neither a file, a folder nor a link", path.display())]
    #[diagnostic(
        code(eka::refs::kind),
        help("nothing else can lie in a store; scan what is beside it")
    )]
    Kind {
        /// Which.
        path: PathBuf,
    },
}

impl RefsError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Store { .. }
            | Self::Candidate { .. }
            | Self::SameHash { .. }
            | Self::Large { .. }
            | Self::OneStdin => Exit::Usage,
            Self::Read { .. } | Self::Kind { .. } => Exit::No,
        }
    }
}
