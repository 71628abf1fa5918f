//! What must be on the machine before anything heavy compiles.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Outcome, ci, command, failed, find, say};

/// The oldest git that is supported: Debian 12 has it.
const GIT: (u32, u32) = (2, 39);

/// Something that the project needs and does not bring.
struct Need {
    /// The name of Debian's package.
    package: &'static str,
    what: What,
    /// Without it nothing compiles or runs; else only tests are skipped.
    weight: Weight,
}

enum What {
    Program(&'static str),
    /// Found by pkg-config.
    Library(&'static str),
    /// Found by Python.
    Module(&'static str),
}

#[derive(PartialEq)]
enum Weight {
    Build,
    Tests,
}

const NEEDS: &[Need] = &[
    program("git", "git", Weight::Build),
    program("pkg-config", "pkg-config", Weight::Build),
    library("libcurl4-openssl-dev", "libcurl"),
    library("libssl-dev", "openssl"),
    program("lighttpd", "lighttpd", Weight::Tests),
    program("nix-bin", "nix-store", Weight::Tests),
    program("openssh-server", "sshd", Weight::Tests),
    Need {
        package: "python3-venv",
        what: What::Module("ensurepip"),
        weight: Weight::Tests,
    },
];

const fn program(package: &'static str, name: &'static str, weight: Weight) -> Need {
    Need {
        package,
        what: What::Program(name),
        weight,
    }
}

const fn library(package: &'static str, name: &'static str) -> Need {
    Need {
        package,
        what: What::Library(name),
        weight: Weight::Build,
    }
}

/// Sees to it that all needs are met: installs on Debian as root, says what to do elsewhere.
pub(crate) fn ready() -> Outcome {
    if !missing().is_empty() && may_install() {
        install(&missing())?;
    }
    let missing = missing();
    if missing.is_empty() {
        return git_is_new_enough();
    }
    let advice = advice(&missing);
    if ci() || missing.iter().any(|it| it.weight == Weight::Build) {
        return failed(advice);
    }
    say(&format!("{advice}\ntests that need them are skipped"));
    git_is_new_enough()
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !need.is_here()).collect()
}

impl Need {
    fn is_here(&self) -> bool {
        match self.what {
            What::Program(name) => find(name).is_some(),
            What::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
            What::Module(name) => {
                let import = format!("import {name}");
                succeeds(Command::new("python3").args(["-c", &import]))
            }
        }
    }
}

fn may_install() -> bool {
    Path::new("/etc/debian_version").exists() && find("apt-get").is_some() && is_root()
}

fn is_root() -> bool {
    let out = Command::new("id").arg("-u").output();
    out.is_ok_and(|out| out.stdout == b"0\n")
}

fn install(missing: &[&Need]) -> Outcome {
    let packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    say(&format!("installing {}", packages.join(" ")));
    for arguments in [
        &["update", "--quiet"][..],
        &["install", "--yes", "--quiet", "--no-install-recommends"],
    ] {
        let mut apt = command("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        if arguments[0] == "install" {
            apt.args(&packages);
        }
        // What apt prints would bury the names; it is shown where apt fails.
        let said = match apt.stdin(Stdio::null()).output() {
            Ok(out) if out.status.success() => continue,
            Ok(out) => String::from_utf8_lossy(&out.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        say(&format!("`apt-get {}` failed: {said}", arguments[0]));
    }
    Ok(())
}

fn advice(missing: &[&Need]) -> String {
    let packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    let names: Vec<_> = missing
        .iter()
        .map(|need| match need.what {
            What::Program(name) => format!("the program `{name}`"),
            What::Library(name) => format!("the library `{name}` with its headers"),
            What::Module(name) => format!("the Python module `{name}`"),
        })
        .collect();
    format!(
        "missing: {}\non Debian or Ubuntu: `sudo apt-get install {}`",
        names.join(", "),
        packages.join(" ")
    )
}

fn git_is_new_enough() -> Outcome {
    let out = Command::new("git").arg("version").output();
    let text = out.map_or(String::new(), |out| {
        String::from_utf8_lossy(&out.stdout).into_owned()
    });
    match git_version(&text) {
        Some(version) if version >= GIT => Ok(()),
        _ => failed(format!(
            "git {}.{} or newer is needed; here is `{}`",
            GIT.0,
            GIT.1,
            text.trim()
        )),
    }
}

/// Reads `git version 2.39.5 (…)`.
fn git_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(2)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::git_version;

    #[test]
    fn versions_of_git_are_read() {
        assert_eq!(git_version("git version 2.39.5"), Some((2, 39)));
        assert_eq!(git_version("git version 2.47.3 (Apple)"), Some((2, 47)));
        assert_eq!(git_version(""), None);
    }
}
