//! The whole NAR in order.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use castore::{Blobs, Digest, Memory};
use futures_util::StreamExt as _;
use nix_format::StoreDir;
use proptest::prelude::*;
use store::Store;
use store::render::{NarStream, RenderError};
use tokio::io::AsyncReadExt as _;

use super::tree::{contents, directory, file, laid_out, pattern, put, trees};
use super::unsteady::{Fault, Unsteady};
use crate::tree::Tree;
use crate::world::run;

/// The pieces up to the end or the first error; after an error nothing may come.
async fn pieces(mut stream: NarStream) -> (Vec<u8>, Option<io::Error>) {
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => {
                assert!(
                    !piece.is_empty() && piece.len() <= 1 << 19,
                    "{}",
                    piece.len()
                );
                all.extend_from_slice(&piece);
            }
            Err(error) => {
                assert!(stream.next().await.is_none());
                return (all, Some(error));
            }
        }
    }
    assert_eq!(stream.len(), all.len() as u64);
    (all, None)
}

async fn check(tree: &Tree, seed: u64) {
    let (blobs, nar) = (Unsteady::new(seed, 2 + seed % 5), tree.nar());
    let layout = laid_out(tree, &blobs).await;
    let (found, none) = pieces(NarStream::new(blobs.shared(), Arc::clone(&layout))).await;
    assert!(none.is_none() && found == nar);
    let mut stream = NarStream::new(blobs.shared(), layout);
    // Some as bytes, with room of any size; what is left as pieces.
    let mut found = vec![0; usize::try_from(seed % 400).unwrap().min(nar.len())];
    stream.read_exact(&mut found).await.unwrap();
    while let Some(piece) = stream.next().await {
        found.extend_from_slice(&piece.unwrap());
    }
    assert!(found == nar);
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_stream_is_the_nar(tree in trees(), seed in any::<u64>()) {
        run(check(&tree, seed));
    }

    #[test]
    fn a_stream_of_large_files_is_the_nar(tree in crate::tree::trees(), seed in any::<u64>()) {
        run(check(&tree, seed));
    }
}

#[test]
fn a_stream_of_many_parts_is_the_nar() {
    run(async {
        const PIECE: usize = 256 << 10;
        let sizes = [PIECE, PIECE + 1, PIECE - 1, 0, 1, 3 * PIECE, 5 * PIECE + 7];
        let files = sizes.iter().cycle().take(30).zip(0..);
        let mut entries: Vec<_> = files
            .map(|(size, at)| (format!("f{at:03}"), file(pattern(size + at))))
            .collect();
        let links = (0..9000).map(|it| (format!("l{it}"), Tree::Symlink(b"elsewhere".to_vec())));
        entries.extend(links);
        let tree = Tree::directory(entries.iter().map(|it| (it.0.as_str(), it.1.clone())));
        check(&tree, 8).await;
        let store = Store::in_memory(StoreDir::default());
        let root = put(&tree, &**store.blobs()).await;
        let stream = store.nar_stream(&root).await.unwrap();
        assert!(pieces(stream).await.0 == tree.nar());
        let (mut reader, mut found) = (store.nar_reader(&root).await.unwrap(), Vec::new());
        reader.read_to_end(&mut found).await.unwrap();
        assert!(found == tree.nar());
    });
}

/// Fails in the middle: what came before is right, and nothing looks whole.
async fn fails(bytes: Vec<u8>, fault: Fault, kind: ErrorKind) {
    let tree = directory([
        ("a", file(pattern(700_000))),
        ("b", file(bytes.clone())),
        ("c", file("after")),
    ]);
    let (blobs, nar) = (Unsteady::new(3, 4), tree.nar());
    let layout = laid_out(&tree, &blobs).await;
    blobs.set_fault(Digest::of(&bytes), fault);
    let (found, error) = pieces(NarStream::new(blobs.shared(), Arc::clone(&layout))).await;
    assert!(
        found.len() >= 700_000 && nar.starts_with(&found),
        "{fault:?}"
    );
    let behind = contents(&tree)[1].0 + bytes.len() as u64;
    assert!((found.len() as u64) < behind, "{fault:?}");
    assert_eq!(error.unwrap().kind(), kind, "{fault:?}");
    blobs.set_fault(Digest::of(&bytes), fault);
    let mut stream = NarStream::new(blobs.shared(), layout);
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{fault:?}");
    for _ in 0..2 {
        let error = stream.read(&mut [0; 9]).await.unwrap_err();
        let error = error.get_ref().unwrap().downcast_ref();
        assert!(matches!(error, Some(RenderError::Failed)), "{fault:?}");
    }
    assert!(stream.next().await.is_none());
}

#[test]
fn a_stream_that_fails_never_looks_whole() {
    run(async {
        for len in [3000, 900_000] {
            let bytes = || pattern(len);
            fails(bytes(), Fault::Missing, ErrorKind::NotFound).await;
            fails(bytes(), Fault::Short(2999), ErrorKind::UnexpectedEof).await;
            fails(bytes(), Fault::Long(1), ErrorKind::InvalidInput).await;
            let reset = ErrorKind::ConnectionReset;
            fails(bytes(), Fault::Unopenable(1), reset).await;
            fails(bytes(), Fault::Unreadable(2000, 1), reset).await;
        }
        let early = Fault::EndsAt(800_000);
        fails(pattern(900_000), early, ErrorKind::UnexpectedEof).await;
    });
}

#[test]
fn little_is_brought_before_it_is_asked() {
    run(async {
        let files: Vec<_> = (0..12)
            .map(|it| (it.to_string(), file(pattern(3_000_000 + it))))
            .collect();
        let tree = Tree::directory(files.iter().map(|it| (it.0.as_str(), it.1.clone())));
        let blobs = Unsteady::new(1, 0);
        let layout = laid_out(&tree, &blobs).await;
        let mut stream = NarStream::new(blobs.shared(), layout);
        blobs.log();
        tokio::task::yield_now().await;
        assert!(blobs.log().opened.is_empty());
        drop(stream.next().await.unwrap().unwrap());
        // Whatever they do in a while, the tasks do not bring more.
        for _ in 0..2000 {
            tokio::task::yield_now().await;
        }
        let log = blobs.log();
        assert!(log.opened.len() <= 8, "{}", log.opened.len());
        let n_read: u64 = log.read.iter().map(|it| it.2).sum();
        assert!(n_read <= 5 << 20, "{n_read}");
    });
}

#[test]
fn a_stream_that_is_dropped_ends_its_tasks() {
    run(async {
        let tree = directory([("a", file(pattern(9_000_000))), ("b", file("b"))]);
        let memory = Memory::new();
        let layout = laid_out(&tree, &memory).await;
        let blobs: Arc<dyn Blobs> = Arc::new(memory);
        let mut stream = NarStream::new(Arc::clone(&blobs), layout);
        drop(stream.next().await.unwrap().unwrap());
        assert!(Arc::strong_count(&blobs) > 2);
        drop(stream);
        let late = Instant::now() + Duration::from_secs(60);
        while Arc::strong_count(&blobs) > 1 {
            assert!(Instant::now() < late, "a task has not ended");
            tokio::task::yield_now().await;
        }
    });
}
