//! Listings, over every transport and protocol version.

use atom::refname::ROOT_REF;
use atom::url::RepoUrl;
use atom_git::remote::session::Traffic;
use atom_git::remote::{AtomListing, Fault, Listing, RefKind, Session, TransportOptions, atoms};
use testkit::daemon::GitDaemon;
use testkit::env::Env;
use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Proxy};

use crate::world::{Remote, options, root, strings, url};

fn list(remote: &RepoUrl, options: &TransportOptions, prefixes: &[String]) -> (Listing, Traffic) {
    let mut session = Session::open(remote, options).unwrap();
    let listing = session
        .list(prefixes)
        .unwrap_or_else(|error| panic!("{remote}: {error}"));
    (listing, session.traffic())
}

/// One atom with ten versions among `n` others, each with three refs.
fn crowded(env: &Env, n: u32) -> Remote {
    let mut remote = Remote::new(env, "set.git");
    for version in 0..10 {
        remote.atom("wanted", &format!("1.{version}.0"));
    }
    let other = remote.plain_commit("other");
    for n in 0..n {
        for part in ["atom", "spec", "src"] {
            remote.note(&format!("refs/atoms/other{n}/1.0.0/{part}"), other);
        }
    }
    remote.note(ROOT_REF, other);
    remote.note("refs/heads/main", other);
    remote.set_refs();
    remote
}

#[test]
fn an_atom_costs_its_own_refs_whatever_the_repository_holds() {
    let env = Env::new();
    let remote = crowded(&env, 4000);
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let options = options(&env, &[]);
    let prefixes = atoms::prefixes([&"wanted".parse().unwrap()]);

    let (listing, traffic) = list(&remote.below(&proxy.url()), &options, &prefixes);
    assert_eq!(listing.refs.len(), 31);
    let counts = proxy.reset();
    assert_eq!((traffic.turns, counts.turns, counts.connections), (2, 2, 1));
    assert!(counts.received_bytes < 4096, "{counts:?}");

    let read = AtomListing::read(&listing);
    assert_eq!(read.versions.len(), 1);
    assert!(read.root.is_some());
    assert!(
        read.versions
            .values()
            .flatten()
            .all(|(_, refs)| refs.exists())
    );
}

#[test]
fn every_transport_and_version_shows_the_same() {
    let env = Env::new();
    let remote = crowded(&env, 50);
    let server = GitHttp::start(env.path("").as_path());
    let daemon = GitDaemon::start(&env, env.path("").as_path());
    let v0 = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), v0);
    let options = options(&env, &[]);
    let prefixes = atoms::prefixes([&"wanted".parse().unwrap()]);
    let (expected, _) = list(&remote.below(&server.url()), &options, &prefixes);
    assert_eq!(expected.refs.len(), 31);

    for place in [
        remote.path(),
        url(&remote.repo.url()),
        remote.below(&daemon.url()),
        remote.below(&proxy.url()),
    ] {
        let (listing, _) = list(&place, &options, &prefixes);
        assert_eq!(listing, expected, "{place}");
    }
    let turns = proxy.counts().turns;
    assert_eq!(turns, 1, "a v0 server tells its refs in the first turn");
}

#[test]
fn a_session_lists_again_in_one_turn_and_sees_what_is_new() {
    let env = Env::new();
    let mut remote = crowded(&env, 1);
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let options = options(&env, &[]);
    for drop_git_protocol in [false, true] {
        proxy.set(Behaviour {
            drop_git_protocol,
            ..Behaviour::default()
        });
        let place = remote.below(&proxy.url());
        let mut session = Session::open(&place, &options).unwrap();
        let before = session.list(&atoms::all_prefixes()).unwrap().refs.len();
        proxy.reset();
        remote.atom("wanted", if drop_git_protocol { "3.0.0" } else { "2.0.0" });
        remote.set_refs();
        let after = session.list(&atoms::all_prefixes()).unwrap().refs.len();
        assert_eq!(after, before + 3);
        assert_eq!(proxy.counts().turns, 1);
    }
}

#[test]
fn a_listing_over_a_stream_is_never_an_old_one() {
    let env = Env::new();
    let remote = crowded(&env, 1);
    let daemon = GitDaemon::start(&env, env.path("").as_path());
    let options = options(&env, &[]);
    let wanted = atoms::prefixes([&"wanted".parse().unwrap()]);
    let other = atoms::prefixes([&"other0".parse().unwrap()]);
    let loose = |name: &str| {
        let main = remote.repo.rev("refs/heads/main");
        remote.repo.git(["update-ref", name, &main]);
    };
    let file = url(&remote.repo.url());
    for (n, place) in [file, remote.below(&daemon.url())].into_iter().enumerate() {
        loose(&format!("refs/atoms/wanted/2.{n}.0/atom"));
        let mut session = Session::open(&place, &options).unwrap();
        let mut count = |prefixes: &[String]| session.list(prefixes).unwrap().refs.len();
        let before = count(&wanted);
        // What was not listed yet goes over the same stream.
        count(&other);
        loose(&format!("refs/atoms/wanted/3.{n}.0/atom"));
        assert_eq!(count(&wanted), before + 1, "{place}");
        loose(&format!("refs/atoms/wanted/4.{n}.0/atom"));
        // The names of others are those of `wanted` too.
        assert!(count(&atoms::all_prefixes()) >= before + 2, "{place}");
        // Two advertisements more than listings on one stream.
        assert_eq!(session.traffic().turns, 3 + 4, "{place}");
    }
}

#[test]
fn symbolic_refs_and_tags_are_told_apart_and_taken_for_nothing() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let published = remote.atom("a", "1.0.0");
    remote.atom("b", "1.0.0");
    let blob = remote.put(gix::objs::Kind::Blob, b"no commit");
    remote.note("refs/atoms/c/1.0.0/atom", blob);
    remote.set_refs();
    let git = &remote.repo;
    git.git([
        "symbolic-ref",
        "refs/atoms/a/1.1.0/atom",
        "refs/atoms/a/1.0.0/atom",
    ]);
    let tag = git.git_with(
        ["mktag"],
        format!(
            "object {}\ntype commit\ntag a\ntagger eka <eka> 0 +0000\n\nmessage\n",
            published.atom
        )
        .as_bytes(),
    );
    git.git(["update-ref", "refs/atoms/a/1.0.0/sig", &tag]);
    git.git(["update-ref", "refs/atoms/a/1.2.0/spec", &tag]);

    let server = GitHttp::start(env.path("").as_path());
    let options = options(&env, &[]);
    let prefixes = strings(&["refs/atoms/"]);
    let (listing, _) = list(&remote.below(&server.url()), &options, &prefixes);
    let kind = |name: &str| listing.get(name).map(|at| at.kind.clone());
    assert_eq!(kind("refs/atoms/a/1.0.0/atom"), Some(RefKind::Direct));
    assert_eq!(kind("refs/atoms/a/1.1.0/atom"), Some(RefKind::Symbolic));
    assert_eq!(
        kind("refs/atoms/a/1.0.0/sig"),
        Some(RefKind::Tag(published.atom))
    );

    let read = AtomListing::read(&listing);
    assert_eq!(
        read.wrong_kind,
        ["refs/atoms/a/1.1.0/atom", "refs/atoms/a/1.2.0/spec"]
    );
    let a = &read.versions[&"a".parse().unwrap()];
    assert!(a[&"1.0.0".parse().unwrap()].sig.is_some());
    assert!(!a.contains_key(&"1.1.0".parse().unwrap()));

    // A v0 server does not say which refs are symbolic: that is not known before the object is read.
    let v0 = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), v0);
    let (listing, _) = list(&remote.below(&proxy.url()), &options, &prefixes);
    assert_eq!(
        AtomListing::read(&listing).wrong_kind,
        ["refs/atoms/a/1.2.0/spec"]
    );
}

#[test]
fn tips_are_what_branches_and_tags_lead_to() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let commit = remote.plain_commit("one");
    remote.note("refs/heads/main", commit);
    remote.note("refs/tags/light", commit);
    remote.set_refs();
    remote
        .repo
        .git(["tag", "-m", "heavy", "heavy", &commit.to_string()]);
    let (listing, _) = list(&remote.path(), &options(&env, &[]), &atoms::tip_prefixes());
    assert_eq!(atoms::tips(&listing).collect::<Vec<_>>(), [commit; 3]);
}

#[test]
fn an_empty_repository_lists_nothing() {
    let env = Env::new();
    let remote = Remote::new(&env, "set.git");
    let server = GitHttp::start(env.path("").as_path());
    let options = options(&env, &[]);
    for place in [remote.path(), remote.below(&server.url())] {
        let (listing, _) = list(&place, &options, &atoms::all_prefixes());
        assert_eq!(listing, Listing::default(), "{place}");
    }
}

#[test]
fn git_configuration_says_where_a_url_leads() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    remote.note(ROOT_REF, root_commit(&remote));
    remote.set_refs();
    let server = GitHttp::start(env.path("").as_path());
    let asked = url("https://example.org/set.git");
    for base in [server.url(), format!("file://{}", env.path("").display())] {
        let setting = format!("url.{base}/.insteadOf=https://example.org/");
        let options = options(&env, &[&setting]);
        let (listing, _) = list(&asked, &options, &strings(&[ROOT_REF]));
        assert_eq!(listing.refs.len(), 1, "{base}");
    }
    assert_ne!(AtomListing::default().root, Some(root()));
}

#[test]
fn ssh_is_whatever_program_git_is_told_to_use() {
    let env = Env::new();
    let remote = crowded(&env, 3);
    let tools = env.repo("tools");
    let log = tools.path().join("log");
    // Stands for the other host: notes what it was given, and runs the command here.
    tools.executable(
        "ssh",
        format!(
            "#!/bin/sh\nfor last; do :; done\necho \"$@\" > {}\nexec sh -c \"$last\"\n",
            log.display()
        ),
    );
    tools.executable(
        "denied",
        "#!/bin/sh\necho 'git@h: Permission denied (publickey).' >&2\nexit 255\n",
    );
    let path = remote.repo.path().display().to_string();
    let place = url(&format!("ssh://git@example.org:2222{path}"));
    let program = |name: &str| format!("core.sshCommand={}", tools.path().join(name).display());
    let (listing, _) = list(
        &place,
        &options(&env, &[&program("ssh")]),
        &atoms::all_prefixes(),
    );
    assert_eq!(listing.refs.len(), 40);
    let given = std::fs::read_to_string(log).unwrap();
    assert_eq!(
        given.trim_end(),
        format!("-o SendEnv=GIT_PROTOCOL -p2222 git@example.org git-upload-pack '{path}'")
    );

    let mut session = Session::open(&place, &options(&env, &[&program("denied")])).unwrap();
    let denied = session.list(&atoms::all_prefixes()).unwrap_err();
    assert!(
        matches!(denied.fault, Fault::Unauthenticated { .. }),
        "{denied:?}"
    );
}

#[test]
fn a_header_for_one_url_goes_there_and_nowhere_else() {
    let env = Env::new();
    let remote = Remote::new(&env, "set.git");
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let here = format!("http.{}/.extraHeader=X-Token: mine", proxy.url());
    let there = "http.https://example.org/.extraHeader=X-Token: theirs";
    let options = options(&env, &[&here, there, "http.extraHeader=X-All: all"]);
    list(
        &remote.below(&proxy.url()),
        &options,
        &atoms::all_prefixes(),
    );
    let heads = proxy.heads().concat();
    assert_eq!(heads.matches("X-Token: mine").count(), 2, "{heads}");
    assert_eq!(heads.matches("X-All: all").count(), 2, "{heads}");
    assert!(!heads.contains("theirs"));
}

fn root_commit(remote: &Remote) -> atom::ObjectId {
    remote.plain_commit("root")
}
