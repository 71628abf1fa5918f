//! The bytes of yanks and deprecations: the golden ones, what git says of them, and what is
//! refused.

use atom::commit::CommitError;
use atom::notice::{Deprecation, NoticeError, Reason, ReasonError, Yank};
use atom::uri::Repository;
use proptest::prelude::*;
use serde_json::Value;

use crate::{git, vectors};

/// A golden notice: what it says, as it is printed, and its object id.
fn golden() -> Vec<(Value, Vec<u8>, String)> {
    let rows = vectors::list(&vectors::json("notice/notice.json"), None);
    let read = |row: Value| {
        let bytes = vectors::bytes(&format!("notice/{}", vectors::text(&row, "file")));
        let object = vectors::text(&row, "object").to_owned();
        (row, bytes, object)
    };
    rows.into_iter().map(read).collect()
}

fn yank(row: &Value) -> Yank {
    Yank {
        atom: vectors::text(row, "atom").parse().expect("an id"),
        reason: vectors::text(row, "reason").parse().expect("a reason"),
    }
}

fn deprecation(row: &Value) -> Deprecation {
    let Yank { atom, reason } = yank(row);
    let successor = row.get("use").map(|_| vectors::text(row, "use"));
    Deprecation {
        atom,
        successor: successor.map(|it| it.parse().expect("a URI")),
        reason,
    }
}

#[test]
fn golden_notices_are_printed_and_read() {
    for (row, bytes, _) in golden() {
        let shown = bytes.escape_ascii().to_string();
        if vectors::text(&row, "kind") == "yank" {
            let notice = yank(&row);
            assert_eq!(notice.print().escape_ascii().to_string(), shown);
            assert_eq!(Yank::parse(&bytes), Ok(notice));
        } else {
            let notice = deprecation(&row);
            assert_eq!(notice.print().escape_ascii().to_string(), shown);
            assert_eq!(Deprecation::parse(&bytes), Ok(notice));
        }
    }
}

#[test]
fn git_gives_them_the_golden_ids_and_finds_no_fault() {
    if git::is_missing() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    git::run(folder.path(), &["init", "--quiet", "--bare"], b"");
    let empty_tree = ["hash-object", "-t", "tree", "-w", "--stdin"];
    git::run(folder.path(), &empty_tree, b"");
    for (_, bytes, object) in golden() {
        let hash = ["hash-object", "-t", "commit", "-w", "--stdin"];
        assert_eq!(git::run(folder.path(), &hash, &bytes).trim(), object);
    }
    let fsck = git::run(folder.path(), &["fsck", "--strict", "--no-dangling"], b"");
    assert_eq!(fsck, "");
}

fn plain(file: &str) -> String {
    String::from_utf8(vectors::bytes(&format!("notice/{file}"))).expect("it is text")
}

#[track_caller]
fn refused(text: &str, expected: impl Into<NoticeError>) {
    assert_eq!(Yank::parse(text.as_bytes()), Err(expected.into()));
}

#[test]
fn another_format_is_told_from_a_fault() {
    let other = plain("yank").replace("format 1", "format 2");
    refused(&other, CommitError::UnknownFormat { format: 2 });
}

#[test]
fn the_same_in_other_bytes_is_refused() {
    let text = plain("yank");
    let other = |from: &str, to: &str| text.replace(from, to);
    let parent = "parent 4abbd2644bc3585e9be95deb277ccf48f6ed26ac\nauthor";
    for other in [
        other("author eka <> 0", "author eka <> 1"),
        other("committer eka", "committer me"),
        // Not the empty tree.
        other("tree 4b", "tree 5b"),
    ] {
        refused(&other, CommitError::NotCanonical);
    }
    for other in [other("author", parent), other("atom e", "atom E")] {
        assert!(Yank::parse(other.as_bytes()).is_err(), "{other}");
    }
    // A yank has no successor.
    refused(&plain("deprecate"), ReasonError::Place);
    assert!(Deprecation::parse(plain("yank").as_bytes()).is_ok());
}

#[test]
fn a_reason_is_plain_text_of_bounded_length() {
    let text = plain("yank");
    let with = |reason: &str| text.replace("leaks tokens", reason);
    let long = "é".repeat(Reason::MAX_BYTES / 2);
    assert!(Yank::parse(with(&long).as_bytes()).is_ok());
    let n_bytes = Reason::MAX_BYTES + 1;
    refused(&with(&format!("{long}x")), ReasonError::Long { n_bytes });
    refused(&with("a\0b"), ReasonError::Text);
    refused(text.trim_end(), ReasonError::Place);
    let mut bytes = text.clone().into_bytes();
    let at = bytes.len() - 2;
    bytes[at] = 0xff;
    assert_eq!(Yank::parse(&bytes), Err(ReasonError::Text.into()));
    // What a terminal could obey is foreign text like any other, and kept.
    let evil = Yank::parse(with("\u{1b}[2J\u{202e}").as_bytes()).expect("a reason");
    assert_eq!(evil.reason.as_str(), "\u{1b}[2J\u{202e}");
}

#[test]
fn a_successor_is_an_atom_that_others_can_reach() {
    let text = plain("deprecate");
    let with = |uri: &str| text.replace("https://github.com/owner/repo::λ@^2", uri);
    for uri in [
        "::other",
        "other@^2",
        "gh:owner/repo::λ",
        "git@github.com:owner/repo::λ@=2.0.0",
    ] {
        let bytes = with(uri).into_bytes();
        let notice = Deprecation::parse(&bytes).expect(uri);
        assert_eq!(notice.print(), bytes);
        let successor = notice.successor.expect("there is one");
        assert_eq!(successor.to_string(), uri);
        let here = successor.uri().repository == Repository::Here;
        assert_eq!(here, !uri.contains("owner"), "{uri}");
    }
    for uri in [
        "",
        "gh:owner/repo",
        "gh:owner/repo^^main",
        "file:///etc::x",
        "../here::x",
        "http://example.org/r::x",
        "https://me:secret@example.org/r::x",
        "https://token@example.org/r::x",
        "ext::x::y",
        "-x::y",
        "a b",
    ] {
        assert!(Deprecation::parse(with(uri).as_bytes()).is_err(), "{uri}");
    }
}

prop_compose! {
    fn deprecations()(
        atom: [u8; 20],
        reason in "[^\0]{0,60}",
        successor in prop::option::of("(https://[a-z]{1,5}\\.org/[a-z]{1,4}|gh:o/r|)::[a-z]{1,5}(@\\^[0-9])?"),
    ) -> Deprecation {
        Deprecation {
            atom: atom::ObjectId::new(atom),
            successor: successor.map(|it| it.parse().expect("a URI")),
            reason: reason.parse().expect("a reason"),
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(notice in deprecations()) {
        let yank = Yank { atom: notice.atom, reason: notice.reason.clone() };
        prop_assert_eq!(Yank::parse(&yank.print()), Ok(yank));
        prop_assert_eq!(Deprecation::parse(&notice.print()), Ok(notice));
    }
}
