//! A Nix store of a test's own, and what Nix says of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::Env;
use crate::repo::run;

/// The programs that a store needs.
pub const PROGRAMS: &[&str] = &["nix", "nix-build", "nix-instantiate", "nix-store"];

/// Derivations whose outputs refer to one another in every way that counts, and in some that do not.
pub const REFERENCES: &str = include_str!("references.nix");

/// The key that stores of tests sign with, as Nix keeps one; it is of no use elsewhere.
const SECRET_KEY: &str = "eka-test-1:lh1No+IkPnH70/+gh3o1FgnjhpsUFXDlgV3TP57H4PliotpLtQPMScZ+XuPLEFNiZ3DsWEL6WVmx4jN3EkfuBA==";
/// Its public half.
pub const PUBLIC_KEY: &str = "eka-test-1:YqLaS7UDzEnGfl7jyxBTYmdw7FhC+llZseIzdxJH7gQ=";

const CONFIG: &str = "substituters =\nsandbox = false\nbuild-users-group =\n\
    experimental-features = nix-command ca-derivations impure-derivations\n";

/// A store in a folder of the test, without sandbox, build users or substituters.
#[derive(Debug, Clone)]
pub struct NixStore {
    env: Env,
    /// What its paths begin with.
    path: PathBuf,
    /// Where they lie.
    folder: PathBuf,
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
        env.set("NIX_CONFIG", CONFIG);
        let folder = env.path("nix/store");
        Self {
            env,
            path: folder.clone(),
            folder,
        }
    }

    /// Opens a store of this world whose paths begin with `/nix/store`, and lie elsewhere.
    ///
    /// So they are the same in each run; but no builder would find its own.
    #[must_use]
    pub fn unbuildable(env: &Env) -> Self {
        let mut env = env.clone();
        let (conf, root) = (env.path("nix/etc"), env.path("unbuildable"));
        env.set("NIX_CONF_DIR", conf);
        env.set("NIX_REMOTE", &root);
        env.set("NIX_CONFIG", CONFIG);
        Self {
            env,
            path: PathBuf::from("/nix/store"),
            folder: root.join("nix/store"),
        }
    }

    /// Lets the store sign what it builds, with the key of [`PUBLIC_KEY`].
    #[must_use]
    pub fn signing(mut self) -> Self {
        let key = self.secret_key();
        let config = format!("{CONFIG}secret-key-files = {}\n", key.display());
        self.env.set("NIX_CONFIG", config);
        self
    }

    /// Writes the key that tests sign with to a file, and returns its path.
    #[must_use]
    pub fn secret_key(&self) -> PathBuf {
        let file = self.env.path("secret-key");
        std::fs::write(&file, SECRET_KEY).expect("the key is written");
        file
    }

    /// Returns the world that the store is of.
    #[must_use]
    pub const fn env(&self) -> &Env {
        &self.env
    }

    /// Returns what the store's paths begin with.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// Returns where a path of the store lies.
    #[must_use]
    pub fn file(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let below = path.strip_prefix(&self.path);
        self.folder
            .join(below.unwrap_or_else(|_| panic!("{} is not in the store", path.display())))
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
