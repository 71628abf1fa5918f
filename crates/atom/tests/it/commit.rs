//! The bytes of atom and spec commits: the golden ones, what git says of them, and what is refused.

use atom::commit::{AtomCommit, AtomPath, CommitError, SpecCommit};
use atom::{AtomId, Id, ObjectId, Root};
use proptest::prelude::*;
use serde_json::Value;

use crate::{git, vectors};

enum Either {
    Atom(AtomCommit),
    Spec(SpecCommit),
}

impl Either {
    fn print(&self) -> Vec<u8> {
        match self {
            Self::Atom(it) => it.print(),
            Self::Spec(it) => it.print(),
        }
    }
}

/// The value that a golden row describes.
fn described(row: &Value) -> Either {
    fn field<T: std::str::FromStr>(row: &Value, key: &str) -> T {
        let value = vectors::text(row, key).parse().ok();
        value.unwrap_or_else(|| panic!("`{key}` is malformed in {row}"))
    }
    let atom = AtomId::new(field(row, "root"), field(row, "id"));
    assert_eq!(atom.digest().to_string(), vectors::text(row, "digest"));
    let (tree, version, nar) = (field(row, "tree"), field(row, "version"), field(row, "nar"));
    match vectors::text(row, "kind") {
        "atom" => Either::Atom(AtomCommit {
            tree,
            atom,
            version,
            nar,
        }),
        _ => Either::Spec(SpecCommit {
            tree,
            atom,
            version,
            nar,
            atom_commit: field(row, "atom"),
            path: field(row, "path"),
            src: field(row, "src"),
        }),
    }
}

fn golden() -> Vec<(Either, Vec<u8>, String)> {
    let rows = vectors::list(&vectors::json("commit/commit.json"), None);
    let read = |row: &Value| {
        let bytes = vectors::bytes(&format!("commit/{}", vectors::text(row, "file")));
        (
            described(row),
            bytes,
            vectors::text(row, "object").to_owned(),
        )
    };
    rows.iter().map(read).collect()
}

fn plain(kind: &str) -> String {
    String::from_utf8(vectors::bytes(&format!("commit/plain-{kind}"))).expect("it is text")
}

#[test]
fn golden_commits_are_printed_and_read() {
    for (commit, bytes, _) in golden() {
        assert_eq!(
            commit.print().escape_ascii().to_string(),
            bytes.escape_ascii().to_string()
        );
        match commit {
            Either::Atom(commit) => assert_eq!(AtomCommit::parse(&bytes), Ok(commit)),
            Either::Spec(commit) => assert_eq!(SpecCommit::parse(&bytes), Ok(commit)),
        }
    }
}

#[test]
fn git_gives_them_the_golden_ids_and_finds_no_fault() {
    if git::is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    git::run(folder.path(), &["init", "--quiet", "--bare"], b"");
    git::run(
        folder.path(),
        &["hash-object", "-t", "tree", "-w", "--stdin"],
        b"",
    );
    for (commit, _, object) in golden() {
        let hash = ["hash-object", "-t", "commit", "-w", "--stdin"];
        let id = git::run(folder.path(), &hash, &commit.print());
        assert_eq!(id.trim(), object);
    }
    let fsck = git::run(folder.path(), &["fsck", "--strict", "--no-dangling"], b"");
    assert_eq!(fsck, "");
}

#[track_caller]
fn refused(text: &str, expected: &CommitError) {
    assert_eq!(AtomCommit::parse(text.as_bytes()).as_ref(), Err(expected));
}

#[test]
fn another_format_is_told_from_a_fault() {
    let text = plain("atom");
    for format in [0, 2, 10] {
        let other = text.replace("format 1", &format!("format {format}"));
        refused(&other, &CommitError::UnknownFormat { format });
        // Of another format nothing else is known.
        let other = other.replace("root ", "roots ").replace("eka <>", "x <y>");
        refused(&other, &CommitError::UnknownFormat { format });
    }
    for value in ["01", "one", "", "1 ", "-1", "99999999999999999999"] {
        let header = "format";
        let value = value.to_owned();
        let other = text.replace("format 1", &format!("format {value}"));
        refused(&other, &CommitError::Value { header, value });
    }
}

#[test]
fn every_header_stands_in_its_place() {
    let text = plain("atom");
    let headers = [
        "tree",
        "author",
        "committer",
        "format",
        "digest",
        "root",
        "nar",
    ];
    for (at, header) in headers.into_iter().enumerate() {
        let without: String = text
            .split_inclusive('\n')
            .filter(|it| !it.starts_with(&format!("{header} ")))
            .collect();
        refused(
            &without,
            &CommitError::Header {
                line: at + 1,
                header,
            },
        );
    }
    let line = 1;
    refused(
        "",
        &CommitError::Header {
            line,
            header: "tree",
        },
    );
    refused(
        "tree",
        &CommitError::Header {
            line,
            header: "tree",
        },
    );
    // A spec is no atom, nor an atom a spec.
    assert!(AtomCommit::parse(plain("spec").as_bytes()).is_err());
    let (line, header) = (8, "atom");
    assert_eq!(
        SpecCommit::parse(text.as_bytes()),
        Err(CommitError::Header { line, header })
    );
}

#[test]
fn a_digest_is_that_of_root_and_id() {
    let text = plain("atom").replace("nix-lock:", "other:");
    let error = AtomCommit::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(error, CommitError::Digest { .. }), "{error:?}");
}

#[test]
fn the_same_in_other_bytes_is_refused() {
    let text = plain("atom");
    for (from, to) in [
        ("author eka <> 0 +0000", "author eka <> 1 +0000"),
        ("author eka <> 0 +0000", "author me <me@x> 0 +0000"),
        ("committer eka <> 0 +0000", "committer eka <> 0 +0100"),
    ] {
        refused(&text.replace(from, to), &CommitError::NotCanonical);
    }
    for other in [
        format!("{text}\n"),
        text.trim_end().to_owned(),
        text.replace(": 1.0.0", ":  1.0.0"),
        text.replace(": 1.0.0", ": v1.0.0"),
        text.replace(": 1.0.0", ""),
        text.replace('\n', "\r\n"),
        text.replace("tree 4b", "tree 4B"),
        text.replace("\n\n", "\nextra 1\n\n"),
        text.replace(
            "author",
            "parent 4abbd2644bc3585e9be95deb277ccf48f6ed26ac\nauthor",
        ),
        text.replace("sha256-", "sha512-"),
        text.replace("hSuFU=", "hSuFV="),
        text.replace("hSuFU=", "hSuFU"),
    ] {
        assert_ne!(other, text);
        assert!(AtomCommit::parse(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn a_path_leads_nowhere_else() {
    let text = plain("spec");
    for path in ["", "/", "..", "a/../b", "./a", "a\\b", "a\x1b[31m"] {
        let other = text.replace("path libs/nix-lock", &format!("path {path}"));
        let header = "path";
        let value = path.escape_debug().to_string();
        assert_eq!(
            SpecCommit::parse(other.as_bytes()),
            Err(CommitError::Value { header, value })
        );
    }
}

fn object() -> impl Strategy<Value = ObjectId> {
    any::<[u8; 20]>().prop_map(ObjectId::new)
}

prop_compose! {
    fn spec()(
        tree in object(), root in object(), atom_commit in object(), src in object(),
        nar: [u8; 32],
        id in "[a-zλ][a-z0-9λ-]{0,8}",
        version in "[0-9]\\.[0-9]\\.[0-9](-[a-z][a-z0-9]{0,3}(\\.lock)?)?(\\+[a-z0-9]{1,4})?",
        path in "\\.|[a-z ]{1,3}(/[a-zλ ]{1,3}){0,2}",
    ) -> SpecCommit {
        SpecCommit {
            tree,
            atom: AtomId::new(Root(root), id.parse::<Id>().expect("it is an id")),
            version: version.parse().expect("it is a version"),
            nar: atom::NarHash(nar),
            atom_commit,
            path: path.parse::<AtomPath>().expect("it is a folder"),
            src,
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(spec in spec()) {
        let atom = AtomCommit {
            tree: spec.tree,
            atom: spec.atom.clone(),
            version: spec.version.clone(),
            nar: spec.nar,
        };
        prop_assert_eq!(AtomCommit::parse(&atom.print()), Ok(atom));
        prop_assert_eq!(SpecCommit::parse(&spec.print()), Ok(spec));
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_another(spec in spec(), at: prop::sample::Index, byte: u8) {
        let mut bytes = spec.print();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = SpecCommit::parse(&bytes) {
            prop_assert_eq!(read.print(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        prop_assert!(AtomCommit::parse(&bytes).is_err());
        prop_assert!(SpecCommit::parse(&bytes).is_err());
    }
}
