//! `eka new`.

use std::path::PathBuf;

use eka::Exit;
use eka::new::Request;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Begin an atom: a folder with a commented `atom.toml`
///
/// Works offline, outside of any repository too, and overwrites nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The atom's folder; made where it is not there
    dir: PathBuf,

    /// The atom's id [default: the folder's name]
    #[arg(long)]
    id: Option<String>,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request {
        dir: args.dir,
        id: args.id,
    };
    let report = eka::new::new(&session.ctx, &request)?;
    session.answer(
        || render::new::text(&report),
        || json::new::Shape::of(&report),
    )
}
