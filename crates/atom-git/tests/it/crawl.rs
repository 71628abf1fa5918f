//! Many remotes at once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use atom_git::crawl::{Ask, Crawler, Progress};
use atom_git::remote::{AtomListing, Fault, atoms};
use testkit::env::Env;
use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Proxy};

use crate::world::{Remote, cache, options, url};

/// Twelve remotes with one atom each, and one server for them.
fn remotes(env: &Env) -> (Vec<Remote>, GitHttp) {
    let remotes = (0..12)
        .map(|n| {
            let mut remote = Remote::new(env, &format!("set{n}.git"));
            remote.atom("a", "1.0.0");
            remote.set_refs();
            remote
        })
        .collect();
    (remotes, GitHttp::start(env.path("").as_path()))
}

#[test]
fn remotes_are_asked_side_by_side_and_the_dead_fail_alone() {
    let env = Env::new();
    let (remotes, server) = remotes(&env);
    let slow = Behaviour {
        latency: Duration::from_millis(150),
        ..Behaviour::default()
    };
    let proxy = Proxy::start(server.address(), slow);
    let cache = cache(&env, "cache");
    let told = Mutex::new(Vec::new());
    let progress = |it: Progress<'_>| told.lock().unwrap().push(format!("{it:?}"));
    let crawler = Crawler::new(&cache, options(&env, &[])).with_progress(&progress);

    let mut asks: BTreeMap<_, _> = remotes
        .iter()
        .map(|remote| (remote.below(&proxy.url()), atoms::all_prefixes()))
        .collect();
    let dead = url("http://127.0.0.1:1/r.git");
    let none = url(&format!("{}/none.git", proxy.url()));
    asks.insert(dead.clone(), atoms::all_prefixes());
    asks.insert(none.clone(), atoms::all_prefixes());
    let began = Instant::now();
    let listings = crawler.list_all(asks);
    let took = began.elapsed();
    // One after the other, two turns each: 3.6 s.
    assert!(took < Duration::from_millis(2000), "{took:?}");
    assert_eq!(listings.len(), 14);
    assert!(matches!(&listings[&dead], Err(error) if error.is_transient()));
    assert!(matches!(&listings[&none], Err(error) if !error.is_transient()));
    let told = told.lock().unwrap();
    assert_eq!(told.iter().filter(|it| it.starts_with("Failed")).count(), 2);
    assert_eq!(
        told.iter().filter(|it| it.starts_with("Listed")).count(),
        12
    );
}

#[test]
fn sessions_and_the_cache_last_from_round_to_round() {
    let env = Env::new();
    let (remotes, server) = remotes(&env);
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let cache = cache(&env, "cache");
    let crawler = Crawler::new(&cache, options(&env, &[]));
    let asks = remotes
        .iter()
        .map(|remote| (remote.below(&proxy.url()), atoms::all_prefixes()));
    let wants: BTreeMap<_, _> = crawler
        .list_all(asks.collect())
        .into_iter()
        .map(|(remote, listing)| {
            let atoms = AtomListing::read(&listing.unwrap());
            let specs = atoms.versions.values().flatten();
            (
                remote,
                specs.filter_map(|(_, refs)| refs.spec).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(wants.len(), 12);
    let counts = proxy.reset();
    assert_eq!((counts.turns, counts.connections), (24, 12));

    let fetched = crawler.fetch_all(wants.clone());
    assert!(
        fetched
            .values()
            .all(|it| it.as_ref().is_ok_and(|it| it.objects == 3))
    );
    let counts = proxy.reset();
    assert_eq!((counts.turns, counts.connections), (12, 0));
    assert!(cache.missing(wants.values().flatten().copied()).is_empty());

    let again = crawler.fetch_all(wants);
    assert!(
        again
            .values()
            .all(|it| it.as_ref().is_ok_and(|it| it.objects == 0))
    );
    assert_eq!(proxy.counts().turns, 0);
    assert_eq!(crawler.traffic().turns, 36);
}

#[test]
fn a_round_may_list_and_fetch_in_one() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let published = remote.atom("a", "1.0.0");
    remote.set_refs();
    let server = GitHttp::start(env.path("").as_path());
    let cache = cache(&env, "cache");
    let crawler = Crawler::new(&cache, options(&env, &[])).with_width(1);
    let place = remote.below(&server.url());
    let ask = Ask {
        prefixes: atoms::all_prefixes(),
        wants: vec![published.spec],
    };
    let mut told = crawler.round(BTreeMap::from([(place.clone(), ask)]));
    let told = told.remove(&place).unwrap();
    assert_eq!(told.listing.unwrap().unwrap().refs.len(), 3);
    assert_eq!(told.fetched.unwrap().unwrap().objects, 3);
    assert_eq!(crawler.traffic().turns, 3);
}

#[test]
fn an_interrupt_reaches_every_remote() {
    let env = Env::new();
    let cache = cache(&env, "cache");
    let options = options(&env, &[]);
    options.interrupt.store(true, Ordering::SeqCst);
    let crawler = Crawler::new(&cache, options);
    let asks = (0..5).map(|n| {
        (
            url(&format!("http://127.0.0.1:1/{n}")),
            atoms::all_prefixes(),
        )
    });
    let listings = crawler.list_all(asks.collect());
    assert!(
        listings
            .values()
            .all(|it| matches!(it, Err(error) if matches!(error.fault, Fault::Interrupted)))
    );
}

#[test]
fn of_many_sessions_the_last_used_stay_open() {
    let env = Env::new();
    let (remotes, server) = remotes(&env);
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let cache = cache(&env, "cache");
    let crawler = Crawler::new(&cache, options(&env, &[])).with_width(1);
    let crawler = crawler.with_max_kept(5);
    let list = |range: std::ops::Range<usize>| {
        let asks = remotes[range].iter();
        let asks = asks.map(|it| (it.below(&proxy.url()), atoms::all_prefixes()));
        let listings = crawler.list_all(asks.collect());
        assert!(listings.values().all(Result::is_ok));
    };
    list(0..4);
    list(4..8);
    assert_eq!(crawler.n_open(), 5);
    // Of the first round the last one is open still; asking it makes it the newest.
    proxy.reset();
    list(3..4);
    assert_eq!(proxy.counts().connections, 0);
    list(8..12);
    proxy.reset();
    list(3..4);
    assert_eq!(proxy.counts().connections, 0);
    list(0..1);
    assert_eq!(proxy.counts().connections, 1, "it was closed");
    assert_eq!(crawler.n_open(), 5);
    // What the closed ones cost is not forgotten: two turns to greet and list, one to list again.
    assert_eq!(crawler.traffic().turns, 12 * 2 + 2 + 2);
}
