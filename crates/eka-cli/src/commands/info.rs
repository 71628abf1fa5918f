//! `eka info`.

use eka::Exit;
use eka::info::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Show what an atom's newest matching version says of itself
///
/// A yanked version is shown only where there is no other.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An atom, as `gh:owner/repo::atom@^1`
    uri: String,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request { uri: args.uri };
    let report = eka::info::info(&session.ctx, &request)?;
    session.answer(
        || render::info::text(&report),
        || json::info::Shape::of(&report),
    )
}
