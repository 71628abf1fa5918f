//! Says which programs a test needs: missing ones fail it under `CI`, and skip it elsewhere.

use std::ffi::OsStr;
use std::path::PathBuf;

/// Programs that live beside the ordinary ones, where a user's `PATH` does not look.
const ALSO: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Returns whether all of `programs` are here; a test ends early where they are not.
///
/// Under `CI` a missing program is a panic: a check that did not run is no check.
pub fn have(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|it| find(it).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    let ci = std::env::var_os("CI").is_some_and(|it| !it.is_empty() && it != "false");
    assert!(
        !ci,
        "missing {missing:?}: `cargo xtask test` installs them on Debian"
    );
    skip(&format!("missing {missing:?}"));
    false
}

/// Returns the full path of a program, the folders of system programs included.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(ALSO.iter().map(PathBuf::from))
        .chain(installed())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Where the chores put programs that no system has: `tools/bin` in the target folder, where the
/// test that runs lies as well.
fn installed() -> impl Iterator<Item = PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    let above: Vec<_> = own.ancestors().skip(1).take(3).map(PathBuf::from).collect();
    above.into_iter().map(|it| it.join("tools/bin"))
}

/// Returns the `PATH` that children of the harness get.
#[must_use]
pub(crate) fn path() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(ALSO.iter().map(PathBuf::from));
    std::env::join_paths(folders).unwrap_or_else(|_| OsStr::new("/usr/bin:/bin").to_owned())
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skip(why: &str) {
    eprintln!("skipped: {why}");
}
