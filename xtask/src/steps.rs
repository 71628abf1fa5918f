//! Runs commands one after the other, times them, and keeps the runners' closing lines.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, failed, say};

/// What has run so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
    /// The closing lines of the test runners, as they were.
    summary: Vec<String>,
}

struct Step {
    name: &'static str,
    took: Duration,
    ended: Ended,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// Not run, and why.
    Skipped(&'static str),
}

impl Steps {
    /// Runs one step; its output passes through as it comes.
    pub(crate) fn run(&mut self, name: &'static str, work: impl FnOnce(&mut Vec<String>) -> Ended) {
        say(&format!("── {name}"));
        let started = Instant::now();
        let ended = work(&mut self.summary);
        let took = started.elapsed();
        self.done.push(Step { name, took, ended });
    }

    /// Says how long each step took and how it ended, then the runners' closing lines.
    pub(crate) fn close(&self) -> Outcome {
        say("──");
        for Step { name, took, ended } in &self.done {
            let seconds = took.as_secs_f64();
            let ended = match ended {
                Ended::Passed => "ok".to_owned(),
                Ended::Failed => "FAILED".to_owned(),
                Ended::Skipped(why) => format!("skipped: {why}"),
            };
            say(&format!("{name:<8} {seconds:>7.1} s  {ended}"));
        }
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        say(&format!("{:<8} {:>7.1} s", "total", total.as_secs_f64()));
        let broken: Vec<_> = self
            .done
            .iter()
            .filter(|step| step.ended == Ended::Failed)
            .map(|step| step.name)
            .collect();
        if !broken.is_empty() {
            say(&format!("failed: {}", broken.join(" ")));
        }
        let summary = self.summary.join("\n");
        if broken.is_empty() {
            if !summary.is_empty() {
                say(&summary);
            }
            return Ok(());
        }
        failed(summary)
    }
}

/// Runs a command whose output passes through as it is.
pub(crate) fn plain(command: &mut Command) -> Ended {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ended::Passed,
        Ok(_) => Ended::Failed,
        Err(error) => {
            say(&format!("{command:?}: {error}"));
            Ended::Failed
        }
    }
}

/// Runs a test runner, and keeps its closing lines.
pub(crate) fn tests(command: &mut Command, summary: &mut Vec<String>) -> Ended {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            say(&format!("{command:?}: {error}"));
            return Ended::Failed;
        }
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| stdout.map(echo).unwrap_or_default());
        summary.extend(stderr.map(echo).unwrap_or_default());
        summary.extend(closing.join().unwrap_or_default());
    });
    match child.wait() {
        Ok(status) if status.success() => Ended::Passed,
        _ => Ended::Failed,
    }
}

/// Passes lines through, and returns those that sum up.
fn echo(from: impl Read) -> Vec<String> {
    let mut kept = Vec::new();
    for line in BufReader::new(from).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line).into_owned();
        say(&line);
        if sums_up(&line) {
            kept.push(line);
        }
    }
    kept
}

/// `Summary [   0.1s] 3 tests run: …` of nextest, `test result: ok. 3 passed; …` of cargo.
fn sums_up(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("Summary [")
        || (line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed;"))
}

#[cfg(test)]
mod tests {
    use super::sums_up;

    #[test]
    fn closing_lines_are_known() {
        assert!(sums_up(
            "     Summary [   0.010s] 3 tests run: 3 passed, 0 skipped"
        ));
        assert!(sums_up("test result: ok. 3 passed; 0 failed; 0 ignored"));
        assert!(!sums_up("test result: ok. 0 passed; 0 failed; 0 ignored"));
        assert!(!sums_up("test summary ... ok"));
    }
}
