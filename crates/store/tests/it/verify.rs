//! Damage is found, named by what it concerns, and put right where a path is elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use castore::Digest;
use nix_format::StorePath;
use store::verify::{
    Elsewhere, FaultKind, Nar, RepairFault, Repaired, Verified, VerifyError, Which,
};
use store::{PathInfo, Store};

use crate::tree::Tree;
use crate::world::{Places, add, path, run};

/// NARs by path; one that is not among them may be there, or not.
struct Others {
    nars: BTreeMap<StorePath, Vec<u8>>,
    is_down: bool,
}

#[async_trait]
impl Elsewhere for Others {
    async fn nar(&self, info: &PathInfo) -> io::Result<Option<Nar>> {
        match self.nars.get(&info.path) {
            Some(nar) => Ok(Some(Box::new(io::Cursor::new(nar.clone())))),
            None if self.is_down => Err(io::Error::other("down")),
            None => Ok(None),
        }
    }
}

fn small() -> Tree {
    Tree::directory([("f", Tree::file("content")), ("own", Tree::file("small"))])
}

fn large() -> Tree {
    let long: Vec<u8> = (0..3_000_000_u32).map(|it| it.to_le_bytes()[1]).collect();
    Tree::directory([("f", Tree::file("content")), ("long", Tree::file(long))])
}

/// Two paths that have one blob in common.
async fn two(places: &Places) -> Store {
    let store = places.disk().await;
    let session = store.session().unwrap();
    add(&session, "large", &large(), &[]).await;
    add(&session, "small", &small(), &[]).await;
    store
}

fn file(places: &Places, digest: &Digest) -> PathBuf {
    let text = digest.to_string();
    let (shard, name) = text.split_at(2);
    places.folder().join("blobs/v1").join(shard).join(name)
}

async fn verify(store: &Store) -> Verified {
    store.verify(Which::All, &|_| {}).await.unwrap()
}

async fn repair(
    store: &Store,
    verified: &Verified,
    nars: &[(&str, Tree)],
    is_down: bool,
) -> Repaired {
    let nars = nars.iter().map(|it| (path(it.0), it.1.nar())).collect();
    let others = Others { nars, is_down };
    store.repair(verified, &others, &|_| {}).await.unwrap()
}

fn faults(verified: &Verified) -> Vec<(Digest, FaultKind, Vec<StorePath>)> {
    let faults = verified.faults.iter().cloned();
    faults.map(|it| (it.digest, it.kind, it.paths)).collect()
}

#[test]
fn what_is_whole_has_no_faults() {
    let places = Places::new();
    run(async {
        let verified = verify(&two(&places).await).await;
        assert_eq!((verified.n_paths, verified.n_blobs), (2, 5));
        assert!(verified.n_bytes > 3_000_000);
        assert_eq!(verified.faults, []);
    });
}

#[test]
fn one_bit_of_any_blob_is_found_and_put_right() {
    let places = Places::new();
    run(async {
        let store = two(&places).await;
        let mut blobs = [BTreeMap::new(), BTreeMap::new()];
        large().node(&mut blobs[0]);
        small().node(&mut blobs[1]);
        let all: BTreeMap<_, _> = blobs.iter().flatten().collect();
        for (digest, bytes) in all {
            let file = file(&places, digest);
            let sound = std::fs::read(&file).unwrap();
            for at in [0, bytes.len() / 2, bytes.len() - 1] {
                let mut flipped = sound.clone();
                flipped[at] ^= 1;
                replace(&file, &flipped);
                let verified = verify(&store).await;
                let having = ["large", "small"].into_iter().zip(&blobs);
                let having = having.filter(|it| it.1.contains_key(digest));
                let mut having: Vec<_> = having.map(|it| path(it.0)).collect();
                having.sort();
                assert_eq!(faults(&verified), [(*digest, FaultKind::Damaged, having)]);
                let nars = [("large", large()), ("small", small())];
                let repaired = repair(&store, &verified, &nars, false).await;
                assert_eq!(repaired.blobs, [*digest].into());
                assert!(repaired.failed.is_empty());
                assert_eq!(verify(&store).await.faults, []);
                assert_eq!(std::fs::read(&file).unwrap(), sound);
            }
        }
    });
}

/// As a disk would do it, under the feet of the store.
fn replace(file: &std::path::Path, bytes: &[u8]) {
    std::fs::remove_file(file).unwrap();
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn what_is_missing_or_cut_is_put_right_by_whatever_path_is_elsewhere() {
    let places = Places::new();
    run(async {
        let store = two(&places).await;
        let common = Digest::of(b"content");
        std::fs::remove_file(file(&places, &common)).unwrap();
        let verified = verify(&store).await;
        let mut both = vec![path("large"), path("small")];
        both.sort();
        assert_eq!(faults(&verified), [(common, FaultKind::Missing, both)]);
        // One of the two is enough.
        let repaired = repair(&store, &verified, &[("small", small())], false).await;
        assert_eq!(repaired.blobs, [common].into());
        assert!(repaired.failed.is_empty(), "{:?}", repaired.failed);
        assert_eq!(verify(&store).await.faults, []);

        replace(&file(&places, &common), b"");
        let verified = verify(&store).await;
        assert_eq!(verified.faults[0].kind, FaultKind::Damaged);
        for is_down in [false, true] {
            let repaired = repair(&store, &verified, &[], is_down).await;
            assert_eq!((repaired.blobs.len(), repaired.failed.len()), (0, 2));
            for (_, fault) in &repaired.failed {
                let fits = match fault {
                    RepairFault::NotThere => !is_down,
                    RepairFault::Unknown(_) => is_down,
                    _ => false,
                };
                assert!(fits, "{fault:?}");
            }
        }
    });
}

#[test]
fn what_comes_is_held_to_what_is_registered() {
    let places = Places::new();
    run(async {
        let store = two(&places).await;
        let own = Digest::of(b"small");
        std::fs::remove_file(file(&places, &own)).unwrap();
        let verified = verify(&store).await;
        let repaired = repair(&store, &verified, &[("small", large())], false).await;
        assert_eq!(repaired.blobs, [].into());
        let (it, fault) = &repaired.failed[0];
        assert_eq!(*it, path("small"));
        assert!(matches!(fault, RepairFault::Ingest(_)), "{fault:?}");
        assert_eq!(verify(&store).await.faults, verified.faults);
    });
}

#[test]
fn only_what_is_asked_for_is_looked_at() {
    let places = Places::new();
    run(async {
        let store = two(&places).await;
        let long = Digest::of(
            &(0..3_000_000_u32)
                .map(|it| it.to_le_bytes()[1])
                .collect::<Vec<_>>(),
        );
        std::fs::remove_file(file(&places, &long)).unwrap();
        let paths = [path("small")];
        let verified = store.verify(Which::Paths(&paths), &|_| {}).await.unwrap();
        assert_eq!((verified.n_paths, verified.faults.len()), (1, 0));
        let paths = [path("none")];
        let refused = store.verify(Which::Paths(&paths), &|_| {}).await;
        assert!(matches!(refused, Err(VerifyError::NotThere { .. })));
    });
}
