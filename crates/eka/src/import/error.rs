//! Why nothing is imported.

use std::io;
use std::path::PathBuf;

use atom::Name;
use atom::manifest::EditError;
use miette::Diagnostic;
use thiserror::Error;

use super::{FLAKE, LeftOut, NPINS};
use crate::exit::Exit;

/// Why nothing is imported. The manifest and the lock are as they were.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing there that could be meant.
    #[error("there is neither `{FLAKE}` nor `{NPINS}` in `{}`", folder.display())]
    #[diagnostic(code(eka::import::no_file), help("name the file: `eka import PATH`"))]
    NoFile {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Two files could be meant.
    #[error("there are `{FLAKE}` and `{NPINS}` in `{}`", folder.display())]
    #[diagnostic(code(eka::import::two_files), help("name one: `eka import {FLAKE}`"))]
    TwoFiles {
        /// Where they are.
        folder: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot read `{}`", path.display())]
    #[diagnostic(
        code(eka::import::unreadable),
        help("name a `{FLAKE}` or the `sources.json` of npins, of at most 16 MiB")
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is of neither format.
    #[error("`{}` is neither a `{FLAKE}` nor a `sources.json` of npins: {reason}", path.display())]
    #[diagnostic(
        code(eka::import::format),
        help("see that it is the file as Nix or npins wrote it")
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Where it differs.
        reason: String,
    },
    /// It is of a version that is not known.
    #[error("`{}` has version `{found}`, and {from} to {to} are read", path.display())]
    #[diagnostic(
        code(eka::import::version),
        help(
            "an old file is brought up to date by its own tool: `nix flake lock`, `npins upgrade`"
        )
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The oldest that is read.
        from: u64,
        /// The newest that is read.
        to: u64,
    },
    /// Pins of these names are there, and are others.
    #[error("the manifest has {} already, from elsewhere", these(names))]
    #[diagnostic(
        code(eka::import::taken),
        help(
            "`--force` takes what the file has instead; or rename the pins of the manifest first"
        )
    )]
    Taken {
        /// Which.
        names: Vec<Name>,
    },
    /// All of it was left out.
    #[error("nothing in `{}` can be pinned{}", path.display(), lines(left_out))]
    #[diagnostic(
        code(eka::import::nothing),
        help("`eka add --pin NAME` with `--git`, `--tar` or `--url` adds a pin by hand")
    )]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What it holds, and why that was left out.
        left_out: Vec<LeftOut>,
    },
    /// The manifest cannot be edited.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Edit(#[from] EditError),
}

impl ImportError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NoFile { .. } | Self::Nothing { .. } | Self::Taken { .. } => Exit::No,
            _ => Exit::Usage,
        }
    }
}

fn these(names: &[Name]) -> String {
    let listed: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    let pins = match names.len() {
        1 => "the pin",
        _ => "the pins",
    };
    format!("{pins} {}", listed.join(", "))
}

fn lines(left_out: &[LeftOut]) -> String {
    let line = |it: &LeftOut| format!("\n    {} ({})", it.from, it.why);
    left_out.iter().map(line).collect()
}
