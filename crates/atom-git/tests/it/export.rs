//! Trees on disk, and nothing beside them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use atom::ObjectId;
use atom_git::export::{ExportError, export};
use atom_git::nar::nar_hash;
use atom_git::objects::Objects;
use testkit::env::Env;
use testkit::repo::{Repo as Made, run};
use testkit::tools;

use crate::local::{blob, craft, guarded, open, tree};

fn write(objects: &Objects, tree: ObjectId, parent: &Path) -> Result<PathBuf, ExportError> {
    export(objects, guarded(objects, tree), parent, OsStr::new("atom"))
}

/// All paths below a folder, with their modes and what they hold.
fn listed(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let content = if metadata.is_symlink() {
                fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes()
            } else if metadata.is_dir() {
                open.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path, (metadata.permissions().mode() & 0o7777, content));
        }
    }
    found
}

#[test]
fn a_tree_is_written_as_it_is() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a/b/file", "x\n")
        .write("empty", "")
        .write("λ", "λ");
    made.executable("run", "#!/bin/sh\n")
        .symlink("a/link", "b/file");
    made.symlink("dangling", "/no/such/file")
        .write("large", vec![7; 6 << 20]);
    made.write(
        ".gitattributes",
        "* text eol=crlf export-subst filter=bad\nempty export-ignore\n",
    );
    made.git(["config", "filter.bad.smudge", "touch ran"]);
    made.git(["config", "filter.bad.clean", "cat"]);
    made.commit("one");
    let repo = open(&made);
    let out = env.path("out");
    fs::create_dir(&out).unwrap();
    let path = write(repo.objects(), tree(&made, "HEAD^{tree}"), &out).unwrap();
    assert_eq!(path, out.join("atom"));
    let found = listed(&out);
    let check = |name: &str, mode: u32, content: &[u8]| {
        let (found_mode, found_content) = &found[&out.join(name)];
        assert_eq!(*found_mode, mode, "{name}");
        assert!(found_content == content, "{name}");
    };
    check("atom", 0o755, b"");
    check("atom/a", 0o755, b"");
    check("atom/a/b/file", 0o644, b"x\n");
    check("atom/empty", 0o644, b"");
    check("atom/λ", 0o644, "λ".as_bytes());
    check("atom/run", 0o755, b"#!/bin/sh\n");
    check("atom/large", 0o644, &vec![7; 6 << 20]);
    check("atom/a/link", 0o777, b"b/file");
    check("atom/dangling", 0o777, b"/no/such/file");
    assert_eq!(found.len(), 11);
    if tools::have(&["nix-store"]) {
        let dump = run(env.command("nix-store").arg("--dump").arg(&path)).stdout;
        let mut nar = Vec::new();
        let top = guarded(repo.objects(), tree(&made, "HEAD^{tree}"));
        atom_git::nar::write_nar(repo.objects(), top, &mut nar, 2).unwrap();
        assert!(dump == nar);
    }
}

#[test]
fn links_lead_nobody_outside() {
    let env = Env::new();
    let made = env.repo("here");
    let canary = env.path("canary");
    fs::create_dir(&canary).unwrap();
    fs::write(canary.join("file"), "alive").unwrap();
    let before = listed(&canary);
    let link = |target: &str| blob(&made, target.as_bytes());
    let bad = blob(&made, b"dead");
    let to_canary = link(canary.to_str().unwrap());
    let up = link("../canary");
    let file = link("../canary/file");
    let below = craft(&made, &[("100644", b"file", bad)]);
    let top = craft(
        &made,
        &[
            ("120000", b"a", to_canary),
            ("40000", b"a.d", below),
            ("120000", b"file", file),
            ("120000", b"up", up),
        ],
    );
    let out = env.path("out");
    fs::create_dir(&out).unwrap();
    let repo = open(&made);
    write(repo.objects(), top, &out).unwrap();
    assert_eq!(listed(&canary), before);
    assert_eq!(fs::read_link(out.join("atom/a")).unwrap(), canary);
    assert_eq!(fs::read(out.join("atom/a.d/file")).unwrap(), b"dead");
}

#[test]
fn what_is_there_is_left_alone() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "x").commit("one");
    let repo = open(&made);
    let top = tree(&made, "HEAD^{tree}");
    let canary = env.path("canary");
    fs::create_dir(&canary).unwrap();
    for kind in ["folder", "empty", "file", "link", "dangling"] {
        let out = env.path(&format!("out-{kind}"));
        let target = out.join("atom");
        fs::create_dir(&out).unwrap();
        match kind {
            "folder" => fs::create_dir_all(target.join("kept")).unwrap(),
            "empty" => fs::create_dir(&target).unwrap(),
            "file" => fs::write(&target, "kept").unwrap(),
            "link" => std::os::unix::fs::symlink(&canary, &target).unwrap(),
            _ => std::os::unix::fs::symlink("/no/such", &target).unwrap(),
        }
        let before = listed(&out);
        let written = write(repo.objects(), top, &out);
        assert!(matches!(written, Err(ExportError::Exists { .. })), "{kind}");
        assert_eq!(listed(&out), before, "{kind}");
    }
    assert!(listed(&canary).is_empty());
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a/file", "x")
        .write("b/gone", "gone")
        .commit("one");
    let gone = made.rev("HEAD:b/gone");
    made.remove(&format!(".git/objects/{}/{}", &gone[..2], &gone[2..]));
    let repo = open(&made);
    let out = env.path("out");
    fs::create_dir(&out).unwrap();
    let written = write(repo.objects(), tree(&made, "HEAD^{tree}"), &out);
    assert!(matches!(written, Err(ExportError::Object(_))));
    assert!(listed(&out).is_empty());
    let nowhere = write(repo.objects(), tree(&made, "HEAD:a"), &env.path("no/such"));
    assert!(matches!(nowhere, Err(ExportError::Io { .. })));
}

#[test]
fn of_many_at_once_one_wins_and_the_result_is_whole() {
    let env = Env::new();
    let made: Made = env.repo("here");
    for n in 0..50 {
        made.write(&format!("{}/{n}", n % 5), "x");
    }
    made.commit("one");
    let repo = open(&made);
    let objects = repo.objects();
    let top = tree(&made, "HEAD^{tree}");
    let out = env.path("out");
    fs::create_dir(&out).unwrap();
    let n_won = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let (objects, out) = (objects.clone(), &out);
                scope.spawn(move || match write(&objects, top, out) {
                    Ok(_) => 1,
                    Err(ExportError::Exists { .. }) => 0,
                    Err(error) => panic!("{error:?}"),
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|it| it.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(n_won, 1);
    assert_eq!(listed(&out).len(), 1 + 5 + 50);
}

/// A loose blob that says it has more bytes than it has.
fn cut_off(made: &Made, n_bytes: usize) -> ObjectId {
    use gix::zlib::Compression;
    use gix::zlib::stream::deflate;
    use std::io::Write as _;
    let whole = vec![7; n_bytes];
    let id = blob(made, &whole);
    let mut file = deflate::Write::new(Vec::new(), Compression::BEST_SPEED);
    write!(file, "blob {n_bytes}\0").unwrap();
    file.write_all(&whole[1..]).unwrap();
    file.flush().unwrap();
    let hex = id.to_string();
    let path = made
        .path()
        .join(".git/objects")
        .join(&hex[..2])
        .join(&hex[2..]);
    fs::remove_file(&path).unwrap();
    fs::write(path, file.into_inner()).unwrap();
    id
}

#[test]
fn a_blob_that_ends_early_is_no_content() {
    for n_bytes in [1000, 6 << 20] {
        let env = Env::new();
        let made = env.repo("here");
        let short = cut_off(&made, n_bytes);
        let top = craft(&made, &[("100644", b"file", short)]);
        let repo = open(&made);
        let out = env.path("out");
        fs::create_dir(&out).unwrap();
        assert!(write(repo.objects(), top, &out).is_err(), "{n_bytes}");
        assert!(listed(&out).is_empty());
        let top = guarded(repo.objects(), top);
        assert!(nar_hash(repo.objects(), top, 2).is_err(), "{n_bytes}");
    }
}
