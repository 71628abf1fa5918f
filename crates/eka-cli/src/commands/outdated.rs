//! `eka outdated`.

use eka::Exit;
use eka::lock::Scope;
use eka::outdated::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Show which locked atoms have newer versions, and what holds them back
///
/// For each: the locked version, the newest that all who ask for the atom allow, the newest there
/// is, and who does not allow that. `eka update` moves to the second. Versions that were yanked or
/// deprecated since are shown in any case.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Look at the locks of all atoms of the repository
    #[arg(long)]
    all: bool,

    /// End with exit code 1 where anything is shown
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let scope = if args.all { Scope::All } else { Scope::Here };
    let report = eka::outdated::outdated(&session.ctx, &Request { scope })?;
    session.answer(
        || render::outdated::text(&report),
        || json::outdated::Shape::of(&report),
    )?;
    Ok(match report.exit() {
        Exit::Done if args.exit_code && report.is_outdated() => Exit::No,
        exit => exit,
    })
}
