//! Garbage goes, and only garbage.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;
use std::time::Duration;

use castore::Digest;
use nix_format::StorePath;
use store::Store;
use store::collect::{CollectError, Garbage, Request};
use store::infos::Collect;
use store::ingest::Ask;
use store::roots::{LinkPath, Root};

use crate::tree::Tree;
use crate::world::{Places, add, info, path, run};

/// Collects all that nothing keeps, however young.
pub(crate) async fn all(store: &Store) -> Garbage {
    collect(store, Collect::Really, Duration::ZERO)
        .await
        .unwrap()
}

pub(crate) async fn collect(
    store: &Store,
    mode: Collect,
    keep_recent: Duration,
) -> Result<Garbage, CollectError> {
    let request = Request { keep_recent, mode };
    store.collect(request, &|_| {}).await
}

pub(crate) async fn blobs(store: &Store) -> BTreeSet<Digest> {
    let mut blobs = BTreeSet::new();
    loop {
        let page = store.blobs().list(blobs.last()).await.unwrap();
        if page.is_empty() {
            return blobs;
        }
        blobs.extend(page.iter().map(|it| it.digest));
    }
}

fn expected(trees: &[&Tree]) -> BTreeSet<Digest> {
    let mut blobs = BTreeMap::new();
    for tree in trees {
        tree.node(&mut blobs);
    }
    blobs.into_keys().collect()
}

fn root(name: &str) -> Root {
    Root::Named(name.parse().unwrap())
}

fn names(garbage: &Garbage) -> Vec<&str> {
    let mut names: Vec<_> = garbage
        .paths
        .iter()
        .map(|it| it.0.name().as_str())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn what_nothing_keeps_goes_with_all_that_is_its_own() {
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let common = Tree::directory([("f", Tree::file("common"))]);
            let [app, lib, old] = ["app", "lib", "old"]
                .map(|it| Tree::directory([("c", common.clone()), ("own", Tree::file(it))]));
            let session = store.session().unwrap();
            add(&session, "lib", &lib, &[]).await;
            add(&session, "app", &app, &["lib"]).await;
            add(&session, "old", &old, &["lib"]).await;
            drop(session);
            store
                .infos()
                .keep(&root("x"), &[path("app")])
                .await
                .unwrap();
            let before = blobs(&store).await;
            let dry = collect(&store, Collect::Dry, Duration::ZERO).await.unwrap();
            assert_eq!(blobs(&store).await, before);
            let really = all(&store).await;
            assert_eq!(really, dry);
            assert_eq!((names(&really), really.n_blobs), (vec!["old"], 2));
            assert_eq!(blobs(&store).await, expected(&[&app, &lib]));
            assert_eq!(all(&store).await, Garbage::default());
            store.infos().release(&root("x")).await.unwrap();
            assert_eq!(names(&all(&store).await), ["app", "lib"]);
            assert_eq!(blobs(&store).await, BTreeSet::new());
        }
    });
}

#[test]
fn a_file_with_the_bytes_of_a_directory_hides_nothing() {
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let inner = Tree::directory([("f", Tree::file("content"))]);
            let mut parts = BTreeMap::new();
            let digest = inner.node(&mut parts).digest().unwrap();
            let forged = Tree::file(parts[&digest].clone());
            for (name, tree) in [("a", ("a", "b")), ("b", ("b", "a"))] {
                let tree = Tree::directory([(tree.0, forged.clone()), (tree.1, inner.clone())]);
                let session = store.session().unwrap();
                add(&session, name, &tree, &[]).await;
                drop(session);
                store.infos().keep(&root("x"), &[path(name)]).await.unwrap();
                all(&store).await;
                let left = blobs(&store).await;
                assert!(expected(&[&tree]).is_subset(&left));
            }
        }
    });
}

#[test]
fn a_session_spares_what_it_brings_and_holds() {
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let tree = |it: &str| Tree::directory([("f", Tree::file(it))]);
            let first = store.session().unwrap();
            add(&first, "held", &tree("held"), &[]).await;
            add(&first, "brought", &tree("brought"), &[]).await;
            let put = tree("put");
            first
                .ingest(put.nar().as_slice(), Ask::default())
                .await
                .unwrap();
            assert_eq!(all(&store).await, Garbage::default());
            assert_eq!(blobs(&store).await.len(), 6);

            let second = store.session().unwrap();
            assert_eq!(second.hold(&[path("held")]).await.unwrap(), [true]);
            drop(first);
            // What the first has put was put before the second began.
            pass(&store).await;
            drop(second);
            let second = store.session().unwrap();
            assert_eq!(second.hold(&[path("held")]).await.unwrap(), [true]);
            let garbage = all(&store).await;
            assert_eq!((names(&garbage), garbage.roots.len()), (vec!["brought"], 1));
            assert_eq!(blobs(&store).await, expected(&[&tree("held")]));
            drop(second);
            assert_eq!(names(&all(&store).await), ["held"]);
        }
    });
}

/// Waits until the clock of blobs has moved on.
async fn pass(store: &Store) {
    drop(collect(store, Collect::Dry, Duration::ZERO).await.unwrap());
}

#[test]
fn what_is_put_again_is_new() {
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let tree = Tree::directory([("f", Tree::file("again"))]);
            let session = store.session().unwrap();
            session
                .ingest(tree.nar().as_slice(), Ask::default())
                .await
                .unwrap();
            drop(session);
            pass(&store).await;
            let session = store.session().unwrap();
            pass(&store).await;
            session
                .ingest(tree.nar().as_slice(), Ask::default())
                .await
                .unwrap();
            all(&store).await;
            assert_eq!(blobs(&store).await, expected(&[&tree]));
        }
    });
}

#[test]
fn what_came_lately_stays() {
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let session = store.session().unwrap();
            add(&session, "a", &Tree::file("a"), &[]).await;
            drop(session);
            let hour = Duration::from_secs(3600);
            let garbage = collect(&store, Collect::Really, hour).await.unwrap();
            assert_eq!(garbage, Garbage::default());
            assert_eq!(names(&all(&store).await), ["a"]);
        }
    });
}

#[test]
fn a_link_keeps_what_it_points_at() {
    let places = Places::new();
    run(async {
        let store = places.disk().await;
        let session = store.session().unwrap();
        for name in ["a", "b"] {
            add(&session, name, &Tree::file(name), &[]).await;
        }
        drop(session);
        let link = places.folder().with_file_name("result");
        let rooted = Root::Link(LinkPath::new(&link).unwrap());
        let there = store.infos().keep(&rooted, &[path("a"), path("b")]).await;
        assert_eq!(there.unwrap(), [true, true]);
        let point = |at: &StorePath| {
            drop(std::fs::remove_file(&link));
            symlink(format!("/nix/store/{at}"), &link).unwrap();
        };
        point(&path("a"));
        let garbage = all(&store).await;
        assert_eq!(names(&garbage), ["b"]);
        assert_eq!(garbage.roots, [(rooted.clone(), path("b"))]);
        point(&path("b"));
        assert_eq!(names(&all(&store).await), ["a"]);
        assert_eq!(store.infos().roots().await.unwrap(), []);
    });
}

#[test]
fn a_link_that_is_gone_or_a_file_keeps_nothing() {
    let places = Places::new();
    run(async {
        let store = places.disk().await;
        let file = places.folder().with_file_name("file");
        std::fs::write(&file, path("a").to_string()).unwrap();
        for link in [
            file.clone(),
            file.join("below"),
            file.with_file_name("none"),
        ] {
            let session = store.session().unwrap();
            add(&session, "a", &Tree::file("a"), &[]).await;
            drop(session);
            let rooted = Root::Link(LinkPath::new(&link).unwrap());
            store.infos().keep(&rooted, &[path("a")]).await.unwrap();
            assert_eq!(names(&all(&store).await), ["a"], "{}", link.display());
        }
    });
}

#[test]
fn nothing_is_swept_where_a_tree_is_broken() {
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let tree = Tree::directory([("d", Tree::directory([("f", Tree::file("f"))]))]);
            let session = store.session().unwrap();
            add(&session, "a", &tree, &[]).await;
            drop(session);
            let inner = Tree::directory([("f", Tree::file("f"))]);
            let missing = inner.node(&mut BTreeMap::new()).digest().unwrap();
            pass(&store).await;
            let removed = store
                .blobs()
                .remove(&missing, std::time::SystemTime::now())
                .await;
            assert!(removed.unwrap());
            store.infos().keep(&root("x"), &[path("a")]).await.unwrap();
            match collect(&store, Collect::Really, Duration::ZERO).await {
                Err(CollectError::Missing { path: it, digest }) => {
                    assert_eq!((it, digest), (path("a"), missing));
                }
                it => panic!("{it:?}"),
            }
            assert_eq!(blobs(&store).await.len(), 2, "its file is still there");
            store.infos().release(&root("x")).await.unwrap();
            assert_eq!(all(&store).await.n_blobs, 2);
        }
    });
}

#[test]
fn paths_without_blobs_are_no_fault() {
    run(async {
        let store = Store::in_memory(nix_format::StoreDir::default());
        let session = store.session().unwrap();
        session.register(vec![info("a", &[])]).await.unwrap();
        drop(session);
        assert_eq!(names(&all(&store).await), ["a"]);
    });
}
