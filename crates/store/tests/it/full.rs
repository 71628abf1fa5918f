//! A disk without room: a clear error, nothing lost, and a collection makes room again.

use std::path::Path;
use std::process::Command;

use castore::BlobError;
use nix_format::StoreDir;
use store::ingest::{Ask, IngestError};
use store::roots::Root;
use store::verify::Which;
use store::{PathInfo, Store, StoreError};
use testkit::env::Env;

use crate::collect::all;
use crate::tree::Tree;
use crate::world::{add, info, path, run};

/// A file system of four megabytes in memory, until it is dropped.
struct Small<'p>(&'p Path);

impl<'p> Small<'p> {
    fn mount(place: &'p Path) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=4m", "none"])
            .arg(place);
        let mounted = mount.output().is_ok_and(|it| it.status.success());
        mounted.then_some(Self(place))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let env = Env::new();
    let place = env.path("small");
    let Some(_small) = Small::mount(&place) else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    run(async {
        let store = Store::open(&place.join("store"), StoreDir::default())
            .await
            .unwrap();
        let session = store.session().unwrap();
        let kept = Tree::directory([("f", Tree::file("kept"))]);
        add(&session, "kept", &kept, &[]).await;
        let root = Root::Named("x".parse().unwrap());
        store.infos().keep(&root, &[path("kept")]).await.unwrap();
        add(&session, "old", &Tree::file([1; 100_000]), &[]).await;
        drop(session);

        for (files, size) in [(1, 8 << 20), (200, 60_000)] {
            let session = store.session().unwrap();
            let names: Vec<_> = (0..files).map(|it| format!("{it:04}")).collect();
            let entries = names.iter().enumerate();
            let entries = entries.map(|(at, it)| (it.as_str(), Tree::file(noise(at, size))));
            let nar = Tree::directory(entries).nar();
            let error = session
                .ingest(nar.as_slice(), Ask::default())
                .await
                .unwrap_err();
            let told = matches!(error, IngestError::Blobs(BlobError::Full { .. }));
            assert!(told, "{error:?}");
        }
        // Now that not even the database has room.
        let fill = place.join("fill");
        drop(std::fs::write(&fill, vec![0; 8 << 20]));
        let session = store.session().unwrap();
        let mut error = None;
        for number in 0..2_000 {
            let many = PathInfo {
                nar_size: number,
                ..info(&format!("many-{number}-{}", "x".repeat(180)), &[])
            };
            if let Err(it) = session.register(vec![many]).await {
                error = Some(it);
                break;
            }
        }
        match error {
            Some(StoreError::Infos(it)) => {
                assert!(it.to_string().starts_with("no space"), "{it:?}");
            }
            it => panic!("{it:?}"),
        }
        drop(session);

        // To delete paths takes room: what the failed ones left goes first.
        let garbage = all(&store).await;
        assert!(garbage.paths.iter().any(|it| it.0 == path("old")));
        let verified = store.verify(Which::All, &|_| {}).await.unwrap();
        assert_eq!((verified.n_paths, verified.faults.len()), (1, 0));
        std::fs::remove_file(&fill).unwrap();
        let session = store.session().unwrap();
        add(&session, "again", &Tree::file(vec![2; 2 << 20]), &["kept"]).await;
    });
}

/// Bytes that no two files have in common.
fn noise(seed: usize, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    bytes[..8].copy_from_slice(&(seed as u64).to_le_bytes());
    bytes
}
