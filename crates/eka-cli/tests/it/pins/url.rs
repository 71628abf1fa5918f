//! Pins that are files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use testkit::files::{FileHttp, Serving};
use testkit::kill::{Victim, campaign, kill_when};
use testkit::proxy::{Behaviour, Cut, Proxy, Way};
use testkit::repo::run;
use testkit::tools;

use super::{cache, contents, edit_lock, forget, locked, path_of, ran, world};
use crate::support::World;

const TEXT: &str = "hello\n";
const HASH: &str = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";

/// A world with a file to serve, and its server.
fn served() -> (World, FileHttp) {
    let world = world();
    fs::create_dir(world.env.path("www")).unwrap();
    fs::write(world.env.path("www/hello.txt"), TEXT).unwrap();
    let server = FileHttp::start(&world.env.path("www"));
    (world, server)
}

#[test]
fn a_file_is_added_locked_brought_and_taken_out() {
    let (world, server) = served();
    let url = format!("{}/hello.txt", server.url());
    ran(&world, &["add", "--pin", "hi", "--url", &url])
        .exit(0)
        .says(&["added the pin `hi` (url", "(1 pin)", "+ pin hi"]);
    assert!(
        world
            .read("atom.toml")
            .ends_with(&format!("[pins.hi]\nurl = \"{url}\"\n"))
    );
    assert_eq!(
        world.read("atom.lock"),
        format!("version = 1\n\n[[pin]]\nname = \"hi\"\nurl = \"{url}\"\nhash = \"{HASH}\"\n")
    );
    // What was locked lies in the cache already.
    let fetched = ran(&world, &["fetch", "--frozen"]);
    let path = path_of(&world, fetched.exit(0).says(&["1 there already"]));
    assert_eq!(
        contents(&world),
        ["gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt"]
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
    if tools::have(&["nix"]) {
        let mut nix = world.env.command("nix");
        nix.args([
            "--extra-experimental-features",
            "nix-command",
            "hash",
            "file",
        ]);
        let out = run(nix.arg(&path)).stdout;
        assert_eq!(String::from_utf8_lossy(&out).trim(), HASH);
    }
    ran(&world, &["fetch", "--into", "out"])
        .exit(0)
        .says(&["1 brought"]);
    ran(&world, &["verify", "--lock"])
        .exit(0)
        .says(&["pin hi hash"]);
    ran(&world, &["lock", "--check"]).exit(0);
    // A poisoned file is found, and replaced.
    fs::write(&path, "evil\n").unwrap();
    ran(&world, &["fetch"]).exit(0).says(&["1 brought"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    ran(&world, &["remove", "--pin", "hi"]).exit(0);
    assert_eq!(world.read("atom.toml"), super::APP);
}

#[test]
fn another_file_is_told_and_taken_by_an_update_alone() {
    let (world, server) = served();
    let url = format!("{}/hello.txt", server.url());
    ran(&world, &["add", "--pin", "hi", "--url", &url]).exit(0);
    let lock = world.read("atom.lock");
    fs::write(world.env.path("www/hello.txt"), "changed\n").unwrap();
    let parts = ["eka::pin::hash", HASH, "the pin `hi`", "`eka update hi`"];
    ran(&world, &["lock"]).exit(0);
    ran(&world, &["lock", "--check"]).exit(5).says(&parts);
    ran(&world, &["verify", "--lock"])
        .exit(5)
        .says(&["!hash"])
        .says(&parts);
    forget(&world);
    ran(&world, &["fetch"]).exit(5).says(&parts);
    assert!(contents(&world).is_empty(), "{:?}", contents(&world));
    assert_eq!(world.read("atom.lock"), lock);
    // The true one lies elsewhere.
    fs::create_dir(world.env.path("other")).unwrap();
    fs::write(world.env.path("other/x"), TEXT).unwrap();
    let other = FileHttp::start(&world.env.path("other"));
    let mirror = format!("mirrors.\"{url}\"=\"{}/x\"", other.url());
    ran(&world, &["fetch", "--config", &mirror])
        .exit(0)
        .says(&["1 brought", "eka::pin::dead_mirror"]);
    ran(&world, &["lock", "--check", "--config", &mirror]).exit(5);
    ran(&world, &["update", "hi"]).exit(0).says(&["~ pin hi"]);
    ran(&world, &["lock", "--check"]).exit(0);
    let edited = locked(&world, "hash");
    edit_lock(&world, &edited, HASH);
    ran(&world, &["lock", "--check"])
        .exit(5)
        .says(&[&edited, HASH]);
}

#[test]
fn what_cannot_be_had_changes_nothing() {
    let (world, server) = served();
    let at = |path: &str| format!("{}{path}", server.url());
    for (args, code, part) in [
        (
            vec!["--url".to_owned(), at("/nope")],
            4,
            "there is nothing (HTTP status 404)",
        ),
        (
            vec!["--url".to_owned(), "http://127.0.0.1:1/x".to_owned()],
            4,
            "eka::http::unreachable",
        ),
        (
            vec!["--url".to_owned(), "file:///nowhere".to_owned()],
            1,
            "eka::download::read",
        ),
        (
            vec!["--url".to_owned(), "h.org/x".to_owned()],
            2,
            "is not the URL of a file",
        ),
        (
            vec!["--url".to_owned(), "https://me:secret@h.org/x".to_owned()],
            2,
            "credentials",
        ),
        (
            vec!["--url".to_owned(), at("/hello.txt"), "--offline".to_owned()],
            4,
            "needs the network",
        ),
        (
            vec![
                "--url".to_owned(),
                at("/hello.txt"),
                "--config".to_owned(),
                "limits.download-bytes=5".to_owned(),
            ],
            4,
            "`limits.download-bytes` of 5",
        ),
    ] {
        let mut all = vec!["add", "--config", "network.retries=0", "--pin", "hi"];
        all.extend(args.iter().map(String::as_str));
        ran(&world, &all)
            .exit(code)
            .says(&[part])
            .says_nothing_of(&["secret"]);
        assert_eq!(world.read("atom.toml"), super::APP);
        assert!(!world.path("atom.lock").exists());
        assert!(contents(&world).is_empty(), "{:?}", contents(&world));
    }
}

#[test]
fn cuts_redirects_and_logins_on_the_way() {
    let (world, _server) = served();
    let bytes = vec![7; 400_000];
    fs::write(world.env.path("www/large"), &bytes).unwrap();
    let serving = Serving {
        login: Some(("ada".into(), "secret".into())),
        redirects: vec![
            ("^/moved$".into(), "/large".into()),
            ("^/round$".into(), "/round".into()),
        ],
    };
    let server = FileHttp::start_with(&world.env.path("www"), &serving);
    let cut = Behaviour {
        cut: Some(Cut {
            way: Way::Received,
            after_bytes: 150_000,
            times: 2,
        }),
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let url = format!("{}/moved", proxy.url());
    ran(&world, &["add", "--pin", "x", "--url", &url])
        .exit(4)
        .says(&["eka::http::unauthenticated"]);
    let netrc = "machine 127.0.0.1 login ada password secret\n";
    fs::write(world.env.home().join(".netrc"), netrc).unwrap();
    proxy.set(cut);
    ran(&world, &["add", "-v", "--pin", "x", "--url", &url])
        .exit(0)
        .says(&["goes on behind"])
        .says_nothing_of(&["secret"]);
    assert!(!world.read("atom.lock").contains("secret"));
    let path = path_of(&world, ran(&world, &["fetch"]).exit(0));
    assert!(fs::read(path).unwrap() == bytes);
    let url = format!("{}/round", server.url());
    ran(&world, &["add", "--pin", "y", "--url", &url])
        .exit(4)
        .says(&["eka::http::redirected"]);
}

#[test]
fn whoever_is_killed_leaves_nothing_half_written() {
    let (world, server) = served();
    fs::write(world.env.path("www/large"), vec![7; 20_000_000]).unwrap();
    let url = format!("{}/large", server.url());
    ran(&world, &["add", "--pin", "x", "--url", &url]).exit(0);
    let src = cache(&world, "src");
    let tally = campaign(10, 200, |number| {
        forget(&world);
        let mut command = world.eka(&["fetch"]);
        let growing = || {
            let entries = fs::read_dir(&src).into_iter().flatten().flatten();
            entries
                .map(|it| it.file_name())
                .any(|it| it.to_string_lossy().starts_with(".eka-"))
        };
        let delay = Duration::from_micros(u64::from(number % 12) * 1500);
        let ended = kill_when(&mut command, Victim::Group, delay, growing);
        ran(&world, &["fetch"]).exit(0);
        assert_eq!(contents(&world).len(), 1, "{:?}", contents(&world));
        ended
    });
    assert!(tally.killed >= 10, "{tally:?}");
}
