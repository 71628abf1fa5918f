//! Stores, caches and keys that several tests use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fetch::compression::Compression;
use nix_format::{NarInfo, SecretKey, StoreDir, StorePath};
use store::ingest::Ask;
use store::upstream::{
    BringError, Brought, Limits, Means, Sending, Trust, Upstream, UpstreamConfig, UpstreamError,
    Upstreams,
};
use store::{PathInfo, Store};
use testkit::env::Env;
use tokio::io::AsyncReadExt as _;

use crate::tree::Tree;
use crate::world::{info, path};

/// A folder of the test, and a clock that it moves.
pub(crate) struct Caches {
    pub(crate) env: Env,
    pub(crate) dir: StoreDir,
    pub(crate) means: Means,
    seconds: Arc<AtomicU64>,
}

/// The key of the caches that are made here.
pub(crate) fn key() -> SecretKey {
    SecretKey::from_seed("ours-1", &[7; 32]).unwrap()
}

impl Caches {
    pub(crate) fn new() -> Self {
        Self::of(Env::new(), StoreDir::default())
    }

    pub(crate) fn of(env: Env, dir: StoreDir) -> Self {
        let seconds = Arc::<AtomicU64>::default();
        let (started, clock) = (Instant::now(), Arc::clone(&seconds));
        let means = Means {
            waits: vec![Duration::ZERO; 2],
            stall: Duration::from_secs(20),
            spool: env.path("tmp"),
            now: Arc::new(move || started + Duration::from_secs(clock.load(Ordering::SeqCst))),
            ..Means::default()
        };
        Self {
            env,
            dir,
            means,
            seconds,
        }
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn upstream(&self, url: &str, trust: Trust) -> Upstream {
        let config = UpstreamConfig {
            address: url.parse().unwrap(),
            trust,
            priority: None,
        };
        Upstream::new(config, self.dir.clone(), &self.means).unwrap()
    }

    /// One whose paths are signed by [`key`].
    pub(crate) fn ours(&self, url: &str) -> Upstream {
        self.upstream(url, Trust::Keys(vec![key().public()]))
    }

    pub(crate) fn folder(&self, name: &str) -> (PathBuf, String) {
        let folder = self.env.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("file://{}", folder.display());
        (folder, url)
    }

    pub(crate) fn store(&self) -> Store {
        Store::in_memory(self.dir.clone())
    }

    /// A store with `leaf`, and `top` that refers to it and to itself.
    pub(crate) async fn two(&self) -> Store {
        let store = self.store();
        add(&store, "leaf", &Tree::file("leaf"), &[]).await;
        add(&store, "top", &top(), &["leaf", "top"]).await;
        store
    }

    /// A cache of [`Caches::two`], and its URL.
    pub(crate) async fn cache(&self, name: &str, compression: Compression) -> (PathBuf, String) {
        let (folder, url) = self.folder(name);
        let sending = Sending {
            compression,
            keys: vec![key()],
            ..Sending::default()
        };
        let to = self.ours(&url);
        let (store, top) = (self.two().await, [path("top")]);
        let sent = store.send(&to, &top, &sending, &|_| {}).await.unwrap();
        assert_eq!(sent.new, [path("leaf"), path("top")]);
        (folder, url)
    }
}

/// A directory with a file that compresses ill, of some 300 KB.
pub(crate) fn top() -> Tree {
    let mut state = 1_u32;
    let noise = (0..300_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    });
    Tree::directory([
        ("noise", Tree::file(noise.collect::<Vec<u8>>())),
        ("text", Tree::file("text")),
    ])
}

pub(crate) async fn add(store: &Store, name: &str, tree: &Tree, references: &[&str]) {
    let session = store.session().unwrap();
    let ingested = session.ingest(tree.nar().as_slice(), Ask::default()).await;
    let ingested = ingested.unwrap();
    let registered = PathInfo {
        root: ingested.root,
        nar_hash: ingested.nar_hash,
        nar_size: ingested.nar_size,
        ..info(name, references)
    };
    session.register(vec![registered]).await.unwrap();
}

/// Brings paths to a store from caches.
pub(crate) async fn bring(
    store: &Store,
    upstreams: impl IntoIterator<Item = Upstream>,
    paths: &[StorePath],
) -> Result<Brought, BringError> {
    let upstreams = Upstreams::new(upstreams);
    let session = store.session().unwrap();
    let brought = session.bring(&upstreams, paths, Limits::default(), &|_| {});
    brought.await
}

/// What one cache did wrong that was asked alone.
pub(crate) fn fault(brought: Result<Brought, BringError>) -> UpstreamError {
    match brought {
        Err(BringError::NotFound(mut it)) if it.faults.len() == 1 => it.faults.remove(0),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn all(store: &Store) -> BTreeSet<StorePath> {
    let all = store.infos().list(None, 1000).await.unwrap();
    all.into_iter().map(|it| it.path).collect()
}

/// The NAR of a path as the store has it.
pub(crate) async fn nar(store: &Store, path: &StorePath) -> Vec<u8> {
    use store::render::{Layout, NarStream};

    let info = store.infos().get(path).await.unwrap().unwrap();
    let limits = castore::Limits::default();
    let layout = Layout::read(store.blobs().as_ref(), &info.root, limits).await;
    let mut stream = NarStream::new(Arc::clone(store.blobs()), Arc::new(layout.unwrap()));
    let mut nar = Vec::new();
    stream.read_to_end(&mut nar).await.unwrap();
    nar
}

/// Changes a narinfo of a cache.
pub(crate) fn change(cache: &Path, dir: &StoreDir, name: &str, change: impl FnOnce(&mut NarInfo)) {
    let file = narinfo_file(cache, name);
    let mut narinfo = NarInfo::parse(dir, &std::fs::read(&file).unwrap()).unwrap();
    change(&mut narinfo);
    std::fs::write(file, narinfo.print(dir)).unwrap();
}

pub(crate) fn narinfo_file(cache: &Path, name: &str) -> PathBuf {
    cache.join(format!("{}.narinfo", path(name).hash_part()))
}
