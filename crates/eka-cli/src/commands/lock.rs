//! `eka lock`.

use eka::Exit;
use eka::lock::{Request, Scope};

use super::locking;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Make `atom.lock` answer `atom.toml`
///
/// A lock that does so already stays as it is, and no remote is asked. What it holds is kept
/// where it still fits.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lock all atoms of the repository, in one solve
    #[arg(long)]
    all: bool,

    /// Change nothing, and check the lock as CI would: it answers the manifest, every commit is what
    /// its ref still shows, every spec says what the lock says, and resolving again leads to it
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let scope = if args.all { Scope::All } else { Scope::Here };
    if args.check {
        let report = eka::lock::check(&session.ctx, scope)?;
        return session.answer(
            || render::lock::checked(&report),
            || json::lock::Shape::of(&report),
        );
    }
    let report = eka::lock::lock(&session.ctx, &Request { scope, locking })?;
    session.answer(
        || render::lock::text(&report),
        || json::lock::Shape::of(&report),
    )
}
