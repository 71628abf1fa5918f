//! `eka config`.

use eka::Exit;
use eka::settings::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Show the configuration that counts here, and where each value came from
///
/// The strongest of these wins: `--config`, the variable `EKA_CONFIG`, `.eka/local.toml` and
/// `.eka/config.toml` at the repository's top, the user's `eka/config.toml`, the system's.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show one key, such as `publish.remotes`, or one table, such as `aliases`
    key: Option<String>,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = args.key.map_or(Request::All, Request::One);
    let report = eka::settings::settings(&session.ctx, &request)?;
    session.answer(
        || render::config::text(&report, &request),
        || json::config::Shape::of(&report),
    )
}
