//! Pins that are archives.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use testkit::files::FileHttp;
use testkit::kill::{Victim, campaign, kill_when};
use testkit::repo::run;
use testkit::tools;

use super::{cache, contents, edit_lock, forget, locked, nix_hash, path_of, ran, world};
use crate::support::World;

/// A world with an archive to serve, and its server.
fn served() -> (World, FileHttp) {
    let world = world();
    for (path, text) in [("a/b", "text\n"), ("run", "#!/bin/sh\n")] {
        let path = world.env.path("src/top-1.0").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(world.env.path("www")).unwrap();
    pack(&world);
    let server = FileHttp::start(&world.env.path("www"));
    (world, server)
}

fn pack(world: &World) {
    let mut tar = world.env.command("tar");
    tar.arg("-C").arg(world.env.path("src"));
    tar.arg("-czf").arg(world.env.path("www/top.tar.gz"));
    run(tar.arg("top-1.0"));
}

#[test]
fn an_archive_is_added_locked_brought_and_taken_out() {
    let (world, server) = served();
    let url = format!("{}/top.tar.gz", server.url());
    ran(&world, &["add", "--pin", "top", "--tar", &url])
        .exit(0)
        .says(&["added the pin `top` (tar", "(1 pin)", "+ pin top"]);
    let nar = locked(&world, "nar");
    assert_eq!(
        world.read("atom.lock"),
        format!("version = 1\n\n[[pin]]\nname = \"top\"\ntar = \"{url}\"\nnar = \"{nar}\"\n")
    );
    let fetched = ran(&world, &["fetch", "--frozen"]);
    let folder = path_of(&world, fetched.exit(0).says(&["1 there already"]));
    assert_eq!(fs::read_to_string(folder.join("a/b")).unwrap(), "text\n");
    assert_eq!(contents(&world).len(), 1);
    if tools::have(&["nix", "nix-prefetch-url"]) {
        assert_eq!(nix_hash(&world, &folder), nar);
        let mut nix = world.env.command("nix-prefetch-url");
        let store = format!("local?root={}", world.env.path("store").display());
        nix.args(["--store", &store, "--unpack", "--print-path", &url]);
        nix.args(["--name", "source"]);
        nix.env("NIX_CONFIG", "substituters =\nbuild-users-group =\n");
        let said = String::from_utf8(run(&mut nix).stdout).unwrap();
        let path = said.lines().nth(1).unwrap();
        assert_eq!(path, format!("/nix/store/{}", contents(&world)[0]));
    }
    ran(&world, &["fetch", "--into", "out"])
        .exit(0)
        .says(&["1 brought"]);
    ran(&world, &["verify", "--lock"])
        .exit(0)
        .says(&["pin top hash"]);
    ran(&world, &["lock", "--check"]).exit(0);
    fs::write(folder.join("a/b"), "poison\n").unwrap();
    ran(&world, &["fetch", "top"]).exit(0).says(&["1 brought"]);
    assert_eq!(fs::read_to_string(folder.join("a/b")).unwrap(), "text\n");
    ran(&world, &["remove", "top"]).exit(0);
    assert_eq!(world.read("atom.toml"), super::APP);
}

#[test]
fn packed_anew_it_is_the_same_and_with_other_files_it_is_not() {
    let (world, server) = served();
    let url = format!("{}/top.tar.gz", server.url());
    ran(&world, &["add", "--pin", "top", "--tar", &url]).exit(0);
    let nar = locked(&world, "nar");
    // Dates and compression do not count.
    let path = world.env.path("www/top.tar.gz");
    let mut tar = world.env.command("tar");
    tar.args(["--mtime=@1", "--xz", "-C"])
        .arg(world.env.path("src"));
    run(tar.arg("-cf").arg(&path).arg("top-1.0"));
    ran(&world, &["lock", "--check"]).exit(0);
    fs::write(world.env.path("src/top-1.0/a/b"), "changed\n").unwrap();
    pack(&world);
    let parts = ["eka::pin::nar", &nar, "the pin `top`", "`eka update top`"];
    ran(&world, &["lock", "--check"]).exit(5).says(&parts);
    forget(&world);
    ran(&world, &["fetch"]).exit(5).says(&parts);
    assert!(contents(&world).is_empty(), "{:?}", contents(&world));
    ran(&world, &["update", "top"]).exit(0).says(&["~ pin top"]);
    let new = locked(&world, "nar");
    edit_lock(&world, &new, &nar);
    ran(&world, &["verify", "--lock"])
        .exit(5)
        .says(&parts)
        .says(&[&new]);
}

#[test]
fn hostile_and_odd_archives_change_nothing() {
    let (world, server) = served();
    let at = world.env.path("www/odd");
    let url = format!("{}/odd", server.url());
    fs::write(world.env.path("canary"), "alive").unwrap();
    let up = {
        let mut tar = world.env.command("tar");
        tar.arg("-C")
            .arg(world.env.path("www"))
            .args(["-P", "-cf", "-", "../canary"]);
        run(&mut tar).stdout
    };
    let zeros = {
        let mut shell = world.env.command("bash");
        let script = "cd \"$TMPDIR\" && truncate -s 30M zeros && tar -cz zeros";
        run(shell.args(["-c", script])).stdout
    };
    let check = |bytes: &[u8], more: &[&str], code: i32, parts: &[&str]| {
        fs::write(&at, bytes).unwrap();
        let args = ["add", "--pin", "top", "--tar", &url];
        let args: Vec<&str> = args.iter().chain(more).copied().collect();
        ran(&world, &args).exit(code).says(parts);
        assert_eq!(world.read("atom.toml"), super::APP);
        assert!(!world.path("atom.lock").exists());
        assert!(contents(&world).is_empty(), "{:?}", contents(&world));
        assert_eq!(
            fs::read_to_string(world.env.path("canary")).unwrap(),
            "alive"
        );
    };
    check(
        &up,
        &[],
        5,
        &["eka::tar::hostile", "leads to another folder"],
    );
    check(
        b"PK\x03\x04",
        &[],
        1,
        &["eka::tar::kind", "it is a zip", "--url"],
    );
    check(b"<html>", &[], 1, &["eka::tar::damaged"]);
    let small = ["--config", "limits.unpacked-bytes=1000000"];
    check(&zeros, &small, 1, &["`limits.unpacked-bytes` of 1000000"]);
    let packed = fs::read(world.env.path("www/top.tar.gz")).unwrap();
    check(&packed[..packed.len() - 9], &[], 1, &["eka::tar::damaged"]);
    check(
        &packed,
        &["--config", "limits.entries=2"],
        1,
        &["`limits.entries` of 2"],
    );
}

#[test]
fn whoever_is_killed_while_unpacking_leaves_nothing_half_written() {
    let (world, server) = served();
    for n in 0..400 {
        let path = world.env.path(&format!("src/top-1.0/{}/{n}", n % 7));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::File::create(path).unwrap();
        file.write_all(format!("{n}\n").repeat(300).as_bytes())
            .unwrap();
    }
    pack(&world);
    let url = format!("{}/top.tar.gz", server.url());
    ran(&world, &["add", "--pin", "top", "--tar", &url]).exit(0);
    let src = cache(&world, "src");
    let tally = campaign(10, 200, |number| {
        forget(&world);
        let mut command = world.eka(&["fetch"]);
        let unpacking = || {
            let entries = fs::read_dir(&src).into_iter().flatten().flatten();
            entries
                .map(|it| it.path())
                .any(|it| it.join("content").exists())
        };
        let delay = Duration::from_micros(u64::from(number % 12) * 1500);
        let ended = kill_when(&mut command, Victim::Group, delay, unpacking);
        ran(&world, &["fetch"]).exit(0);
        assert_eq!(contents(&world).len(), 1, "{:?}", contents(&world));
        ended
    });
    assert!(tally.killed >= 10, "{tally:?}");
}
