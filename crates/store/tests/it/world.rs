//! What several tests use: paths, infos, a runtime.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use castore::{Digest, Node};
use nix_format::{Sha256, StoreDir, StorePath};
use store::ingest::Ask;
use store::{PathInfo, Session, Store};
use testkit::env::Env;

use crate::tree::Tree;

/// Where a test's stores lie.
pub(crate) struct Places {
    env: Env,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self { env: Env::new() }
    }

    /// The folder of the store on disk.
    pub(crate) fn folder(&self) -> PathBuf {
        self.env.path("store")
    }

    /// The store on disk.
    pub(crate) async fn disk(&self) -> Store {
        Store::open(&self.folder(), StoreDir::default())
            .await
            .unwrap()
    }

    /// One of each kind.
    pub(crate) async fn stores(&self) -> [Store; 2] {
        [Store::in_memory(StoreDir::default()), self.disk().await]
    }
}

/// Puts a tree and registers it.
pub(crate) async fn add(
    session: &Session,
    name: &str,
    tree: &Tree,
    references: &[&str],
) -> StorePath {
    let nar = tree.nar();
    let ingested = session
        .ingest(nar.as_slice(), Ask::default())
        .await
        .unwrap();
    let registered = PathInfo {
        root: ingested.root,
        nar_hash: ingested.nar_hash,
        nar_size: ingested.nar_size,
        ..info(name, references)
    };
    session.register(vec![registered]).await.unwrap();
    path(name)
}

/// Runs what is asynchronous.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work)
}

/// A path whose hash part depends on its name.
pub(crate) fn path(name: &str) -> StorePath {
    let hash = Sha256::of(name.as_bytes());
    StorePath::from_parts(hash.0[..20].try_into().unwrap(), name.parse().unwrap())
}

/// A path with these references, that came a second after 1970 began.
pub(crate) fn info(name: &str, references: &[&str]) -> PathInfo {
    let content = name.as_bytes();
    PathInfo {
        path: path(name),
        root: Node::File {
            digest: Digest::of(content),
            size: content.len() as u64,
            executable: false,
        },
        nar_hash: Sha256::of(content),
        nar_size: 7,
        references: references.iter().map(|it| path(it)).collect(),
        deriver: None,
        signatures: BTreeSet::new(),
        ca: None,
        registered: at(1),
    }
}

/// So many seconds after 1970 began.
pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}
