//! All of the outside that a workflow may touch, handed in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use atom::uri::{AliasError, Aliases};
use miette::Diagnostic;
use thiserror::Error;

use crate::config::{self, Config, ConfigError, Sources};
use crate::env::{self, Env, EnvError};
use crate::event::{Event, Events, Task, Tasks, Warning};
use crate::files::Patience;
use crate::patches::{PatchError, Patches};
use crate::project;

/// Where and how a command works. Shared by the threads of one command.
pub struct Context<'a> {
    /// The folder to work in, absolute.
    pub dir: PathBuf,
    /// What stands in for atoms for a while.
    pub patches: Patches,
    /// Where eka keeps what is its own.
    pub dirs: Dirs,
    /// The effective configuration.
    pub config: Config,
    /// The known aliases, the user's among them.
    pub aliases: Aliases,
    /// The variables of the environment.
    pub env: Env,
    /// Whether remotes may be asked.
    pub network: Network,
    /// Whether somebody sits at the terminal who could be asked.
    pub person: Person,
    /// When the command began.
    pub now: SystemTime,
    /// Who hears of warnings and progress.
    pub events: &'a dyn Events,
    /// Raised to end the command early.
    pub interrupt: Arc<AtomicBool>,
    /// Numbers the tasks.
    pub tasks: Tasks,
}

/// What the edge gathered: the arguments of [`Context::new`].
pub struct Outside<'a> {
    /// The process's current folder.
    pub current_dir: PathBuf,
    /// `-C`: the folder to work in, relative to `current_dir`.
    pub dir: Option<PathBuf>,
    /// `--config`, in order.
    pub config: Vec<String>,
    /// Whether remotes may be asked.
    pub network: Network,
    /// Whether somebody could be asked.
    pub person: Person,
    /// The variables of the environment.
    pub env: Env,
    /// The time.
    pub now: SystemTime,
    /// Who hears of warnings and progress.
    pub events: &'a dyn Events,
    /// Raised to end the command early.
    pub interrupt: Arc<AtomicBool>,
}

/// Where eka keeps what is its own, by the XDG base directory specification; `None` where neither
/// `HOME` nor the variable says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dirs {
    /// The cache, which may be removed at any time.
    pub cache: Option<PathBuf>,
    /// What was made or brought and is not a cache: the store.
    pub data: Option<PathBuf>,
    /// What was first seen; not a cache.
    pub state: Option<PathBuf>,
    /// The user's configuration.
    pub config: Option<PathBuf>,
    /// The machine's configurations, the strongest first.
    pub system: Vec<PathBuf>,
    /// For what lives no longer than the command.
    pub temp: PathBuf,
}

/// Whether remotes may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Yes.
    Online,
    /// No.
    Offline {
        /// The flag or the variable that said so.
        by: &'static str,
    },
}

/// Whether somebody sits at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Stdin is a terminal.
    Present,
    /// It is none: nothing may be asked.
    Absent,
}

/// Why there is no context to work in.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ContextError {
    /// The folder of `-C` is none.
    #[error("there is no folder `{}`", dir.display())]
    #[diagnostic(
        code(eka::context::no_folder),
        help("`-C` and `EKA_DIR` take a folder that exists")
    )]
    NoFolder {
        /// The folder.
        dir: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// Neither `HOME` nor the XDG variable is set.
    #[error("there is no folder for the {what}")]
    #[diagnostic(
        code(eka::context::no_home),
        help("set `HOME`, or `{variable}` to an absolute path")
    )]
    NoHome {
        /// For what.
        what: &'static str,
        /// The variable.
        variable: &'static str,
    },
    /// A remote would have to be asked.
    #[error("{what} needs the network, and `{by}` forbids it")]
    #[diagnostic(
        code(eka::context::offline),
        help("run the command again without `{by}`")
    )]
    Offline {
        /// What would be done, such as "listing `https://example.org/repo`".
        what: String,
        /// The flag or the variable that forbids it.
        by: &'static str,
    },
    /// The command was interrupted.
    #[error("interrupted")]
    #[diagnostic(code(eka::context::interrupted), help("run the command again"))]
    Interrupted,
    /// A variable cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Env(#[from] EnvError),
    /// The configuration cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] Box<ConfigError>),
    /// A patch of the configuration cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Patch(#[from] PatchError),
    /// An alias of the configuration cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Alias(#[from] AliasError),
}

impl<'a> Context<'a> {
    /// Finds the folders and reads the configuration.
    ///
    /// # Errors
    ///
    /// [`ContextError::NoFolder`], [`ContextError::Config`], [`ContextError::Alias`].
    pub fn new(outside: Outside<'a>) -> Result<Self, ContextError> {
        let dir = work_dir(&outside)?;
        let dirs = Dirs::of(&outside.env);
        let project = project::repository_top(&dir).unwrap_or(&dir).to_owned();
        let sources = Sources {
            system: below(&dirs.system, "config.toml"),
            user: dirs.config.as_ref().map(|it| it.join("config.toml")),
            project: Some(project.clone()),
            variable: outside.env.text(env::CONFIG)?.map(str::to_owned),
            flags: outside.config,
        };
        let config = config::load(&sources, outside.events).map_err(Box::new)?;
        let aliases = Aliases::with_user(config.aliases())?;
        let home = outside.env.get("HOME").map(Path::new);
        let patches = Patches::read(&config, &aliases, (&project, home))?;
        Ok(Self {
            dir,
            patches,
            dirs,
            config,
            aliases,
            env: outside.env,
            network: outside.network,
            person: outside.person,
            now: outside.now,
            events: outside.events,
            interrupt: outside.interrupt,
            tasks: Tasks::default(),
        })
    }

    /// The cache's folder.
    ///
    /// # Errors
    ///
    /// [`ContextError::NoHome`].
    pub fn cache_dir(&self) -> Result<&Path, ContextError> {
        self.dirs.cache.as_deref().ok_or(ContextError::NoHome {
            what: "cache",
            variable: "XDG_CACHE_HOME",
        })
    }

    /// The folder of what was made or brought.
    ///
    /// # Errors
    ///
    /// [`ContextError::NoHome`].
    pub fn data_dir(&self) -> Result<&Path, ContextError> {
        self.dirs.data.as_deref().ok_or(ContextError::NoHome {
            what: "store",
            variable: "XDG_DATA_HOME",
        })
    }

    /// The folder of what must not be forgotten.
    ///
    /// # Errors
    ///
    /// [`ContextError::NoHome`].
    pub fn state_dir(&self) -> Result<&Path, ContextError> {
        self.dirs.state.as_deref().ok_or(ContextError::NoHome {
            what: "state",
            variable: "XDG_STATE_HOME",
        })
    }

    /// Makes sure that remotes may be asked; `what` says what for, such as
    /// "listing `https://example.org/repo`".
    ///
    /// # Errors
    ///
    /// [`ContextError::Offline`].
    pub fn online(&self, what: impl Into<String>) -> Result<(), ContextError> {
        match self.network {
            Network::Online => Ok(()),
            Network::Offline { by } => Err(ContextError::Offline {
                what: what.into(),
                by,
            }),
        }
    }

    /// Gives up where the command was interrupted: for loops that take long.
    ///
    /// # Errors
    ///
    /// [`ContextError::Interrupted`].
    pub fn check_interrupt(&self) -> Result<(), ContextError> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(ContextError::Interrupted);
        }
        Ok(())
    }

    /// Begins a task, of `total` steps where that is known.
    pub fn task(&self, what: impl Into<String>, total: Option<u64>) -> Task<'_> {
        self.tasks.start(self.events, what, total)
    }

    /// Tells a warning.
    pub fn warn(&self, warning: impl Diagnostic + Send + Sync + 'static) {
        self.events.emit(Event::Warning(Warning::new(warning)));
    }

    /// Who hears that a folder is waited for, and who may end the wait.
    #[must_use]
    pub fn patience(&self) -> Patience<'_> {
        Patience {
            events: self.events,
            interrupt: &self.interrupt,
        }
    }
}

impl Dirs {
    /// Reads the variables. A relative path does not count, as the specification says.
    #[must_use]
    pub fn of(env: &Env) -> Self {
        let absolute = |name: &str| {
            let path = PathBuf::from(env.get(name)?);
            path.is_absolute().then_some(path)
        };
        let home = absolute("HOME");
        let base = |variable: &str, below: &str| {
            let base = absolute(variable).or_else(|| home.as_ref().map(|it| it.join(below)))?;
            Some(base.join("eka"))
        };
        let system = env.get("XDG_CONFIG_DIRS");
        let system = system.map_or_else(
            || vec![PathBuf::from("/etc/xdg")],
            |it| std::env::split_paths(it).collect(),
        );
        Self {
            cache: base("XDG_CACHE_HOME", ".cache"),
            data: base("XDG_DATA_HOME", ".local/share"),
            state: base("XDG_STATE_HOME", ".local/state"),
            config: base("XDG_CONFIG_HOME", ".config"),
            system: below(&system, "eka"),
            temp: absolute("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp")),
        }
    }
}

fn below(folders: &[PathBuf], name: &str) -> Vec<PathBuf> {
    let absolute = folders.iter().filter(|it| it.is_absolute());
    absolute.map(|it| it.join(name)).collect()
}

fn work_dir(outside: &Outside<'_>) -> Result<PathBuf, ContextError> {
    let Some(dir) = &outside.dir else {
        return Ok(outside.current_dir.clone());
    };
    let joined = outside.current_dir.join(dir);
    let found = joined.canonicalize().and_then(|it| {
        // Opening tells whether it is a folder that one may enter.
        std::fs::read_dir(&it).map(|_| it)
    });
    found.map_err(|source| ContextError::NoFolder {
        dir: dir.clone(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: &Dirs) {
        let pairs = variables.iter().map(|(k, v)| (k.into(), v.into()));
        assert_eq!(&Dirs::of(&Env::new(pairs)), expected);
    }

    #[test]
    fn folders_follow_the_specification() {
        let path = |it: &str| Some(PathBuf::from(it));
        let system = vec![PathBuf::from("/etc/xdg/eka")];
        let mut expected = Dirs {
            system,
            temp: PathBuf::from("/tmp"),
            ..Dirs::default()
        };
        check(&[], &expected);
        expected.cache = path("/h/.cache/eka");
        expected.data = path("/h/.local/share/eka");
        expected.state = path("/h/.local/state/eka");
        expected.config = path("/h/.config/eka");
        check(&[("HOME", "/h"), ("XDG_CACHE_HOME", "relative")], &expected);
        expected.cache = path("/c/eka");
        expected.system = vec![PathBuf::from("/a/eka"), PathBuf::from("/b/eka")];
        check(
            &[
                ("HOME", "/h"),
                ("XDG_CACHE_HOME", "/c"),
                ("XDG_CONFIG_DIRS", "/a:b:/b"),
            ],
            &expected,
        );
    }
}
