//! The global flags and their variables, brought together.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::ValueEnum;
use eka::Network;
use eka::env::{self, Env, EnvError, Variable};

use crate::cli::{Color, Format, Global};
use crate::ui::{Ink, Painter, Verbosity};

/// What the global flags and variables come to.
#[derive(Debug)]
pub(crate) struct Globals {
    pub(crate) dir: Option<PathBuf>,
    pub(crate) config: Vec<String>,
    pub(crate) network: Network,
    pub(crate) verbosity: Verbosity,
    pub(crate) progress: Progress,
    pub(crate) painter: Painter,
    pub(crate) ink: Ink,
}

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Shown,
    Hidden,
}

impl Globals {
    /// A flag wins over its variable.
    pub(crate) fn resolve(global: Global, env: &Env) -> Result<Self, EnvError> {
        let on = |flag: bool, variable: Variable| -> Result<bool, EnvError> {
            Ok(flag || env.switch(variable)?.unwrap_or(false))
        };
        let quiet = on(global.quiet, env::QUIET)?;
        let verbose = on(global.verbose, env::VERBOSE)?;
        let format = choice(global.format, env, env::FORMAT)?.unwrap_or(Format::Text);
        let color = choice(global.color, env, env::COLOR)?;
        let hidden = on(global.no_progress, env::NO_PROGRESS)?;
        let shown =
            !hidden && !quiet && format == Format::Text && is_terminal(&std::io::stderr(), env);
        Ok(Self {
            dir: global
                .dir
                .or_else(|| env.get(env::DIR.name).map(PathBuf::from)),
            config: global.config,
            network: network(global.offline, env)?,
            // The flag of one is stronger than the variable of the other.
            verbosity: match (quiet, verbose) {
                (true, false) => Verbosity::Quiet,
                (false, true) => Verbosity::Verbose,
                (true, true) if global.quiet => Verbosity::Quiet,
                (true, true) if global.verbose => Verbosity::Verbose,
                _ => Verbosity::Normal,
            },
            progress: if shown && env.get("CI").is_none() {
                Progress::Shown
            } else {
                Progress::Hidden
            },
            painter: Painter::new(format, color.unwrap_or(Color::Auto), env),
            ink: Ink::new(color.unwrap_or(Color::Auto), env, &std::io::stdout()),
        })
    }
}

/// Before the arguments are read: how an error in them is told.
pub(crate) fn early_painter(args: &[std::ffi::OsString], env: &Env) -> Painter {
    let flag = |name: &str| {
        let with = format!("{name}=");
        args.iter().enumerate().find_map(|(at, it)| {
            let text = it.to_str()?;
            match text.strip_prefix(&with) {
                Some(value) => Some(value.to_owned()),
                None if text == name => args.get(at + 1)?.to_str().map(str::to_owned),
                None => None,
            }
        })
    };
    let variable = |it| env.text(it).ok().flatten().map(str::to_owned);
    let format = flag("--format").or_else(|| variable(env::FORMAT));
    let color = flag("--color").or_else(|| variable(env::COLOR));
    let format = format.and_then(|it| Format::from_str(&it, true).ok());
    let color = color.and_then(|it| Color::from_str(&it, true).ok());
    Painter::new(
        format.unwrap_or(Format::Text),
        color.unwrap_or(Color::Auto),
        env,
    )
}

fn network(flag: bool, env: &Env) -> Result<Network, EnvError> {
    if flag {
        let by = "--offline";
        return Ok(Network::Offline { by });
    }
    Ok(match env.switch(env::OFFLINE)? {
        Some(true) => Network::Offline {
            by: env::OFFLINE.name,
        },
        _ => Network::Online,
    })
}

/// The flag's value, else the variable's.
fn choice<T: ValueEnum>(
    flag: Option<T>,
    env: &Env,
    variable: Variable,
) -> Result<Option<T>, EnvError> {
    let Some(text) = env.text(variable)?.filter(|_| flag.is_none()) else {
        return Ok(flag);
    };
    T::from_str(text, true).map(Some).map_err(|_| {
        let names = T::value_variants().iter().filter_map(T::to_possible_value);
        let names: Vec<_> = names.map(|it| format!("`{}`", it.get_name())).collect();
        EnvError::Value {
            name: variable.name,
            value: text.to_owned(),
            expected: names.join(", "),
        }
    })
}

/// Whether a stream is a terminal that can move its cursor.
pub(crate) fn is_terminal(stream: &impl IsTerminal, env: &Env) -> bool {
    stream.is_terminal() && env.get("TERM").is_none_or(|it| it != "dumb")
}
