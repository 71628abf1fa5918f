//! `eka tree`.

use eka::Exit;
use eka::lock::Scope;
use eka::tree::{Request, Show};

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Show what the lock holds as a tree
///
/// Reads the lock alone: no remote is asked. An atom stands with its version and what the manifest
/// calls its set. What comes more than once is shown once; `(*)` marks the other places.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show who needs an atom of the lock, given as `zlib`, `set.zlib`, `zlib@^1` or
    /// `gh:owner/repo::zlib`
    #[arg(short, long, value_name = "ID")]
    invert: Option<String>,

    /// Show the atoms that are locked in more than one version, and who needs them
    #[arg(short, long, conflicts_with = "invert")]
    duplicates: bool,

    /// Show at most N levels below the first
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    /// Show all atoms of the repository that have a lock, a tree each
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let show = match args.invert {
        Some(id) => Show::WhoNeeds(id),
        None if args.duplicates => Show::Duplicates,
        None => Show::All,
    };
    let request = Request {
        scope: if args.all { Scope::All } else { Scope::Here },
        show,
        depth: args.depth,
    };
    let report = eka::tree::tree(&session.ctx, &request)?;
    session.answer(
        || render::tree::text(&report),
        || json::tree::Shape::of(&report),
    )
}
