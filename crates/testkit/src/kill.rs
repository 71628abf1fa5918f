//! Kills a command inside its writing window, and counts how often that was so.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::process::{DEADLINE, kill_group};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By `kill -9`, inside the window.
    Killed,
    /// By itself, before or after the window.
    Done(ExitStatus),
    /// By `kill -9`, when all that it does was done.
    Late,
}

impl Ended {
    /// A kill that found everything done was none inside the window.
    #[must_use]
    pub const fn within(self, is_part: bool) -> Self {
        match self {
            Self::Killed if !is_part => Self::Late,
            ended => ended,
        }
    }
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The command alone; what it started goes on.
    Alone,
    /// The command and all that it started, as when a machine goes down.
    Group,
}

/// How many runs of a [`campaign`] ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Killed inside the window.
    pub killed: u32,
    /// Ended by themselves.
    pub done: u32,
}

/// Starts `command` and kills it `delay` after `inside` first holds.
///
/// `inside` is asked without a pause, so it must be cheap: that a file is there, say.
pub fn kill_when(
    command: &mut Command,
    victim: Victim,
    delay: Duration,
    mut inside: impl FnMut() -> bool,
) -> Ended {
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let started = Instant::now();
    while !inside() {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Ended::Done(status);
        }
        assert!(
            started.elapsed() < DEADLINE,
            "{command:?} neither ends nor writes"
        );
        std::thread::yield_now();
    }
    pause(delay);
    if let Some(status) = child.try_wait().expect("a child can be waited for") {
        return Ended::Done(status);
    }
    match victim {
        Victim::Alone => child.kill().expect("a child can be killed"),
        Victim::Group => kill_group(&child),
    }
    by_signal(&mut child)
}

/// Runs `round` until `wanted` runs were killed inside the window.
///
/// The argument is the number of the run, to vary the delay by. A round prepares, calls
/// [`kill_when`], and checks what is left behind.
///
/// # Panics
///
/// Where `most` rounds do not suffice.
pub fn campaign(wanted: u32, most: u32, mut round: impl FnMut(u32) -> Ended) -> Tally {
    let mut tally = Tally::default();
    for number in 0..most {
        match round(number) {
            Ended::Killed => tally.killed += 1,
            Ended::Done(_) | Ended::Late => tally.done += 1,
        }
        if tally.killed >= wanted {
            return tally;
        }
    }
    panic!("only {tally:?} after {most} rounds: the window is missed")
}

/// Waits a time too short for the scheduler's own grain.
fn pause(delay: Duration) {
    let started = Instant::now();
    while started.elapsed() < delay {
        std::hint::spin_loop();
    }
}

/// The kill may come a moment after the end: only what died of it was inside.
fn by_signal(child: &mut Child) -> Ended {
    let status = child.wait().expect("a child can be waited for");
    match status.code() {
        None => Ended::Killed,
        Some(_) => Ended::Done(status),
    }
}
