//! `cargo xtask bench`: whole commands against a peer, in one run.

use std::process::Command;

use crate::build::{Profile, binaries};
use crate::steps::{Ended, plain};
use crate::{Failure, Outcome, cargo, failed, say, system};

/// The benches of whole commands, each with its peer.
const COMMANDS: &[&str] = &[
    "publish",
    "versions",
    "fetch",
    "lock",
    "nar-trees",
    "startup",
];

/// The benches of functions: name, package, example.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("nar", "atom-git", "nar_bench"),
    ("nar-codec", "nix-format", "nar_codec_bench"),
    ("refscan", "refscan", "refscan_bench"),
    ("castore", "castore", "castore_bench"),
    ("render", "store", "render_bench"),
    ("resolve", "resolver", "resolve_bench"),
    ("store", "store", "store_bench"),
];

/// The names of all benches.
pub(crate) fn names() -> Vec<&'static str> {
    let examples = EXAMPLES.iter().map(|it| it.0);
    COMMANDS.iter().copied().chain(examples).collect()
}

/// Runs all benches, or those that are named.
pub(crate) fn run(wanted: &[&str]) -> Outcome {
    if let Some(unknown) = wanted.iter().find(|it| !names().contains(it)) {
        return Err(Failure::Usage(format!(
            "no bench `{unknown}`: {}",
            names().join(" ")
        )));
    }
    system::ready()?;
    let is_wanted = |name: &&str| wanted.is_empty() || wanted.contains(name);
    let mut broken = commands(COMMANDS.iter().copied().filter(is_wanted))?;
    for (name, package, example) in EXAMPLES.iter().filter(|it| is_wanted(&it.0)) {
        say(&format!("── {name}"));
        let mut command = cargo();
        command.args(["run", "--quiet", "--locked", "--release"]);
        command.args(["--package", package, "--example", example]);
        if plain(&mut command) != Ended::Passed {
            broken.push(*name);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    failed(format!("did not run: {}", broken.join(" ")))
}

/// Runs benches of commands, and returns those that did not run.
fn commands(wanted: impl Iterator<Item = &'static str>) -> Outcome<Vec<&'static str>> {
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let built = binaries(&["eka-cli", "testkit"], Profile::Release)?;
    let (Some(eka), Some(bench)) = (built.get("eka"), built.get("testkit-bench")) else {
        return failed("cargo built no `eka` or no `testkit-bench`");
    };
    let runs = |name: &&str| {
        say(&format!("── {name}"));
        plain(Command::new(bench).arg(name).arg(eka)) != Ended::Passed
    };
    Ok(wanted.into_iter().filter(runs).collect())
}
