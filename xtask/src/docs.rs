//! `cargo xtask docs`: the pages of `docs/reference` that the program itself writes.

use std::path::Path;
use std::process::Command;

use crate::build::{Profile, binaries};
use crate::{Outcome, failed, root, say};

/// The page of all commands.
const PAGE: &str = "docs/reference/cli.md";

/// Columns that help is wrapped to, whatever the terminal.
const COLUMNS: &str = "100";

/// Writes the generated pages.
pub(crate) fn write() -> Outcome {
    let text = page()?;
    let path = root().join(PAGE);
    match std::fs::write(&path, text) {
        Ok(()) => {
            say(&format!("wrote {PAGE}"));
            Ok(())
        }
        Err(error) => failed(format!("`{PAGE}` is not written: {error}")),
    }
}

/// Says whether the generated pages are as the program would write them.
pub(crate) fn check() -> Outcome {
    let text = page()?;
    let old = std::fs::read_to_string(root().join(PAGE)).unwrap_or_default();
    if old == text {
        return Ok(());
    }
    failed(format!("`{PAGE}` is stale: run `cargo xtask docs`"))
}

fn page() -> Outcome<String> {
    let built = binaries(&["eka-cli"], Profile::Dev)?;
    let Some(eka) = built.get("eka") else {
        return failed("cargo built no `eka`");
    };
    let top = help(eka, &[])?;
    let mut text = "# Command line\n\n\
         Written by `cargo xtask docs` from the program's own help.\n\
         What the exit codes mean stands in [exit codes](exit-codes.md).\n"
        .to_owned();
    section(&mut text, "eka", &top);
    for name in commands(&top) {
        let help = help(eka, &[&name])?;
        section(&mut text, &format!("eka {name}"), &help);
        for below in commands(&help) {
            let help = self::help(eka, &[&name, &below])?;
            section(&mut text, &format!("eka {name} {below}"), &help);
            for last in commands(&help) {
                let help = self::help(eka, &[&name, &below, &last])?;
                section(&mut text, &format!("eka {name} {below} {last}"), &help);
            }
        }
    }
    Ok(text)
}

fn section(text: &mut String, title: &str, help: &str) {
    text.push_str(&format!("\n## `{title}`\n\n```text\n"));
    for line in help.trim_end().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("```\n");
}

fn help(eka: &Path, command: &[&str]) -> Outcome<String> {
    let out = Command::new(eka)
        .args(command)
        .arg("--help")
        .env_clear()
        .env("COLUMNS", COLUMNS)
        .output();
    match out {
        Ok(out) if out.status.success() => Ok(String::from_utf8_lossy(&out.stdout).into_owned()),
        Ok(out) => failed(format!(
            "`eka {} --help`: {}",
            command.join(" "),
            out.status
        )),
        Err(error) => failed(format!("`{}` does not start: {error}", eka.display())),
    }
}

/// Reads the names of the commands from a help text.
fn commands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // The caption of a command may go on in a line of its own, further in.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn commands_are_read_from_help() {
        let help = "Usage: eka\n\nCommands:\n  init  Post\n        more\n  new   Make\n  help  x\n\nOptions:\n  -q";
        assert_eq!(commands(help), ["init", "new"]);
    }
}
