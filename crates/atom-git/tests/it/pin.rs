//! Pins: which commit a name means, and how a locked one stands to it.

use std::fs;

use atom::manifest::GitAt;
use atom::url::RepoUrl;
use atom_git::nar::nar_hash;
use atom_git::pin::{self, PinError, Standing};
use atom_git::remote::Session;
use atom_git::tree_guard::Limits;
use testkit::daemon::GitDaemon;
use testkit::env::Env;
use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Proxy};
use testkit::repo::{Repo, run};
use testkit::tools;

use crate::world::{cache, id, options, url};

/// A repository with a branch, tags of all kinds, and three commits.
fn made(env: &Env) -> Repo {
    let repo = env.repo("src");
    repo.write("file", "one\n");
    repo.commit("one");
    repo.git(["tag", "v1.0.0"]);
    repo.git(["branch", "both"]);
    repo.write("file", "two\n");
    repo.commit("two");
    repo.git(["tag", "-m", "heavy", "v1.2.0"]);
    repo.git(["tag", "-m", "nested", "nested", "v1.2.0"]);
    repo.git(["tag", "both"]);
    repo.git(["tag", "2.0.0-rc.1"]);
    repo.git(["tag", "not-a-version"]);
    repo.write("file", "three\n");
    repo.commit("three");
    repo.git(["branch", "topic/a"]);
    repo
}

fn at(text: &str) -> GitAt {
    match text.split_once(' ') {
        None => GitAt::Head,
        Some(("ref", name)) => GitAt::Ref(name.to_owned()),
        Some(("rev", rev)) => GitAt::Rev(id(rev)),
        Some((_, req)) => GitAt::Version(req.parse().unwrap()),
    }
}

/// The commit of a name, or the code of the error.
fn found(env: &Env, place: &RepoUrl, text: &str) -> String {
    let mut session = Session::open(place, &options(env, &[])).unwrap();
    match pin::find(&mut session, &at(text)) {
        Ok(found) => found.rev.to_string(),
        Err(error) => code(&error),
    }
}

fn code(error: &PinError) -> String {
    let code = miette::Diagnostic::code(error).unwrap().to_string();
    code.rsplit("::").next().unwrap().to_owned()
}

#[test]
fn names_mean_the_same_over_every_transport() {
    let env = Env::new();
    let repo = made(&env);
    let server = GitHttp::start(env.path("").as_path());
    let daemon = GitDaemon::start(&env, env.path("").as_path());
    let v0 = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), v0);
    let [one, two, three] = ["v1.0.0", "HEAD~1", "HEAD"].map(|it| repo.rev(it));
    for place in [
        url(repo.path().to_str().unwrap()),
        url(&format!("{}/src/.git", server.url())),
        url(&format!("{}/src/.git", proxy.url())),
        url(&format!("{}/src", daemon.url())),
    ] {
        for (text, expected) in [
            ("head", three.as_str()),
            ("ref HEAD", &three),
            ("ref main", &three),
            ("ref topic/a", &three),
            ("ref refs/heads/main", &three),
            ("ref v1.0.0", &one),
            ("ref v1.2.0", &two),
            ("ref nested", &two),
            ("ref refs/tags/both", &two),
            ("ref refs/heads/both", &one),
            ("ref both", "ambiguous"),
            ("ref mai", "no_ref"),
            ("ref heads/main", "no_ref"),
            ("ref refs/heads", "no_ref"),
            ("version ^1", &two),
            ("version =1.0.0", &one),
            ("version >=2.0.0-rc", &two),
            ("version ^3", "no_version"),
            (&format!("rev {one}"), &one),
        ] {
            assert_eq!(found(&env, &place, text), expected, "{text} of {place}");
        }
    }
}

/// A version `1.2.0` is that of the tag `v1.2.0`, and no other has the name.
#[test]
fn a_ref_that_is_named_is_there() {
    let env = Env::new();
    let repo = made(&env);
    let place = url(repo.path().to_str().unwrap());
    let mut session = Session::open(&place, &options(&env, &[])).unwrap();
    for (text, expected) in [
        ("head", Some("HEAD")),
        ("ref topic/a", Some("refs/heads/topic/a")),
        ("ref v1.2.0", Some("refs/tags/v1.2.0")),
        ("version ^1", None),
    ] {
        let found = pin::find(&mut session, &at(text)).unwrap();
        assert_eq!(found.name.as_deref(), expected, "{text}");
        let shown = found.name.map(|it| repo.rev(&format!("{it}^{{}}")));
        assert!(shown.is_none_or(|it| id(&it) == found.rev), "{text}");
    }
}

#[test]
fn two_tags_of_one_version_must_agree() {
    let env = Env::new();
    let repo = made(&env);
    let place = url(repo.path().to_str().unwrap());
    repo.git(["tag", "1.2.0", "v1.2.0^{}"]);
    assert_eq!(found(&env, &place, "version ^1"), repo.rev("HEAD~1"));
    repo.git(["tag", "-f", "1.2.0", "v1.0.0"]);
    assert_eq!(found(&env, &place, "version ^1"), "two_tags");
    // Another requirement does not meet them.
    assert_eq!(found(&env, &place, "version ~1.0"), repo.rev("v1.0.0"));
}

#[test]
fn only_a_commit_that_is_given_has_files() {
    let env = Env::new();
    let repo = made(&env);
    let server = GitHttp::start(env.path("").as_path());
    let place = url(&format!("{}/src/.git", server.url()));
    let cache = cache(&env, "cache");
    let mut session = Session::open(&place, &options(&env, &[])).unwrap();
    let nowhere = id("1234567890123456789012345678901234567890");
    let error = pin::bring(&mut session, nowhere, &cache).unwrap_err();
    assert_eq!(code(&error), "not_given");
    for rev in ["v1.2.0", "HEAD^{tree}"].map(|it| id(&repo.rev(it))) {
        pin::bring(&mut session, rev, &cache).unwrap();
        let error = pin::content(&cache, &place, rev, &Limits::default()).unwrap_err();
        assert_eq!(code(&error), "no_commit");
    }
    // Not at the tip of anything, and given nevertheless.
    repo.git(["branch", "-D", "both"]);
    let one = id(&repo.rev("v1.0.0"));
    repo.git(["tag", "-d", "v1.0.0"]);
    pin::bring(&mut session, one, &cache).unwrap();
    pin::content(&cache, &place, one, &Limits::default()).unwrap();
}

#[test]
fn a_locked_commit_is_current_behind_or_gone() {
    let env = Env::new();
    let repo = made(&env);
    let server = GitHttp::start(env.path("").as_path());
    let v0 = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), v0);
    let [one, two, three] = ["v1.0.0", "HEAD~1", "HEAD"].map(|it| id(&repo.rev(it)));
    repo.git(["checkout", "--quiet", "-b", "side", "v1.0.0"]);
    repo.write("other", "side\n");
    repo.commit("side");
    let side = id(&repo.rev("HEAD"));
    repo.git(["checkout", "--quiet", "main"]);
    let nowhere = id("1234567890123456789012345678901234567890");
    let mut scratches = 0..;
    for server in [server.url(), proxy.url()] {
        let place = url(&format!("{server}/src/.git"));
        let mut check = |text: &str, rev, expected: Option<Standing>| {
            let scratch = env.path(&format!("scratch{}", scratches.next().unwrap()));
            let mut session = Session::open(&place, &options(&env, &[])).unwrap();
            let standing = pin::standing(&mut session, &at(text), rev, &scratch);
            assert_eq!(standing.ok(), expected, "{text} {rev}");
            session.traffic().turns
        };
        let gone = |now| Some(Standing::Gone { now });
        check("ref main", three, Some(Standing::Current));
        check("ref main", two, Some(Standing::Behind));
        check("head", one, Some(Standing::Behind));
        check("ref main", side, gone(three));
        check("ref main", nowhere, gone(three));
        // A branch that was rewound does not lead there any more.
        check("ref refs/heads/both", two, gone(one));
        check("ref v1.2.0", two, Some(Standing::Current));
        check("ref v1.2.0", one, gone(two));
        check("version ^1", one, Some(Standing::Current));
        // What shows that a version is gone shows what there is in its place.
        let listed = check("ref v1.2.0", one, gone(two));
        assert_eq!(check("version ~1.2", one, gone(two)), listed);
        check(&format!("rev {side}"), side, Some(Standing::Current));
        check(&format!("rev {nowhere}"), nowhere, None);
    }
}

#[test]
fn the_nar_is_that_of_nix_submodules_and_attributes_included() {
    if !tools::have(&["nix"]) {
        return;
    }
    let env = Env::new();
    let repo = made(&env);
    repo.write(
        ".gitattributes",
        "secret export-ignore\n*.txt export-subst\n",
    );
    repo.write("secret", "shown\n")
        .write("a.txt", "$Format:%H$\n");
    repo.executable("run", "#!/bin/sh\n").symlink("link", "run");
    let below = env.repo("src/sub");
    below.write("inner", "not followed\n").commit("inner");
    repo.commit("all kinds");
    let checkout = env.clone_of(&repo.url(), "checkout", &["--no-recurse-submodules"]);
    assert!(checkout.path().join("sub").is_dir());
    fs::remove_dir_all(checkout.path().join(".git")).unwrap();
    let mut nix = env.command("nix");
    nix.args([
        "--extra-experimental-features",
        "nix-command",
        "hash",
        "path",
    ]);
    let expected = run(nix.arg(checkout.path())).stdout;
    let place = url(repo.path().to_str().unwrap());
    let cache = cache(&env, "cache");
    let mut session = Session::open(&place, &options(&env, &[])).unwrap();
    let rev = id(&repo.rev("HEAD"));
    pin::bring(&mut session, rev, &cache).unwrap();
    let tree = pin::content(&cache, &place, rev, &Limits::default()).unwrap();
    let nar = nar_hash(&cache.objects(), tree, 2).unwrap().to_string();
    assert_eq!(nar, String::from_utf8_lossy(&expected).trim());
    let out = env.path("out");
    fs::create_dir(&out).unwrap();
    let folder = atom_git::export::export(&cache.objects(), tree, &out, "source".as_ref()).unwrap();
    let mut nix = env.command("nix");
    nix.args([
        "--extra-experimental-features",
        "nix-command",
        "hash",
        "path",
    ]);
    assert_eq!(run(nix.arg(&folder)).stdout, expected);
}
