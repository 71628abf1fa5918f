//! Holds the pages to each other: links resolve, headings read as sentences.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

#[test]
fn links_resolve() {
    for page in pages() {
        let text = prose(&page);
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() {
                page.clone()
            } else {
                tidied(&page.parent().unwrap().join(path))
            };
            let there = root().join(&target).exists();
            assert!(there, "{}: `{link}` leads nowhere", page.display());
            if !anchor.is_empty() {
                let known = anchors(&target).contains(anchor);
                assert!(known, "{}: no heading `#{anchor}`", page.display());
            }
        }
    }
}

#[test]
fn headings_read_as_sentences() {
    for page in pages() {
        for heading in headings(&page) {
            let words: Vec<_> = heading.split_whitespace().collect();
            let capitals = words
                .windows(2)
                // A sentence after a number, as in "1. Ids".
                .filter(|pair| !pair[0].ends_with(['.', ':']))
                .map(|pair| pair[1])
                .filter(|word| {
                    let mut letters = word.chars();
                    letters.next().is_some_and(char::is_uppercase)
                        && letters.next().is_some_and(char::is_lowercase)
                })
                // Names keep their capital.
                .filter(|word| !["Debian", "Nix", "Rust", "GitHub", "Unicode"].contains(word))
                .count();
            assert_eq!(capitals, 0, "{}: `{heading}`", page.display());
        }
    }
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let mut seen = BTreeSet::new();
    let mut left = vec![PathBuf::from("README.md")];
    while let Some(page) = left.pop() {
        if page.extension().is_none_or(|it| it != "md") || !seen.insert(page.clone()) {
            continue;
        }
        for link in links(&prose(&page)) {
            let path = link.split('#').next().unwrap();
            if !path.is_empty() && !path.contains("://") {
                left.push(tidied(&page.parent().unwrap().join(path)));
            }
        }
    }
    let lost: Vec<_> = pages()
        .into_iter()
        .filter(|it| !seen.contains(it))
        .collect();
    assert!(lost.is_empty(), "nothing leads to {lost:?}");
}

fn pages() -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "--", "*.md"])
        .current_dir(root())
        .output()
        .unwrap();
    let names = String::from_utf8(out.stdout).unwrap();
    let pages = names.lines().map(PathBuf::from);
    pages
        .filter(|it| !it.starts_with("tests/vectors") && root().join(it).exists())
        .collect()
}

/// A page without its fenced blocks.
fn prose(page: &Path) -> String {
    let text = std::fs::read_to_string(root().join(page)).unwrap_or_default();
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The targets of `[text](target)`, those inside of `code` aside.
fn links(text: &str) -> Vec<String> {
    let plain: Vec<_> = text.split('`').step_by(2).collect();
    let plain = plain.join("x");
    plain
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

fn headings(page: &Path) -> Vec<String> {
    prose(page)
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_owned())
        .collect()
}

/// The anchors of a page's headings, as the hosts make them.
fn anchors(page: &Path) -> BTreeSet<String> {
    headings(page)
        .iter()
        .map(|heading| {
            heading
                .to_lowercase()
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

/// A path without `.` and `..`.
fn tidied(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
