//! `cargo xtask bench`: whole commands against a peer, in one run.

use std::process::Command;

use crate::build::{Profile, binaries};
use crate::steps::{Ended, plain};
use crate::{Failure, Outcome, failed, say, system};

/// The benches, each with its peer.
pub(crate) const NAMES: &[&str] = &["publish", "versions", "fetch", "lock", "nar", "startup"];

/// Runs all benches, or those that are named.
pub(crate) fn run(names: &[&str]) -> Outcome {
    if let Some(unknown) = names.iter().find(|it| !NAMES.contains(it)) {
        return Err(Failure::Usage(format!(
            "no bench `{unknown}`: {}",
            NAMES.join(" ")
        )));
    }
    system::ready()?;
    let built = binaries(&["eka-cli", "testkit"], Profile::Release)?;
    let (Some(eka), Some(bench)) = (built.get("eka"), built.get("testkit-bench")) else {
        return failed("cargo built no `eka` or no `testkit-bench`");
    };
    let mut broken = Vec::new();
    for name in NAMES {
        if !names.is_empty() && !names.contains(name) {
            continue;
        }
        say(&format!("── {name}"));
        if plain(Command::new(bench).arg(name).arg(eka)) != Ended::Passed {
            broken.push(*name);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    failed(format!("did not run: {}", broken.join(" ")))
}
