//! `kill -9` while a NAR comes in and while garbage goes: what is registered is whole, and the next
//! collection takes all that is left behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix_format::StoreDir;
use store::Store;
use store::collect::{Garbage, Request};
use store::infos::Collect;
use store::roots::Root;
use store::verify::Which;
use testkit::kill::{Victim, campaign, kill_when};

use crate::collect::{all, blobs};
use crate::tree::Tree;
use crate::world::{Places, add, path, run};

/// What the child does, and in which store.
const WORK: &str = "EKA_TEST_STORE_WORK";
const FOLDER: &str = "EKA_TEST_STORE";

/// Not a test: what the tests below start and kill.
#[test]
fn child() {
    let (Ok(work), Some(folder)) = (std::env::var(WORK), std::env::var_os(FOLDER)) else {
        return;
    };
    run(async {
        let folder = PathBuf::from(folder);
        let store = Store::open(&folder, StoreDir::default()).await.unwrap();
        if work == "collect" {
            let request = Request {
                keep_recent: Duration::ZERO,
                mode: Collect::Really,
            };
            let window = folder.join("collecting");
            let hear = |_| std::fs::write(&window, "").unwrap();
            store.collect(request, &hear).await.unwrap();
            return;
        }
        let session = store.session().unwrap();
        for (name, references) in [("first", &[][..]), ("second", &["first"])] {
            add(&session, name, &tree(name), references).await;
        }
    });
}

/// Directories, small files, and one that is written in pieces.
fn tree(name: &str) -> Tree {
    let long = vec![name.as_bytes()[0]; 1_200_000];
    let small = |number: u32| {
        (
            format!("{number:04}"),
            Tree::file(format!("{name}{number}")),
        )
    };
    let folder = |from: u32| {
        let files: Vec<_> = (from..from + 40).map(small).collect();
        Tree::directory(files.iter().map(|it| (it.0.as_str(), it.1.clone())))
    };
    Tree::directory([
        ("a", folder(0)),
        ("b", folder(40)),
        ("l", Tree::file(long)),
        ("m", folder(80)),
    ])
}

fn command(work: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "killed::child"])
        .env(WORK, work)
        .env(FOLDER, folder);
    command
}

/// Which of the paths must be there.
enum Whole {
    All,
    Some,
}

/// Nothing is registered that is not whole, and nothing is left but what is registered.
async fn check(places: &Places, registered: &[&str], which: Whole) {
    let store = places.disk().await;
    let verified = store.verify(Which::All, &|_| {}).await.unwrap();
    assert_eq!(verified.faults, []);
    let root = Root::Named("kept".parse().unwrap());
    let expected: Vec<_> = registered.iter().map(|it| path(it)).collect();
    store.infos().keep(&root, &expected).await.unwrap();
    all(&store).await;
    assert_eq!(
        all(&store).await,
        Garbage::default(),
        "one collection takes all"
    );
    let infos = store.infos().list(None, usize::MAX).await.unwrap();
    let left: BTreeSet<_> = infos.into_iter().map(|it| it.path).collect();
    let expected: BTreeSet<_> = expected.into_iter().collect();
    match which {
        Whole::All => assert_eq!(left, expected),
        Whole::Some => assert!(left.is_subset(&expected)),
    }
    let mut reached = std::collections::BTreeMap::new();
    for name in registered {
        if left.contains(&path(name)) {
            tree(name).node(&mut reached);
        }
    }
    assert_eq!(blobs(&store).await, reached.into_keys().collect());
    for folder in ["sessions", "blobs/incoming"] {
        let files = std::fs::read_dir(places.folder().join(folder)).unwrap();
        assert_eq!(files.count(), 0, "{folder}");
    }
}

#[test]
fn a_killed_ingest_leaves_nothing_half() {
    let tally = campaign(20, 200, |round| {
        let places = Places::new();
        run(async { drop(places.disk().await) });
        let sessions = places.folder().join("sessions");
        let delay = Duration::from_micros(u64::from(round % 25) * 10_000);
        let ended = kill_when(
            &mut command("ingest", &places.folder()),
            Victim::Group,
            delay,
            || std::fs::read_dir(&sessions).is_ok_and(|mut it| it.next().is_some()),
        );
        run(check(&places, &["first", "second"], Whole::Some));
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}

#[test]
fn a_killed_collection_takes_only_garbage_and_is_ended_by_the_next() {
    let template = Places::new();
    run(async {
        let store = template.disk().await;
        let session = store.session().unwrap();
        for (name, references) in [
            ("first", &[][..]),
            ("kept", &["first"]),
            ("old", &["first"]),
        ] {
            add(&session, name, &tree(name), references).await;
        }
        let root = Root::Named("kept".parse().unwrap());
        store.infos().keep(&root, &[path("kept")]).await.unwrap();
    });
    let tally = campaign(20, 200, |round| {
        let places = Places::new();
        let copied = Command::new("cp")
            .arg("-a")
            .args([template.folder(), places.folder()])
            .status();
        assert!(copied.unwrap().success());
        let window = places.folder().join("collecting");
        let delay = Duration::from_micros(u64::from(round % 25) * 100);
        let ended = kill_when(
            &mut command("collect", &places.folder()),
            Victim::Group,
            delay,
            || window.exists(),
        );
        run(check(&places, &["first", "kept"], Whole::All));
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}

#[test]
fn a_killed_registration_is_whole_or_not_there() {
    let tally = campaign(20, 300, |round| {
        let places = Places::new();
        run(async { drop(places.disk().await) });
        let wal = places.folder().join("store.sqlite-wal");
        let before = std::fs::metadata(&wal).map_or(0, |it| it.len());
        let delay = Duration::from_micros(u64::from(round % 20) * 50);
        let ended = kill_when(
            &mut command("ingest", &places.folder()),
            Victim::Group,
            delay,
            || std::fs::metadata(&wal).is_ok_and(|it| it.len() > before),
        );
        run(check(&places, &["first", "second"], Whole::Some));
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}
