//! `eka nar`: what Nix makes, lists, hashes and restores, and what it should refuse.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use testkit::repo::run;
use testkit::tools;

use crate::support::World;

/// A folder with every kind of node, in the world's folder.
fn tree(world: &World) {
    world.write("tree/a", "hi\n");
    world.write("tree/b/run", "#!/bin/sh\n");
    world.write("tree/b.d/.git", "allowed here");
    world.write("tree/empty", "");
    world.write("tree/q\"\\\n\u{1b}[2J", "odd");
    world.write("tree/large", &"0123456789".repeat(100_000));
    let run = world.path("tree/b/run");
    fs::set_permissions(run, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(world.path("tree/d")).unwrap();
    symlink("../a", world.path("tree/b/link")).unwrap();
    symlink("/no/such", world.path("tree/out")).unwrap();
}

fn nix(world: &World, args: &[&str]) -> Vec<u8> {
    let mut nix = world.env.command("nix");
    nix.args(["--extra-experimental-features", "nix-command"]);
    run(nix.args(args).current_dir(world.dir())).stdout
}

fn dump(world: &World, path: &str) -> Vec<u8> {
    let mut dump = world.env.command("nix-store");
    run(dump.arg("--dump").arg(world.path(path))).stdout
}

fn out(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output.stdout
}

fn fed(world: &World, args: &[&str], input: &[u8]) -> String {
    let mut command = world.eka(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // The command may end before it has read all.
    drop(child.stdin.take().unwrap().write_all(input));
    world.show(&child.wait_with_output().unwrap())
}

/// All names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_nix_dumps_lists_and_hashes() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let world = World::new();
    tree(&world);
    for path in ["tree", "tree/b/run", "tree/b/link", "tree/empty", "tree/d"] {
        let nar = out(&mut world.eka(&["nar", "pack", path]));
        assert!(nar == dump(&world, path), "{path}");
        let sri = out(&mut world.eka(&["nar", "hash", path]));
        assert_eq!(sri, nix(&world, &["hash", "path", path]));
        fs::write(world.path("nar"), &nar).unwrap();
        assert_eq!(sri, out(&mut world.eka(&["nar", "hash", "--nar", "nar"])));
    }
    for (base, algorithm) in [
        ("--base16", "md5"),
        ("--base32", "sha1"),
        ("--base64", "sha256"),
        ("--base32", "sha512"),
    ] {
        let args = ["tree", base, "--type", algorithm];
        let ours = out(&mut world.eka(&[&["nar", "hash"], &args[..]].concat()));
        let theirs = nix(&world, &[&["hash", "path"], &args[..]].concat());
        assert_eq!(ours, theirs);
    }
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    fs::remove_file(world.path("tree/q\"\\\n\u{1b}[2J")).unwrap();
    fs::write(world.path("plain.nar"), dump(&world, "tree")).unwrap();
    for args in [
        &["plain.nar", "/"][..],
        &["plain.nar", "/b"],
        &["plain.nar", "/b/link", "-l"],
        &["plain.nar", "/b/run"],
        &["plain.nar", "/", "-l"],
        &["plain.nar", "/", "-R"],
        &["plain.nar", "/", "-l", "-R"],
        &["plain.nar", "/d", "-R"],
    ] {
        let ours = out(&mut world.eka(&[&["nar", "ls"], args].concat()));
        let theirs = nix(&world, &[&["nar", "ls"], args].concat());
        assert_eq!(ours, theirs, "{args:?}");
        let ours = out(&mut world.eka(&[&["nar", "ls", "--format=json"], args].concat()));
        let theirs = nix(&world, &[&["nar", "ls", "--json"], args].concat());
        let theirs = String::from_utf8(theirs).unwrap();
        let expected = format!("{{\"schema\":\"eka.nar-ls/1\",\"version\":1,\"root\":{theirs}}}\n");
        assert_eq!(String::from_utf8(ours).unwrap(), expected, "{args:?}");
    }
    let cat = out(&mut world.eka(&["nar", "cat", "tree.nar", "large"]));
    assert_eq!(cat, nix(&world, &["nar", "cat", "tree.nar", "/large"]));
}

#[test]
fn what_is_packed_is_unpacked_as_nix_restores_it() {
    let world = World::new();
    tree(&world);
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    world.check(&["nar", "unpack", "tree.nar", "new"], "0\n");
    run(world
        .env
        .command("diff")
        .args(["-r", "--no-dereference"])
        .arg(world.path("tree"))
        .arg(world.path("new")));
    for (path, mode) in [("new", 0o755), ("new/a", 0o644), ("new/b/run", 0o755)] {
        let found = fs::metadata(world.path(path)).unwrap().permissions();
        assert_eq!(found.mode() & 0o7777, mode, "{path}");
    }
    for mask in ["077", "000", "022"] {
        let line = format!("umask {mask}; eka nar unpack tree.nar mask-{mask}");
        assert_eq!(world.paste(&line), "0\n");
        for (path, mode) in [("", 0o755), ("a", 0o644), ("b/run", 0o755), ("d", 0o755)] {
            let path = format!("mask-{mask}/{path}");
            let found = fs::metadata(world.path(&path)).unwrap().permissions();
            assert_eq!(found.mode() & 0o7777, mode, "{path}");
        }
    }
    let nar = fs::read(world.path("tree.nar")).unwrap();
    assert_eq!(fed(&world, &["nar", "unpack", "piped"], &nar), "0\n");
    assert!(out(&mut world.eka(&["nar", "pack", "piped"])) == nar);
    for path in ["tree/b/run", "tree/b/link"] {
        let nar = out(&mut world.eka(&["nar", "pack", path]));
        let to = path.rsplit('/').next().unwrap();
        assert_eq!(fed(&world, &["nar", "unpack", "-", to], &nar), "0\n");
        assert!(out(&mut world.eka(&["nar", "pack", to])) == nar);
    }
    if tools::have(&["nix-store"]) {
        let mut restore = world.env.command("nix-store");
        let input = fs::File::open(world.path("tree.nar")).unwrap();
        run(restore.arg("--restore").arg(world.path("nix")).stdin(input));
        assert!(dump(&world, "new") == dump(&world, "nix"));
    }
}

#[test]
fn answers_as_text_and_json() {
    let world = World::new();
    tree(&world);
    world.check(
        &["nar", "pack", "tree/a", "-o", "a.nar", "--format=json"],
        "0\nout: {\"schema\":\"eka.nar-pack/1\",\"path\":\"a.nar\",\"size\":120}",
    );
    world.check(
        &["nar", "unpack", "a.nar", "a", "--format=json"],
        "0\nout: {\"schema\":\"eka.nar-unpack/1\",\"path\":\"a\",\"size\":120}",
    );
    world.check(
        &["nar", "hash", "a", "--format=json"],
        r#"0
out: {"schema":"eka.nar-hash/1","hash":"sha256-EFUdrtf6Rn0LWIJufrmg8q99aT3jGfLvd1//zaJEufY=","algorithm":"sha256","size":120}"#,
    );
    world.check(
        &["nar", "ls", "-l", "a.nar"],
        "0\nout: -r--r--r--                    3 .",
    );
    world.check(&["nar", "cat", "a.nar", "/"], "0\nout: hi");
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    world.check(
        &["nar", "ls", "-R", "tree.nar"],
        r#"0
out: ./a
out: ./b
out: ./b/link
out: ./b/run
out: ./b.d
out: ./b.d/.git
out: ./d
out: ./empty
out: ./large
out: ./out
out: ./q"\\n\u{1b}[2J"#,
    );
    world.check(
        &["nar", "ls", "tree.nar", "//b/"],
        "0\nout: ./link\nout: ./run",
    );
    let shown = world.run(&["nar", "ls", "tree.nar", "--format=json"]);
    assert!(shown.contains(r#""q\"\\\n\u001b[2J":{}}}"#), "{shown}");
}

#[test]
fn what_is_not_there_or_no_file_is_told() {
    let world = World::new();
    tree(&world);
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    // A file and a folder of one name below others do not lead there.
    for path in ["c", "/a/run", "b/x", "empty/run", "b.d/run", "run", "b/.."] {
        let shown = world.run(&["nar", "ls", "tree.nar", path]);
        assert!(shown.starts_with("1\nerr: eka::nar::no_path\n"), "{shown}");
    }
    world.check(
        &["nar", "cat", "tree.nar", "b"],
        "1
err: eka::nar::no_file
err:
err:   × `b` in the NAR is a folder
err:   help: only a file has contents; `eka nar ls -l` shows what a folder holds, and where a link
err:         leads
",
    );
    let shown = world.run(&["nar", "cat", "tree.nar", "out"]);
    assert!(shown.contains("is a link"), "{shown}");
    for args in [
        &["ls", "none"][..],
        &["unpack", "none", "new"],
        &["pack", "none"],
        &["hash", "none"],
        &["ls", "tree"],
    ] {
        let shown = world.run(&[&["nar"], args].concat());
        assert!(shown.starts_with("1\nerr: eka::nar::unread\n"), "{shown}");
    }
}

#[test]
fn what_no_nar_holds_is_refused_by_name() {
    let world = World::new();
    world.write("tree/a", "hi\n");
    run(world.env.command("mkfifo").arg(world.path("tree/pipe")));
    let told = "1
err: eka::nar::kind
err:
err:   × `tree/pipe` is a pipe, which no NAR can hold
err:   help: a NAR holds files, folders and links: remove it, or pack what is beside it
";
    world.check(&["nar", "hash", "tree"], told);
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], told);
    fs::remove_file(world.path("tree/pipe")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(world.path("tree/s")).unwrap();
    let shown = world.run(&["nar", "hash", "tree"]);
    assert!(shown.contains("tree/s` is a socket"), "{shown}");
    let shown = world.run(&["nar", "hash", "/dev/null"]);
    assert!(shown.contains("`/dev/null` is a device"), "{shown}");
    assert_eq!(names(&world.dir()), ["tree"]);
}

#[test]
fn a_nar_does_not_hold_a_part_of_itself() {
    let world = World::new();
    world.write("tree/a/b", "hi\n");
    symlink("tree/a", world.path("way")).unwrap();
    for (tree, nar) in [
        (".", "x.nar"),
        ("tree", "tree/a/x.nar"),
        ("tree", "way/x.nar"),
    ] {
        let told = format!(
            "2
err: eka::nar::within
err:
err:   × `{nar}` would lie in what is packed
err:   help: the NAR would hold a part of itself: write it beside the folder, or elsewhere
"
        );
        world.check(&["nar", "pack", tree, "-o", nar], &told);
    }
    assert_eq!(names(&world.dir()), ["tree", "way"]);
    assert_eq!(names(&world.path("tree/a")), ["b"]);
    // A link is packed itself, and nothing behind it.
    world.check(&["nar", "pack", "way", "-o", "way/x.nar"], "0\n");
}

#[test]
fn nothing_is_overwritten() {
    let world = World::new();
    tree(&world);
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    symlink("nowhere", world.path("dangling")).unwrap();
    for place in ["tree", "tree/d", "tree/a", "dangling", "."] {
        let shown = world.run(&["nar", "unpack", "tree.nar", place]);
        assert!(
            shown.starts_with("1\nerr: eka::file_tree::exists\n"),
            "{shown}"
        );
        let shown = world.run(&["nar", "pack", "tree", "-o", place]);
        assert!(
            shown.starts_with("1\nerr: eka::file_tree::exists\n"),
            "{shown}"
        );
    }
    assert_eq!(names(&world.dir()), ["dangling", "tree", "tree.nar"]);
    assert_eq!(names(&world.path("tree/d")), Vec::<String>::new());
    let shown = world.run(&["nar", "unpack", "tree.nar", "none/new"]);
    assert!(
        shown.starts_with("1\nerr: eka::file_tree::write\n"),
        "{shown}"
    );
}

/// A NAR of texts, as they are.
fn nar(words: &[&str]) -> Vec<u8> {
    let mut nar = Vec::new();
    for word in words {
        nar.extend((word.len() as u64).to_le_bytes());
        nar.extend(word.bytes());
        nar.resize(nar.len().next_multiple_of(8), 0);
    }
    nar
}

#[test]
fn a_bad_nar_leaves_nothing_behind() {
    let world = World::new();
    tree(&world);
    let whole = out(&mut world.eka(&["nar", "pack", "tree"]));
    let canary = world.env.path("canary");
    fs::create_dir(&canary).unwrap();
    let to = canary.to_str().unwrap();
    let file = ["(", "type", "regular", "contents", "dead", ")"];
    let entry = |name: &'static str, node: &[&'static str]| {
        [&["entry", "(", "name", name, "node"], node, &[")"]].concat()
    };
    let link = ["(", "type", "symlink", "target", to, ")"];
    let folder = [&["(", "type", "directory"], &*entry("f", &file), &[")"]].concat();
    let top = |entries: Vec<&str>| {
        let words = [
            &["nix-archive-1", "(", "type", "directory"],
            &*entries,
            &[")"],
        ]
        .concat();
        nar(&words)
    };
    let link = |name| [&["entry", "(", "name", name, "node"], &link[..], &[")"]].concat();
    for (what, bytes) in [
        ("cut", whole[..whole.len() - 1].to_vec()),
        ("cut in a file", whole[..whole.len() / 2].to_vec()),
        ("more", [&whole[..], b"\0"].concat()),
        ("empty", Vec::new()),
        (
            "link, folder",
            top([link("a"), entry("a", &folder)].concat()),
        ),
        (
            "folder, link",
            top([entry("a", &folder), link("a")].concat()),
        ),
        ("link, file", top([link("a"), entry("a", &file)].concat())),
        ("up", top(entry("..", &folder))),
        ("path", top(entry("../canary/f", &file))),
    ] {
        let shown = fed(&world, &["nar", "unpack", "new"], &bytes);
        assert!(shown.starts_with("1\nerr: eka::nar::"), "{what}: {shown}");
        assert_eq!(names(&world.dir()), ["tree"], "{what}");
        assert!(names(&canary).is_empty(), "{what}");
        for args in [
            &["ls", "-"][..],
            &["hash", "-"],
            &["ls", "-", "--format=json"],
        ] {
            let shown = fed(&world, &[&["nar"], args].concat(), &bytes);
            assert!(shown.starts_with("1\n"), "{what}: {shown}");
        }
    }
    // A link to the outside is what it is, and nothing is written through it.
    let good = top([link("a"), entry("b", &folder)].concat());
    assert_eq!(fed(&world, &["nar", "unpack", "new"], &good), "0\n");
    assert!(names(&canary).is_empty());
}

#[test]
fn a_malformed_nar_is_told_with_its_byte() {
    let world = World::new();
    let bytes = nar(&["nix-archive-1", "(", "type", "fifo", ")"]);
    assert_eq!(
        fed(&world, &["nar", "ls", "-"], &bytes),
        "1
err: eka::nar::unexpected
err:
err:   × `fifo` where `regular`, `symlink` or `directory` must follow, at byte 56 of the NAR
err:   help: a NAR has one form alone: is it compressed, or something else?
"
    );
    let shown = fed(&world, &["nar", "hash", "-"], b"\x1f\x8b\x08 compressed");
    assert!(shown.starts_with("1\nerr: eka::nar::no_word\n"), "{shown}");
}

#[test]
fn what_is_unpacked_is_bounded() {
    let world = World::new();
    tree(&world);
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    for (limit, least) in [
        ("limits.depth", 2),
        ("limits.entries", 12),
        ("limits.unpacked-bytes", 1_000_028),
    ] {
        let set = format!("{limit}={}", least - 1);
        let shown = world.run(&["nar", "unpack", "tree.nar", "new", "--config", &set]);
        let told = format!("the NAR exceeds the limit `{limit}` of {}", least - 1);
        assert!(shown.starts_with("1\nerr: eka::nar::limit\n"), "{shown}");
        assert!(shown.contains(&told), "{shown}");
        assert_eq!(names(&world.dir()), ["tree", "tree.nar"]);
        let set = format!("{limit}={least}");
        world.check(
            &["nar", "unpack", "tree.nar", "new", "--config", &set],
            "0\n",
        );
        fs::remove_dir_all(world.path("new")).unwrap();
    }
}

#[test]
fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
    let world = World::new();
    tree(&world);
    world.check(&["nar", "pack", "tree", "-o", "tree.nar"], "0\n");
    for args in [
        &["pack", "tree"][..],
        &["cat", "tree.nar", "large"],
        &["ls", "tree.nar"],
    ] {
        let args = [&["nar"], args].concat();
        let mut command = world.eka(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let shown = world.show(&child.wait_with_output().unwrap());
        assert_eq!(shown, "0\n", "{args:?}");
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = world.eka(&args).stdout(full).output().unwrap();
        let shown = world.show(&output);
        assert!(shown.starts_with("1\nerr: eka::"), "{args:?}: {shown}");
    }
}
