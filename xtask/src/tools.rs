//! Programs that tests need and no system has: Python's, in `tools` of the target folder.

use std::path::PathBuf;
use std::process::Stdio;

use crate::{Outcome, ci, command, failed, root, say};

/// A server that speaks as S3 does, and the version that the tests were written with.
const MOTO: &str = "moto[server]==5.2.5";

/// What it is started by.
const PROGRAM: &str = "bin/moto_server";

/// Sees to it that the programs are here; where they cannot be had, their tests are skipped.
pub(crate) fn ready() -> Outcome {
    let folder = target().join("tools");
    if folder.join(PROGRAM).is_file() {
        return Ok(());
    }
    say(&format!("installing {MOTO} into `{}`", folder.display()));
    let mut venv = command("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    let mut pip = command(&folder.join("bin/pip").to_string_lossy());
    pip.args(["install", "--quiet", "--disable-pip-version-check", MOTO]);
    for mut step in [venv, pip] {
        let said = match step.stdin(Stdio::null()).output() {
            Ok(out) if out.status.success() => continue,
            Ok(out) => [out.stdout, out.stderr].concat(),
            Err(error) => error.to_string().into_bytes(),
        };
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        let text = format!("`{MOTO}` cannot be installed: {said}");
        if ci() {
            return failed(text);
        }
        say(&format!("{text}\ntests that need it are skipped"));
        return Ok(());
    }
    Ok(())
}

/// Where cargo builds.
fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR");
    root().join(named.map_or_else(|| PathBuf::from("target"), PathBuf::from))
}
