//! `eka refs`.

use std::path::PathBuf;

use eka::Exit;
use eka::refs::{Input, Places, Request};

use crate::cli::Format;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Show which store paths a file or a folder refers to
///
/// A reference is the hash in a store path's name, wherever it stands: in contents, in targets of
/// links, in names below PATH. Prints their base names, a line each.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store: `nix`, `yzix`, or the absolute path of one whose names are as Nix's
    #[arg(long, value_name = "DIR", default_value = "nix")]
    store: String,

    /// Look for these alone, whatever precedes their hashes: store paths, base names or hash
    /// parts, a line each; `-` for standard input
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,

    /// A file, a folder with all below it, or a link, which is not followed; `-` for standard
    /// input
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = Request {
        store: args.store,
        candidates: args.candidates.map(input),
        input: input(args.path),
        places: match session.ui.format() {
            Format::Json => Places::Kept,
            Format::Text => Places::LeftOut,
        },
    };
    let report = eka::refs::refs(&session.ctx, &request, &mut std::io::stdin().lock())?;
    session.answer(
        || render::refs::text(&report),
        || json::refs::Shape::of(&report),
    )
}

fn input(path: PathBuf) -> Input {
    if path.as_os_str() == "-" {
        Input::Stdin
    } else {
        Input::Path(path)
    }
}
