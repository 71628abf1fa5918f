//! `eka remove`.

use eka::Exit;
use eka::add::Remove;

use super::locking;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Depend on atoms no longer: take them, or pins, out of `atom.toml` and its lock
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ids, as the manifest has them; `<set>.<id>` where several sets have one; the name of a pin
    /// where no dependency has it
    #[arg(required_unless_present = "pin", value_name = "ID")]
    ids: Vec<String>,

    /// Take the pin NAME out
    #[arg(long, value_name = "NAME")]
    pin: Vec<String>,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let request = Remove {
        ids: args.ids,
        pins: args.pin,
        locking,
    };
    let report = eka::add::remove(&session.ctx, &request)?;
    session.answer(
        || render::add::text(&report, "removed"),
        || json::add::Shape::of("eka.remove/1", &report),
    )
}
