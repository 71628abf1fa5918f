//! Runs the binary in a world of its own and shows what came out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::env::Env;

/// A world with a folder to work in.
pub(crate) struct World {
    pub(crate) env: Env,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { env: Env::new() };
        std::fs::create_dir_all(world.dir()).unwrap();
        world
    }

    /// The folder that commands run in.
    pub(crate) fn dir(&self) -> PathBuf {
        self.env.path("work")
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir().join(below)
    }

    /// Writes a file, and the folders it needs.
    pub(crate) fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, below: &str) -> String {
        std::fs::read_to_string(self.path(below)).unwrap()
    }

    /// `eka ARGS`, to be run in the world's folder.
    pub(crate) fn eka(&self, args: &[&str]) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_eka"));
        let mut command = self.env.eka(binary, &self.dir());
        command.args(args);
        command
    }

    /// Runs `eka ARGS`, and shows the exit code and both streams.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        self.show(&self.eka(args).output().unwrap())
    }

    /// Runs a line as one pastes it into a shell.
    pub(crate) fn paste(&self, line: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_eka")).parent().unwrap();
        let path = std::env::join_paths([binary, Path::new("/usr/bin"), Path::new("/bin")]);
        let mut shell = self.env.command("/bin/sh");
        let shell = shell.args(["-c", line]).current_dir(self.dir());
        let output = shell.env("PATH", path.unwrap()).output();
        self.show(&output.unwrap())
    }

    /// The exit code, then stdout, then stderr; the world's own path is `[WORLD]`.
    pub(crate) fn show(&self, output: &Output) -> String {
        let code = output.status.code().map_or(-1, |it| it);
        let mut text = format!("{code}\n");
        for (name, bytes) in [("out", &output.stdout), ("err", &output.stderr)] {
            for line in String::from_utf8_lossy(bytes).lines() {
                text.push_str(format!("{name}: {line}").trim_end());
                text.push('\n');
            }
        }
        text.replace(&self.env.path("").display().to_string(), "[WORLD]")
    }

    /// Runs `eka ARGS`, and compares with what [`World::show`] shows.
    #[track_caller]
    pub(crate) fn check(&self, args: &[&str], expected: &str) {
        let shown = self.run(args);
        let lines = |it: &str| {
            let lines = it.trim().lines().map(|it| it.trim().to_owned());
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(lines(&shown), lines(expected), "\n{shown}");
    }
}
