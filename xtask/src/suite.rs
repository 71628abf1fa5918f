//! `cargo xtask test`: every check of the project, in the order that fails fastest.

use std::env;
use std::process::Command;

use crate::steps::{Ended, Steps, plain, tests};
use crate::{Failure, Outcome, cargo, docs, find, root, say, system, tools};

/// One check.
struct Check {
    name: &'static str,
    run: fn(&mut Vec<String>) -> Ended,
}

const CHECKS: &[Check] = &[
    Check {
        name: "fmt",
        run: fmt,
    },
    Check {
        name: "tidy",
        run: tidy,
    },
    Check {
        name: "clippy",
        run: clippy,
    },
    Check {
        name: "test",
        run: test,
    },
    Check {
        name: "asan",
        run: asan,
    },
    Check {
        name: "doctest",
        run: doctest,
    },
    Check {
        name: "rustdoc",
        run: rustdoc,
    },
    Check {
        name: "docs",
        run: reference,
    },
    Check {
        name: "deny",
        run: deny,
    },
];

/// The names of all checks.
pub(crate) fn names() -> Vec<&'static str> {
    CHECKS.iter().map(|check| check.name).collect()
}

/// Runs all checks, or those that are named; the name of a crate means its tests.
pub(crate) fn run(suites: &[&str]) -> Outcome {
    let crates = crates();
    let known = |it: &str| names().contains(&it) || crates.iter().any(|name| name == it);
    if let Some(unknown) = suites.iter().find(|it| !known(it)) {
        return Err(Failure::Usage(format!(
            "no suite `{unknown}`: {} or a crate: {}",
            names().join(" "),
            crates.join(" ")
        )));
    }
    if suites.iter().any(|it| !["fmt", "tidy"].contains(it)) || suites.is_empty() {
        system::ready()?;
        tools::ready()?;
    }
    let mut steps = Steps::default();
    for check in CHECKS {
        if suites.is_empty() || suites.contains(&check.name) {
            steps.run(check.name, check.run);
        }
    }
    for name in &crates {
        if suites.contains(&name.as_str()) {
            steps.run("test", |summary| {
                tests(runner().args(["--package", name]), summary)
            });
        }
    }
    steps.close()
}

fn fmt(_: &mut Vec<String>) -> Ended {
    plain(cargo().args(["fmt", "--all", "--check"]))
}

fn tidy(summary: &mut Vec<String>) -> Ended {
    tests(
        cargo().args([
            "test",
            "--quiet",
            "--locked",
            "--no-fail-fast",
            "--package",
            "xtask",
        ]),
        summary,
    )
}

fn clippy(_: &mut Vec<String>) -> Ended {
    let clippy = |of: &[&str]| {
        let mut command = cargo();
        command.args(["clippy", "--quiet", "--locked"]).args(of);
        plain(command.args(["--", "--deny", "warnings"]))
    };
    match clippy(&["--workspace", "--all-targets"]) {
        // What is fit for programs without a standard library is built without it once.
        Ended::Passed => clippy(&["--package", "refscan", "--no-default-features"]),
        ended => ended,
    }
}

fn test(summary: &mut Vec<String>) -> Ended {
    tests(
        runner().args(["--workspace", "--exclude", "xtask"]),
        summary,
    )
}

/// The tests of `refscan`, which holds the project's only `unsafe`, under AddressSanitizer.
///
/// The flag is unstable, and the stable compiler brings what it links; so it is told to take it.
fn asan(summary: &mut Vec<String>) -> Ended {
    let triple = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "x86_64-unknown-linux-gnu",
        ("linux", "aarch64") => "aarch64-unknown-linux-gnu",
        _ => return Ended::Skipped("only where Linux runs on x86_64 or aarch64"),
    };
    tests(
        cargo()
            .args(["test", "--quiet", "--locked", "--package", "refscan"])
            .args(["--lib", "--tests", "--target", triple])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zsanitizer=address"),
        summary,
    )
}

fn doctest(summary: &mut Vec<String>) -> Ended {
    tests(
        cargo().args(["test", "--quiet", "--workspace", "--doc", "--locked"]),
        summary,
    )
}

fn rustdoc(_: &mut Vec<String>) -> Ended {
    plain(
        cargo()
            .args(["doc", "--quiet", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

fn reference(_: &mut Vec<String>) -> Ended {
    match docs::check() {
        Ok(()) => Ended::Passed,
        Err(failure) => {
            say(failure.text());
            Ended::Failed
        }
    }
}

fn deny(_: &mut Vec<String>) -> Ended {
    if find("cargo-deny").is_none() {
        return Ended::Skipped("cargo-deny is not here");
    }
    plain(cargo().args(["deny", "--locked", "check"]))
}

/// The test runner: nextest where it is, else cargo's own.
fn runner() -> Command {
    let mut command = cargo();
    if find("cargo-nextest").is_some() {
        command.args(["nextest", "run", "--locked", "--no-tests", "pass"]);
        command.args(["--profile", "ci", "--status-level", "slow"]);
    } else {
        command.args(["test", "--quiet", "--locked", "--no-fail-fast"]);
        command.args(["--lib", "--bins", "--tests"]);
    }
    command
}

/// The crates of the workspace, by their folders.
fn crates() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("crates"));
    let mut names: Vec<_> = folders
        .into_iter()
        .flatten()
        .filter_map(|it| it.ok()?.file_name().into_string().ok())
        .collect();
    names.push("xtask".to_owned());
    names.sort();
    names
}
