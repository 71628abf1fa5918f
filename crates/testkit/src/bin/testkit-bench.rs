//! Times whole `eka` commands against a peer, in one run, and prints the ratio.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use testkit::env::Env;

#[expect(
    clippy::print_stderr,
    reason = "a program: its complaints go to stderr"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(eka) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: testkit-bench NAME EKA");
        return ExitCode::from(2);
    };
    match name.to_str() {
        Some("startup") => startup(&Bench {
            env: Env::new(),
            eka,
        }),
        _ => {
            eprintln!("no bench `{}` yet", name.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What every bench needs.
struct Bench {
    env: Env,
    eka: PathBuf,
}

/// `eka --version` against `git --version`: goal, below 20 ms.
fn startup(bench: &Bench) {
    let folder = bench.env.path("");
    let ours = median(21, || {
        bench.env.eka(&bench.eka, &folder).arg("--version").quiet();
    });
    let theirs = median(21, || bench.env.command("git").arg("--version").quiet());
    report("eka --version", ours, "git --version", theirs);
}

/// Returns the middle one of `times` runs.
fn median(times: usize, mut run: impl FnMut()) -> Duration {
    let mut took: Vec<_> = (0..times)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .collect();
    took.sort();
    took[times / 2]
}

#[expect(clippy::print_stdout, reason = "the figures are the program's data")]
fn report(ours: &str, took: Duration, theirs: &str, peer: Duration) {
    let ratio = took.as_secs_f64() / peer.as_secs_f64();
    let [took, peer] = [took, peer].map(|it| it.as_secs_f64() * 1e3);
    println!("{ours} {took:.1} ms · {theirs} {peer:.1} ms · ratio {ratio:.2}");
}

trait Quiet {
    /// Runs to the end, silently; panics where it fails.
    fn quiet(&mut self);
}

impl Quiet for Command {
    fn quiet(&mut self) {
        let status = self
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.is_ok_and(|it| it.success()), "{self:?} fails");
    }
}
