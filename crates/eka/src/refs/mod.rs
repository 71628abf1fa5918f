//! `eka refs`: which store paths the bytes of a file or a tree refer to.

mod candidates;
mod error;
mod finder;
mod scan;

use std::io::Read;
use std::path::PathBuf;

use refscan::StoreSpec;

pub use error::RefsError;

use crate::context::Context;
use crate::error::Error;
use finder::{Finder, Tally};

/// How many places of each reference are kept; the rest is only counted.
pub const MAX_PLACES: usize = 1_000;

/// What to scan, and for what.
#[derive(Debug, Clone)]
pub struct Request {
    /// `nix`, `yzix`, or the absolute path of a store whose names are as Nix's.
    pub store: String,
    /// The names to look for, a line each, as base names, store paths or hash parts; without it
    /// all that follows the path to the store is found.
    pub candidates: Option<Input>,
    /// A file, a folder with all below it, or a link, which is not followed.
    pub input: Input,
    /// Whether places are told.
    pub places: Places,
}

/// Where bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A path, relative to the folder one works in.
    Path(PathBuf),
}

/// Whether places are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// The first [`MAX_PLACES`] of each reference.
    Kept,
    /// None.
    LeftOut,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The path to the store.
    pub store: String,
    /// By their names, each once.
    pub references: Vec<Reference>,
}

/// A store path that is referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its base name; as the candidate was given, where there were candidates.
    pub name: String,
    /// How often it occurs.
    pub n_hits: u64,
    /// Where, in the order of the scan.
    pub places: Vec<Place>,
}

/// Where a reference stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, folder or link, below the path that was asked for; none of standard input.
    pub file: Option<PathBuf>,
    /// What of it.
    pub part: Part,
    /// Where the base name begins, in bytes.
    pub offset: u64,
}

/// A part of an entry that refers to something, as a NAR has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The bytes of a file.
    Content,
    /// Its own name, or a folder's or link's.
    Name,
    /// What a link points to.
    Target,
}

impl Part {
    /// One word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Name => "name",
            Self::Target => "target",
        }
    }
}

/// Scans for references; no reference is an answer too.
///
/// What Nix scans is scanned: contents, targets of links, and names below the path; not its own.
///
/// # Errors
///
/// [`RefsError`] for a store or candidates that are none, and for what cannot be read: a scan that
/// left something out would not answer the question.
pub fn refs(ctx: &Context<'_>, request: &Request, stdin: &mut dyn Read) -> Result<Report, Error> {
    let spec = spec(&request.store)?;
    let both = |it: &Input| *it == Input::Stdin && request.input == Input::Stdin;
    if request.candidates.as_ref().is_some_and(both) {
        return Err(RefsError::OneStdin.into());
    }
    let finder = match &request.candidates {
        Some(input) => candidates::read(ctx, input, stdin, &spec)?,
        None => Finder::any(spec),
    };
    let mut tally = Tally::new(request.places);
    match &request.input {
        Input::Stdin => scan::stream(ctx, &finder, stdin, &mut tally)?,
        Input::Path(path) => scan::tree(ctx, &finder, path, &mut tally)?,
    }
    Ok(Report {
        store: String::from_utf8_lossy(spec.path_to_store()).into_owned(),
        references: tally.references(),
    })
}

fn spec(store: &str) -> Result<StoreSpec<'_>, RefsError> {
    let unusable = || RefsError::Store {
        text: store.to_owned(),
    };
    match store {
        "nix" => Ok(StoreSpec::NIX),
        "yzix" => Ok(StoreSpec::YZIX),
        path if path.starts_with('/') => {
            let path = path.trim_end_matches(['/', '\\']);
            StoreSpec::NIX.at(path.as_bytes()).map_err(|_| unusable())
        }
        _ => Err(unusable()),
    }
}
