//! `eka import`: pins of what a `flake.lock` or npins holds.

use testkit::nix::NixStore;
use testkit::repo::{Repo, run};
use testkit::tools;

use crate::published::{Sets, manifest};
use crate::support::World;

const HASH: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// The same as Nix wrote it before.
const BASE32: &str = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
const REV: &str = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";

fn world() -> World {
    let world = World::new();
    world.write("atom.toml", &manifest("app", "1.0.0"));
    world
}

#[track_caller]
fn run_in(world: &World, args: &[&str], exit: i32) -> String {
    let shown = world.run(args);
    assert!(shown.starts_with(&format!("{exit}\n")), "{args:?}: {shown}");
    shown
}

/// A `flake.lock` with these nodes, of which the first are the root's inputs.
fn flake(inputs: &str, nodes: &str) -> String {
    let nodes = nodes.replace("REV", REV).replace("HASH", HASH);
    format!(
        "{{\"nodes\":{{{nodes},\"root\":{{\"inputs\":{{{inputs}}}}}}},\"root\":\"root\",\"version\":7}}"
    )
}

const KINDS: &str = r#"
    "nixpkgs": {"locked": {"lastModified": 1, "narHash": "HASH", "owner": "NixOS", "repo": "nixpkgs",
        "rev": "REV", "type": "github"},
        "original": {"owner": "NixOS", "ref": "nixos-unstable", "repo": "nixpkgs", "type": "github"}},
    "utils_2": {"inputs": {"nixpkgs": ["nixpkgs"], "deep": "deep"},
        "locked": {"narHash": "HASH", "owner": "a%2Fb", "repo": "c", "rev": "REV", "type": "gitlab"},
        "original": {"id": "utils", "type": "indirect"}},
    "deep": {"locked": {"narHash": "HASH", "owner": "~me", "repo": "deep", "rev": "REV", "type": "sourcehut"},
        "original": {"owner": "~me", "repo": "deep", "rev": "REV", "type": "sourcehut"}},
    "tarball": {"locked": {"narHash": "HASH", "type": "tarball", "url": "https://h.org/2/x.tar.gz"},
        "original": {"type": "tarball", "url": "https://h.org/latest.tar.gz"}},
    "subs": {"locked": {"narHash": "HASH", "rev": "REV", "submodules": true, "type": "git", "url": "https://h.org/s"},
        "original": {"type": "git", "url": "https://h.org/s"}},
    "file": {"locked": {"narHash": "HASH", "type": "file", "url": "https://h.org/f"}, "original": {}},
    "path": {"locked": {"narHash": "HASH", "path": "./sub", "type": "path"}, "original": {}},
    "dirty": {"locked": {"narHash": "HASH", "type": "git", "url": "https://h.org/d"}, "original": {}}"#;

#[test]
fn the_inputs_of_a_flake() {
    let world = world();
    let inputs = r#""nixpkgs": "nixpkgs", "Utils.X": "utils_2", "same": ["Utils.X", "deep"],
        "tar": "tarball", "subs": "subs", "file": "file", "path": "path", "dirty": "dirty",
        "nothing": [], "lost": ["nowhere"]"#;
    world.write("flake.lock", &flake(inputs, KINDS));
    world.check(
        &["import"],
        "6
        err: pinned `utils-x` (git https://gitlab.com/a/b/c)
        err:   the file calls it `Utils.X`
        err: pinned `nixpkgs` (git https://github.com/NixOS/nixpkgs, ref nixos-unstable)
        err: pinned `same` (git https://git.sr.ht/~me/deep, rev 4abbd2644bc3585e9be95deb277ccf48f6ed26ac)
        err: pinned `tar` (tar https://h.org/2/x.tar.gz)
        err:   `https://h.org/latest.tar.gz` led there when it was locked
        err: left out `dirty`: it is locked to no commit
        err: left out `file`: its hash is of another kind: `eka add --pin NAME --url https://h.org/f` pins it
        err: left out `lost`: it follows an input that is not there
        err: left out `nothing`: it follows an input that is not there
        err: left out `path`: it is the folder `./sub`, which nobody else has
        err: left out `subs`: it takes submodules or large files along
        err: wrote `[WORLD]/work/atom.lock` (4 pins)
        err:   + pin nixpkgs
        err:   + pin same
        err:   + pin tar
        err:   + pin utils-x",
    );
    let text = world.read("atom.toml");
    assert!(text.starts_with(&manifest("app", "1.0.0")), "{text}");
    let pin =
        "[pins.nixpkgs]\ngit = \"https://github.com/NixOS/nixpkgs\"\nref = \"nixos-unstable\"\n";
    assert!(text.contains(pin), "{text}");
    let lock = world.read("atom.lock");
    let pin = format!(
        "[[pin]]\nname = \"nixpkgs\"\ngit = \"https://github.com/NixOS/nixpkgs\"\n\
         ref = \"nixos-unstable\"\nrev = \"{REV}\"\nnar = \"{HASH}\"\n"
    );
    assert!(lock.contains(&pin), "{lock}");
    // No remote was asked, and nothing is left to ask.
    run_in(&world, &["lock", "--frozen"], 0);
    // Once more there is nothing to do.
    let shown = run_in(&world, &["import", "--frozen"], 6);
    assert!(shown.contains("there is already `nixpkgs`"), "{shown}");
    assert_eq!(
        (world.read("atom.toml"), world.read("atom.lock")),
        (text, lock)
    );
}

#[test]
fn all_inputs_of_inputs() {
    let world = world();
    let inputs = r#""nixpkgs": "nixpkgs", "utils": "utils_2""#;
    world.write("sub/x.lock", &flake(inputs, KINDS));
    let shown = run_in(&world, &["import", "sub/x.lock"], 0);
    assert!(!shown.contains("deep"), "{shown}");
    let shown = run_in(&world, &["import", "sub/x.lock", "--all"], 6);
    assert!(
        shown.contains("pinned `deep` (git https://git.sr.ht/~me/deep"),
        "{shown}"
    );
    assert!(shown.contains("left out `path`"), "{shown}");
    assert_eq!(world.read("atom.lock").matches("[[pin]]").count(), 4);
}

/// One pin of each type, as version 5 has them.
fn sources() -> String {
    let github = r#"{"type": "GitHub", "owner": "o", "repo": "r"}"#;
    let release = |more: &str| {
        format!(
            r#"{{"type": "GitRelease", "repository": {{"type": "Forgejo", "server": "https://codeberg.org/", "owner": "o", "repo": "r"}},
            "submodules": false, "revision": "{REV}", "url": "https://x/y", "hash": "{HASH}", {more}}}"#
        )
    };
    format!(
        r#"{{"version": 5, "pins": {{
        "branch": {{"type": "Git", "repository": {github}, "branch": "main", "submodules": false,
            "revision": "{REV}", "url": "https://github.com/o/r/archive/{REV}.tar.gz", "hash": "{BASE32}"}},
        "channel": {{"type": "Channel", "name": "nixos-unstable", "url": "https://h.org/1/nixexprs.tar.xz", "hash": "{BASE32}"}},
        "group": {{"type": "Git", "repository": {{"type": "GitLab", "repo_path": "a/b/c", "server": "https://gitlab.h.org/"}},
            "branch": "main", "submodules": false, "revision": "{REV}", "url": null, "hash": "{BASE32}"}},
        "image": {{"type": "Container", "image_name": "ubuntu", "hash": "{HASH}"}},
        "newest": {release},
        "bounded": {bounded},
        "odd": {odd},
        "plain": {{"type": "Git", "repository": {{"type": "Git", "url": "https://h.org/p.git"}}, "branch": "b",
            "submodules": true, "revision": "{REV}", "url": null, "hash": "{BASE32}"}},
        "pypi": {{"type": "PyPi", "name": "x", "version": "1", "url": "https://h.org/x.tar.gz", "hash": "{BASE32}"}},
        "tar": {{"type": "Tarball", "url": "https://h.org/t.tar.gz", "hash": "{HASH}"}},
        "moving": {{"type": "Tarball", "url": "https://h.org/latest", "locked_url": "https://h.org/3.tar.gz", "hash": "{HASH}"}}
        }}}}"#,
        release =
            release(r#""pre_releases": false, "version_upper_bound": null, "version": "v1.2.3""#),
        bounded = release(r#""version_upper_bound": "2.0.0", "version": "1.2.3""#),
        odd = release(r#""version_upper_bound": null, "version": "release-7""#),
    )
}

#[test]
fn the_pins_of_npins() {
    let world = world();
    let text = sources();
    world.write("npins/sources.json", &text);
    world.check(
        &["import"],
        "6
        err: pinned `bounded` (git https://codeberg.org/o/r, version <2.0.0)
        err: pinned `branch` (git https://github.com/o/r, ref main)
        err: pinned `channel` (tar https://h.org/1/nixexprs.tar.xz)
        err: pinned `group` (git https://gitlab.h.org/a/b/c, ref main)
        err: pinned `moving` (tar https://h.org/3.tar.gz)
        err:   `https://h.org/latest` led there when it was locked
        err: pinned `newest` (git https://codeberg.org/o/r, version *)
        err: pinned `odd` (git https://codeberg.org/o/r, ref refs/tags/release-7)
        err:   the tag is pinned: which is the newest release is told otherwise here
        err: pinned `pypi` (url https://h.org/x.tar.gz)
        err: pinned `tar` (tar https://h.org/t.tar.gz)
        err: left out `image`: there is no pin for a pin of the type `Container`
        err: left out `plain`: it takes submodules or large files along
        err: wrote `[WORLD]/work/atom.lock` (9 pins)
        err:   + pin bounded
        err:   + pin branch
        err:   + pin channel
        err:   + pin group
        err:   + pin moving
        err:   + pin newest
        err:   + pin odd
        err:   + pin pypi
        err:   + pin tar",
    );
    let lock = world.read("atom.lock");
    assert_eq!(
        lock.matches(&format!("nar = \"{HASH}\"")).count(),
        8,
        "{lock}"
    );
    assert!(
        lock.contains(&format!(
            "url = \"https://h.org/x.tar.gz\"\nhash = \"{HASH}\""
        )),
        "{lock}"
    );
    run_in(&world, &["lock", "--frozen"], 0);
    // What later versions call otherwise.
    let text = text
        .replace("\"version\": 5", "\"version\": 8")
        .replace(
            r#""Tarball", "url": "https://h.org/latest", "locked_url":"#,
            r#""MutableUrl", "unpack": true, "update_url": "https://h.org/latest", "url":"#,
        )
        .replace("\"Tarball\"", "\"Url\", \"unpack\": true");
    world.write("npins/sources.json", &text);
    let shown = run_in(&world, &["import"], 6);
    assert_eq!(shown.matches("there is already").count(), 9, "{shown}");
}

#[test]
fn other_pins_of_a_name_stay_unless_they_are_to_go() {
    let world = world();
    let text = format!(
        "{}[pins.nixpkgs]  # mine\ngit = \"https://h.org/mine\"\nrev = \"{REV}\"\nentry = \"x.nix\"\n",
        manifest("app", "1.0.0")
    );
    world.write("atom.toml", &text);
    world.write(
        "flake.lock",
        &flake(r#""nixpkgs": "nixpkgs", "tar": "tarball""#, KINDS),
    );
    let shown = run_in(&world, &["import"], 1);
    assert!(
        shown.contains("the manifest has the pin `nixpkgs` already, from elsewhere"),
        "{shown}"
    );
    assert_eq!(world.read("atom.toml"), text);
    assert!(!world.path("atom.lock").exists());
    let shown = run_in(&world, &["import", "--force"], 0);
    assert!(shown.contains("replaced `nixpkgs`"), "{shown}");
    let text = world.read("atom.toml");
    assert!(
        text.contains("# mine") && text.contains("entry = \"x.nix\""),
        "{text}"
    );
    assert!(!text.contains("h.org/mine"), "{text}");
    // With --locked nothing new is taken.
    std::fs::remove_file(world.path("atom.lock")).unwrap();
    world.write("atom.toml", &manifest("app", "1.0.0"));
    let shown = run_in(&world, &["import", "--locked"], 3);
    assert!(
        shown.contains("+ nixpkgs") && shown.contains("not in the lock"),
        "{shown}"
    );
    assert_eq!(world.read("atom.toml"), manifest("app", "1.0.0"));
}

#[test]
fn a_bad_file_changes_nothing() {
    let world = world();
    let refused = |text: &str, exit: i32, part: &str| {
        world.write("flake.lock", text);
        let shown = run_in(&world, &["import"], exit);
        assert!(shown.contains(part), "{text}: {shown}");
        assert_eq!(world.read("atom.toml"), manifest("app", "1.0.0"));
        assert!(!world.path("atom.lock").exists());
    };
    refused("", 2, "eka::import::format");
    refused("{}", 2, "missing field `version`");
    refused("{\"version\": 7}", 2, "it has neither `nodes` nor `pins`");
    refused(
        "{\"version\": 8, \"nodes\": 1}",
        2,
        "has version `8`, and 5 to 7 are read",
    );
    refused(
        "{\"version\": 9, \"pins\": {}}",
        2,
        "has version `9`, and 1 to 8 are read",
    );
    refused(
        "{\"version\": 7, \"nodes\": {\"a\": 1}, \"root\": \"root\"}",
        2,
        "line 1 column",
    );
    refused(&"[".repeat(100_000), 2, "eka::import::format");
    refused(
        &flake("\"path\": \"path\"", KINDS),
        1,
        "path (it is the folder `./sub`",
    );
    // A node that follows itself, and one with a commit that is none.
    let circle = "\"x\": {\"inputs\": {\"y\": [\"a\"]}, \"locked\": null}";
    refused(
        &flake("\"a\": [\"b\"], \"b\": [\"a\"]", circle),
        1,
        "follows an input that is not there",
    );
    let kinds = KINDS.replace("REV", "HEAD");
    refused(
        &flake("\"nixpkgs\": \"nixpkgs\"", &kinds),
        1,
        "none that git names by SHA-1",
    );
    let kinds = KINDS.replace("NixOS", "a\\u001b[2Jb");
    let shown = run_in(&world, &["import"], 1);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    refused(
        &flake("\"nixpkgs\": \"nixpkgs\"", &kinds),
        1,
        "eka::import::nothing",
    );
}

#[test]
fn which_file_is_meant() {
    let world = world();
    let shown = run_in(&world, &["import"], 1);
    assert!(
        shown.contains("there is neither `flake.lock` nor `npins/sources.json`"),
        "{shown}"
    );
    run_in(&world, &["import", "nope.json"], 2);
    world.write("npins/sources.json", "{\"version\": 5, \"pins\": {}}");
    world.write("flake.lock", &flake("\"nixpkgs\": \"nixpkgs\"", KINDS));
    let shown = run_in(&world, &["import"], 2);
    assert!(
        shown.contains("name one: `eka import flake.lock`"),
        "{shown}"
    );
    run_in(&world, &["import", "npins/sources.json"], 1);
    world.write("sub/flake.lock", &flake("\"nixpkgs\": \"nixpkgs\"", KINDS));
    run_in(&world, &["import", "sub"], 0);
}

#[test]
fn as_json() {
    let world = world();
    world.write(
        "flake.lock",
        &flake(r#""nixpkgs": "nixpkgs", "path": "path""#, KINDS),
    );
    let expected = r#"6
        out: {"schema":"eka.import/1","manifest":"[WORLD]/work/atom.toml","file":"[WORLD]/work/flake.lock","format":"flake.lock","pins":[{"name":"nixpkgs","from":"nixpkgs","state":"new","kind":"git","url":"https://github.com/NixOS/nixpkgs","ref":"nixos-unstable","version":null,"rev":"REV","hash":"HASH","note":null}],"left_out":[{"from":"path","why":"it is the folder `./sub`, which nobody else has"}],"lock":{"path":"[WORLD]/work/atom.lock","atoms":0,"pins":1,"written":true,"changes":["+ pin nixpkgs"],"duplicates":[]}}"#;
    let expected = expected.replace("REV", REV).replace("HASH", HASH);
    world.check(&["import", "--format", "json"], &expected);
}

/// Dependencies that are not locked yet are, and the pins stay as they are in the file.
#[test]
fn what_else_the_manifest_asks_for_is_locked_too() {
    let world = world();
    let sets = Sets::new(&world);
    sets.set("core")
        .publish("zlib", "1.3.1", &manifest("zlib", "1.3.1"));
    let deps = "[sets]\ncore = \"https://sets.test/core\"\n[deps.core]\nzlib = \"^1\"\n";
    world.write("atom.toml", &(manifest("app", "1.0.0") + deps));
    world.write("flake.lock", &flake(r#""nixpkgs": "nixpkgs""#, KINDS));
    let shown = run_in(&world, &["import"], 0);
    assert!(
        shown.contains("+ zlib 1.3.1") && shown.contains("+ pin nixpkgs"),
        "{shown}"
    );
}

/// A repository that Nix locks, and what `eka fetch` brings: the same bytes.
#[test]
fn what_nix_locked_is_what_is_fetched() {
    if !tools::have(&["nix"]) {
        return;
    }
    let world = world();
    let input: Repo = world.env.repo("input");
    input.write("flake.nix", "{ outputs = _: { }; }\n");
    input
        .executable("bin/run", "#!/bin/sh\n")
        .symlink("link", "bin/run");
    input.commit("begin");
    let old = input.rev("HEAD");
    let url = format!("git+file://{}", input.path().display());
    let text = format!(
        "{{ inputs.by-branch.url = \"{url}?ref=main\"; inputs.by-head = {{ url = \"{url}\"; flake = false; }};\n\
         inputs.by-rev.url = \"{url}?rev={old}\"; inputs.same.follows = \"by-branch\";\n\
         outputs = _: {{ }}; }}\n"
    );
    let flake = world.env.repo("flake");
    flake.write("flake.nix", text);
    flake.git(["add", "."]);
    let store = NixStore::new(&world.env);
    let mut nix = store.command("nix");
    nix.args([
        "--extra-experimental-features",
        "nix-command flakes",
        "flake",
        "lock",
    ]);
    run(nix.current_dir(flake.path()));
    let shown = run_in(&world, &["import", "../flake"], 0);
    assert!(shown.contains(&format!("rev {old}")), "{shown}");
    assert!(shown.contains("4 pins"), "{shown}");
    run_in(&world, &["lock", "--check"], 0);
    let shown = run_in(&world, &["fetch"], 0);
    assert_eq!(shown.matches("-source").count(), 4, "{shown}");
    // Another hash in the file is found out when it is fetched.
    let lock = std::fs::read_to_string(flake.path().join("flake.lock")).unwrap();
    let at = lock.find("sha256-").unwrap();
    let forged = lock.replace(&lock[at..at + 51], HASH);
    world.write("flake.lock", &forged);
    world.write("atom.toml", &manifest("app", "1.0.0"));
    std::fs::remove_file(world.path("atom.lock")).unwrap();
    run_in(&world, &["import"], 0);
    let shown = run_in(&world, &["fetch"], 5);
    assert!(shown.contains("is not what was locked"), "{shown}");
}
