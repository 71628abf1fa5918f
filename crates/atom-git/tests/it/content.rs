//! What of a folder is the atom, by `docs/reference/formats.md`, section 4.

use std::path::Path;

use atom::AtomPath;
use atom_git::content::{Content, ContentError, CutWhy, content_tree};
use atom_git::tree_guard::Limits;
use atom_git::write::Staging;
use testkit::env::Env;
use testkit::repo::Repo as Made;

use crate::local::{blob, craft, open, tree};

const ATOM: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";
const PRIVATE: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\npublish = false\n";

fn content(staging: &Staging, made: &Made, path: &str) -> Result<Content, ContentError> {
    let path: AtomPath = path.parse().unwrap();
    let rev = match path.as_str() {
        "." => "HEAD^{tree}".to_owned(),
        path => format!("HEAD:{path}"),
    };
    content_tree(staging, tree(made, &rev), &path, &Limits::default())
}

fn cut(content: &Content) -> Vec<(&str, CutWhy)> {
    let cut = content.cut.iter();
    cut.map(|it| (it.path.as_str(), it.why)).collect()
}

/// Lists all files of a tree that is staged.
fn files(staging: &Staging, made: &Made, content: &Content) -> Vec<String> {
    let saved = staging.save(made.path()).unwrap();
    let listed = made.git([
        "--git-dir",
        saved.path().to_str().unwrap(),
        "ls-tree",
        "-r",
        "--name-only",
        &content.tree.to_string(),
    ]);
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn where_nothing_is_cut_the_tree_is_the_folders_own() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a/atom.toml", ATOM).write("a/src/main", "x");
    made.write("a/fixtures/private/atom.toml", PRIVATE);
    made.write("a/fixtures/other/atom.toml", "[package]\n");
    made.symlink("a/fixtures/link/atom.toml", "../../atom.toml");
    made.write("a/fixtures/folder/atom.toml/file", "x");
    made.commit("one");
    let staging = Staging::over(&open(&made));
    let found = content(&staging, &made, "a").unwrap();
    assert_eq!(found.tree, tree(&made, "HEAD:a"));
    assert_eq!(cut(&found), []);
    assert_eq!(found.tableless, ["a/fixtures/other/atom.toml"]);
    assert_eq!(staging.n_staged(), 0);
}

#[test]
fn atoms_below_are_cut_and_what_is_left_empty_with_them() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("atom.toml", ATOM).write("b", "x");
    made.write("libs/one/atom.toml", ATOM)
        .write("libs/one/deep/atom.toml", ATOM);
    made.write("libs/two/atom.toml", ATOM);
    made.write("examples/private/atom.toml", PRIVATE);
    made.write("examples/private/vendored/atom.toml", ATOM);
    made.write("examples/private/vendored/file", "x");
    made.write("b.d/only/atoms/atom.toml", ATOM)
        .write("b.d/file", "x");
    made.commit("one");
    let staging = Staging::over(&open(&made));
    let top = content(&staging, &made, ".").unwrap();
    let expected = [
        ("b.d/only", CutWhy::Empty),
        ("b.d/only/atoms", CutWhy::Atom),
        ("examples/private/vendored", CutWhy::Atom),
        ("libs", CutWhy::Empty),
        ("libs/one", CutWhy::Atom),
        ("libs/two", CutWhy::Atom),
    ];
    assert_eq!(cut(&top), expected);
    let left = ["atom.toml", "b", "b.d/file", "examples/private/atom.toml"];
    assert_eq!(files(&staging, &made, &top), left);
    // What git itself writes for those files.
    made.remove("libs")
        .remove("b.d/only")
        .remove("examples/private/vendored");
    made.commit("as cut");
    assert_eq!(top.tree, tree(&made, "HEAD^{tree}"));
    assert_eq!(content(&staging, &made, ".").unwrap().tree, top.tree);
}

#[test]
fn empty_folders_are_dropped() {
    let env = Env::new();
    let made = env.repo("here");
    let manifest = blob(&made, ATOM.as_bytes());
    let empty = craft(&made, &[]);
    let hollow = craft(&made, &[("40000", b"a", empty), ("40000", b"b", empty)]);
    let old = craft(&made, &[("100664", b"file", manifest)]);
    let file: crate::local::Crafted<'_> = ("100644", b"atom.toml", manifest);
    let folder = craft(
        &made,
        &[file, ("40000", b"hollow", hollow), ("40000", b"old", old)],
    );
    let staging = Staging::over(&open(&made));
    let path = "a".parse().unwrap();
    let found = content_tree(&staging, folder, &path, &Limits::default()).unwrap();
    // Modes are left as they are: the tree below is the one that was there.
    assert_eq!(found.tree, craft(&made, &[file, ("40000", b"old", old)]));
    let paths = ["a/hollow", "a/hollow/a", "a/hollow/b"];
    assert_eq!(cut(&found), paths.map(|it| (it, CutWhy::Empty)));
}

#[test]
fn a_manifest_that_cannot_be_read_refuses() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("text/sub/atom.toml", "not toml");
    made.write("latin/sub/atom.toml", b"# \xe9".as_slice());
    made.write("good/sub/atom.toml", ATOM)
        .write("good/sub/deep/atom.toml", "not toml");
    made.commit("one");
    let staging = Staging::over(&open(&made));
    let error = content(&staging, &made, "text").unwrap_err();
    assert!(matches!(&error, ContentError::Manifest { path, .. } if path == "text/sub/atom.toml"));
    let error = content(&staging, &made, "latin").unwrap_err();
    assert!(matches!(&error, ContentError::Text { path, .. } if path == "latin/sub/atom.toml"));
    // Below what is cut nothing is decided.
    assert_eq!(cut(&content(&staging, &made, "good").unwrap()).len(), 1);
}

#[test]
fn what_lies_too_deep_refuses() {
    let env = Env::new();
    let made = env.repo("here");
    made.write(&format!("{}file", "d/".repeat(65)), "x")
        .commit("deep");
    let staging = Staging::over(&open(&made));
    let error = content(&staging, &made, ".").unwrap_err();
    assert!(matches!(error, ContentError::Depth { limit: 64, .. }));
}

#[test]
fn the_users_repository_is_not_written_to() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("atom.toml", ATOM)
        .write("sub/atom.toml", ATOM)
        .commit("one");
    let count = || made.git(["count-objects", "-v"]);
    let before = count();
    let staging = Staging::over(&open(&made));
    content(&staging, &made, ".").unwrap();
    let saved = staging.save(&env.path("tmp")).unwrap();
    assert_eq!(staging.n_staged(), 1);
    assert_eq!(count(), before);
    let folder = saved.path().to_owned();
    drop(saved);
    assert!(!Path::new(&folder).exists());
}
