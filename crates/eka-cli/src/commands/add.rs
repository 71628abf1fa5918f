//! `eka add`.

use eka::Exit;
use eka::add::Add;

use super::{choosing, locking};
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Depend on atoms: add them to `atom.toml`, and lock them
///
/// Comments and layout of the manifest stay as they are. Both files are written, or neither.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Atoms, as `gh:owner/repo::id@^1`, or `::id` for one of this repository
    #[arg(required = true, value_name = "URI")]
    uris: Vec<String>,

    /// Call the set NAME in `[sets]`, where it is new [default: the repository's name]
    #[arg(long, value_name = "NAME")]
    set: Option<String>,

    #[command(flatten)]
    choosing: choosing::Args,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let request = Add {
        uris: args.uris,
        set: args.set,
        locking,
        choosing: args.choosing.choosing(),
    };
    let report = eka::add::add(&session.ctx, &request)?;
    session.answer(
        || render::add::text(&report, "added"),
        || json::add::Shape::of("eka.add/1", &report),
    )
}
