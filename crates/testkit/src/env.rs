//! A world of its own for a test: home, locale, time zone and git configuration.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::tools;

/// A temporary folder, and the environment that every program of the test gets.
///
/// Clones share the folder, which goes with the last of them.
#[derive(Debug, Clone)]
pub struct Env {
    folder: Arc<TempDir>,
    variables: BTreeMap<OsString, OsString>,
}

impl Default for Env {
    fn default() -> Self {
        Self::new()
    }
}

impl Env {
    /// Makes an empty home, with a git configuration of fixed identity and branch name.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("eka-test-")
            .tempdir()
            .expect("a folder for the test");
        let mut env = Self {
            folder: Arc::new(folder),
            variables: BTreeMap::new(),
        };
        for (key, below) in [
            ("HOME", "home"),
            ("TMPDIR", "tmp"),
            ("XDG_CONFIG_HOME", "home/.config"),
            ("XDG_CACHE_HOME", "home/.cache"),
            ("XDG_STATE_HOME", "home/.local/state"),
            ("XDG_DATA_HOME", "home/.local/share"),
            ("XDG_CONFIG_DIRS", "etc/xdg"),
        ] {
            let path = env.path(below);
            std::fs::create_dir_all(&path).expect("folders of the test are made");
            env.set(key, path);
        }
        let config = env.path("gitconfig");
        std::fs::write(
            &config,
            "[user]\n\tname = Ada\n\temail = ada@example.org\n\
             [init]\n\tdefaultBranch = main\n\
             [gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n\
             [protocol \"file\"]\n\tallow = always\n",
        )
        .expect("the git configuration is written");
        env.set("GIT_CONFIG_GLOBAL", config);
        env.set("GIT_CONFIG_NOSYSTEM", "1");
        env.set("GIT_TERMINAL_PROMPT", "0");
        env.set("LC_ALL", "C.UTF-8");
        env.set("TZ", "UTC");
        env.set("PATH", tools::path());
        env
    }

    /// Sets a variable for all programs started from now on.
    pub fn set(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.variables
            .insert(key.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Takes a variable away.
    pub fn unset(&mut self, key: impl AsRef<OsStr>) -> &mut Self {
        self.variables.remove(key.as_ref());
        self
    }

    /// Returns a path below the test's folder; `""` is the folder itself.
    #[must_use]
    pub fn path(&self, below: &str) -> PathBuf {
        if below.is_empty() {
            return self.folder.path().to_owned();
        }
        self.folder.path().join(below)
    }

    /// Returns the home folder.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Returns a command in this environment and in no other variable of ours.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables);
        // Coverage and sanitizers report through files that they are told of.
        for key in ["LLVM_PROFILE_FILE", "RUST_BACKTRACE", "ASAN_OPTIONS"] {
            if let Some(value) = std::env::var_os(key) {
                command.env(key, value);
            }
        }
        command
    }

    /// Returns a command for the `eka` binary at `program`, run in `folder`.
    #[must_use]
    pub fn eka(&self, program: &Path, folder: &Path) -> Command {
        let mut command = self.command(program);
        command.current_dir(folder);
        command
    }

    /// Adds a section to the git configuration of the test's user, as `"[url \"a\"]\n…"`.
    pub fn git_config(&self, text: &str) -> &Self {
        let path = self.path("gitconfig");
        let old = std::fs::read_to_string(&path).expect("the git configuration is here");
        std::fs::write(&path, old + text).expect("the git configuration is written");
        self
    }
}
