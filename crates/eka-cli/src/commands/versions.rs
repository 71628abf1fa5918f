//! `eka versions`.

use eka::Exit;
use eka::versions::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// List the versions of an atom, or all atoms of a repository
///
/// Asks the remote for the names of refs alone. The newest version comes first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An atom, as `gh:owner/repo::atom@^1`, or a repository, as `gh:owner/repo`
    uri: String,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request { uri: args.uri };
    let report = eka::versions::versions(&session.ctx, &request)?;
    session.answer(
        || render::versions::text(&report),
        || json::versions::Shape::of(&report),
    )
}
