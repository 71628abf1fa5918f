//! Killing inside the window, and only there.

use std::process::Command;
use std::time::Duration;

use testkit::kill::{Ended, Victim, campaign, kill_when};

fn writer(folder: &std::path::Path, script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).current_dir(folder);
    command
}

#[test]
fn kills_inside_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("writing");
    let tally = campaign(3, 9, |_| {
        std::fs::remove_file(&marker).ok();
        let mut command = writer(folder.path(), "touch writing; sleep 30; touch done");
        kill_when(&mut command, Victim::Group, Duration::ZERO, || {
            marker.exists()
        })
    });
    assert_eq!((tally.killed, tally.done), (3, 0));
    assert!(!folder.path().join("done").exists());
}

#[test]
fn what_ends_before_is_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = writer(folder.path(), "exit 3");
    let ended = kill_when(&mut command, Victim::Alone, Duration::ZERO, || false);
    assert!(matches!(ended, Ended::Done(status) if status.code() == Some(3)));
}
