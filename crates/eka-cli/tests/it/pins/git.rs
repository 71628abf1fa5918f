//! Git pins, from the manifest to the folder.

use std::fs;

use testkit::http::GitHttp;
use testkit::repo::Repo;
use testkit::tools;

use super::{cache, contents, edit_lock, forget, locked, nix_hash, path_of, ran, world};
use crate::support::World;

/// A repository with a branch and two versions.
fn made(world: &World) -> Repo {
    let repo = world.env.repo("up");
    repo.write("default.nix", "{ }\n").write("a/b", "one\n");
    repo.executable("run", "#!/bin/sh\n").symlink("link", "a/b");
    repo.commit("one");
    repo.git(["tag", "v1.0.0"]);
    repo.write("a/b", "two\n");
    repo.commit("two");
    repo.git(["tag", "-m", "heavy", "v1.1.0"]);
    repo
}

#[test]
fn a_pin_is_added_locked_brought_and_taken_out() {
    let world = world();
    let repo = made(&world);
    let url = repo.url();
    let rev = repo.rev("HEAD");
    let shown = world.run(&["add", "--pin", "up", "--git", &url, "--ref", "main"]);
    assert_eq!(
        shown,
        "0\n\
         err: added the pin `up` (git file://[WORLD]/up, ref main)\n\
         err: wrote `[WORLD]/work/atom.lock` (1 pin)\n\
         err:   + pin up\n"
    );
    let text = world.read("atom.toml");
    assert!(
        text.ends_with(&format!("\n[pins.up]\ngit = \"{url}\"\nref = \"main\"\n")),
        "{text}"
    );
    let nar = locked(&world, "nar");
    assert_eq!(
        world.read("atom.lock"),
        format!(
            "version = 1\n\n[[pin]]\nname = \"up\"\ngit = \"{url}\"\nref = \"main\"\nrev = \"{rev}\"\nnar = \"{nar}\"\n"
        )
    );
    let fetched = ran(&world, &["fetch"]);
    fetched.exit(0).says(&["1 brought"]);
    let folder = path_of(&world, &fetched);
    assert_eq!(fs::read_to_string(folder.join("link")).unwrap(), "two\n");
    if tools::have(&["nix"]) {
        assert_eq!(nix_hash(&world, &folder), nar);
    }
    ran(&world, &["fetch", "up"])
        .exit(0)
        .says(&["1 there already"]);
    ran(&world, &["verify", "--lock"])
        .exit(0)
        .says(&["pin up source hash", "all 2 claims of 1 pin hold"]);
    ran(&world, &["lock", "--check"]).exit(0).says(&["(1 pin)"]);
    let shown = world.run(&["remove", "up"]);
    assert!(shown.contains("removed the pin `up`"), "{shown}");
    assert!(shown.contains("there is nothing to lock"), "{shown}");
    assert_eq!(world.read("atom.toml"), super::APP);
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn as_json() {
    let world = world();
    let repo = made(&world);
    let url = repo.url();
    let args = [
        "add",
        "--format",
        "json",
        "--pin",
        "up",
        "--git",
        &url,
        "--version",
        "~1.0",
    ];
    let shown = world.run(&args);
    let shape = "out: {\"schema\":\"eka.add/1\",\"manifest\":\"[WORLD]/work/atom.toml\",\"deps\":[],\"pins\":[{\"name\":\"up\",\"kind\":\"git\",\"url\":\"file://[WORLD]/up\",\"ref\":null,\"rev\":null,\"version\":\"~1.0\"}],\"lock\":{\"path\":\"[WORLD]/work/atom.lock\",\"atoms\":0,\"pins\":1,\"written\":true,\"changes\":[\"+ pin up\"],\"duplicates\":[]}}";
    assert_eq!(shown, format!("0\n{shape}\n"));
    assert_eq!(locked(&world, "rev"), repo.rev("v1.0.0"));
    let nar = locked(&world, "nar");
    let shown = world.run(&["fetch", "--format", "json"]);
    let [name] = &contents(&world)[..] else {
        panic!("{:?}", contents(&world));
    };
    let shape = format!(
        "out: {{\"schema\":\"eka.fetch/1\",\"atoms\":[],\"pins\":[{{\"name\":\"up\",\"kind\":\"git\",\"hash\":\"{nar}\",\"path\":\"[WORLD]/home/.cache/eka/src/{name}\",\"outcome\":\"new\"}}]}}"
    );
    assert_eq!(shown, format!("0\n{shape}\n"));
    let shown = world.run(&["verify", "--lock", "--format", "json"]);
    assert_eq!(
        shown,
        "0\nout: {\"schema\":\"eka.verify/1\",\"versions\":[],\"pins\":[{\"name\":\"up\",\"source\":\"file://[WORLD]/up\",\"holds\":true,\"claims\":[{\"claim\":\"source\",\"holds\":true,\"message\":null},{\"claim\":\"hash\",\"holds\":true,\"message\":null}]}]}\n"
    );
}

#[test]
fn a_uri_with_a_ref_names_a_pin() {
    let world = world();
    let repo = made(&world);
    world.env.git_config(&format!(
        "[url \"{}\"]\n\tinsteadOf = https://git.test/owner/Up\n",
        repo.url()
    ));
    let alias = "aliases.tt=\"https://git.test\"";
    let add = |args: &[&str]| {
        let args: Vec<&str> = ["add", "--config", alias]
            .iter()
            .chain(args)
            .copied()
            .collect();
        ran(&world, &args)
    };
    add(&["tt:owner/Up^^v1.0.0"])
        .exit(0)
        .says(&["added the pin `up`"]);
    assert_eq!(locked(&world, "rev"), repo.rev("v1.0.0"));
    assert_eq!(locked(&world, "git"), "https://git.test/owner/Up");
    add(&["tt:owner/Up^^HEAD", "--pin", "tip"]).exit(0);
    add(&["tt:owner/Up^^main"])
        .exit(0)
        .says(&["added the pin `up-2`"]);
    let text = world.read("atom.toml");
    assert!(
        text.contains("[pins.tip]\ngit = \"https://git.test/owner/Up\"\n"),
        "{text}"
    );
    assert!(!text.contains("HEAD"), "{text}");
    // The one of that name is changed, and nothing else.
    add(&["--pin", "up", "--git", "tt:owner/Up", "--version", "1"]).exit(0);
    let text = world.read("atom.toml");
    assert!(
        text.contains("[pins.up]\ngit = \"https://git.test/owner/Up\"\nversion = "),
        "{text}"
    );
}

#[test]
fn a_branch_that_moves_does_not_move_the_lock() {
    let world = world();
    let repo = made(&world);
    ran(&world, &["add", "--pin", "up", "--git", &repo.url()]).exit(0);
    let (rev, lock) = (repo.rev("HEAD"), world.read("atom.lock"));
    repo.write("a/b", "three\n");
    repo.commit("three");
    ran(&world, &["lock"]).exit(0);
    ran(&world, &["lock", "--locked"]).exit(0);
    assert_eq!(world.read("atom.lock"), lock);
    ran(&world, &["lock", "--check"]).exit(0);
    ran(
        &world,
        &[
            "add",
            "--pin",
            "more",
            "--git",
            &repo.url(),
            "--ref",
            "v1.0.0",
        ],
    )
    .exit(0);
    assert!(world.read("atom.lock").contains(&rev));
    // Another revision that is asked for is another lock.
    world.write(
        "atom.toml",
        &world.read("atom.toml").replace("v1.0.0", "v1.1.0"),
    );
    ran(&world, &["lock", "--locked"])
        .exit(3)
        .says(&["~ more", "another source or revision"]);
    ran(&world, &["lock"]).exit(0).says(&["~ pin more"]);
    assert!(world.read("atom.lock").contains(&rev));
}

#[test]
fn an_update_moves_the_pins_that_are_named_or_all() {
    let world = world();
    let repo = made(&world);
    for name in ["a", "b"] {
        ran(&world, &["add", "--pin", name, "--git", &repo.url()]).exit(0);
    }
    let old = repo.rev("HEAD");
    repo.write("a/b", "three\n");
    repo.commit("three");
    let new = repo.rev("HEAD");
    let lock = world.read("atom.lock");
    ran(&world, &["update", "--dry-run"])
        .exit(0)
        .says(&["~ pin a", "~ pin b"]);
    assert_eq!(world.read("atom.lock"), lock);
    ran(&world, &["update", "b"])
        .exit(0)
        .says(&["~ pin b"])
        .says_nothing_of(&["pin a"]);
    let lock = world.read("atom.lock");
    assert!(lock.contains(&old) && lock.contains(&new), "{lock}");
    ran(&world, &["update", "c"])
        .exit(1)
        .says(&["holds no atom `c`"]);
    ran(&world, &["update"]).exit(0).says(&["~ pin a"]);
    assert!(!world.read("atom.lock").contains(&old));
    ran(&world, &["update"])
        .exit(0)
        .says(&["is up to date (2 pins)"]);
}

#[test]
fn what_cannot_be_pinned_changes_nothing() {
    let world = world();
    let repo = made(&world);
    let url = repo.url();
    let nowhere = "1234567890123456789012345678901234567890";
    for (args, code, parts) in [
        (
            &["--git", &url, "--ref", "nope"][..],
            1,
            &["has no branch or tag `nope`"][..],
        ),
        (&["--git", &url, "--ref", "a..b"], 2, &["is not a ref"]),
        (
            &["--git", &url, "--version", "^9"],
            1,
            &["matches `^9`", "`1.1.0`, `1.0.0`"],
        ),
        (&["--git", &url, "--version", "x y"], 2, &["x y"]),
        (
            &["--git", &url, "--rev", nowhere],
            1,
            &["does not give the commit"],
        ),
        (&["--git", &url, "--rev", "abc"], 2, &["abc"]),
        (&["--git", "file:///nowhere/x"], 4, &["no repository"]),
        (&["--git", "gh:a/b::c"], 2, &["is no repository"]),
        (
            &["--git", &url, "--ref", "main", "--rev", nowhere],
            2,
            &["cannot be used with"],
        ),
        (&["--ref", "main"], 2, &["--git"]),
        (
            &["--offline", "--git", &url],
            4,
            &["needs the network", "--offline"],
        ),
        (&["--locked", "--git", &url], 3, &["--locked", "+ up"]),
    ] {
        let args: Vec<&str> = ["add", "--pin", "up"].iter().chain(args).copied().collect();
        ran(&world, &args).exit(code).says(parts);
        assert_eq!(world.read("atom.toml"), super::APP);
        assert!(!world.path("atom.lock").exists());
    }
    ran(&world, &["add", "--pin", "No Name", "--git", &url])
        .exit(2)
        .says(&["is not a name"]);
    ran(&world, &["add", "--git", &url])
        .exit(2)
        .says(&["--pin"]);
    ran(&world, &["remove", "--pin", "up"])
        .exit(1)
        .says(&["there is no pin `up`"]);
}

#[test]
fn a_lock_that_was_edited_does_not_pass() {
    let world = world();
    let repo = made(&world);
    repo.git(["checkout", "--quiet", "-b", "side", "v1.0.0"]);
    repo.write("a/b", "other\n");
    repo.commit("side");
    let side = repo.rev("HEAD");
    repo.git(["checkout", "--quiet", "main"]);
    // What the side branch has, as an attacker would write it.
    ran(
        &world,
        &["add", "--pin", "up", "--git", &repo.url(), "--ref", "side"],
    )
    .exit(0);
    let side_nar = locked(&world, "nar");
    ran(
        &world,
        &["add", "--pin", "up", "--git", &repo.url(), "--ref", "main"],
    )
    .exit(0);
    let (rev, nar) = (repo.rev("HEAD"), locked(&world, "nar"));
    let lock = world.read("atom.lock");
    let check = |from: &[(&str, &str)], parts: &[&str]| {
        for (from, to) in from {
            edit_lock(&world, from, to);
        }
        ran(&world, &["lock", "--locked"]).exit(0);
        for args in [&["lock", "--check"][..], &["verify", "--lock"]] {
            ran(&world, args).exit(5).says(parts);
            forget(&world);
        }
        world.write("atom.lock", &lock);
    };
    let false_nar = crate::locked::false_nar().to_string();
    check(&[(&nar, &false_nar)], &["eka::pin::nar", &nar, &false_nar]);
    check(&[(&rev, &side)], &["eka::pin::moved", &rev, &side]);
    check(
        &[(&rev, &side), (&nar, &side_nar)],
        &["eka::pin::moved", "`main`", &rev, &side],
    );
    let one = repo.rev("v1.0.0");
    check(&[(&rev, &one)], &["eka::pin::nar", &nar]);
    // A fetch takes the lock's word for which commit, and none for what it holds.
    edit_lock(&world, &nar, &false_nar);
    forget(&world);
    ran(&world, &["fetch"])
        .exit(5)
        .says(&["eka::pin::nar", &nar, &false_nar]);
    assert!(contents(&world).is_empty());
}

#[test]
fn a_rewritten_branch_and_a_moved_tag_are_told() {
    let world = world();
    let repo = made(&world);
    ran(
        &world,
        &[
            "add",
            "--pin",
            "branch",
            "--git",
            &repo.url(),
            "--ref",
            "main",
        ],
    )
    .exit(0);
    repo.git(["commit", "--quiet", "--amend", "-m", "other"]);
    ran(&world, &["lock", "--check"])
        .exit(5)
        .says(&["the pin `branch` has moved", "`eka update branch`"]);
    ran(&world, &["remove", "branch"]).exit(0);
    ran(
        &world,
        &[
            "add",
            "--pin",
            "tag",
            "--git",
            &repo.url(),
            "--ref",
            "v1.0.0",
        ],
    )
    .exit(0);
    repo.git(["tag", "-f", "v1.0.0", "v1.1.0^{}"]);
    ran(&world, &["lock", "--check"])
        .exit(5)
        .says(&["the pin `tag` has moved"]);
    // What is locked can still be had.
    forget(&world);
    ran(&world, &["fetch"]).exit(0);
}

#[test]
fn offline_what_is_here_is_enough() {
    let world = world();
    let repo = made(&world);
    ran(&world, &["add", "--pin", "up", "--git", &repo.url()]).exit(0);
    fs::rename(repo.path(), world.env.path("away")).unwrap();
    ran(&world, &["fetch", "--frozen"])
        .exit(0)
        .says(&["1 brought"]);
    fs::remove_dir_all(cache(&world, "git")).unwrap();
    ran(&world, &["fetch", "--frozen"])
        .exit(0)
        .says(&["1 there already"]);
    forget(&world);
    ran(&world, &["fetch", "--frozen"])
        .exit(4)
        .says(&["needs the network"]);
    ran(&world, &["fetch"]).exit(4);
    ran(&world, &["lock", "--check"]).exit(4);
    // A mirror of one's own serves what is locked.
    let mirror = format!(
        "mirrors.\"{}\"=\"file://{}\"",
        repo.url(),
        world.env.path("away").display()
    );
    ran(&world, &["fetch", "--config", &mirror])
        .exit(0)
        .says(&["1 brought", "eka::pin::dead_remote"]);
}

#[test]
fn an_atom_with_locked_pins_is_published_and_depended_on() {
    let world = world();
    let repo = made(&world);
    let server = GitHttp::start(&world.env.path(""));
    let place = format!("{}/up/.git", server.url());
    world.env.git_config(&format!(
        "[url \"{place}\"]\n\tinsteadOf = https://git.test/up\n"
    ));
    let up = world.env.bare("set.git");
    let lib = world.env.at(&world.dir());
    lib.git(["init", "--quiet", "."]);
    lib.git(["remote", "add", "origin", &up.url()]);
    ran(&world, &["add", "https://git.test/up^^main"]).exit(0);
    lib.commit("pinned");
    lib.git(["push", "--quiet", "origin", "HEAD:main"]);
    ran(&world, &["init"]).exit(0);
    ran(&world, &["publish"]).exit(0);
    world.write(
        "../other/atom.toml",
        "[atom]\nid = \"other\"\nversion = \"1.0.0\"\n",
    );
    ran(
        &world,
        &["-C", "../other", "add", &format!("{}::app", up.url())],
    )
    .exit(0);
    let fetched = ran(&world, &["-C", "../other", "fetch"]);
    let folder = path_of(&world, fetched.exit(0));
    // A dependency's pins are those of its own lock.
    let lock = fs::read_to_string(folder.join("atom.lock")).unwrap();
    assert!(lock.contains(&repo.rev("HEAD")), "{lock}");
}

#[test]
fn all_atoms_of_a_repository_get_the_same_of_one_source() {
    let world = world();
    let repo = made(&world);
    let _here = world.env.at(&world.dir()).git(["init", "--quiet", "."]);
    let pin = format!("[pins.up]\ngit = \"{}\"\n", repo.url());
    world.write("atom.toml", &format!("{}{pin}", super::APP));
    let other = super::APP.replace("app", "other");
    world.write("libs/other/atom.toml", &format!("{other}{pin}"));
    ran(&world, &["lock", "--all"]).exit(0);
    assert_eq!(world.read("atom.lock"), world.read("libs/other/atom.lock"));
}

#[test]
fn credentials_reach_neither_file() {
    let world = world();
    let repo = made(&world);
    world.env.git_config(&format!(
        "[url \"{}\"]\n\tinsteadOf = https://ada:secret@git.test/up\n",
        repo.url()
    ));
    let shown = world.run(&[
        "add",
        "--pin",
        "up",
        "--git",
        "https://ada:secret@git.test/up",
    ]);
    for text in [shown, world.read("atom.toml")] {
        assert!(!text.contains("secret"), "{text}");
    }
}
