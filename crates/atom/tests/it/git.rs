//! git itself, as the reference for what this crate prints.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether there is no git to ask; under `CI` there must be.
pub(crate) fn is_missing() -> bool {
    let missing = Command::new("git").arg("--version").output().is_err();
    assert!(!missing || env::var_os("CI").is_none(), "git is missing");
    if missing {
        eprintln!("skipped: git is missing");
    }
    missing
}

/// Runs git in a folder, with a configuration and a home of its own, and returns what it prints.
pub(crate) fn run(folder: &Path, args: &[&str], stdin: &[u8]) -> String {
    let input = folder.join("stdin");
    fs::write(&input, stdin).expect("the folder takes a file");
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", env::var_os("PATH").expect("there is a PATH"))
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::from(File::open(&input).expect("it was written")))
        .output()
        .expect("git starts");
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("git prints text")
}
