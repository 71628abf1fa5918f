//! `eka drv`.

use std::path::PathBuf;

use eka::Exit;
use eka::drv::{InhashRequest, ShowRequest};

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Look into derivations: the files by which Nix says what is to be built, and how
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(Show),
    Inhash(Inhash),
}

/// Show what a derivation says
///
/// With `--format json`, `derivations` holds what `nix show-derivation` prints.
#[derive(Debug, clap::Args)]
struct Show {
    /// The derivation, in a store or elsewhere
    #[arg(value_name = "FILE.drv")]
    file: PathBuf,
}

/// Print the inhash of a derivation: Nix's hash modulo
///
/// It names the outputs of the derivation and their realisations. It covers all that goes into the
/// build; of inputs whose content is fixed it covers the content alone, not how they are made.
#[derive(Debug, clap::Args)]
struct Inhash {
    /// Look for input derivations in DIR instead of the folder of FILE.drv
    #[arg(long, value_name = "DIR")]
    store_dir: Option<PathBuf>,

    /// The derivation
    #[arg(value_name = "FILE.drv")]
    file: PathBuf,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    match args.command {
        Command::Show(Show { file }) => {
            let report = eka::drv::show(&session.ctx, &ShowRequest { file })?;
            session.answer(
                || render::drv::show(&report),
                || json::drv_show::Shape::of(&report),
            )
        }
        Command::Inhash(Inhash { store_dir, file }) => {
            let request = InhashRequest { file, store_dir };
            let report = eka::drv::inhash(&session.ctx, &request)?;
            session.answer(
                || render::drv::inhash(&report),
                || json::drv_inhash::Shape::of(&report),
            )
        }
    }
}
