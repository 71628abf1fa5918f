//! One suite that every backend runs.

use std::collections::BTreeSet;
use std::io::SeekFrom;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use castore::{BlobError, BlobReader, Blobs, Digest, Listed};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::vectors::{self, pattern};

/// Holds an empty backend to what [`Blobs`] says.
pub(crate) async fn run(blobs: Arc<dyn Blobs>) {
    nothing_is_there_at_first(&*blobs).await;
    blobs_of_every_size_come_back(&*blobs).await;
    parts_are_read(&*blobs).await;
    seeks_obey(&*blobs).await;
    a_dropped_writer_leaves_nothing(&*blobs).await;
    many_put_the_same_at_once(&blobs).await;
    large_blobs_are_refused_where_small_ones_are_wanted(&*blobs).await;
    what_nobody_wants_is_removed(&*blobs).await;
    readers_read_on(&*blobs).await;
    blobs.sync().await.unwrap();
}

/// Every blob that is listed, page by page.
pub(crate) async fn listed(blobs: &dyn Blobs) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    loop {
        let after = all.last().map(|it| it.digest);
        let page = blobs.list(after.as_ref()).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn digests(blobs: &dyn Blobs) -> BTreeSet<Digest> {
    listed(blobs).await.iter().map(|it| it.digest).collect()
}

async fn open(blobs: &dyn Blobs, digest: &Digest) -> Box<dyn BlobReader> {
    blobs.open(digest).await.unwrap().unwrap()
}

async fn read(blobs: &dyn Blobs, digest: &Digest) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut reader = open(blobs, digest).await;
    reader.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(reader.size(), bytes.len() as u64);
    bytes
}

/// Puts by a writer, in pieces of this size.
async fn write(blobs: &dyn Blobs, bytes: &[u8], piece: usize) -> Digest {
    let mut writer = blobs.create().await.unwrap();
    for piece in bytes.chunks(piece) {
        writer.write(piece).await.unwrap();
    }
    writer.finish().await.unwrap()
}

fn late() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

async fn nothing_is_there_at_first(blobs: &dyn Blobs) {
    let digest = Digest::of(b"nowhere");
    assert!(!blobs.has(&digest).await.unwrap());
    assert!(blobs.open(&digest).await.unwrap().is_none());
    assert!(blobs.get(&digest, 0).await.unwrap().is_none());
    assert!(!blobs.remove(&digest, late()).await.unwrap());
    assert!(listed(blobs).await.is_empty());
}

async fn blobs_of_every_size_come_back(blobs: &dyn Blobs) {
    let golden = vectors::load("blobs.json");
    let mut all = BTreeSet::new();
    for blob in golden["blobs"].as_array().unwrap() {
        let size = usize::try_from(blob["size"].as_u64().unwrap()).unwrap();
        let digest: Digest = blob["digest"].as_str().unwrap().parse().unwrap();
        let bytes = Bytes::from(pattern(size));
        for piece in [7919, 1 << 16, 3 << 20] {
            assert_eq!(write(blobs, &bytes, piece).await, digest, "{size}");
        }
        assert!(blobs.has(&digest).await.unwrap());
        assert!(read(blobs, &digest).await == bytes, "{size}");
        let whole = blobs.get(&digest, size as u64).await.unwrap();
        assert!(whole.as_ref() == Some(&bytes), "{size}");
        assert!(blobs.remove(&digest, late()).await.unwrap());
        assert!(!blobs.has(&digest).await.unwrap());
        assert_eq!(blobs.put(bytes.clone()).await.unwrap(), digest, "{size}");
        assert_eq!(blobs.put(bytes.clone()).await.unwrap(), digest, "{size}");
        assert!(read(blobs, &digest).await == bytes, "{size}");
        all.insert((digest, size as u64));
    }
    let all_listed = listed(blobs).await;
    let as_listed: Vec<_> = all_listed.iter().map(|it| (it.digest, it.size)).collect();
    assert_eq!(as_listed, all.into_iter().collect::<Vec<_>>());
    let fresh = SystemTime::now() - Duration::from_secs(600);
    assert!(all_listed.iter().all(|it| it.modified > fresh));
}

/// Offsets around which parts of ten mebibytes are read.
const EDGES: [usize; 9] = [
    0,
    1,
    65_535,
    65_536,
    1 << 20,
    (1 << 20) + 1,
    5_000_000,
    (10 << 20) - 1,
    10 << 20,
];

async fn parts_are_read(blobs: &dyn Blobs) {
    let bytes = pattern(10 << 20);
    let digest = blobs.put(Bytes::from(bytes.clone())).await.unwrap();
    let mut reader = open(blobs, &digest).await;
    for from in EDGES.into_iter().rev().chain(EDGES) {
        for len in [0, 1, 4096, 70_000] {
            let end = (from + len).min(bytes.len());
            let position = reader.seek(SeekFrom::Start(from as u64)).await.unwrap();
            assert_eq!(position, from as u64);
            let mut part = vec![0; end - from];
            reader.read_exact(&mut part).await.unwrap();
            assert!(part == bytes[from..end], "{from} {len}");
            let position = reader.stream_position().await.unwrap();
            assert_eq!(position, end as u64);
        }
    }
}

async fn seeks_obey(blobs: &dyn Blobs) {
    for size in [10usize, 3 << 20] {
        let bytes = pattern(size);
        let digest = blobs.put(Bytes::from(bytes.clone())).await.unwrap();
        let mut reader = open(blobs, &digest).await;
        seeks_obey_in(&mut *reader, &bytes).await;
    }
}

async fn seeks_obey_in(reader: &mut dyn BlobReader, bytes: &[u8]) {
    let size = bytes.len();
    let end = size as u64;
    assert_eq!(reader.seek(SeekFrom::End(-3)).await.unwrap(), end - 3);
    assert_eq!(reader.seek(SeekFrom::Current(-4)).await.unwrap(), end - 7);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, bytes[size - 7..]);
    for refused in [
        SeekFrom::End(-i64::try_from(size).unwrap() - 1),
        SeekFrom::Current(i64::MIN),
    ] {
        let error = reader.seek(refused).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert_eq!(reader.stream_position().await.unwrap(), end);
    }
    reader.seek(SeekFrom::End(5)).await.unwrap();
    assert_eq!(reader.read(&mut [0; 9]).await.unwrap(), 0);
    reader.seek(SeekFrom::Start(u64::MAX)).await.unwrap();
    assert_eq!(reader.read(&mut [0; 9]).await.unwrap(), 0);
    assert!(reader.seek(SeekFrom::Current(1)).await.is_err());
    assert_eq!(reader.seek(SeekFrom::Start(2)).await.unwrap(), 2);
    assert_eq!(reader.read_u8().await.unwrap(), 2);
}

async fn a_dropped_writer_leaves_nothing(blobs: &dyn Blobs) {
    let before = digests(blobs).await;
    for size in [0, 10, 9 << 20] {
        let mut writer = blobs.create().await.unwrap();
        writer.write(&vec![b'd'; size]).await.unwrap();
        drop(writer);
        assert!(!blobs.has(&Digest::of(&vec![b'd'; size])).await.unwrap() || size == 0);
    }
    assert_eq!(digests(blobs).await, before);
}

async fn many_put_the_same_at_once(blobs: &Arc<dyn Blobs>) {
    for size in [100, 4 << 20] {
        let bytes = Bytes::from(vec![b'm'; size]);
        let digest = Digest::of(&bytes);
        let puts = (0..16).map(|at| {
            let (blobs, bytes) = (Arc::clone(blobs), bytes.clone());
            tokio::spawn(async move {
                match at % 2 {
                    0 => blobs.put(bytes).await.unwrap(),
                    _ => write(&*blobs, &bytes, 1 << 16).await,
                }
            })
        });
        for put in puts.collect::<Vec<_>>() {
            assert_eq!(put.await.unwrap(), digest);
        }
        assert!(read(&**blobs, &digest).await == bytes);
        let listed = listed(&**blobs).await;
        let times = listed.iter().filter(|it| it.digest == digest).count();
        assert_eq!(times, 1);
    }
}

async fn large_blobs_are_refused_where_small_ones_are_wanted(blobs: &dyn Blobs) {
    for size in [2, 3 << 20] {
        let digest = blobs.put(Bytes::from(vec![b'l'; size])).await.unwrap();
        let limit = size as u64 - 1;
        let error = blobs.get(&digest, limit).await.unwrap_err();
        let named = matches!(&error, BlobError::Large { digest: it, .. } if *it == digest);
        assert!(named, "{error}");
    }
}

async fn what_nobody_wants_is_removed(blobs: &dyn Blobs) {
    let early = SystemTime::now() - Duration::from_secs(3600);
    for size in [5, 4 << 20] {
        let bytes = Bytes::from(vec![b'r'; size]);
        let digest = blobs.put(bytes).await.unwrap();
        assert!(!blobs.remove(&digest, early).await.unwrap());
        assert!(blobs.has(&digest).await.unwrap());
        assert!(blobs.remove(&digest, late()).await.unwrap());
        assert!(!blobs.has(&digest).await.unwrap());
        assert!(!blobs.remove(&digest, late()).await.unwrap());
        assert!(blobs.open(&digest).await.unwrap().is_none());
        assert!(!digests(blobs).await.contains(&digest));
    }
}

async fn readers_read_on(blobs: &dyn Blobs) {
    let bytes = Bytes::from_static(b"still here");
    let digest = blobs.put(bytes.clone()).await.unwrap();
    let mut reader = open(blobs, &digest).await;
    assert_eq!(reader.read_u8().await.unwrap(), b's');
    blobs.remove(&digest, late()).await.unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"till here");
}
