//! Copies into caches: files first, nothing twice, nothing replaced.

use std::collections::BTreeMap;
use std::path::Path;

use fetch::compression::Compression;
use store::ingest::Ask;
use store::upstream::{SendError, SendProgress, Sending, Sent, UpstreamError};

use super::world::{Caches, add, change, key, narinfo_file};
use crate::tree::Tree;
use crate::world::{info, path, run};

async fn send(store: &store::Store, caches: &Caches, url: &str) -> Result<Sent, SendError> {
    let sending = Sending {
        keys: vec![key()],
        ..Sending::default()
    };
    let to = caches.ours(url);
    store.send(&to, &[path("top")], &sending, &|_| {}).await
}

/// All files of a cache.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for below in ["", "nar"] {
        for entry in std::fs::read_dir(folder.join(below)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let name = entry.file_name().into_string().unwrap();
                files.insert(
                    format!("{below}/{name}"),
                    std::fs::read(entry.path()).unwrap(),
                );
            }
        }
    }
    files
}

#[test]
fn the_first_write_wins() {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.cache("cache", Compression::Zstd).await;
        let before = files(&folder);
        assert_eq!(before.len(), 5);
        let again = send(&caches.two().await, &caches, &url).await.unwrap();
        assert_eq!((again.new.len(), again.n_known), (0, 2));
        // Another content under the same name.
        let other = caches.store();
        add(&other, "leaf", &Tree::file("other leaf"), &[]).await;
        add(&other, "top", &Tree::file("other top"), &["leaf"]).await;
        let differs = send(&other, &caches, &url).await.unwrap();
        assert_eq!(differs.differing, [path("leaf"), path("top")]);
        assert_eq!(files(&folder), before);
    });
}

#[test]
fn two_at_once_leave_a_cache_of_one_of_them() {
    for _ in 0..5 {
        let caches = Caches::new();
        run(async {
            let (folder, url) = caches.folder("cache");
            let others = caches.store();
            add(&others, "leaf", &Tree::file("other leaf"), &[]).await;
            add(&others, "top", &Tree::file("other top"), &["leaf"]).await;
            let ours = caches.two().await;
            let (one, two) = tokio::join!(send(&ours, &caches, &url), send(&others, &caches, &url));
            let (one, two) = (one.unwrap(), two.unwrap());
            assert_eq!(one.new.len() + two.new.len(), 2, "{one:?} {two:?}");
            assert_eq!(one.differing.len() + two.differing.len(), 2);
            // Whoever won, what is there is whole.
            for name in ["leaf", "top"] {
                let store = caches.store();
                super::world::bring(&store, [caches.ours(&url)], &[path(name)])
                    .await
                    .unwrap();
            }
            assert!(files(&folder).keys().all(|it| !it.contains(".part")));
        });
    }
}

#[test]
fn a_narinfo_never_comes_before_its_nar_or_what_it_refers_to() {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.folder("cache");
        // The file of the leaf's narinfo cannot be made.
        std::fs::create_dir_all(narinfo_file(&folder, "leaf").join("x")).unwrap();
        let error = send(&caches.two().await, &caches, &url).await.unwrap_err();
        assert!(matches!(error, SendError::Upstream(_)), "{error:?}");
        assert!(!narinfo_file(&folder, "top").exists());
        // No NAR can.
        let (folder, url) = caches.folder("other");
        std::fs::write(folder.join("nar"), "").unwrap();
        let error = send(&caches.two().await, &caches, &url).await.unwrap_err();
        let is_write = matches!(error, SendError::Upstream(UpstreamError::Write { .. }));
        assert!(is_write, "{error:?}");
        assert!(!narinfo_file(&folder, "leaf").exists());
    });
}

#[test]
fn a_file_that_was_cut_is_written_again() {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.cache("cache", Compression::Zstd).await;
        let before = files(&folder);
        change(&folder, &caches.dir, "top", |it| {
            let nar = folder.join(it.url.as_str());
            let nar = std::fs::File::options().write(true).open(nar).unwrap();
            nar.set_len(100).unwrap();
        });
        std::fs::remove_file(narinfo_file(&folder, "top")).unwrap();
        let again = send(&caches.two().await, &caches, &url).await.unwrap();
        assert_eq!(again.new, [path("top")]);
        assert_eq!(files(&folder), before);
    });
}

#[test]
fn a_server_is_not_written_to_nor_a_cache_of_another_store() {
    let caches = Caches::new();
    run(async {
        let error = send(&caches.two().await, &caches, "http://127.0.0.1:9").await;
        let read_only = matches!(
            error,
            Err(SendError::Upstream(UpstreamError::ReadOnly { .. }))
        );
        assert!(read_only);
        let (folder, url) = caches.folder("cache");
        std::fs::write(folder.join("nix-cache-info"), "StoreDir: /other\n").unwrap();
        let error = send(&caches.two().await, &caches, &url).await;
        let other = matches!(
            error,
            Err(SendError::Upstream(UpstreamError::StoreDir { .. }))
        );
        assert!(other);
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    });
}

#[test]
fn what_is_referred_to_is_there_first_however_long_it_takes() {
    let caches = Caches::new();
    run(async {
        let (_, url) = caches.folder("cache");
        let store = caches.store();
        add(&store, "leaf", &super::world::top(), &[]).await;
        add(&store, "top", &Tree::file("quick"), &["leaf"]).await;
        let sending = Sending {
            compression: Compression::Xz,
            ..Sending::default()
        };
        let to = caches.ours(&url);
        let heard = std::sync::Mutex::new(Vec::new());
        let top = [path("top")];
        let hear = |it| heard.lock().unwrap().push(it);
        let sent = store.send(&to, &top, &sending, &hear).await.unwrap();
        assert_eq!(sent.new, [path("leaf"), path("top")]);
        let heard = heard.into_inner().unwrap();
        let sent = heard.iter().filter_map(|it| match it {
            SendProgress::Sent { path, .. } => Some(path.clone()),
            _ => None,
        });
        assert_eq!(sent.collect::<Vec<_>>(), [path("leaf"), path("top")]);
    });
}

#[test]
fn a_tree_that_is_not_the_registered_one_is_not_spread() {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.folder("cache");
        let store = caches.store();
        let session = store.session().unwrap();
        let tree = Tree::file("changed").nar();
        let ingested = session.ingest(tree.as_slice(), Ask::default()).await;
        let wrong = store::PathInfo {
            root: ingested.unwrap().root,
            ..info("top", &[])
        };
        session.register(vec![wrong]).await.unwrap();
        let error = send(&store, &caches, &url).await.unwrap_err();
        assert!(matches!(error, SendError::Changed { .. }), "{error:?}");
        assert!(!narinfo_file(&folder, "top").exists());
        assert_eq!(std::fs::read_dir(folder.join("nar")).unwrap().count(), 0);
    });
}
