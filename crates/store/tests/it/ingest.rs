//! NARs come in: as the tree they are, with what they refer to, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use nix_format::Sha256;
use nix_format::nar::{FileKind, Writer};
use proptest::prelude::*;
use store::ingest::{Ask, IngestError, Ingested};
use tokio::io::{AsyncRead, ReadBuf};

use crate::tree::{Tree, trees};
use crate::world::{Places, path, run};

/// A stream that is cut into pieces of these lengths, again and again.
struct Cut<'b> {
    bytes: &'b [u8],
    lengths: Vec<usize>,
    n_read: usize,
}

impl AsyncRead for Cut<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.n_read += 1;
        if self.n_read.is_multiple_of(3) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = self.lengths[self.n_read % self.lengths.len()];
        let (piece, rest) = self
            .bytes
            .split_at(length.min(self.bytes.len()).min(buf.remaining()));
        buf.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_tree_comes_in_as_it_is(tree in trees(), lengths in prop::collection::vec(1..200_000_usize, 1..4)) {
        let nar = tree.nar();
        let mut blobs = BTreeMap::new();
        let expected = Ingested {
            root: tree.node(&mut blobs),
            nar_hash: Sha256::of(&nar),
            nar_size: nar.len() as u64,
            references: BTreeSet::new(),
        };
        let places = Places::new();
        run(async {
            for store in places.stores().await {
                let session = store.session().unwrap();
                let cut = Cut { bytes: &nar, lengths: lengths.clone(), n_read: 0 };
                let ask = || Ask { nar: Some((Sha256::of(&nar), nar.len() as u64)), ..Ask::default() };
                assert_eq!(session.ingest(cut, ask()).await.unwrap(), expected);
                for (digest, bytes) in &blobs {
                    let got = store.blobs().get(digest, u64::MAX).await.unwrap();
                    assert_eq!(got.as_deref(), Some(bytes.as_slice()));
                }
                let again = io::Cursor::new(nar.clone());
                assert_eq!(session.ingest_blocking(again, ask()).await.unwrap(), expected);
            }
        });
    }
}

async fn ingest(nar: Vec<u8>, ask: Ask) -> Result<Ingested, IngestError> {
    let store = store::Store::in_memory(nix_format::StoreDir::default());
    let session = store.session().unwrap();
    let blocking = session.ingest_blocking(io::Cursor::new(nar.clone()), ask.clone());
    let (blocking, waiting) = (blocking.await, session.ingest(nar.as_slice(), ask).await);
    assert_eq!(format!("{blocking:?}"), format!("{waiting:?}"));
    waiting
}

#[test]
fn what_occurs_is_a_reference_wherever_it_stands() {
    let [own, in_file, in_name, in_target, split, none] =
        ["own", "in-file", "in-name", "in-target", "split", "none"].map(path);
    let hash = |it: &nix_format::StorePath| it.hash_part();
    // The seam of two pieces lies 256 KiB from the beginning.
    let mut long = vec![b'.'; 300_000];
    let at = (256 << 10) - 200;
    for number in 0..12 {
        let from = at + number * 33;
        long[from..from + 32].copy_from_slice(hash(&split).as_bytes());
    }
    let tree = Tree::directory([
        ("a", Tree::file(long)),
        (
            "b",
            Tree::file(format!("x{}x{}", hash(&own), hash(&in_file))),
        ),
        (&format!("c{}", hash(&in_name)), Tree::file("")),
        (
            "d",
            Tree::Symlink(format!("/nix/store/{in_target}/bin").into_bytes()),
        ),
    ]);
    let found = [own, in_file, in_name, in_target, split];
    let candidates = found.iter().cloned().chain([none]).collect();
    let ask = Ask {
        candidates,
        ..Ask::default()
    };
    let ingested = run(ingest(tree.nar(), ask)).unwrap();
    assert_eq!(ingested.references, found.into());
}

#[test]
fn what_is_not_as_announced_is_refused() {
    let nar = Tree::file([7; 1000]).nar();
    let (hash, size) = (Sha256::of(&nar), nar.len() as u64);
    let asked = |hash, size| Ask {
        nar: Some((hash, size)),
        ..Ask::default()
    };
    let told = |nar: &[u8], ask| run(ingest(nar.to_vec(), ask)).unwrap_err();
    let forged = Sha256::of(b"x");
    let error = told(&nar, asked(forged, size));
    assert!(
        matches!(error, IngestError::Hash { found, announced } if found == hash && announced == forged),
        "{error:?}"
    );
    for announced in [size - 1, size + 1, 0] {
        let error = told(&nar, asked(hash, announced));
        assert!(
            matches!(error, IngestError::Size { .. }),
            "{announced}: {error:?}"
        );
    }
    let bounded = |most| Ask {
        most_bytes: Some(most),
        ..Ask::default()
    };
    let error = told(&nar, bounded(size - 1));
    assert!(matches!(error, IngestError::Large { .. }), "{error:?}");
    assert!(run(ingest(nar.clone(), bounded(size))).is_ok());

    let error = told(&nar[..500], Ask::default());
    assert!(matches!(error, IngestError::Nar(_)), "{error:?}");
    assert!(error.to_string().contains("500"), "{error}");
    let mut damaged = nar;
    damaged[9] ^= 1;
    let error = told(&damaged, asked(hash, size));
    assert!(matches!(error, IngestError::Hash { .. }), "{error:?}");
}

/// Bytes as good as for ever, and a count of those that were taken.
struct Endless(Vec<u8>, usize, std::sync::Arc<std::sync::atomic::AtomicU64>);

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Or the test would not end.
        if self.2.load(std::sync::atomic::Ordering::SeqCst) > 64 << 20 {
            return Ok(0);
        }
        let rest = &self.0[self.1..];
        let n_bytes = if rest.is_empty() {
            buf.fill(0);
            buf.len()
        } else {
            let n_bytes = rest.len().min(buf.len());
            buf[..n_bytes].copy_from_slice(&rest[..n_bytes]);
            n_bytes
        };
        self.1 = (self.1 + n_bytes).min(self.0.len());
        let n_bytes_u64 = n_bytes as u64;
        self.2
            .fetch_add(n_bytes_u64, std::sync::atomic::Ordering::SeqCst);
        Ok(n_bytes)
    }
}

#[test]
fn no_more_is_read_than_was_announced() {
    // A file that says it has 2⁶² bytes.
    let mut head = Tree::file([0; 8]).nar();
    let at = head.len() - 16 - 8 - 8;
    assert_eq!(head[at..at + 8], 8_u64.to_le_bytes());
    head[at..at + 8].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    head.truncate(at + 8);
    let store = store::Store::in_memory(nix_format::StoreDir::default());
    let taken = std::sync::Arc::default();
    let endless = Endless(head, 0, std::sync::Arc::clone(&taken));
    let ask = Ask {
        nar: Some((Sha256::of(b""), 1 << 20)),
        ..Ask::default()
    };
    let error = run(async { store.session().unwrap().ingest_blocking(endless, ask).await });
    assert!(matches!(error, Err(IngestError::Size { .. })), "{error:?}");
    let taken = taken.load(std::sync::atomic::Ordering::SeqCst);
    assert!(taken <= 2 << 20, "{taken}");
}

/// A source that breaks.
struct Broken(io::Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf)? {
            0 => Err(io::Error::other("it broke")),
            n_bytes => Ok(n_bytes),
        }
    }
}

#[test]
fn a_source_that_breaks_is_told_as_such() {
    let nar = Tree::file([0; 1000]).nar();
    let store = store::Store::in_memory(nix_format::StoreDir::default());
    let broken = Broken(io::Cursor::new(nar[..600].to_vec()));
    let error = run(async {
        let session = store.session().unwrap();
        session.ingest_blocking(broken, Ask::default()).await
    });
    let error = error.unwrap_err();
    assert!(
        matches!(&error, IngestError::Read { source, .. } if source.to_string() == "it broke"),
        "{error:?}"
    );
}

#[test]
fn names_and_depths_have_bounds() {
    let nested = |depth: usize| {
        let mut writer = Writer::new(Vec::new());
        for _ in 0..depth {
            writer.directory().unwrap();
            writer.entry(b"d").unwrap();
        }
        writer.file(FileKind::Regular, 0).unwrap();
        for _ in 0..depth {
            writer.end_directory().unwrap();
        }
        writer.finish().unwrap()
    };
    let limits = castore::Limits::default();
    run(async {
        let store = store::Store::in_memory(nix_format::StoreDir::default());
        let session = store.session().unwrap();
        let deepest = nested(limits.depth);
        let ingested = session.ingest(deepest.as_slice(), Ask::default()).await;
        // What is taken in can be read back.
        let root = ingested.unwrap().root;
        castore::closure(store.blobs().as_ref(), &root, limits)
            .await
            .unwrap();
    });
    let error = run(ingest(nested(limits.depth + 1), Ask::default())).unwrap_err();
    assert!(matches!(error, IngestError::Nar(_)), "{error:?}");
}
