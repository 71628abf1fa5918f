//! `eka why`.

use eka::Exit;
use eka::why::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Explain why the lock holds an atom, and why not a newer version of it
///
/// Shows who asks for it, with which requirement, and how the manifest leads there. Where there is
/// a newer version, it is resolved again with that one: what stands in its way is told, or which
/// command moves there. Nothing is written.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An atom of the lock: `zlib`, `set.zlib`, `zlib@^1` or `gh:owner/repo::zlib`
    #[arg(value_name = "ID")]
    atom: String,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request { atom: args.atom };
    let report = eka::why::why(&session.ctx, &request)?;
    session.answer(
        || render::why::text(&report),
        || json::why::Shape::of(&report),
    )
}
