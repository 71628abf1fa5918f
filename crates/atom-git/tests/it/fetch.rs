//! Fetches: all wants at once, what is missing named, nothing more than asked.

use atom_git::remote::{Depth, Fault, Filter, Session};
use testkit::daemon::GitDaemon;
use testkit::env::Env;
use testkit::http::{GitHttp, Serving};
use testkit::proxy::{Behaviour, Cut, Proxy, Way};

use crate::world::{Published, Remote, cache, id, options, tries, url};

const NOWHERE: &str = "1234567890123456789012345678901234567890";

fn published(env: &Env, n: u32) -> (Remote, Vec<Published>) {
    let mut remote = Remote::new(env, "set.git");
    let all = (0..n)
        .map(|n| remote.atom("a", &format!("1.{n}.0")))
        .collect();
    remote.set_refs();
    (remote, all)
}

#[test]
fn one_spec_or_a_hundred_take_one_turn_behind_a_listing() {
    let env = Env::new();
    let (remote, all) = published(&env, 100);
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let place = remote.below(&proxy.url());
    let options = options(&env, &[]);
    let specs: Vec<_> = all.iter().map(|it| it.spec).collect();
    for n in [1, 100] {
        let cache = cache(&env, &format!("cache{n}"));
        let mut session = Session::open(&place, &options).unwrap();
        session.list(&["refs/eka/root".to_owned()]).unwrap();
        proxy.reset();
        let fetched = session.fetch(&specs[..n], &cache).unwrap();
        assert_eq!(fetched.objects, 3 * n as u64);
        assert!(fetched.missing.is_empty());
        let counts = proxy.counts();
        assert_eq!((counts.turns, counts.connections), (1, 0), "{n}");
        assert!(
            counts.received_bytes < fetched.pack_bytes + 1024 + 60 * n as u64,
            "{counts:?} {fetched:?}"
        );
        assert!(cache.missing(specs[..n].iter().copied()).is_empty());
        for spec in &specs[..n] {
            let spec = cache.spec(*spec).unwrap().unwrap();
            assert_eq!(spec.manifest.id.to_string(), "a");
        }
    }
}

#[test]
fn every_transport_and_version_brings_the_same() {
    let env = Env::new();
    let (remote, all) = published(&env, 3);
    let server = GitHttp::start(env.path("").as_path());
    let daemon = GitDaemon::start(&env, env.path("").as_path());
    let v0 = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), v0);
    let options = options(&env, &[]);
    for (n, place) in [
        remote.path(),
        url(&remote.repo.url()),
        remote.below(&server.url()),
        remote.below(&daemon.url()),
        remote.below(&proxy.url()),
    ]
    .into_iter()
    .enumerate()
    {
        let cache = cache(&env, &format!("cache{n}"));
        let mut session = Session::open(&place, &options).unwrap();
        // Twice: over a stream, a v0 server hangs up after the first.
        for it in &all[..2] {
            let fetched = session.fetch(&[it.atom, it.spec], &cache).unwrap();
            // Two commits, two trees, two blobs.
            assert_eq!(fetched.objects, 6, "{place}");
            assert!(cache.missing([it.atom, it.spec]).is_empty(), "{place}");
        }
        assert_eq!(cache.missing([all[2].spec]), [all[2].spec]);
    }
}

#[test]
fn a_missing_object_is_named_and_the_others_come() {
    let env = Env::new();
    let (remote, all) = published(&env, 2);
    let server = GitHttp::start(env.path("").as_path());
    let daemon = GitDaemon::start(&env, env.path("").as_path());
    let v0 = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), v0);
    let options = options(&env, &[]);
    let gone = [id(NOWHERE), id(&NOWHERE.replace('0', "f"))];
    for (n, place) in [
        remote.path(),
        remote.below(&server.url()),
        remote.below(&daemon.url()),
        remote.below(&proxy.url()),
    ]
    .into_iter()
    .enumerate()
    {
        let cache = cache(&env, &format!("cache{n}"));
        let mut session = Session::open(&place, &options).unwrap();
        let wants = [gone[0], all[0].spec, gone[1], all[1].spec];
        let fetched = session
            .fetch(&wants, &cache)
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        let mut missing = fetched.missing;
        missing.sort_unstable();
        assert_eq!(missing, gone, "{place}");
        assert_eq!(cache.missing([all[0].spec, all[1].spec]), []);
        let nothing = session.fetch(&gone, &cache).unwrap();
        assert_eq!((nothing.missing.len(), nothing.objects), (2, 0));
    }
}

#[test]
fn history_comes_only_where_it_is_asked_for() {
    let env = Env::new();
    let repo = env.repo("work");
    for n in 0..5 {
        repo.write("file", format!("{n}")).commit("more");
    }
    let tip = id(&repo.rev("HEAD"));
    let parent = id(&repo.rev("HEAD~1"));
    let serving = Serving {
        config: vec![("uploadpack.allowFilter".to_owned(), "true".to_owned())],
        ..Serving::default()
    };
    let server = GitHttp::start_with(env.path("").as_path(), &serving);
    let place = url(&format!("{}/work/.git", server.url()));
    let options = options(&env, &[]);
    for (name, depth, filter, objects) in [
        ("tip", Depth::Tip, Filter::None, 3),
        ("history", Depth::History, Filter::None, 15),
        ("trees", Depth::History, Filter::Blobs, 10),
        ("commits", Depth::History, Filter::Trees, 5),
    ] {
        let cache = cache(&env, name);
        let mut session = Session::open(&place, &options).unwrap();
        let fetched = session.fetch_more(&[tip], &cache, depth, filter).unwrap();
        assert_eq!(fetched.objects, objects, "{name}");
        assert_eq!(
            cache.commit(parent).unwrap().is_some(),
            depth == Depth::History,
            "{name}"
        );
        // A commit without its tree does not count as being here.
        assert_eq!(
            cache.missing([tip]).is_empty(),
            filter != Filter::Trees,
            "{name}"
        );
    }
}

#[test]
fn each_limit_of_a_pack_is_named_and_leaves_nothing_behind() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let content = "0123456789".repeat(20_000);
    let manifest = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";
    let big = remote.atom_with("a", "1.0.0", manifest, &content);
    remote.set_refs();
    let server = GitHttp::start(env.path("").as_path());
    let cache = cache(&env, "cache");
    for (expected, set) in [
        ("limits.pack-bytes", (64, u64::MAX, u64::MAX)),
        ("limits.pack-objects", (u64::MAX, 2, u64::MAX)),
        ("limits.object-bytes", (u64::MAX, u64::MAX, 100_000)),
    ] {
        let mut options = options(&env, &[]);
        (
            options.limits.pack_bytes,
            options.limits.pack_objects,
            options.limits.object_bytes,
        ) = set;
        for place in [remote.path(), remote.below(&server.url())] {
            let mut session = Session::open(&place, &options).unwrap();
            let fault = session.fetch(&[big.atom], &cache).unwrap_err().fault;
            assert!(
                matches!(&fault, Fault::Limit { name, .. } if *name == expected),
                "{expected}: {fault:?}"
            );
            assert_eq!(cache.missing([big.atom]), [big.atom]);
            let left = std::fs::read_dir(cache.git_dir().join("objects/pack"))
                .unwrap()
                .count();
            assert_eq!(left, 0, "{expected}");
        }
    }
}

#[test]
fn a_fetch_that_is_cut_off_is_tried_again() {
    let env = Env::new();
    let (remote, all) = published(&env, 20);
    let server = GitHttp::start(env.path("").as_path());
    let wants: Vec<_> = all.iter().flat_map(|it| [it.atom, it.spec]).collect();
    for after_bytes in [100, 600, 1500, 3000] {
        let cut = Cut {
            way: Way::Received,
            after_bytes,
            times: 1,
        };
        let behaviour = Behaviour {
            cut: Some(cut),
            ..Behaviour::default()
        };
        let proxy = Proxy::start(server.address(), behaviour);
        let cache = cache(&env, &format!("cache{after_bytes}"));
        let mut options = options(&env, &[]);
        options.retry = tries(2);
        let mut session = Session::open(&remote.below(&proxy.url()), &options).unwrap();
        session
            .fetch(&wants, &cache)
            .unwrap_or_else(|error| panic!("{after_bytes}: {error:?}"));
        assert!(cache.missing(wants.iter().copied()).is_empty());
    }
}

#[test]
fn an_atom_of_a_large_repository_costs_its_own_bytes() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    for n in 0..300 {
        let text = format!("{n} {}", "x".repeat(100));
        remote.put(gix::objs::Kind::Blob, text.as_bytes());
        remote.plain_commit(&text);
    }
    let published = remote.atom("a", "1.0.0");
    remote.set_refs();
    remote.repo.git(["repack", "-q", "-a", "-d", "-k"]);
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let cache = cache(&env, "cache");
    let mut session = Session::open(&remote.below(&proxy.url()), &options(&env, &[])).unwrap();
    let fetched = session.fetch(&[published.atom], &cache).unwrap();
    let counts = proxy.counts();
    assert_eq!((fetched.objects, counts.turns), (4, 2));
    assert!(
        counts.received_bytes < fetched.pack_bytes * 11 / 10 + 4096,
        "{counts:?}"
    );
}
