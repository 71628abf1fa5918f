//! `eka import`.

use std::path::PathBuf;

use eka::Exit;
use eka::import::{Extent, Request, Taken};

use super::locking;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Pin what a `flake.lock` or npins holds: add it to `atom.toml`, locked as it is there
///
/// Commits and hashes are taken over as they are, and nothing is fetched for them; what they
/// claim is checked when they are. What cannot be a pin is left out, and the command ends with 6.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file, or the folder that it is in [default: `flake.lock` or `npins/sources.json` in the
    /// atom's folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,

    /// Pin the inputs of a flake's inputs too
    #[arg(long)]
    all: bool,

    /// Replace pins of the same name that come from elsewhere
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let request = Request {
        path: args.path,
        extent: if args.all { Extent::All } else { Extent::Root },
        taken: if args.force {
            Taken::Replaced
        } else {
            Taken::Refused
        },
        locking,
    };
    let report = eka::import::import(&session.ctx, &request)?;
    session.answer(
        || render::import::text(&report),
        || json::import::Shape::of(&report),
    )?;
    Ok(if report.left_out.is_empty() {
        Exit::Done
    } else {
        Exit::Partial
    })
}
