//! A cache in a bucket of S3, by castore's way to it.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use bytes::Bytes;
use castore::S3;
use futures_util::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{
    Error, GetResult, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, WriteMultipart,
};

use super::means::Means;
use crate::blocking::blocking;

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket(Arc<dyn ObjectStore>);

/// The bytes of a part of an upload: S3 takes 10,000 of them, each of at least 5 MiB.
const PART: u64 = 8 << 20;
const MAX_PARTS: u64 = 10_000;

/// How many parts are under way at a time.
const AT_ONCE: usize = 4;

impl Bucket {
    pub(super) fn new(
        name: &str,
        region: Option<&String>,
        endpoint: Option<&String>,
        means: &Means,
    ) -> io::Result<Self> {
        let bucket = S3 {
            region: region.cloned(),
            endpoint: endpoint.cloned(),
            login: means.s3.clone(),
            retries: means.waits.len(),
            ..S3::new(name.to_owned())
        };
        Ok(Self(bucket.store().map_err(io::Error::other)?))
    }

    /// Opens an object; nothing where the bucket says that there is none.
    pub(super) async fn open(&self, name: &str) -> io::Result<Option<GetResult>> {
        match self.0.get(&Key::from(name)).await {
            Ok(got) => Ok(Some(got)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Reads a small object; at most `limit` bytes and what came with them.
    pub(super) async fn get(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(got) = self.open(name).await? else {
            return Ok(None);
        };
        let mut pieces = got.into_stream();
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.try_next().await.map_err(io::Error::other)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > limit {
                break;
            }
        }
        Ok(Some(bytes))
    }

    /// Writes a small object, unless there is one of that name; says whether it did.
    pub(super) async fn create(&self, name: &str, bytes: Bytes) -> io::Result<bool> {
        let (key, payload) = (Key::from(name), PutPayload::from(bytes));
        let put = self.0.put_opts(&key, payload, PutMode::Create.into());
        match put.await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Writes an object that is named by its content, unless one of its size is there.
    pub(super) async fn upload(&self, name: &str, mut file: File, len: u64) -> io::Result<bool> {
        let key = Key::from(name);
        match self.0.head(&key).await {
            Ok(meta) if meta.size == len => return Ok(false),
            Ok(_) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(io::Error::other(error)),
        }
        let part = PART.max(len.div_ceil(MAX_PARTS));
        let part_len = usize::try_from(part).unwrap_or(usize::MAX);
        let upload = self.0.put_multipart(&key).await;
        let upload = upload.map_err(io::Error::other)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_len);
        loop {
            let (rest, read) = blocking(move || {
                let mut bytes = Vec::new();
                let read = (&mut file).take(part).read_to_end(&mut bytes);
                (file, read.map(|_| Bytes::from(bytes)))
            })
            .await;
            file = rest;
            let waited = upload.wait_for_capacity(AT_ONCE).await;
            match (read, waited) {
                (Ok(bytes), Ok(())) if bytes.is_empty() => break,
                (Ok(bytes), Ok(())) => upload.put(bytes),
                (read, waited) => {
                    // The first fault is told; parts that stay are the bucket's to expire.
                    upload.abort().await.ok();
                    read?;
                    return waited.map(|()| false).map_err(io::Error::other);
                }
            }
        }
        upload.finish().await.map_err(io::Error::other)?;
        Ok(true)
    }
}
