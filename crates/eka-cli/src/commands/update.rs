//! `eka update`.

use eka::Exit;
use eka::lock::Scope;
use eka::update::{Reach, Request, Sources, Writing};

use super::{choosing, diff, locking};
use crate::cli::Format;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Move what `atom.lock` holds to newer versions
///
/// Without IDs everything moves to the newest that all requirements allow, and pins to what their
/// sources are now. With IDs these atoms and pins do, and of the other atoms only those that must. `atom.toml` stays as it is: a version that it does not
/// allow comes by `eka add`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Atoms of the lock: an id, `set.id`, or `id#` and the first 8 characters of the digest; pins
    /// whose name no atom has
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    /// Move the one atom named to exactly VERSION, be it newer or older
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Move what these atoms need as well
    #[arg(long)]
    recursive: bool,

    /// Update the locks of all atoms of the repository, in one solve
    #[arg(long)]
    all: bool,

    /// Write nothing, and show what would move
    #[arg(long)]
    dry_run: bool,

    /// Show how the source of each atom that moves differs; it is brought and checked before
    /// anything is written
    #[arg(long)]
    diff: bool,

    #[command(flatten)]
    choosing: choosing::Args,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let request = Request {
        scope: if args.all { Scope::All } else { Scope::Here },
        ids: args.ids,
        to: args.to,
        reach: if args.recursive {
            Reach::Recursive
        } else {
            Reach::Named
        },
        writing: if args.dry_run {
            Writing::DryRun
        } else {
            Writing::Done
        },
        locking,
        choosing: args.choosing.choosing(),
        sources: if args.diff {
            Sources::Compared
        } else {
            Sources::Unseen
        },
    };
    let report = eka::update::update(&session.ctx, &request)?;
    let diffs = match session.ui.format() {
        Format::Json if args.diff => Some(diff::as_json(session, &report.diffs)?),
        Format::Json => None,
        Format::Text => {
            diff::show_all(session, &report.diffs)?;
            None
        }
    };
    session.answer(
        || render::update::text(&report),
        || json::update::Shape::of(&report, diffs),
    )
}
