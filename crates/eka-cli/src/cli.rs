//! The command line: global flags and the list of commands.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Publish, depend on, lock, fetch and verify atoms: versioned packages in git repositories
#[derive(Debug, Parser)]
#[command(
    name = "eka",
    version,
    styles = Styles::plain(),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_long_help = commands::variables_and_exit_codes(),
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes. Each has a variable; the flag wins.
///
/// The ids are of their own, since a command's argument of the same id would be taken for it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Work in DIR instead of the current folder [env: EKA_DIR]
    #[arg(id = "global-dir", short = 'C', value_name = "DIR", global = true)]
    pub(crate) dir: Option<PathBuf>,

    /// Say nothing but errors [env: EKA_QUIET]
    #[arg(
        id = "global-quiet",
        short = 'q',
        long = "quiet",
        global = true,
        conflicts_with = "global-verbose"
    )]
    pub(crate) quiet: bool,

    /// Say more of what is done [env: EKA_VERBOSE]
    #[arg(id = "global-verbose", short = 'v', long = "verbose", global = true)]
    pub(crate) verbose: bool,

    /// Color what people read [env: EKA_COLOR] [default: auto]
    #[arg(
        id = "global-color",
        long = "color",
        value_name = "WHEN",
        global = true
    )]
    pub(crate) color: Option<Color>,

    /// Show no progress [env: EKA_NO_PROGRESS]
    #[arg(id = "global-no_progress", long = "no-progress", global = true)]
    pub(crate) no_progress: bool,

    /// Answer as text or as JSON [env: EKA_FORMAT] [default: text]
    #[arg(
        id = "global-format",
        long = "format",
        value_name = "FORMAT",
        global = true
    )]
    pub(crate) format: Option<Format>,

    /// Ask no remote [env: EKA_OFFLINE]
    #[arg(id = "global-offline", long = "offline", global = true)]
    pub(crate) offline: bool,

    /// Set a key of the configuration, for this command alone [env: EKA_CONFIG]
    #[arg(
        id = "global-config",
        long = "config",
        value_name = "KEY=VALUE",
        global = true
    )]
    pub(crate) config: Vec<String>,
}

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One object on stdout, diagnostics as objects on stderr
    Json,
}

/// The commands, in the order of a first reading.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(commands::new::Args),
    Init(commands::init::Args),
    Publish(commands::publish::Args),
    Mirror(commands::mirror::Args),
    Versions(commands::versions::Args),
    Info(commands::info::Args),
    Add(commands::add::Args),
    Remove(commands::remove::Args),
    Import(commands::import::Args),
    Lock(commands::lock::Args),
    Update(commands::update::Args),
    Fetch(commands::fetch::Args),
    Tree(commands::tree::Args),
    Why(commands::why::Args),
    Outdated(commands::outdated::Args),
    Diff(commands::diff::Args),
    Verify(commands::verify::Args),
    Refs(commands::refs::Args),
    Nar(commands::nar::Args),
    Drv(commands::drv::Args),
    Store(commands::store::Args),
    Gc(commands::gc::Args),
    Config(commands::config::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let ids = command.get_arguments().map(|it| it.get_id().as_str());
            let taken: Vec<_> = ids.filter(|it| it.starts_with("global-")).collect();
            assert!(taken.is_empty(), "{}: {taken:?}", command.get_name());
        }
    }
}
