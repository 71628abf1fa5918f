//! NARs of trees, against `nix-store --dump` of a checkout.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use atom::{NarHash, ObjectId};
use atom_git::nar::{NarError, NarMemo, nar_hash, nar_hashes, write_nar};
use atom_git::objects::Objects;
use testkit::env::Env;
use testkit::repo::{Repo as Made, run};
use testkit::tools;

use crate::local::{blob, craft, guarded, open, tree};

/// Checks the work tree out once more, byte for byte, and dumps it.
fn dumped(env: &Env, made: &Made) -> Vec<u8> {
    let folder = env.path("checkout");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).unwrap();
    let mut archive = made.command();
    archive.args([
        "-c",
        "core.autocrlf=false",
        "archive",
        "--format=tar",
        "HEAD",
    ]);
    let tar = env.path("tar");
    fs::write(&tar, run(&mut archive).stdout).unwrap();
    run(env
        .command("tar")
        .arg("-xf")
        .arg(&tar)
        .arg("-C")
        .arg(&folder));
    run(env.command("nix-store").arg("--dump").arg(&folder)).stdout
}

fn rendered(objects: &Objects, tree: ObjectId, n_threads: usize) -> Vec<u8> {
    let mut out = Vec::new();
    write_nar(objects, guarded(objects, tree), &mut out, n_threads).unwrap();
    out
}

/// The NAR is that of Nix, on one thread and on four, and hashed as it is written.
fn check(env: &Env, made: &Made) {
    let expected = dumped(env, made);
    let repo = open(made);
    let objects = repo.objects();
    let tree = tree(made, "HEAD^{tree}");
    let hash = NarHash(nix_format::Sha256::of(&expected).0);
    for n_threads in [1, 4] {
        assert!(rendered(objects, tree, n_threads) == expected);
        let found = nar_hash(objects, guarded(objects, tree), n_threads).unwrap();
        assert_eq!(found, hash);
    }
}

#[test]
fn the_nar_of_a_tree_is_that_of_its_checkout() {
    if !tools::have(&["nix-store", "tar"]) {
        return;
    }
    let env = Env::new();
    let made = env.repo("here");
    made.write("b/x", "1")
        .write("b.d", "2")
        .write("b-d/y", "3")
        .write("b0", "4");
    made.write("B", "")
        .write("λ/ひらがな", "x")
        .write("with space/a", "12345678");
    made.executable("run", "#!/bin/sh\n")
        .symlink("link", "../out of/λ");
    made.symlink("b/link", "x").write("deep/a/b/c/d/e", "x");
    made.write("crlf", "a\r\nb\r\n")
        .write("nul", b"\0\xff\n".as_slice());
    made.commit("one");
    check(&env, &made);
    made.git(["repack", "-adq"]);
    check(&env, &made);
}

#[test]
fn many_and_large_files_come_in_order() {
    if !tools::have(&["nix-store", "tar"]) {
        return;
    }
    let env = Env::new();
    let made = env.repo("here");
    for n in 0..600 {
        made.write(&format!("many/{}/{n}", n % 7), "x".repeat(n * 13 % 4001));
    }
    // Stored whole, as a file of its own and in a pack; more than is read ahead in pieces.
    let noise = |seed: u32, size: usize| {
        let mut state = seed;
        let next = std::iter::repeat_with(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        next.take(size).collect::<Vec<u8>>()
    };
    made.write("large/a", noise(1, 9 << 20))
        .write("large/b", noise(2, (4 << 20) + 3));
    made.write("large/c", vec![b'x'; 20 << 20]).commit("one");
    check(&env, &made);
    made.git(["-c", "pack.window=0", "repack", "-adq"]);
    check(&env, &made);
    // And as a difference from another.
    let mut changed = noise(1, 5 << 20);
    changed[3_000_000] ^= 1;
    made.write("large/d", changed).commit("two");
    made.git(["repack", "-adfq"]);
    check(&env, &made);
    // From a repository that borrows its objects.
    let shared = env.clone_of(&made.url(), "shared", &["--shared"]);
    check(&env, &shared);
}

#[test]
fn attributes_do_not_count() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "a\nb\n")
        .write("kept", "$Id$\n")
        .commit("plain");
    let repo = open(&made);
    let plain = rendered(repo.objects(), tree(&made, "HEAD^{tree}"), 1);
    let attributes = "* text eol=crlf ident export-subst filter=bad\nfile export-ignore\n";
    made.git(["config", "filter.bad.smudge", "touch ran"]);
    made.git(["config", "filter.bad.clean", "cat"]);
    made.write(".gitattributes", attributes)
        .commit("with attributes");
    let with = rendered(repo.objects(), tree(&made, "HEAD^{tree}"), 1);
    let occurs = |whole: &[u8], part: &[u8]| whole.windows(part.len()).any(|it| it == part);
    for content in [b"a\nb\n".as_slice(), b"$Id$\n"] {
        assert!(occurs(&plain, content) && occurs(&with, content));
    }
    assert!(!occurs(&with, b"\r\n"));
}

#[test]
fn many_trees_are_hashed_at_once_and_each_as_alone() {
    let env = Env::new();
    let made = env.repo("here");
    for n in 0..40 {
        made.write(&format!("{n}/file"), format!("{}", n % 30));
        made.write(&format!("{n}/large"), "x".repeat(n * 10_000));
    }
    made.commit("one");
    let repo = open(&made);
    let objects = repo.objects();
    let trees: Vec<_> = (0..40)
        .chain([3, 3])
        .map(|n| guarded(objects, tree(&made, &format!("HEAD:{n}"))))
        .collect();
    let alone: Vec<_> = trees
        .iter()
        .map(|it| nar_hash(objects, *it, 1).unwrap())
        .collect();
    for n_threads in [1, 2, 8] {
        let found = nar_hashes(objects, &trees, &NarMemo::none(), n_threads).unwrap();
        assert_eq!(found, alone);
    }
    let nothing = nar_hashes(objects, &[], &NarMemo::none(), 2).unwrap();
    assert_eq!(nothing, []);
}

#[test]
fn a_link_that_no_file_system_can_have_is_an_error() {
    let env = Env::new();
    let made = env.repo("here");
    let repo = open(&made);
    for target in [b"".as_slice(), b"a\0b"] {
        let link = blob(&made, target);
        let tree = craft(&made, &[("120000", b"link", link)]);
        let objects = repo.objects();
        let hashed = nar_hash(objects, guarded(objects, tree), 2);
        assert!(matches!(hashed, Err(NarError::Target { id }) if id == link));
    }
}

#[test]
fn a_missing_blob_ends_all_threads() {
    let env = Env::new();
    let made = env.repo("here");
    for n in 0..500 {
        made.write(&format!("{n}"), format!("{n}"));
    }
    made.commit("one");
    let gone = made.rev("HEAD:250");
    made.remove(&format!(".git/objects/{}/{}", &gone[..2], &gone[2..]));
    let repo = open(&made);
    let objects = repo.objects();
    let tree = guarded(objects, tree(&made, "HEAD^{tree}"));
    for n_threads in [1, 8] {
        let hashed = nar_hash(objects, tree, n_threads);
        assert!(matches!(hashed, Err(NarError::Object(_))));
    }
}

/// Takes so many bytes, and no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_ends_all_threads() {
    let env = Env::new();
    let made = env.repo("here");
    for n in 0..200 {
        made.write(&format!("{n}"), "x".repeat(1000));
    }
    made.commit("one");
    let repo = open(&made);
    let objects = repo.objects();
    let tree = guarded(objects, tree(&made, "HEAD^{tree}"));
    for n_bytes in [0, 10, 50_000] {
        let written = write_nar(objects, tree, &mut Full(n_bytes), 4);
        assert!(matches!(written, Err(NarError::Write { .. })));
    }
}

#[test]
fn what_is_remembered_is_not_read_again() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "x").commit("one");
    let repo = open(&made);
    let tree = guarded(repo.objects(), tree(&made, "HEAD^{tree}"));
    let memo = NarMemo::open(&env.path("memo"));
    let told = NarHash([9; 32]);
    memo.put(tree.id(), told);
    let found = nar_hashes(repo.objects(), &[tree], &memo, 1).unwrap();
    assert_eq!(found, [told]);
    let found = nar_hashes(repo.objects(), &[tree], &NarMemo::none(), 1).unwrap();
    assert_ne!(found, [told]);
}

fn numbered(n: u8) -> (ObjectId, NarHash) {
    (ObjectId::new([n; 20]), NarHash([n; 32]))
}

fn known(path: &Path, n: u8) -> bool {
    let (tree, hash) = numbered(n);
    NarMemo::open(path).get(tree) == Some(hash)
}

#[test]
fn a_torn_memo_loses_the_torn_record_alone() {
    let env = Env::new();
    let path = env.path("memo");
    let put = |n| {
        let (tree, hash) = numbered(n);
        NarMemo::open(&path).put(tree, hash);
    };
    put(1);
    put(2);
    let whole = fs::read(&path).unwrap();
    for n_bytes in 0..whole.len() {
        fs::write(&path, &whole[..n_bytes]).unwrap();
        assert_eq!(known(&path, 1), n_bytes >= whole.len() / 2);
        assert!(!known(&path, 2));
        put(3);
        put(4);
        assert!(known(&path, 3) && known(&path, 4), "{n_bytes}");
    }
    // A flipped bit is no record.
    for at in 0..whole.len() / 2 {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        let (tree, _) = numbered(1);
        assert_eq!(NarMemo::open(&path).get(tree), None);
        assert!(known(&path, 2));
    }
}

#[test]
fn many_may_write_one_memo() {
    let env = Env::new();
    let path = env.path("memo");
    std::thread::scope(|scope| {
        for writer in 0..4_u8 {
            let memo = NarMemo::open(&path);
            scope.spawn(move || {
                for n in 0..50 {
                    let (tree, hash) = numbered(writer * 50 + n);
                    memo.put(tree, hash);
                }
            });
        }
    });
    assert!((0..200).all(|n| known(&path, n)));
}

#[test]
fn a_memo_that_cannot_be_opened_remembers_in_memory() {
    let env = Env::new();
    let memo = NarMemo::open(&env.path("no/such/folder"));
    let (tree, hash) = numbered(1);
    memo.put(tree, hash);
    assert_eq!(memo.get(tree), Some(hash));
}
