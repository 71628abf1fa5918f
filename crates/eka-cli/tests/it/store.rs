//! `eka store`: paths as Nix names them, what trees hold, what is damaged, and what is kept.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use testkit::nix::NixStore;
use testkit::repo::run;
use testkit::tools;

use crate::support::World;

const TREE: &str = "/nix/store/bz2jm79lrfq1zqs2i9250w62nnr32bal-tree";
const FILE: &str = "/nix/store/miacmq2d49l5qm1xgkpr982m3rd9ax08-a";

/// A world with a folder `tree`, whose path is [`TREE`].
fn world() -> World {
    let world = World::new();
    world.write("tree/a", "hi\n");
    world.write("tree/b/run", "#!/bin/sh\n");
    let run = world.path("tree/b/run");
    fs::set_permissions(run, fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../a", world.path("tree/b/link")).unwrap();
    world
}

/// A world whose store has [`TREE`].
fn added() -> World {
    let world = world();
    let expected = format!("0\nout: {TREE}\nerr: 1 added");
    world.check(&["store", "add", "tree"], &expected);
    world
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let (mut open, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files.sort();
    files
}

#[test]
fn paths_are_those_that_nix_gives() {
    let world = world();
    let shown = world.run(&[
        "store",
        "add",
        "tree",
        "tree/a",
        "tree/b/run",
        "tree/b/link",
    ]);
    let ours: Vec<&str> = shown
        .lines()
        .filter_map(|it| it.strip_prefix("out: "))
        .collect();
    assert_eq!(ours[..2], [TREE, FILE]);
    assert!(shown.ends_with("err: 4 added\n"), "{shown}");
    let again = world.run(&["store", "add", "tree", "tree"]);
    let expected = format!("0\nout: {TREE}\nout: {TREE}\nerr: 2 there already\n");
    assert_eq!(again, expected);
    if tools::have(&["nix-store"]) {
        let nix = NixStore::unbuildable(&world.env);
        for (path, ours) in ["tree", "tree/a", "tree/b/run", "tree/b/link"]
            .iter()
            .zip(ours)
        {
            let mut add = nix.command("nix-store");
            let theirs = run(add.arg("--add").arg(world.path(path))).stdout;
            assert_eq!(String::from_utf8_lossy(&theirs).trim(), ours);
        }
    }
    let named = world.run(&["store", "add", "--name", "x", "tree/a", "-q"]);
    assert!(named.trim().ends_with("-x"), "{named}");
    world.check(
        &["store", "add", "--name", "x", "tree/a", "tree"],
        "2
        err: eka::store::one_name
        err:
        err:   × `--name` names one path, and 2 are to be added
        err:   help: add them one by one",
    );
    world.check(
        &["store", "add", "none"],
        "1
        err: eka::nar::unread
        err:
        err:   × cannot read `none`
        err:   ╰─▶ No such file or directory (os error 2)",
    );
}

#[test]
fn tells_what_is_registered() {
    let world = added();
    let block = format!(
        "out: StorePath: {TREE}
        out: NarHash: sha256-uttTIYG60V9eJy2sO9e51tDLWvdwbhS/WOevmYH+Ykg=
        out: NarSize: 880
        out: CA: fixed:r:sha256:0j32zs0rkbz7b2zi8vkhyxdcpl6np7bkpb1d4xg5zldsh4hm7nxs"
    );
    world.check(&["store", "info", TREE], &format!("0\n{block}"));
    let base = TREE.strip_prefix("/nix/store/").unwrap();
    world.check(&["store", "info", base], &format!("0\n{block}"));
    let closure = format!("0\nout: {TREE}\nerr: 1 path, 880 bytes as NARs");
    world.check(&["store", "closure", base], &closure);
    for command in ["info", "closure"] {
        let json = world.run(&["store", command, TREE, "--format=json"]);
        let (json, registered) = json.split_once(r#","registered":"#).unwrap();
        let expected = format!(
            r#"{{"schema":"eka.store-{command}/1","paths":[{{"path":"{TREE}","nar":"sha256-uttTIYG60V9eJy2sO9e51tDLWvdwbhS/WOevmYH+Ykg=","size":880,"references":[],"deriver":null,"signatures":[],"ca":"fixed:r:sha256:0j32zs0rkbz7b2zi8vkhyxdcpl6np7bkpb1d4xg5zldsh4hm7nxs""#
        );
        assert_eq!(json, format!("0\nout: {expected}"));
        let seconds = registered.trim().trim_end_matches("}]}");
        assert!(seconds.parse::<u64>().unwrap() > 1_500_000_000, "{seconds}");
    }
    world.check(
        &["store", "add", "tree", "--format=json"],
        &format!(
            r#"0
            out: {{"schema":"eka.store-add/1","paths":[{{"path":"{TREE}","nar":"sha256-uttTIYG60V9eJy2sO9e51tDLWvdwbhS/WOevmYH+Ykg=","size":880,"outcome":"present"}}]}}"#
        ),
    );
    for command in [
        &["info"][..],
        &["closure"],
        &["ls"],
        &["cat"],
        &["verify"],
        &["roots", "add", "x"],
    ] {
        let shown = world.run(&[&["store"], command, &[FILE]].concat());
        let expected =
            format!("1\nerr: eka::store::not_there\nerr:\nerr:   × `{FILE}` is not in the store\n");
        assert!(shown.starts_with(&expected), "{shown}");
    }
    for path in ["/gnu/store/x", "./tree", "tree"] {
        let shown = world.run(&["store", "info", path]);
        assert!(shown.starts_with("2\n"), "{shown}");
    }
}

#[test]
fn lists_and_reads_trees_as_their_nars() {
    let world = added();
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    for args in [
        &[][..],
        &["-l"],
        &["-R"],
        &["-lR"],
        &["b", "-l"],
        &["/b/link", "-l"],
        &["b/run"],
    ] {
        let ours = world.run(&[&["store", "ls", TREE], args].concat());
        let nar = world.run(&[&["nar", "ls", "tree.nar"], args].concat());
        assert_eq!(ours, nar, "{args:?}");
        assert!(ours.starts_with("0\nout: "), "{ours}");
    }
    let below = format!("{TREE}/b");
    let ours = world.run(&["store", "ls", &below, "-R"]);
    assert_eq!(ours, "0\nout: ./link\nout: ./run\n");
    let json = world.run(&["store", "ls", "-R", TREE, "--format=json"]);
    let nar = world.run(&["nar", "ls", "-R", "tree.nar", "--format=json"]);
    assert_eq!(json, nar.replace("eka.nar-ls/1", "eka.store-ls/1"));
    world.check(
        &["store", "ls", TREE, "--format=json"],
        r#"0
        out: {"schema":"eka.store-ls/1","version":1,"root":{"type":"directory","entries":{"a":{},"b":{}}}}"#,
    );
    world.check(
        &["store", "cat", &format!("{below}/run")],
        "0\nout: #!/bin/sh",
    );
    world.check(
        &["store", "cat", &below],
        &format!(
            "1
            err: eka::store::no_file
            err:
            err:   × `{below}` is a folder
            err:   help: only a file has contents; `eka store ls -l` shows what a folder holds, and where a link
            err:         leads"
        ),
    );
    for (command, place) in [("ls", "a/x"), ("cat", "b/link/x"), ("ls", "c")] {
        let place = format!("{TREE}/{place}");
        let shown = world.run(&["store", command, &place]);
        assert!(
            shown.starts_with("1\nerr: eka::store::no_path\n"),
            "{shown}"
        );
    }
}

#[test]
fn what_is_damaged_is_found_named_and_put_right() {
    let world = added();
    world.check(
        &["store", "verify"],
        "0\nerr: 1 paths, 4 blobs, 164 bytes read",
    );
    let blobs = files(world.env.home().join(".local/share/eka/store/blobs"));
    let is_run = |it: &&PathBuf| fs::read(it).unwrap() == b"#!/bin/sh\n";
    let blob = blobs.iter().find(is_run).unwrap();
    fs::set_permissions(blob, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(blob, "#!/bin/sx\n").unwrap();
    let shown = world.run(&["store", "verify"]);
    let shown: Vec<&str> = shown.lines().collect();
    assert_eq!(shown[0], "5");
    assert!(shown[1].ends_with(": it is damaged"), "{shown:?}");
    assert_eq!(shown[2], format!("out:   {TREE}"));
    assert!(shown.contains(&"err: eka::store::faults"), "{shown:?}");
    let json = world.run(&["store", "verify", TREE, "--format=json"]);
    let start = r#"5
out: {"schema":"eka.store-verify/1","paths":1,"blobs":4,"bytes":"#;
    assert!(json.starts_with(start), "{json}");
    let fault = format!(r#","fault":"it is damaged","of":["{TREE}"],"repaired":false}}]}}"#);
    assert!(json.contains(&fault), "{json}");
    let cat = world.run(&["store", "cat", &format!("{TREE}/b/run")]);
    assert!(cat.starts_with("1\nerr: eka::"), "{cat}");
    world.run(&["store", "add", "tree"]);
    world.check(&["store", "verify", TREE, "-q"], "0\n");
}

#[test]
fn lies_where_it_is_configured_but_by_no_project() {
    let world = world();
    fs::create_dir_all(world.path(".git")).unwrap();
    let there = |below: &str| world.path(below).join("store.sqlite").exists();
    let add = |world: &World, args: &[&str]| {
        let mut add = world.eka(&[&["store", "add", "tree", "-q"], args].concat());
        add.env("EKA_STORE", "by-variable");
        add.output().unwrap()
    };
    assert!(
        add(&world, &["--config", "store.path=/no/such"])
            .status
            .success()
    );
    assert!(there("by-variable"));
    let mode = fs::metadata(world.path("by-variable"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o700);
    world.write(
        "../home/.config/eka/config.toml",
        "[store]\npath = '~/mine'\n",
    );
    world.run(&["store", "add", "tree"]);
    assert!(world.env.home().join("mine/store.sqlite").exists());
    for file in [".eka/config.toml", ".eka/local.toml"] {
        world.write(
            file,
            "[store]\npath = '/no/such'\ncaches = ['https://evil.example x:AA==']\n",
        );
    }
    let shown = world.run(&["store", "info", TREE]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert_eq!(
        shown.matches("a project may not set `store.").count(),
        4,
        "{shown}"
    );
    for (setting, what) in [
        ("store.path=a", "an absolute path, or one from `~/` on"),
        (
            "store.dir=a",
            "an absolute path without `.`, `..` and a slash at its end",
        ),
    ] {
        let shown = world.run(&["store", "roots", "--config", setting, "-q"]);
        let (key, value) = setting.split_once('=').unwrap();
        let expected = format!(
            "2\nerr: eka::store::setting\nerr:\nerr:   × `{key}` is `{value}`, which is not {what}"
        );
        assert!(shown.starts_with(&expected), "{shown}");
    }
    fs::remove_dir_all(world.path(".eka")).unwrap();
    let other = world.run(&["store", "add", "tree", "-q", "--config", "store.dir=/s"]);
    assert!(other.starts_with("0\nout: /s/"), "{other}");
    assert!(
        !other.contains("bz2jm79lrfq1zqs2i9250w62nnr32bal"),
        "{other}"
    );
}

#[test]
fn roots_are_listed_added_and_removed() {
    let world = added();
    world.check(&["store", "roots"], "0\n");
    let kept = format!("0\nout: mine -> {TREE}");
    world.check(&["store", "roots", "add", "mine", TREE], &kept);
    symlink(format!("{TREE}/b"), world.path("result")).unwrap();
    let linked = format!("out: [WORLD]/work/result -> {TREE}");
    world.check(
        &["store", "roots", "add", "--link", "result"],
        &format!("0\n{linked}"),
    );
    world.check(&["store", "roots", "list"], &format!("{kept}\n{linked}"));
    world.check(
        &["store", "roots", "--format=json"],
        &format!(
            r#"0
            out: {{"schema":"eka.store-roots/1","roots":[{{"kind":"name","root":"mine","path":"{TREE}","there":true}},{{"kind":"link","root":"[WORLD]/work/result","path":"{TREE}","there":true}}]}}"#
        ),
    );
    world.check(
        &["store", "roots", "remove", "result"],
        "0\nerr: [WORLD]/work/result keeps 1 path no more",
    );
    world.check(
        &["store", "roots", "remove", "mine", "--format=json"],
        r#"0
        out: {"schema":"eka.store-roots-remove/1","roots":[{"kind":"name","root":"mine","paths":1}]}"#,
    );
    world.check(
        &["store", "roots", "remove", "mine"],
        "1
        err: eka::store::no_root
        err:
        err:   × there is no root `mine`
        err:   help: `eka store roots` lists them",
    );
    fs::remove_file(world.path("result")).unwrap();
    symlink("tree", world.path("result")).unwrap();
    for link in ["result", "tree", "none"] {
        let shown = world.run(&["store", "roots", "add", "--link", link]);
        assert!(
            shown.starts_with("1\nerr: eka::store::no_link\n"),
            "{shown}"
        );
    }
}
