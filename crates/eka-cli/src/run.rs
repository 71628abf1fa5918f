//! From arguments to an exit code: one `match`.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::SystemTime;

use clap::Parser as _;
use clap::error::ErrorKind;
use eka::env::Env;
use eka::{Context, Exit, Outside, Person};

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::globals::{self, Globals};
use crate::session::Session;
use crate::ui::{Painter, Ui};
use crate::{commands, exit, signal, ui};

/// Runs the command that the arguments name.
pub(crate) fn run(
    args: impl Iterator<Item = OsString>,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Exit {
    let args: Vec<OsString> = args.collect();
    let env = Env::new(variables);
    let painter = globals::early_painter(&args, &env);
    exit::tell_panics(painter);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return told(&error, painter),
    };
    let globals = match Globals::resolve(cli.global, &env) {
        Ok(globals) => globals,
        Err(error) => {
            painter.tell(&error);
            return Exit::Usage;
        }
    };
    exit::tell_panics(globals.painter);
    let ui = Ui::new(&globals);
    let outcome = command(cli.command, globals, env, &ui);
    ui.clear();
    outcome.unwrap_or_else(|failure| {
        ui.tell(&failure);
        failure.exit()
    })
}

fn command(command: Command, globals: Globals, env: Env, ui: &Ui) -> Result<Exit, Failure> {
    // Those that need nothing of the outside work wherever one is.
    match &command {
        Command::Completions(args) => return commands::completions::run(args),
        Command::Man(args) => return commands::man::run(args),
        _ => {}
    }
    let interrupt = Arc::default();
    signal::watch(&interrupt);
    let person = if std::io::stdin().is_terminal() {
        Person::Present
    } else {
        Person::Absent
    };
    let outside = Outside {
        current_dir: std::env::current_dir().map_err(|source| Failure::CurrentDir { source })?,
        dir: globals.dir,
        config: globals.config,
        network: globals.network,
        person,
        env,
        now: SystemTime::now(),
        events: ui,
        interrupt,
    };
    let ctx = Context::new(outside).map_err(eka::Error::from)?;
    let mut session = Session { ctx, ui };
    match command {
        Command::New(args) => commands::new::run(args, &session),
        Command::Init(args) => commands::init::run(args, &session),
        Command::Publish(args) => commands::publish::run(args, &session),
        Command::Mirror(args) => commands::mirror::run(args, &session),
        Command::Versions(args) => commands::versions::run(args, &session),
        Command::Info(args) => commands::info::run(args, &session),
        Command::Add(args) => commands::add::run(args, &mut session),
        Command::Remove(args) => commands::remove::run(args, &mut session),
        Command::Import(args) => commands::import::run(args, &mut session),
        Command::Lock(args) => commands::lock::run(args, &mut session),
        Command::Update(args) => commands::update::run(args, &mut session),
        Command::Fetch(args) => commands::fetch::run(args, &mut session),
        Command::Diff(args) => commands::diff::run(args, &session),
        Command::Why(args) => commands::why::run(args, &session),
        Command::Outdated(args) => commands::outdated::run(args, &session),
        Command::Tree(args) => commands::tree::run(args, &session),
        Command::Verify(args) => commands::verify::run(args, &mut session),
        Command::Refs(args) => commands::refs::run(args, &session),
        Command::Nar(args) => commands::nar::run(args, &session),
        Command::Drv(args) => commands::drv::run(args, &session),
        Command::Store(args) => commands::store::run(args, &session),
        Command::Gc(args) => commands::gc::run(args, &session),
        Command::Config(args) => commands::config::run(args, &session),
        Command::Completions(_) | Command::Man(_) => unreachable!("they ran above"),
    }
}

/// Tells what clap has to say: help and the version on stdout, wrong usage on stderr.
fn told(error: &clap::Error, painter: Painter) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match ui::stdout(&error.render().to_string()) {
                Ok(()) => Exit::Done,
                Err(failure) => {
                    painter.tell(&failure);
                    failure.exit()
                }
            }
        }
        _ => {
            painter.tell_usage(&error.render().to_string());
            Exit::Usage
        }
    }
}
