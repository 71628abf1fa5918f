//! Roots and ancestors, over histories made to mislead.

use std::fmt::Write as _;

use atom::{ObjectId, Root};
use atom_git::root::{RootError, is_ancestor, oldest_root};
use testkit::env::Env;
use testkit::repo::Repo as Made;

use crate::local::{head, id, open};

/// Writes a commit by its bytes: parents, and what stands for its committer's date.
fn commit(made: &Made, parents: &[ObjectId], date: &str, message: &str) -> ObjectId {
    let tree = made.git_with(["mktree"], b"");
    let mut bytes = format!("tree {tree}\n");
    for parent in parents {
        writeln!(bytes, "parent {parent}").unwrap();
    }
    write!(
        bytes,
        "author A <a> 5 +0000\ncommitter A <a> {date}\n\n{message}\n"
    )
    .unwrap();
    let arguments = [
        "hash-object",
        "--literally",
        "-t",
        "commit",
        "-w",
        "--stdin",
    ];
    id(&made.git_with(arguments, bytes.as_bytes()))
}

#[test]
fn the_oldest_parentless_ancestor_is_the_root() {
    let env = Env::new();
    let made = env.repo("here");
    let young = commit(&made, &[], "300 +0000", "young");
    let old = commit(&made, &[], "200 -1200", "old");
    let unrelated = commit(&made, &[], "100 +0000", "unrelated");
    // Back-dated, but with a parent.
    let middle = commit(&made, &[young], "50 +0000", "middle");
    let merge = commit(&made, &[middle, old], "400 +0000", "merge");
    let repo = open(&made);
    let root = |of| oldest_root(&repo, of).unwrap();
    assert_eq!(root(merge), Root(old));
    assert_eq!(root(middle), Root(young));
    assert_eq!(root(unrelated), Root(unrelated));
    assert!(is_ancestor(&repo, Root(young), merge).unwrap());
    assert!(is_ancestor(&repo, Root(merge), merge).unwrap());
    assert!(!is_ancestor(&repo, Root(unrelated), merge).unwrap());
    assert!(!is_ancestor(&repo, Root(merge), young).unwrap());
}

#[test]
fn equal_dates_are_settled_by_the_least_id() {
    let env = Env::new();
    let made = env.repo("here");
    let roots: Vec<_> = ["a", "b", "c", "d"]
        .map(|it| commit(&made, &[], "100 +0000", it))
        .to_vec();
    let merge = commit(&made, &roots, "200 +0000", "merge");
    let least = roots.iter().min().copied().unwrap();
    assert_eq!(oldest_root(&open(&made), merge).unwrap(), Root(least));
}

#[test]
fn a_date_that_cannot_be_read_counts_as_zero() {
    let env = Env::new();
    let made = env.repo("here");
    for date in ["", "x +0000", "-5 +0000", "99999999999999999999999 +0000"] {
        let good = commit(&made, &[], "1 +0000", date);
        let odd = commit(&made, &[], date, "odd");
        let merge = commit(&made, &[good, odd], "200 +0000", "merge");
        let root = oldest_root(&open(&made), merge).unwrap();
        assert_eq!(root, Root(odd), "{date}");
    }
}

#[test]
fn replace_refs_and_grafts_do_not_count() {
    let env = Env::new();
    let made = env.repo("here");
    let old = commit(&made, &[], "100 +0000", "old");
    let young = commit(&made, &[], "200 +0000", "young");
    let tip = commit(&made, &[young], "300 +0000", "tip");
    made.git(["replace", "--graft", &tip.to_string(), &old.to_string()]);
    made.write(".git/info/grafts", format!("{young} {old}\n"));
    assert_eq!(oldest_root(&open(&made), tip).unwrap(), Root(young));
}

#[test]
fn a_commit_graph_changes_nothing() {
    let env = Env::new();
    let made = env.repo("here");
    // Beyond the 34 bits that a commit-graph keeps of a date.
    let far = commit(&made, &[], "17179869185 +0000", "far");
    let near = commit(&made, &[], "100 +0000", "near");
    let side = commit(&made, &[near], "300 +0000", "side");
    let tip = commit(&made, &[far, side, near], "400 +0000", "tip");
    made.git(["update-ref", "refs/heads/main", &tip.to_string()]);
    let before = oldest_root(&open(&made), tip).unwrap();
    made.git(["commit-graph", "write", "--reachable"]);
    assert_eq!(before, Root(near));
    let newer = commit(&made, &[tip], "500 +0000", "newer");
    let repo = open(&made);
    assert_eq!(oldest_root(&repo, tip).unwrap(), before);
    assert_eq!(oldest_root(&repo, newer).unwrap(), before);
    assert!(is_ancestor(&repo, Root(far), newer).unwrap());
    assert!(!is_ancestor(&repo, Root(newer), tip).unwrap());
}

#[test]
fn a_shallow_clone_has_no_root() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a", "1").commit("one");
    made.write("a", "2").commit("two");
    let shallow = env.clone_of(&made.url(), "shallow", &["--depth=1"]);
    let repo = open(&shallow);
    let tip = head(&shallow);
    assert!(matches!(oldest_root(&repo, tip), Err(RootError::Shallow)));
    let asked = is_ancestor(&repo, Root(tip), tip);
    assert!(matches!(asked, Err(RootError::Shallow)));
}

#[test]
fn a_missing_ancestor_is_an_error() {
    let env = Env::new();
    let made = env.repo("here");
    let gone = id("00000000000000000000000000000000000000ff");
    let tip = commit(&made, &[gone], "100 +0000", "tip");
    let asked = oldest_root(&open(&made), tip);
    assert!(matches!(asked, Err(RootError::Object(_))));
}

#[test]
fn what_a_remote_lacks_is_counted_as_git_does() {
    let env = Env::new();
    let made = env.repo("here");
    let a = commit(&made, &[], "100 +0000", "a");
    let b = commit(&made, &[a], "200 +0000", "b");
    // Dates that go backwards.
    let c = commit(&made, &[b], "50 +0000", "c");
    let d = commit(&made, &[b], "400 +0000", "d");
    let e = commit(&made, &[c, d], "10 +0000", "e");
    made.git(["update-ref", "refs/heads/main", &e.to_string()]);
    made.git(["tag", "-a", "-m", "x", "v1", &d.to_string()]);
    let tag = id(&made.rev("v1"));
    let blob = id(&made.git_with(["hash-object", "-w", "--stdin"], b"x"));
    let unknown = id("00000000000000000000000000000000000000ff");
    let repo = open(&made);
    for commit in [a, b, c, d, e] {
        for tips in [
            vec![],
            vec![a],
            vec![c],
            vec![d],
            vec![tag],
            vec![c, d],
            vec![e],
            vec![blob],
        ] {
            let mut arguments = vec!["rev-list".into(), "--count".into(), commit.to_string()];
            let not = tips.iter().filter(|it| **it != blob);
            arguments.extend(not.map(|it| format!("^{it}")));
            let expected = made.try_git(&arguments).stdout;
            let expected = String::from_utf8(expected).unwrap();
            let found = repo.unreachable_from(commit, &tips).unwrap();
            assert_eq!(
                found.n_commits.to_string(),
                expected.trim(),
                "{commit} {tips:?}"
            );
            assert_eq!(found.unknown_tips, []);
        }
    }
    let found = repo.unreachable_from(e, &[unknown, c]).unwrap();
    assert_eq!((found.n_commits, found.unknown_tips), (2, vec![unknown]));
}
