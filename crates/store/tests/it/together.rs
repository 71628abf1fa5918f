//! Processes that take in and collect at once, on one store.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix_format::StoreDir;
use store::infos::Collect;
use store::verify::Which;
use store::{PathInfo, Store};

use crate::collect::{all, collect};
use crate::tree::Tree;
use crate::world::{Places, add, path, run};

const WORK: &str = "EKA_TEST_STORE_TOGETHER";
const FOLDER: &str = "EKA_TEST_STORE";
const N_ROUNDS: usize = 40;

/// The same content again and again, under names of each process's own.
fn tree(number: usize) -> Tree {
    let files: Vec<_> = (0..20)
        .map(|it| (format!("f{it}"), format!("{it} of {}", number % 3)))
        .collect();
    Tree::directory(
        files
            .iter()
            .map(|it| (it.0.as_str(), Tree::file(it.1.as_str()))),
    )
}

/// Not a test: what the test below starts, several times.
#[test]
fn child() {
    let (Ok(work), Some(folder)) = (std::env::var(WORK), std::env::var_os(FOLDER)) else {
        return;
    };
    run(async {
        let folder = std::path::PathBuf::from(folder);
        let store = Store::open(&folder, StoreDir::default()).await.unwrap();
        for number in 0..N_ROUNDS {
            if work == "collect" {
                collect(&store, Collect::Really, Duration::ZERO)
                    .await
                    .unwrap();
            } else {
                bring(&store, &work, number).await;
            }
        }
    });
}

/// Brings a path and one that refers to it, and reads both while the session lasts.
async fn bring(store: &Store, work: &str, number: usize) {
    let session = store.session().unwrap();
    let (lib, app) = (
        format!("{work}-lib-{number}"),
        format!("{work}-app-{number}"),
    );
    add(&session, &lib, &tree(number), &[]).await;
    add(&session, &app, &tree(number + 1), &[&lib]).await;
    let paths = [path(&lib), path(&app)];
    let verified = store.verify(Which::Paths(&paths), &|_| {}).await.unwrap();
    assert_eq!(verified.faults, []);
    drop(session);
    // Held again in time, or gone: never there and then not.
    let session = store.session().unwrap();
    if session.hold(&paths).await.unwrap() == [true, true] {
        let verified = store.verify(Which::Paths(&paths), &|_| {}).await.unwrap();
        assert_eq!(verified.faults, []);
        // The tree of a path that is held is there for another.
        let lib = store.infos().get(&paths[0]).await.unwrap().unwrap();
        let third = PathInfo {
            path: path(&format!("{work}-third-{number}")),
            references: [lib.path.clone()].into(),
            ..lib
        };
        session.register(vec![third]).await.unwrap();
    }
}

#[test]
fn two_processes_bring_while_two_collect() {
    let places = Places::new();
    run(async { drop(places.disk().await) });
    let start = |work: &str| -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "together::child"])
            .env(WORK, work)
            .env(FOLDER, places.folder())
            .spawn()
            .unwrap()
    };
    let children = ["one", "two", "collect", "collect"].map(start);
    let started = Instant::now();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(started.elapsed() < Duration::from_secs(200));
    run(async {
        let store = places.disk().await;
        let verified = store.verify(Which::All, &|_| {}).await.unwrap();
        assert_eq!(verified.faults, []);
        all(&store).await;
        assert!(crate::collect::blobs(&store).await.is_empty());
    });
}
