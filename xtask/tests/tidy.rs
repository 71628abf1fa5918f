//! Holds the repository to what `STYLE.md` says and a machine can see.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Lines a source file may have.
const LONGEST: usize = 600;

#[test]
fn sources_open_with_their_idea() {
    let lacking: Vec<_> = files(&[".rs"])
        .into_iter()
        .filter(|(_, text)| {
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("//! ").is_none_or(|idea| idea.len() < 4)
        })
        .map(|(name, _)| name)
        .collect();
    assert!(lacking.is_empty(), "no `//!` line first in {lacking:#?}");
}

#[test]
fn sources_are_short() {
    for (name, text) in files(&[".rs"]) {
        let n_lines = text.lines().count();
        assert!(
            n_lines <= LONGEST,
            "`{name}` has {n_lines} lines: split it by idea"
        );
    }
}

#[test]
fn lines_end_clean() {
    for (name, text) in files(&[".rs", ".md", ".toml", ".nix", ".sh", ".ci/run"]) {
        for (number, line) in (1..).zip(text.lines()) {
            let clean = line.trim_end() == line;
            assert!(clean, "{name}:{number}: white space at the end");
        }
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "`{name}` lacks its last line feed"
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Spelled apart, or this file would find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|it| it.concat());
    for (name, text) in files(&[".rs", ".toml", ".nix"]) {
        for (number, line) in (1..).zip(text.lines()) {
            let left = line
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| words.iter().any(|it| it == word));
            assert!(!left, "{name}:{number}: {line}");
        }
    }
}

#[test]
fn lints_are_expected_not_allowed() {
    let allowed = ["#[all", "ow("].concat();
    let allowed_whole = ["#![all", "ow("].concat();
    for (name, text) in files(&[".rs"]) {
        let found = text.contains(&allowed) || text.contains(&allowed_whole);
        assert!(!found, "`{name}`: use `#[expect(…, reason = …)]`");
    }
}

/// Whoever has a suite of problems runs this one by itself: `cargo test -p resolver --test problems`.
const BINARIES_OF_THEIR_OWN: &[&str] = &["crates/resolver/tests/problems.rs"];

#[test]
fn tests_are_one_binary_a_crate() {
    for (name, _) in files(&[".rs"]) {
        let parts: Vec<_> = name.split('/').collect();
        if BINARIES_OF_THEIR_OWN.contains(&name.as_str()) {
            continue;
        }
        if let ["crates", krate, "tests", file] = parts.as_slice() {
            panic!("`{name}`: move it to `crates/{krate}/tests/it/{file}`");
        }
    }
}

#[test]
fn crates_say_what_they_are() {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    let meta: Value = serde_json::from_slice(&out.stdout).unwrap();
    for package in meta["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let description = package["description"].as_str().unwrap_or_default();
        assert!(!description.is_empty(), "`{name}` lacks its description");
        assert!(!description.ends_with('.'), "`{name}`: no full stop");
        assert_eq!(package["license"], "MIT OR Apache-2.0", "{name}");
        let lints = read(&format!("{}/Cargo.toml", folder_of(package)));
        assert!(
            lints.contains("[lints]\nworkspace = true"),
            "`{name}` lacks the lints"
        );
    }
}

fn folder_of(package: &Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    let text = read("CHANGELOG.md");
    assert!(text.lines().any(|line| line == "## Unreleased"));
}

#[test]
fn the_workplace_stays_outside() {
    // Spelled apart, or this file would find itself.
    let places = [["../sh", "ared"], ["/wo", "rk/"], ["/ro", "ot/"]].map(|it| it.concat());
    for (name, text) in files(&[".rs", ".md", ".toml", ".nix", ".sh"]) {
        for (number, line) in (1..).zip(text.lines()) {
            let begins = |at: usize| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|c| c.is_whitespace() || "\"'`(=:".contains(c))
            };
            let named = places
                .iter()
                .any(|place| line.match_indices(place.as_str()).any(|(at, _)| begins(at)));
            assert!(
                !named,
                "{name}:{number}: a folder of somebody's machine: {line}"
            );
        }
    }
}

/// Every file git knows or would add, by its path from the top, that ends so.
fn files(ends: &[&str]) -> Vec<(String, String)> {
    let out = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let names = String::from_utf8(out.stdout).unwrap();
    names
        .lines()
        .filter(|name| ends.iter().any(|it| name.ends_with(it)))
        // Golden bytes are as they are.
        .filter(|name| !name.starts_with("tests/vectors/"))
        .filter_map(|name| {
            let text = std::fs::read_to_string(root().join(name)).ok()?;
            Some((name.to_owned(), text))
        })
        .collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|it| panic!("`{path}`: {it}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
