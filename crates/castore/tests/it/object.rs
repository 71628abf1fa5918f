//! The object backend: in memory, in a folder, and on a server that speaks as S3 does.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use castore::{BlobError, Blobs as _, Digest, Login, Objects, S3};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use testkit::env::Env;
use testkit::s3::{BUCKET, PROGRAM, S3Server, free_address};
use testkit::tools;
use tokio::io::AsyncReadExt as _;

use crate::contract;
use crate::vectors::pattern;

fn bucket(endpoint: String) -> S3 {
    S3 {
        endpoint: Some(endpoint),
        login: Some(Login {
            key_id: "ada".to_owned(),
            secret: "secret".to_owned(),
            token: None,
        }),
        retries: 1,
        ..S3::new(BUCKET.to_owned())
    }
}

fn objects(env: &Env, store: Arc<dyn ObjectStore>) -> Objects {
    Objects::new(store, "some/where", &env.path("tmp"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_keeps_the_contract() {
    let env = Env::new();
    contract::run(Arc::new(objects(&env, Arc::new(InMemory::new())))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_a_folder_keeps_the_contract() {
    let env = Env::new();
    let store = LocalFileSystem::new_with_prefix(env.path("tmp")).unwrap();
    contract::run(Arc::new(objects(&env, Arc::new(store)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_the_contract() {
    if !tools::have(&[PROGRAM]) {
        return;
    }
    let (env, server) = (Env::new(), S3Server::start());
    let store = bucket(server.url()).store().unwrap();
    contract::run(Arc::new(objects(&env, store))).await;
}

/// The key of a blob.
fn key(digest: &Digest) -> object_store::path::Path {
    let text = digest.to_string();
    format!("some/where/v1/{}/{}", &text[..2], &text[2..]).into()
}

type Damage = fn(&mut Vec<u8>);

async fn damage_is_found(env: &Env, store: Arc<dyn ObjectStore>) {
    let blobs = objects(env, Arc::clone(&store));
    for (size, how) in [
        (100, |it| it[50] ^= 1),
        (100, |it| it.push(0)),
        (100, |it| it.clear()),
        (3 << 20, |it| it[2_000_000] ^= 1),
        (3 << 20, |it| it.truncate(3 << 20)),
        (3 << 20, |it| it.truncate(100)),
        (3 << 20, |it| *it.last_mut().unwrap() ^= 1),
    ] as [(usize, Damage); _]
    {
        let bytes = Bytes::from(pattern(size));
        let digest = blobs.put(bytes.clone()).await.unwrap();
        let kept = store
            .get(&key(&digest))
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let mut kept = kept.to_vec();
        how(&mut kept);
        store.put(&key(&digest), kept.into()).await.unwrap();
        let error = blobs.get(&digest, u64::MAX).await.unwrap_err();
        assert!(matches!(error, BlobError::Corrupt { digest: it, .. } if it == digest));
        if let Ok(reader) = blobs.open(&digest).await {
            let mut all = Vec::new();
            let error = reader.unwrap().read_to_end(&mut all).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
            assert!(bytes.starts_with(&all));
        }
        assert_eq!(blobs.put(bytes.clone()).await.unwrap(), digest);
        assert!(blobs.get(&digest, u64::MAX).await.unwrap().unwrap() == bytes);
    }
}

#[tokio::test]
async fn whoever_may_write_to_the_store_is_not_believed() {
    let env = Env::new();
    damage_is_found(&env, Arc::new(InMemory::new())).await;
    if tools::have(&[PROGRAM]) {
        let server = S3Server::start();
        damage_is_found(&env, bucket(server.url()).store().unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_takes_a_blob_once_however_many_put_it() {
    if !tools::have(&[PROGRAM]) {
        return;
    }
    let server = S3Server::start();
    let store = bucket(server.url()).store().unwrap();
    let puts = (0..16u8).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mode = object_store::PutMode::Create.into();
            let key = object_store::path::Path::from("one");
            let put = store.put_opts(&key, vec![number].into(), mode).await;
            put.is_ok()
        })
    });
    let mut n_winners = 0;
    for put in puts.collect::<Vec<_>>() {
        n_winners += u32::from(put.await.unwrap());
    }
    assert_eq!(n_winners, 1);
}

/// Answers every request the same way, and counts them.
fn answering(answer: &'static str) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            while !request.windows(4).any(|it| it == b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(n_read) if n_read > 0 => request.extend_from_slice(&piece[..n_read]),
                    _ => break,
                }
            }
            counted.fetch_add(1, Ordering::Relaxed);
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    (url, count)
}

async fn is_unreachable(blobs: &Objects) {
    let digest = Digest::of(b"somewhere");
    let errors = [
        blobs.has(&digest).await.err(),
        blobs.get(&digest, 9).await.err(),
        blobs.open(&digest).await.err(),
        blobs.put(Bytes::from_static(b"x")).await.err(),
        blobs.put(pattern(2 << 20).into()).await.err(),
        blobs.list(None).await.err(),
        blobs
            .remove(&digest, std::time::SystemTime::now())
            .await
            .err(),
    ];
    for (at, error) in errors.iter().enumerate() {
        let error = error.as_ref();
        let told = matches!(error, Some(BlobError::Unreachable { .. }));
        assert!(told, "{at}: {error:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_taken_for_missing() {
    let env = Env::new();
    let none = format!("http://{}", free_address());
    is_unreachable(&objects(&env, bucket(none).store().unwrap())).await;
    for status in ["401 Unauthorized", "403 Forbidden", "503 Slow Down"] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let (url, count) = answering(answer.leak());
        is_unreachable(&objects(&env, bucket(url).store().unwrap())).await;
        let n_requests = count.load(Ordering::Relaxed);
        assert!((7..=14).contains(&n_requests), "{status}: {n_requests}");
    }
    // Cut off in the middle.
    let (url, _) = answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nETag: x\r\n\r\nhalf");
    let blobs = objects(&env, bucket(url).store().unwrap());
    let cut = blobs.get(&Digest::of(b"half"), 99).await.unwrap_err();
    assert!(matches!(cut, BlobError::Unreachable { .. }), "{cut:?}");
}

#[tokio::test]
async fn a_page_in_place_of_a_blob_is_no_blob() {
    let env = Env::new();
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\
        ETag: x\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n<html>";
    let (url, _) = answering(page);
    let blobs = objects(&env, bucket(url).store().unwrap());
    let digest = Digest::of(b"blob");
    let error = blobs.get(&digest, 99).await.unwrap_err();
    assert!(matches!(error, BlobError::Corrupt { .. }), "{error:?}");
}
