//! `eka publish`.

use std::ffi::OsString;

use eka::Exit;
use eka::publish::{Request, Run, Scope, Since, WithHistory};

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Publish atoms of a commit
///
/// Cuts the atoms out of a commit, never out of the work tree, and brings them to each remote in
/// one atomic push. A version that is published never changes; publishing it again is nothing to
/// do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The atoms, by folder or id: a folder holds a `/` or is `.` [default: the atom of the
    /// current folder]
    #[arg(value_name = "DIR|ID")]
    wanted: Vec<OsString>,

    /// Publish every atom of the commit, but those with `publish = false`
    #[arg(long, conflicts_with = "wanted")]
    all: bool,

    /// Publish those alone that differ from REV, or without REV from what is published; of all
    /// atoms where none is named
    #[arg(long, value_name = "REV", num_args = 0..=1, require_equals = true)]
    changed: Option<Option<String>>,

    /// Publish from this revision [default: HEAD]
    #[arg(long)]
    rev: Option<String>,

    /// Publish to this remote, by name or URL [default: `publish.remotes`, else origin]
    #[arg(long = "remote", value_name = "REMOTE")]
    remotes: Vec<String>,

    /// Let commits go along that no branch or tag of the remote shows
    #[arg(long)]
    with_history: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request {
        wanted: args.wanted,
        scope: if args.all { Scope::All } else { Scope::Named },
        changed: args
            .changed
            .map(|rev| rev.map_or(Since::Published, Since::Rev)),
        rev: args.rev,
        remotes: args.remotes,
        history: if args.with_history {
            WithHistory::Yes
        } else {
            WithHistory::No
        },
        run: if args.dry_run { Run::Dry } else { Run::Real },
    };
    let report = eka::publish::publish(&session.ctx, &request)?;
    session.answer(
        || render::publish::text(&report),
        || json::publish::Shape::of(&report),
    )?;
    for refusal in report.refusals() {
        session.ui.tell(refusal);
    }
    for failed in &report.failed {
        session.ui.tell(&failed.error);
    }
    Ok(report.exit())
}
