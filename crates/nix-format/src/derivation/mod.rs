//! Derivations: what is to be built, with what, and where its outputs go.
//!
//! A [`Derivation`] is the value of a `.drv` file, and that file its one text:
//! [`Derivation::parse`] reads what [`Derivation::print`] writes and nothing else, where Nix reads
//! more than it writes (entries in any order or twice, needless escapes, bytes after the end). Such
//! a text is no derivation that any program of Nix has written.
//!
//! All bytes and paths are those of Nix 2.8.

mod output_name;
mod parse;
mod cursor;
mod print;
mod place;
mod json;
mod modulo;
mod paths;
mod rewrite;
mod resolve;
mod attributes;
mod grisu;
mod graph;
mod environment;

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use thiserror::Error;

pub use environment::{Environment, EnvironmentError, Setting};
pub use graph::{Graph, GraphEntry};
pub use json::print_json;
pub use modulo::{Modulo, ModuloError, Modulos, Standing};
pub use output_name::{OutputName, OutputNameError};
pub use parse::DerivationError;
pub use paths::{Plan, PlanError};

use crate::content_address::Method;
use crate::hash::{Algorithm, Hash};
use crate::store_path::StorePath;

/// One step of a build: a program, its arguments and environment, and the paths that it makes.
///
/// Its name is no part of it: it is that of the `.drv` file without the ending. Texts are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// What it makes; at least one, all of one [`Kind`].
    pub outputs: BTreeMap<OutputName, Output>,
    /// The derivations that must be built before, and which of their outputs are needed.
    pub input_drvs: BTreeMap<StorePath, BTreeSet<OutputName>>,
    /// The paths that must be in the store before.
    pub input_srcs: BTreeSet<StorePath>,
    /// For whom it is built: `x86_64-linux`. The format can hold neither `"` nor `\` here.
    pub system: Vec<u8>,
    /// The program, as an absolute path or `builtin:<name>`.
    pub builder: Vec<u8>,
    /// Its arguments, less the program's own name.
    pub args: Vec<Vec<u8>>,
    /// Its variables; with structured attributes, `__json` holds them all.
    pub env: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Where one output goes, or how that is found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To a path that the inputs decide.
    InputAddressed(StorePath),
    /// To a path that its content decides, which is known beforehand.
    Fixed {
        /// The path.
        path: StorePath,
        /// What of it is hashed.
        method: Method,
        /// The hash that it must have.
        hash: Hash,
    },
    /// To a path that its content decides, once it is built.
    Floating {
        /// What of it is hashed.
        method: Method,
        /// By what.
        algorithm: Algorithm,
    },
    /// To a path that the inputs decide, once those are built that float.
    Deferred,
    /// As [`Output::Floating`], and built anew each time.
    Impure {
        /// What of it is hashed.
        method: Method,
        /// By what.
        algorithm: Algorithm,
    },
}

/// What all outputs of a derivation are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Output::InputAddressed`].
    InputAddressed,
    /// One [`Output::Fixed`], called `out`.
    Fixed,
    /// [`Output::Floating`], by one algorithm.
    Floating,
    /// [`Output::Deferred`].
    Deferred,
    /// [`Output::Impure`].
    Impure,
}

/// Why outputs do not make a derivation.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum KindError {
    /// There is none.
    #[error("a derivation without outputs")]
    #[diagnostic(code(eka::drv::no_output))]
    None,
    /// Two outputs are of two kinds, or two that float by two algorithms.
    #[error("the outputs `{first}` and `{second}` are of two kinds")]
    #[diagnostic(
        code(eka::drv::mixed_outputs),
        help("all outputs of a derivation are named by its inputs, or all by their contents")
    )]
    Mixed {
        /// The one.
        first: OutputName,
        /// The other.
        second: OutputName,
    },
    /// A fixed output has another name than `out`, or is not the only one.
    #[error("the fixed output `{output}` is not the one output `out`")]
    #[diagnostic(
        code(eka::drv::fixed_output),
        help("a derivation whose content is known beforehand has one output, called `out`")
    )]
    Fixed {
        /// Which.
        output: OutputName,
    },
}

impl Derivation {
    /// Returns what all outputs are (`libstore/derivations.cc`, `BasicDerivation::type`).
    ///
    /// # Errors
    ///
    /// [`KindError`] where there is no output, or some have nothing in common.
    pub fn kind(&self) -> Result<Kind, KindError> {
        let mut outputs = self.outputs.iter();
        let (first, output) = outputs.next().ok_or(KindError::None)?;
        let kind = output.kind();
        for (second, other) in outputs {
            if kind == Kind::Fixed && other.kind() == kind {
                return Err(KindError::Fixed {
                    output: second.clone(),
                });
            }
            if other.kind() != kind || other.algorithm() != output.algorithm() {
                return Err(KindError::Mixed {
                    first: first.clone(),
                    second: second.clone(),
                });
            }
        }
        if kind == Kind::Fixed && first.as_str() != "out" {
            return Err(KindError::Fixed {
                output: first.clone(),
            });
        }
        Ok(kind)
    }
}

impl Kind {
    /// One word for it: `input-addressed`, `fixed`, `floating`, `deferred` or `impure`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InputAddressed => "input-addressed",
            Self::Fixed => "fixed",
            Self::Floating => "floating",
            Self::Deferred => "deferred",
            Self::Impure => "impure",
        }
    }
}

impl Output {
    /// Returns what it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::InputAddressed(_) => Kind::InputAddressed,
            Self::Fixed { .. } => Kind::Fixed,
            Self::Floating { .. } => Kind::Floating,
            Self::Deferred => Kind::Deferred,
            Self::Impure { .. } => Kind::Impure,
        }
    }

    /// Returns its path, where that is known before the build.
    #[must_use]
    pub const fn path(&self) -> Option<&StorePath> {
        match self {
            Self::InputAddressed(path) | Self::Fixed { path, .. } => Some(path),
            Self::Floating { .. } | Self::Deferred | Self::Impure { .. } => None,
        }
    }

    /// Returns what its content is hashed by.
    const fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Fixed { hash, .. } => Some(hash.algorithm()),
            Self::Floating { algorithm, .. } | Self::Impure { algorithm, .. } => Some(*algorithm),
            Self::InputAddressed(_) | Self::Deferred => None,
        }
    }
}
