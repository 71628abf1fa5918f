//! `eka completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;
use eka::Exit;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::ui;

/// Print what makes a shell complete eka's arguments
///
/// For bash: `eka completions bash > ~/.local/share/bash-completion/completions/eka`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "eka", &mut script);
    ui::stdout(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
