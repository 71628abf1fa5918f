//! `eka man`.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_mangen::Man;
use eka::Exit;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::ui;

/// Print the manual page, or write one page a command into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder; made where it is not there
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    match &args.dir {
        None => ui::stdout(&page(command)?)?,
        Some(dir) => {
            let fault = |path: &Path, source| Failure::Write {
                path: path.to_owned(),
                source,
            };
            std::fs::create_dir_all(dir).map_err(|it| fault(dir, it))?;
            for sub in command.clone().get_subcommands() {
                let path = dir.join(format!("eka-{}.1", sub.get_name()));
                let text = page(sub.clone())?;
                std::fs::write(&path, text).map_err(|it| fault(&path, it))?;
            }
            let path = dir.join("eka.1");
            std::fs::write(&path, page(command)?).map_err(|it| fault(&path, it))?;
        }
    }
    Ok(Exit::Done)
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    Man::new(command)
        .render(&mut bytes)
        .map_err(|source| Failure::Stdout { source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
