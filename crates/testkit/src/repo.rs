//! Git repositories made step by step, by real git, with fixed people and dates.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::env::Env;

/// Committer seconds of the first commit; each further one is a minute later.
pub const EPOCH_S: u64 = 1_700_000_000;

/// A repository of a test. Every method that fails panics with what git said.
#[derive(Debug, Clone)]
pub struct Repo {
    env: Env,
    folder: PathBuf,
    commits: Arc<AtomicU64>,
}

impl Env {
    /// Makes an empty repository with a work tree at `below`.
    #[must_use]
    pub fn repo(&self, below: &str) -> Repo {
        self.init(below, &[])
    }

    /// Makes an empty bare repository at `below` that checks all that it is sent
    /// (`receive.fsckObjects=true`).
    #[must_use]
    pub fn bare(&self, below: &str) -> Repo {
        let repo = self.init(below, &["--bare"]);
        repo.git(["config", "receive.fsckObjects", "true"]);
        repo
    }

    /// Clones `url` to `below`, with further arguments for `git clone`.
    #[must_use]
    pub fn clone_of(&self, url: &str, below: &str, arguments: &[&str]) -> Repo {
        let repo = self.at(&self.path(below));
        let mut command = self.command("git");
        command.args(["clone", "--quiet"]).args(arguments);
        command.args(["--", url]).arg(&repo.folder);
        run(&mut command);
        repo
    }

    /// Returns a handle on the repository that is at `folder`.
    #[must_use]
    pub fn at(&self, folder: &Path) -> Repo {
        Repo {
            env: self.clone(),
            folder: folder.to_owned(),
            commits: Arc::new(AtomicU64::new(0)),
        }
    }

    fn init(&self, below: &str, arguments: &[&str]) -> Repo {
        let repo = self.at(&self.path(below));
        let mut command = self.command("git");
        command.args(["init", "--quiet"]).args(arguments);
        run(command.arg(&repo.folder));
        repo
    }
}

impl Repo {
    /// Returns the repository's folder: the work tree's top, or the bare repository.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Returns the folder as text, to stand where a URL may.
    #[must_use]
    pub fn url(&self) -> String {
        format!("file://{}", self.folder.display())
    }

    /// Writes a file, its folders included.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.join(path);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("folders are made");
        std::fs::write(&path, content).expect("a file is written");
        self
    }

    /// Writes a file that may be run.
    pub fn executable(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        self.write(path, content);
        std::fs::set_permissions(
            self.folder.join(path),
            std::fs::Permissions::from_mode(0o755),
        )
        .expect("the mode is set");
        self
    }

    /// Makes a symbolic link at `path` to `target`.
    pub fn symlink(&self, path: &str, target: &str) -> &Self {
        let path = self.folder.join(path);
        let folder = path.parent().expect("a link is in a folder");
        std::fs::create_dir_all(folder).expect("folders are made");
        std::os::unix::fs::symlink(target, path).expect("a link is made");
        self
    }

    /// Removes a file or a folder.
    pub fn remove(&self, path: &str) -> &Self {
        let path = self.folder.join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).expect("a folder is removed");
        } else {
            std::fs::remove_file(&path).expect("a file is removed");
        }
        self
    }

    /// Commits all that the work tree holds, and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "--all", "--force", "."]);
        self.git(["commit", "--quiet", "--allow-empty", "-m", message]);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.rev("HEAD")
    }

    /// Returns the object id that a revision names.
    #[must_use]
    pub fn rev(&self, revision: &str) -> String {
        self.git(["rev-parse", "--verify", revision])
    }

    /// Runs git here, and returns its stdout without the last line feed.
    pub fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        let out = run(self.command().args(arguments));
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.strip_suffix('\n').map_or(text.clone(), str::to_owned)
    }

    /// Runs git here with these bytes as its stdin.
    pub fn git_with<const N: usize>(&self, arguments: [&str; N], input: &[u8]) -> String {
        let mut file = tempfile::tempfile().expect("a temporary file");
        std::io::Write::write_all(&mut file, input).expect("input is written");
        std::io::Seek::rewind(&mut file).expect("a file is sought");
        let out = run(self.command().args(arguments).stdin(file));
        String::from_utf8_lossy(&out.stdout).trim_end().to_owned()
    }

    /// Runs git here whatever comes of it.
    #[must_use]
    pub fn try_git(&self, arguments: &[impl AsRef<OsStr>]) -> Output {
        self.command()
            .args(arguments)
            .output()
            .expect("git is here")
    }

    /// Returns all refs, as `<object> <name>`, in the order of their names.
    #[must_use]
    pub fn refs(&self) -> Vec<String> {
        self.git(["for-each-ref", "--format=%(objectname) %(refname)"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Returns a `git` command here, with the people and the next date of the test.
    #[must_use]
    pub fn command(&self) -> Command {
        let n = self.commits.load(Ordering::Relaxed);
        let date = format!("{} +0000", EPOCH_S + 60 * n);
        let mut command = self.env.command("git");
        command
            .current_dir(&self.folder)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date);
        command
    }
}

/// Runs a command to its end.
///
/// # Panics
///
/// Where it fails, with what it said.
pub fn run(command: &mut Command) -> Output {
    let out = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        out.status.success(),
        "{command:?}: {}\n{}{}",
        out.status,
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    out
}
