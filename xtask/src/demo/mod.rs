//! `cargo xtask demo`: the whole story, with the real program and a real server.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::build::{Profile, binaries};
use crate::{Outcome, failed, system};

mod story;

use story::{Act, REPOSITORIES, STORY, Step, Who};

/// Tells the story; ends at the first step that does not end as it must.
pub(crate) fn run() -> Outcome {
    system::ready()?;
    let built = binaries(&["eka-cli", "testkit"], Profile::Dev)?;
    let (Some(eka), Some(server)) = (built.get("eka"), built.get("testkit-server")) else {
        return failed("cargo built no `eka` or no `testkit-server`");
    };
    let started = Instant::now();
    let stage = Stage::new(eka.clone(), server)?;
    for step in STORY {
        stage.play(step)?;
    }
    tell(&format!(
        "\ntold in {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Where the story plays: a folder with homes, repositories and a running server.
struct Stage {
    folder: PathBuf,
    eka: PathBuf,
    server: Child,
}

impl Stage {
    fn new(eka: PathBuf, server: &Path) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("eka-demo-{}", std::process::id()));
        let written = ["you", "ci"]
            .iter()
            .map(|home| folder.join(home).join("tmp"))
            .chain([folder.join("srv")])
            .try_for_each(std::fs::create_dir_all);
        if let Err(error) = written {
            return failed(format!("`{}` is not made: {error}", folder.display()));
        }
        let server = Command::new(server)
            .arg(folder.join("srv"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let server = match server {
            Ok(server) => server,
            Err(error) => return failed(format!("the server does not start: {error}")),
        };
        let mut stage = Self {
            folder,
            eka,
            server,
        };
        stage.set()?;
        Ok(stage)
    }

    /// Waits for the server's address, and makes the repositories and who uses them.
    fn set(&mut self) -> Outcome {
        let mut url = String::new();
        if let Some(stdout) = self.server.stdout.take() {
            BufReader::new(stdout).read_line(&mut url).ok();
        }
        let url = url.trim_end();
        if url.is_empty() {
            return failed("the server does not start");
        }
        let config = format!(
            "[user]\n\tname = Ada\n\temail = ada@example.org\n\
             [init]\n\tdefaultBranch = main\n[push]\n\tautoSetupRemote = true\n\
             [url \"{url}/\"]\n\tinsteadOf = https://github.com/\n"
        );
        for home in ["you", "ci"] {
            let path = self.folder.join(home).join("gitconfig");
            if let Err(error) = std::fs::write(&path, &config) {
                return failed(format!("`{}` is not written: {error}", path.display()));
            }
        }
        for name in REPOSITORIES {
            let short = name.rsplit('/').next().unwrap_or(name);
            let (bare, origin) = (
                format!("srv/{name}.git"),
                format!("https://github.com/{name}"),
            );
            self.prepare("", &["init", "--quiet", "--bare", &bare])?;
            self.prepare(&bare, &["config", "receive.fsckObjects", "true"])?;
            self.prepare("", &["init", "--quiet", short])?;
            self.prepare(short, &["remote", "add", "origin", &origin])?;
        }
        Ok(())
    }

    fn prepare(&self, at: &str, arguments: &[&str]) -> Outcome {
        let mut git = self.command(Path::new("git"), Who::You, at);
        match git.args(arguments).status() {
            Ok(status) if status.success() => Ok(()),
            other => failed(format!("git {}: {other:?}", arguments.join(" "))),
        }
    }

    fn play(&self, step: &Step) -> Outcome {
        if !step.caption.is_empty() {
            tell(&format!("\n# {}", step.caption));
        }
        let (program, shown, arguments) = match step.act {
            Act::Write(path, text) => return self.write(step.at, path, text),
            Act::Eka(arguments) => (self.eka.as_path(), "eka", arguments),
            Act::Git(arguments) => (Path::new("git"), "git", arguments),
        };
        let prompt = if step.at.is_empty() { "~" } else { step.at };
        tell(&format!("{prompt} $ {shown} {}", arguments.join(" ")));
        let status = self
            .command(program, step.who, step.at)
            .args(arguments)
            .status();
        match status.map(|it| it.code()) {
            Ok(Some(code)) if code == step.exit => Ok(()),
            Ok(code) => failed(format!("must exit {}, but did {code:?}", step.exit)),
            Err(error) => failed(format!("{shown} does not start: {error}")),
        }
    }

    fn write(&self, at: &str, path: &str, text: &str) -> Outcome {
        tell(&format!("{at} $ edit {path}"));
        let path = self.folder.join(at).join(path);
        match std::fs::write(&path, text) {
            Ok(()) => Ok(()),
            Err(error) => failed(format!("`{}` is not written: {error}", path.display())),
        }
    }

    /// A program with nothing of ours around it but the way to other programs.
    fn command(&self, program: &Path, who: Who, at: &str) -> Command {
        let home = self.folder.join(match who {
            Who::You => "you",
            Who::Ci => "ci",
        });
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.join(at))
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("TMPDIR", home.join("tmp"))
            .env("GIT_CONFIG_GLOBAL", home.join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8");
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // The server ends when its input does.
        drop(self.server.stdin.take());
        self.server.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[expect(clippy::print_stdout, reason = "the story is what the demo is for")]
fn tell(text: &str) {
    println!("{text}");
}
