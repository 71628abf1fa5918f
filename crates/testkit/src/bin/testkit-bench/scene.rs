//! What every bench needs: a world of its own, and the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::env::Env;
use testkit::repo::run;

use crate::measure::{Spent, spent};

/// A world, and the `eka` in question.
pub(crate) struct Scene {
    pub(crate) env: Env,
    pub(crate) eka: PathBuf,
}

impl Scene {
    /// An empty world.
    pub(crate) fn new(eka: PathBuf) -> Self {
        let env = Env::new();
        Self { env, eka }
    }

    /// Another world with the same program.
    pub(crate) fn other(&self) -> Self {
        Self::new(self.eka.clone())
    }

    /// Runs `eka` in a folder, silently; panics with what it said where it fails.
    pub(crate) fn eka(&self, folder: &Path, arguments: &[&str]) {
        run(self.env.eka(&self.eka, folder).args(arguments));
    }

    /// Runs `eka`, and says what it took.
    pub(crate) fn timed_eka(&self, folder: &Path, arguments: &[&str]) -> Spent {
        spent(|| self.eka(folder, arguments))
    }

    /// Makes `eka` forget all that it has seen.
    pub(crate) fn forget(&self) {
        clear(&self.env.home().join(".cache"));
    }

    /// Copies a folder with all that is in it.
    pub(crate) fn copy(&self, from: &Path, to: &Path) {
        run(self.env.command("cp").arg("-a").arg(from).arg(to));
    }
}

/// Empties a folder, which may not be there.
pub(crate) fn clear(folder: &Path) {
    std::fs::remove_dir_all(folder).ok();
    std::fs::create_dir_all(folder).expect("folders are made");
}

/// A path as text, as programs take it.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders are UTF-8")
}

/// Runs a command that must succeed, and says what it took.
pub(crate) fn timed_run(command: &mut Command) -> Spent {
    command.stdin(Stdio::null());
    spent(|| {
        run(command);
    })
}
