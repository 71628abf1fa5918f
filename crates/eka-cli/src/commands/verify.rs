//! `eka verify`.

use eka::Exit;
use eka::verify::{Extent, Request, What};

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Recompute all that published versions claim
///
/// Refs, specs and atom commits against each other; id, version and digest; the nar and the files
/// of the content. Without a URI the whole set of this repository.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An atom, as `gh:owner/repo::atom@^1`, or a set, as `gh:owner/repo`
    uri: Option<String>,

    /// Verify every atom of the lock, at its origin or a mirror
    #[arg(long, conflicts_with = "uri")]
    lock: bool,

    /// Bring the source commits and their history too: each gives its atom's content, and comes
    /// from the set's root
    #[arg(long)]
    deep: bool,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let request = Request {
        what: if args.lock {
            What::Lock
        } else {
            What::Uri(args.uri)
        },
        extent: if args.deep {
            Extent::Deep
        } else {
            Extent::Plain
        },
    };
    let report = eka::verify::verify(&session.ctx, &request)?;
    let exit = session.answer(
        || render::verify::text(&report),
        || json::verify::Shape::of(&report),
    )?;
    match report.into_error() {
        Some(error) => Err(error.into()),
        None => Ok(exit),
    }
}
