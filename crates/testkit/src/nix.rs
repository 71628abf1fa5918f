//! A Nix store of a test's own, and what Nix says of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::Env;
use crate::repo::run;

/// The programs that a store needs.
pub const PROGRAMS: &[&str] = &["nix-build", "nix-instantiate", "nix-store"];

/// Derivations whose outputs refer to one another in every way that counts, and in some that do not.
pub const REFERENCES: &str = include_str!("references.nix");

/// A store in a folder of the test, without sandbox, build users or substituters.
#[derive(Debug, Clone)]
pub struct NixStore {
    env: Env,
}

impl NixStore {
    /// Opens the store of this world; Nix makes it when it is first used.
    #[must_use]
    pub fn new(env: &Env) -> Self {
        let mut env = env.clone();
        for (key, below) in [
            ("NIX_STORE_DIR", "nix/store"),
            ("NIX_STATE_DIR", "nix/var"),
            ("NIX_LOG_DIR", "nix/log"),
            ("NIX_CONF_DIR", "nix/etc"),
        ] {
            let path = env.path(below);
            env.set(key, path);
        }
        env.set(
            "NIX_CONFIG",
            "substituters =\nsandbox = false\nbuild-users-group =\n\
             experimental-features = nix-command ca-derivations\n",
        );
        Self { env }
    }

    /// Returns the path to the store.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.env.path("nix/store")
    }

    /// Returns a command in the world of this store.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        self.env.command(program)
    }

    /// Builds all that an expression evaluates to, and returns the paths of all outputs.
    #[must_use]
    pub fn build(&self, expression: &str) -> Vec<String> {
        let file = self.env.path("expression.nix");
        std::fs::write(&file, expression).expect("the expression is written");
        let mut build = self.command("nix-build");
        let built = lines(build.arg("--no-out-link").arg(file));
        // Each is the first output of its derivation.
        let drv = |path: &String| self.query(&["--deriver"], path);
        let outputs = |drv: String| self.query(&["--outputs"], drv);
        built.iter().flat_map(drv).flat_map(outputs).collect()
    }

    /// Returns what `nix-store --query` says of a path, a line each.
    #[must_use]
    pub fn query(&self, what: &[&str], path: impl AsRef<Path>) -> Vec<String> {
        let mut query = self.command("nix-store");
        lines(query.arg("--query").args(what).arg(path.as_ref()))
    }

    /// Returns the NAR of a path.
    #[must_use]
    pub fn dump(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let mut dump = self.command("nix-store");
        run(dump.arg("--dump").arg(path.as_ref())).stdout
    }
}

fn lines(command: &mut Command) -> Vec<String> {
    let out = String::from_utf8(run(command).stdout).expect("Nix prints UTF-8");
    out.lines().map(str::to_owned).collect()
}
