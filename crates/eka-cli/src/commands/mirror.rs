//! `eka mirror`.

use atom::Id;
use eka::Exit;
use eka::mirror::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Copy the versions of one repository to another, as they are
///
/// Every ref of every version goes, and the root of the set; what is there already stays. What
/// is copied is checked first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where from: a remote's name, or a URL
    from: String,

    /// Where to: a remote's name, or a URL
    to: String,

    /// The atoms [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<Id>,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request {
        from: args.from,
        to: args.to,
        ids: args.ids,
    };
    let report = eka::mirror::mirror(&session.ctx, &request)?;
    session.answer(
        || render::mirror::text(&report),
        || json::mirror::Shape::of(&report),
    )
}
