//! `eka remove`.

use eka::Exit;
use eka::add::Remove;

use super::locking;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Depend on atoms no longer: take them out of `atom.toml` and its lock
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ids, as the manifest has them; `<set>.<id>` where several sets have one
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let request = Remove {
        ids: args.ids,
        locking,
    };
    let report = eka::add::remove(&session.ctx, &request)?;
    session.answer(
        || render::add::text(&report, "removed"),
        || json::add::Shape::of("eka.remove/1", &report),
    )
}
