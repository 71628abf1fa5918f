//! `eka store copy`: Nix reads what eka wrote, eka what Nix wrote, and who is killed leaves both
//! whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use testkit::kill::{Victim, campaign, kill_when};
use testkit::nix::{NixStore, PUBLIC_KEY};
use testkit::repo::run;
use testkit::tools;

use crate::support::World;

/// Two paths, the second of which refers to the first and to itself.
const CLOSURE: &str = r#"
let
  make = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" script ];
  };
  first = make "first" "echo hi > $out";
in
make "second" "echo ${first} $out > $out"
"#;

/// A Nix store that signs, the two paths of [`CLOSURE`] in it, and eka's arguments for its folder.
fn built(world: &World) -> (NixStore, [String; 2], String) {
    let nix = NixStore::new(&world.env).signing();
    let second = nix.build(CLOSURE).remove(0);
    let references = nix.query(&["--references"], &second);
    let first = references.into_iter().find(|it| *it != second).unwrap();
    let dir = format!("store.dir={}", nix.path().display());
    (nix, [first, second], dir)
}

fn url(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

#[test]
fn what_nix_wrote_comes_signed_or_not_at_all() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let world = World::new();
    let (nix, [first, second], dir) = built(&world);
    for compression in ["none", "xz", "bzip2", "gzip", "zstd"] {
        let cache = world.path(compression);
        let to = format!("{}?compression={compression}", url(&cache));
        run(nix.command("nix").args(["copy", "--to", &to, &second]));
        let mine = world.env.path(compression);
        let eka = |args: &[&str]| with_store(&world, &mine, &dir, args);
        let from = url(&cache);
        // Nobody said whose signatures count.
        let shown = eka(&["copy", "--from", &from, &second]);
        assert!(shown.starts_with("5\n"), "{shown}");
        assert!(shown.contains("eka::upstream::unsigned"), "{shown}");
        assert!(eka(&["info", &first]).starts_with("1\n"));
        let trusted = format!("{from} {PUBLIC_KEY}");
        let shown = eka(&["copy", "--from", &trusted, &second, "-q"]);
        let [one, other] = [&first, &second].map(|it| world.show_path(it));
        assert_eq!(shown, format!("0\nout: {one}\nout: {other}\n"));
        let shown = eka(&["copy", "--from", &trusted, &second]);
        assert_eq!(shown, "0\nerr: nothing to copy\n");
        assert_eq!(
            eka(&["closure", &second, "-q"]),
            format!("0\nout: {one}\nout: {other}\n")
        );
        let known = eka(&["info", &second]);
        for path in [&one, &other] {
            assert!(
                known.contains(&format!("out: Reference: {path}\n")),
                "{known}"
            );
        }
        assert!(
            known.contains("out: Deriver: ") && known.contains("out: Sig: "),
            "{known}"
        );
        let contents = format!("0\nout: {one} {other}\n");
        assert_eq!(eka(&["cat", &second]), contents);
        assert!(eka(&["verify"]).starts_with("0\n"));
    }
}

#[test]
fn what_is_damaged_comes_again_from_a_cache() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let world = World::new();
    let (nix, [_, second], dir) = built(&world);
    let (cache, mine) = (world.path("cache"), world.env.path("mine"));
    let to = url(&cache);
    run(nix.command("nix").args(["copy", "--to", &to, &second]));
    let eka = |args: &[&str]| with_store(&world, &mine, &dir, args);
    let caches = format!("store.caches={to} {PUBLIC_KEY}");
    let shown = eka(&["copy", &second, "--config", &caches]);
    assert!(shown.ends_with("err: 2 brought\n"), "{shown}");
    let blobs = files(&mine.join("blobs"));
    let blob = blobs.iter().find(|it| fs::read(it).unwrap() == b"hi\n");
    fs::remove_file(blob.unwrap()).unwrap();
    let shown = eka(&["verify", "--repair"]);
    assert!(
        shown.starts_with("2\nerr: eka::store::no_caches\n"),
        "{shown}"
    );
    let shown = eka(&["verify", "--repair", "--config", &caches]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(shown.contains("it is missing; repaired"), "{shown}");
    assert!(eka(&["verify"]).starts_with("0\n"));
    // A cache that has not got it either.
    fs::remove_file(blob.unwrap()).unwrap();
    for entry in fs::read_dir(&cache).unwrap().flatten() {
        if entry.path().extension().is_some_and(|it| it == "narinfo") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let shown = eka(&["verify", "--repair", "--config", &caches]);
    assert!(shown.starts_with("5\n"), "{shown}");
    assert!(shown.contains("eka::store::not_repaired"), "{shown}");
}

/// What `eka store ARGS` shows, of a store in a folder that appears elsewhere.
fn with_store(world: &World, store: &Path, dir: &str, args: &[&str]) -> String {
    let mut eka = world.eka(&["store"]);
    eka.args(args).args(["--config", dir]);
    world.show(&eka.env("EKA_STORE", store).output().unwrap())
}

#[test]
fn nix_substitutes_what_eka_wrote() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let world = World::new();
    let (nix, [first, second], dir) = built(&world);
    let from = world.path("from");
    run(nix
        .command("nix")
        .args(["copy", "--to", &url(&from), &second]));
    let trusted = format!("{} {PUBLIC_KEY}", url(&from));
    let key = nix.secret_key();
    let eka = |args: &[&str]| world.run(&[&["store"], args, &["--config", &dir]].concat());
    let shown = eka(&["copy", "--from", &trusted, &second]);
    assert!(shown.starts_with("0\n"), "{shown}");
    let hashes = [&first, &second].map(|it| nix.query(&["--hash"], it));
    for (n, compression) in ["none", "xz", "gzip", "zstd"].iter().enumerate() {
        let cache = world.path(&format!("to-{compression}"));
        let to = url(&cache);
        let key = key.to_str().unwrap();
        let shown = eka(&[
            "copy",
            "--to",
            &to,
            &second,
            "--compression",
            compression,
            "--key",
            key,
        ]);
        assert!(shown.starts_with("0\nout: "), "{shown}");
        let again = eka(&["copy", "--to", &to, &second]);
        assert_eq!(again, "0\nerr: 2 there already\n");
        run(nix.command("nix-store").args(["--delete", &second, &first]));
        let mut nix_reads = match n % 2 {
            0 => nix.command("nix-store"),
            _ => nix.command("nix"),
        };
        match n % 2 {
            0 => nix_reads.args(["--realise", &second, "--option", "substituters", &to]),
            _ => nix_reads.args(["copy", "--from", &to, &second]),
        };
        run(nix_reads.args(["--option", "trusted-public-keys", PUBLIC_KEY]));
        let found = [&first, &second].map(|it| nix.query(&["--hash"], it));
        assert_eq!(found, hashes, "{compression}");
    }
}

#[test]
fn what_is_nowhere_or_not_asked_is_told() {
    let world = World::new();
    let path = "/nix/store/bz2jm79lrfq1zqs2i9250w62nnr32bal-tree";
    let check = |args: &[&str], code: &str, id: &str| {
        let shown = world.run(&[&["store", "copy", path], args].concat());
        assert!(
            shown.starts_with(&format!("{code}\nerr: {id}\n")),
            "{shown}"
        );
    };
    check(&[], "2", "eka::store::no_caches");
    check(&["--from", "ftp://x"], "2", "eka::upstream::address");
    check(&["--from", "file:///x y"], "2", "eka::store::cache_word");
    check(
        &["--from", "https://x.invalid", "--offline"],
        "4",
        "eka::context::offline",
    );
    world.write("cache/nix-cache-info", "StoreDir: /nix/store\n");
    let from = url(&world.path("cache"));
    check(&["--from", &from], "1", "eka::upstream::not_there");
    let to = url(&world.path("to"));
    check(&["--to", &to], "1", "eka::store::not_there");
    check(&["--to", &to, "--key", "none"], "1", "eka::store::key");
    let caches = ["--config", "store.caches=https://evil.example x:AA=="];
    check(&caches, "2", "eka::key::public");
}

/// A world whose store has trees of many files, and their paths.
fn large() -> (World, Vec<String>) {
    let world = World::new();
    let mut trees = Vec::new();
    for tree in 0..20 {
        for file in 0..20 {
            let text = format!("{tree} {file}\n").repeat(2000);
            world.write(&format!("t{tree}/f{file}"), &text);
        }
        trees.push(format!("t{tree}"));
    }
    let mut args = vec!["store", "add", "-q"];
    args.extend(trees.iter().map(String::as_str));
    let shown = world.run(&args);
    let paths = shown.lines().filter_map(|it| it.strip_prefix("out: "));
    let paths = paths.map(str::to_owned).collect();
    (world, paths)
}

fn copy<'a>(paths: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["store", "copy", "-q"];
    args.extend(more);
    args.extend(paths.iter().map(String::as_str));
    args
}

#[test]
fn whoever_is_killed_while_copying_leaves_a_cache_that_is_whole() {
    let (world, paths) = large();
    let cache = world.path("cache");
    let to = url(&cache);
    campaign(20, 300, |number| {
        let _none = fs::remove_dir_all(&cache);
        let delay = Duration::from_micros(u64::from(number % 20) * 4000);
        let mut command = world.eka(&copy(&paths, &["--to", &to, "--compression", "none"]));
        let writing = || fs::read_dir(cache.join("nar")).is_ok_and(|mut it| it.next().is_some());
        let ended = kill_when(&mut command, Victim::Group, delay, writing);
        // What has a narinfo has its file.
        let narinfos = narinfos(&cache);
        let is_part = narinfos.len() < paths.len();
        for fields in narinfos {
            let file = fs::metadata(cache.join(&fields["URL"])).unwrap();
            assert_eq!(file.len().to_string(), fields["FileSize"]);
        }
        let again = world.run(&copy(&paths, &["--to", &to, "--compression", "none"]));
        assert!(again.starts_with("0\n"), "{again}");
        assert_eq!(narinfos_of(&cache), paths.len());
        ended.within(is_part)
    });
}

#[test]
fn whoever_is_killed_while_copying_leaves_a_store_that_is_whole() {
    let (world, paths) = large();
    let from = url(&world.path("cache"));
    let shown = world.run(&copy(&paths, &["--to", &from, "--compression", "none"]));
    assert!(shown.starts_with("0\n"), "{shown}");
    let store = world.env.path("other");
    let eka = |args: &[&str]| {
        let mut eka = world.eka(args);
        eka.env("EKA_STORE", &store);
        eka
    };
    let check = |args: &[&str], expected: &str| {
        let shown = world.show(&eka(args).output().unwrap());
        assert!(shown.starts_with(expected), "{args:?}: {shown}");
    };
    campaign(20, 300, |number| {
        let _none = fs::remove_dir_all(&store);
        let delay = Duration::from_micros(u64::from(number % 20) * 4000);
        let mut command = eka(&copy(&paths, &["--from", &from]));
        let blobs = store.join("blobs/v1");
        let writing = || fs::read_dir(&blobs).is_ok_and(|mut it| it.next().is_some());
        let ended = kill_when(&mut command, Victim::Group, delay, writing);
        check(&["store", "verify"], "0\n");
        let there = eka(&["store", "info", paths.last().unwrap()])
            .output()
            .unwrap();
        if number % 2 == 0 {
            check(&["gc", "--keep-recent=0"], "0\n");
            assert_eq!(files(&store.join("blobs")), [] as [PathBuf; 0]);
        }
        check(&copy(&paths, &["--from", &from]), "0\n");
        check(&["store", "verify"], "0\n");
        ended.within(!there.status.success())
    });
}

/// The fields of all narinfos of a cache.
fn narinfos(cache: &Path) -> Vec<BTreeMap<String, String>> {
    let entries = fs::read_dir(cache).unwrap().flatten().map(|it| it.path());
    let narinfos = entries.filter(|it| it.extension().is_some_and(|it| it == "narinfo"));
    let fields = narinfos.map(|it| {
        let text = fs::read_to_string(it).unwrap();
        let lines = text.lines().map(|it| it.split_once(": ").unwrap());
        lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    });
    fields.collect()
}

fn narinfos_of(cache: &Path) -> usize {
    narinfos(cache).len()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files
}

impl World {
    /// A path as [`World::show`] shows it.
    fn show_path(&self, path: &str) -> String {
        path.replace(&self.env.path("").display().to_string(), "[WORLD]")
    }
}
