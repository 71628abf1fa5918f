//! What is staged: trees and commits alone, in a repository that git can push from.

use std::os::unix::fs::PermissionsExt as _;

use atom::commit::{AtomCommit, SpecCommit};
use atom::{AtomId, NarHash, ObjectId, Root, Version};
use atom_git::tree::{Entry, Tree};
use atom_git::write::{Staging, WriteError};
use testkit::env::Env;
use testkit::repo::Repo as Made;

use crate::local::{head, open, tree};

/// Stages an atom commit and a spec commit for the folder `a`.
fn stage(made: &Made, staging: &Staging) -> [ObjectId; 2] {
    let atom = AtomId::new(Root(head(made)), "λ".parse().unwrap());
    let version = "1.0.0-rc.1+build.5".parse::<Version>().unwrap();
    let commit = AtomCommit {
        tree: tree(made, "HEAD:a"),
        atom: atom.clone(),
        version: version.clone(),
        nar: NarHash([7; 32]),
    };
    let atom_commit = staging.write_atom(&commit).unwrap();
    let lock = tree(made, "HEAD:a/atom.lock");
    let manifest = tree(made, "HEAD:a/atom.toml");
    let spec = SpecCommit {
        tree: staging.write_spec_tree(manifest, Some(lock)).unwrap(),
        atom,
        version,
        nar: commit.nar,
        atom_commit,
        path: "a".parse().unwrap(),
        src: head(made),
    };
    let spec_commit = staging.write_spec(&spec).unwrap();
    let objects = staging.objects();
    assert_eq!(objects.commit(atom_commit).unwrap(), commit.print());
    assert_eq!(objects.commit(spec_commit).unwrap(), spec.print());
    assert_eq!(objects.tree_of(spec_commit).unwrap(), spec.tree);
    [atom_commit, spec_commit]
}

fn count(made: &Made, kind: &str) -> usize {
    let check = "--batch-check=%(objecttype)";
    let listed = made.git(["cat-file", check, "--batch-all-objects"]);
    listed.lines().filter(|it| *it == kind).count()
}

#[test]
fn an_atom_and_its_spec_are_pushed_from_staging() {
    let env = Env::new();
    let made = env.repo("a \"b\" \\ λ\nc");
    made.write("a/atom.toml", "[atom]\n")
        .write("a/atom.lock", "version = 1\n");
    made.write("a/file", "x").commit("one");
    let staging = Staging::over(&open(&made));
    let [atom, spec] = stage(&made, &staging);

    let saved = staging.save(&env.path("tmp")).unwrap();
    let mode = saved.path().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let staged = env.at(saved.path());
    assert_eq!(staged.refs(), [""; 0]);
    staged.git(["fsck", "--strict"]);
    // Of its own it has two commits and the spec's tree, and no blob.
    let loose = staged.git(["count-objects"]);
    assert!(loose.starts_with("3 objects"), "{loose}");
    assert_eq!(count(&staged, "blob"), count(&made, "blob"));

    let remote = env.bare("remote");
    let name = "refs/atoms/λ/1.0.0-rc.1+build.5";
    let refspecs = [format!("{atom}:{name}/atom"), format!("{spec}:{name}/spec")];
    let [atom, spec] = &refspecs;
    staged.git(["push", "-q", "--atomic", &remote.url(), atom, spec]);
    remote.git(["fsck", "--strict"]);
    let names = remote.git(["ls-tree", "--name-only", &format!("{name}/spec")]);
    assert_eq!(names, "atom.lock\natom.toml");
    assert_eq!(remote.git(["show", &format!("{name}/atom:file")]), "x");
}

#[test]
fn a_spec_without_a_lock_is_its_manifest() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("atom.toml", "[atom]\n").commit("one");
    let staging = Staging::over(&open(&made));
    let manifest = tree(&made, "HEAD:atom.toml");
    let spec = staging.write_spec_tree(manifest, None).unwrap();
    assert_eq!(spec, tree(&made, "HEAD^{tree}"));
}

#[test]
fn trees_are_those_that_git_writes() {
    let env = Env::new();
    let made = env.repo("here");
    for name in ["b", "b.d/x", "b-d/x", "b0", "B", "λ"] {
        made.write(name, name);
    }
    made.executable("run", "x")
        .symlink("link", "run")
        .commit("one");
    let repo = open(&made);
    let top = tree(&made, "HEAD^{tree}");
    let found = repo.objects().tree(top).unwrap();
    let mut entries: Vec<Entry<'_>> = found.entries().map(Result::unwrap).collect();
    entries.reverse();
    entries.sort_by(Entry::tree_order);
    let staging = Staging::over(&repo);
    assert_eq!(staging.write_tree(&Tree::print(entries)).unwrap(), top);
}

#[test]
fn what_is_no_commit_is_not_written() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "x").commit("one");
    let staging = Staging::over(&open(&made));
    for bytes in [b"".as_slice(), b"hello\n", b"tree x\n", b"tree "] {
        let written = staging.write_commit(bytes);
        assert!(matches!(written, Err(WriteError::Commit)));
    }
    assert_eq!(staging.n_staged(), 0);
}

#[test]
fn what_the_repository_says_of_transports_goes_with_the_staging() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "x").commit("one");
    let set = |key: &str, value: &str| made.git(["config", "--add", key, value]);
    set("url.https://example.org/.insteadOf", "mine:");
    set(
        "http.https://example.org/.extraHeader",
        "Authorization: basic \"a\\b\" # ;",
    );
    set("http.sslVerify", "false");
    set("credential.helper", "");
    set("credential.helper", "!f() { echo password=x; }; f");
    set("core.sshCommand", "ssh -i 'key file'");
    set("core.hooksPath", "/nowhere");
    set("remote.origin.push", "refs/heads/*:refs/heads/*");
    set("user.name", "Somebody");
    let staging = Staging::over(&open(&made));
    let saved = staging.save(&env.path("tmp")).unwrap();
    let staged = env.at(saved.path());
    let listed = staged.git(["config", "--local", "--list"]);
    let expected = "core.repositoryformatversion=0\n\
        core.bare=true\n\
        core.sshcommand=ssh -i 'key file'\n\
        url.https://example.org/.insteadof=mine:\n\
        http.https://example.org/.extraheader=Authorization: basic \"a\\b\" # ;\n\
        http.sslverify=false\n\
        credential.helper=\n\
        credential.helper=!f() { echo password=x; }; f";
    let sort = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sort(&listed), sort(expected));
    // The order of the helpers counts: an empty one takes back those before it.
    let helpers = staged.git(["config", "--local", "--get-all", "credential.helper"]);
    assert!(helpers.starts_with('\n'), "{helpers:?}");
}
