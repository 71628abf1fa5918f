//! Builds programs of the workspace and says where cargo put them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use crate::{Outcome, cargo, failed, say};

/// With which profile programs are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build.
    Dev,
    /// Fast to run.
    Release,
}

/// Builds the binaries of `packages`, and returns their paths by name.
pub(crate) fn binaries(packages: &[&str], profile: Profile) -> Outcome<BTreeMap<String, PathBuf>> {
    say(&format!("building {}", packages.join(", ")));
    let mut command = cargo();
    command.args(["build", "--quiet", "--locked", "--bins"]);
    command.arg("--message-format=json-render-diagnostics");
    for package in packages {
        command.args(["--package", package]);
    }
    if profile == Profile::Release {
        command.arg("--release");
    }
    match command.stderr(Stdio::inherit()).output() {
        Ok(out) if out.status.success() => Ok(executables(&String::from_utf8_lossy(&out.stdout))),
        Ok(_) => failed("the build failed"),
        Err(error) => failed(format!("cargo does not start: {error}")),
    }
}

/// Reads the paths from cargo's messages, one JSON object a line.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(r#""executable":""#)?;
            let path = PathBuf::from(rest.split_once('"')?.0);
            let name = path.file_stem()?.to_str()?.to_owned();
            Some((name, path))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::executables;

    #[test]
    fn paths_are_read_from_messages() {
        let messages = r#"{"reason":"compiler-artifact","executable":null,"fresh":true}
{"reason":"compiler-artifact","executable":"/t/debug/eka","fresh":true}"#;
        let found = executables(messages);
        assert_eq!(found.len(), 1);
        assert_eq!(found["eka"].to_str(), Some("/t/debug/eka"));
    }
}
