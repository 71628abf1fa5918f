//! `eka fetch`.

use std::ffi::OsStr;
use std::path::PathBuf;

use eka::Exit;
use eka::fetch::Request;
use eka::project::{Chosen, ProjectError, choose};

use super::locking;
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Bring the contents of the locked atoms and pins, and print where they are
///
/// Each content lies in a folder (a pin that is a file as such) of its Nix store path's name, complete and checked against the
/// lock, or not at all. What is there already is hashed and kept; the network is asked for the
/// rest alone. The lock must be up to date.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Atoms to bring, by id, and pins whose name no atom has [default: all that is locked]
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    /// Bring the pin NAME
    #[arg(long, value_name = "NAME")]
    pin: Vec<String>,

    /// Put the folders into DIR instead of the cache
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,

    #[command(flatten)]
    locking: locking::Args,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let ids = args.ids.iter().map(|it| id(session, it));
    let pins = args.pin.iter().map(|it| eka::pins::name(it));
    let request = Request {
        ids: ids.collect::<Result<_, _>>().map_err(eka::Error::from)?,
        pins: pins.collect::<Result<_, _>>()?,
        into: args.into,
        locking,
    };
    let report = eka::fetch::fetch(&session.ctx, &request)?;
    session.answer(
        || render::fetch::text(&report),
        || json::fetch::Shape::of(&report),
    )
}

/// An atom of a lock has an id, and no folder that one could name.
fn id(session: &Session<'_>, text: &str) -> Result<atom::Id, ProjectError> {
    match choose(&session.ctx.dir, OsStr::new(text))? {
        Chosen::Id(id) => Ok(id),
        Chosen::Folder(_) => text.parse().map_err(|source| ProjectError::Argument {
            text: text.to_owned(),
            source,
        }),
    }
}
