//! `eka init`.

use eka::Exit;
use eka::init::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Make the repository a set: post the commit that names it
///
/// By default that is the oldest commit of the history. It is posted once, as `refs/eka/root`;
/// nothing is committed and no file is changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Post to this remote, by name or URL [default: `publish.remotes`, else origin]
    #[arg(long = "remote", value_name = "REMOTE")]
    remotes: Vec<String>,

    /// Look for the oldest ancestor of REV [default: HEAD]
    #[arg(long)]
    rev: Option<String>,

    /// Name the set by this ancestor instead: for atoms that are to share no identity with those
    /// of another remote, or for a fork that means to go its own way
    #[arg(long, value_name = "COMMIT")]
    root: Option<String>,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request {
        remotes: args.remotes,
        rev: args.rev,
        root: args.root,
    };
    let report = eka::init::init(&session.ctx, &request)?;
    session.answer(
        || render::init::text(&report),
        || json::init::Shape::of(&report),
    )?;
    for failed in &report.failed {
        session.ui.tell(&failed.error);
    }
    Ok(match report.failed.is_empty() {
        true => Exit::Done,
        false => Exit::Partial,
    })
}
