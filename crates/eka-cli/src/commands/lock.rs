//! `eka lock`.

use std::path::PathBuf;

use eka::Exit;
use eka::lock::{Request, Scope, Three};

use super::{choosing, locking};
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

    /// Merge three locks into the second, as git's merge driver: see the guide
    #[arg(
        long,
        num_args = 3,
        value_names = ["O", "A", "B"],
        conflicts_with_all = ["all", "check", "locking"]
    )]
    merge: Option<Vec<PathBuf>>,

    #[command(flatten)]
    choosing: choosing::Args,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    if let Some([base, ours, theirs]) = args.merge.and_then(|it| <[PathBuf; 3]>::try_from(it).ok())
    {
        let report = eka::lock::merge_files(&session.ctx, &Three { base, ours, theirs })?;
        return session.answer(
            || render::lock::merged(&report),
            || json::lock::Shape::of(&report),
        );
    }
    let locking = args.locking.apply(session)?;
    let scope = if args.all { Scope::All } else { Scope::Here };
    if args.check {
        let report = eka::lock::check(&session.ctx, scope)?;
        return session.answer(
            || render::lock::checked(&report),
            || json::lock::Shape::of(&report),
        );
    }
    let request = Request {
        scope,
        locking,
        choosing: args.choosing.choosing(),
    };
    let report = eka::lock::lock(&session.ctx, &request)?;
    session.answer(
        || render::lock::text(&report),
        || json::lock::Shape::of(&report),
    )
}
