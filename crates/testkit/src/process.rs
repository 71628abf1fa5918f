//! A server's process: ended with its guard, and with the test even when that is killed.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// Longest wait for a server to answer, or for a condition to hold.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A running server; dropping it ends the server and all that it started.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    name: String,
}

impl Guard {
    /// Starts `command` in a process group of its own; `input` becomes its standard input.
    ///
    /// A shell stands in between: it ends the group when our end of its pipe closes, so
    /// that a test that is killed leaves no server behind.
    pub fn spawn(command: &Command, input: Option<OwnedFd>) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut shell = Command::new("/bin/sh");
        shell
            .arg("-c")
            .arg(r#"{ "$@" <&1 >/dev/null; kill -KILL 0; } & cat >/dev/null; kill -KILL 0"#)
            .arg("sh")
            .arg(command.get_program())
            .args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let child = shell
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(input.map_or_else(Stdio::null, Stdio::from))
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("`{name}` does not start: {error}"));
        Self { child, name }
    }

    /// Returns whether the server has ended by itself.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `ready` holds; `false` when the server ended before it did.
    pub fn ready(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        let started = Instant::now();
        while !ready() {
            if self.ended() {
                return false;
            }
            assert!(
                started.elapsed() < DEADLINE,
                "`{}` does not answer after {DEADLINE:?}",
                self.name
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.ended() {
            return;
        }
        kill_group(&self.child);
        self.child.wait().ok();
    }
}

/// Ends a child that leads a process group, and the whole group.
pub(crate) fn kill_group(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        rustix::process::kill_process_group(pid, Signal::KILL).ok();
    }
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// Where it does not hold before the deadline, naming `what`.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < DEADLINE,
            "{what}: not after {DEADLINE:?}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}
