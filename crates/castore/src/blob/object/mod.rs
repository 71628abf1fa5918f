//! Blobs in an object store: S3, a local folder, or whatever else `object_store` speaks to.
//!
//! `<prefix>/v1/<2 characters>/<50 characters>` is the blob of that digest, as `groups.rs` says it
//! is kept. Whoever may write to the store can damage it and no more: every byte is verified.
//! It has no locks: what is said below of times takes their place.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{
    Error, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload,
};

use self::writer::Writer;
use super::groups::{Part, WHOLE, size_of};
use super::in_memory::InMemory;
use super::verified::{Source, Verified};
use super::{BlobError, BlobReader, BlobWriter, Blobs, Listed};
use crate::Digest;

mod writer;
mod curl;
mod crypto;
mod s3;

pub use s3::{Login, S3};

/// Blobs in an object store; clones share it.
///
/// A blob that is there is written again only where it was put more than a day ago: so `before`
/// of [`Blobs::remove`] must lie at least two days back while others put. A large blob that is
/// being read, and removed meanwhile, ends in an error.
/// Runs on a runtime whose timers are enabled: what fails in passing is tried again.
#[derive(Debug, Clone)]
pub struct Objects(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    store: Arc<dyn ObjectStore>,
    blobs: Key,
    /// Where large blobs wait until their digest is known.
    spool: PathBuf,
}

/// How long a blob counts as put just now.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// The most bytes of a large blob that are asked for at a time.
const WINDOW: u64 = 4 << 20;

/// How many characters of a digest name its folder.
const N_SHARD: usize = 2;

impl Objects {
    /// Takes a store, a prefix within it such as `cache` (or nothing), and a folder on a disk of
    /// the machine where a large blob lies, without a name, until its digest is known.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str, spool: &Path) -> Self {
        Self(Arc::new(Shelf {
            store,
            blobs: Key::from(prefix).join("v1"),
            spool: spool.to_owned(),
        }))
    }
}

impl Shelf {
    fn key(&self, digest: &Digest) -> Key {
        let mut shard = digest.to_string();
        let name = shard.split_off(N_SHARD);
        self.blobs.clone().join(shard).join(name)
    }

    /// An error that says neither that something is there nor that it is not.
    fn failed(&self, what: impl fmt::Display, error: Error) -> BlobError {
        let place = format!("{}/{what}", self.store);
        let source = io::Error::other(error);
        BlobError::Unreachable { place, source }
    }

    async fn head(&self, digest: &Digest) -> Result<Option<ObjectMeta>, BlobError> {
        let key = self.key(digest);
        match self.store.head(&key).await {
            Ok(meta) => Ok(Some(meta)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(key, error)),
        }
    }

    async fn get(&self, digest: &Digest) -> Result<Option<GetResult>, BlobError> {
        let key = self.key(digest);
        match self.store.get(&key).await {
            Ok(got) => Ok(Some(got)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(key, error)),
        }
    }

    /// Reads a blob that is kept as it is, whole.
    async fn whole(&self, digest: Digest, got: GetResult) -> Result<Bytes, BlobError> {
        let key = || self.key(&digest);
        let len = got.meta.size;
        let bytes = bounded(got, len).await;
        let bytes = bytes.map_err(|error| self.failed(key(), error))?;
        if bytes.len() as u64 != len || Digest::of(&bytes) != digest {
            let place = format!("{}/{}", self.store, key());
            return Err(BlobError::Corrupt { digest, place });
        }
        Ok(bytes)
    }

    /// Puts a blob that is kept as it is.
    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        let digest = Digest::of(&bytes);
        let key = self.key(&digest);
        let payload = || PutPayload::from(bytes.clone());
        let created = self.store.put_opts(&key, payload(), PutMode::Create.into());
        match created.await {
            Ok(_) => return Ok(digest),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
            Err(error) => return Err(self.failed(key, error)),
        }
        if let Some(got) = self.get(&digest).await?
            && is_fresh(&got.meta)
            && self.whole(digest, got).await.is_ok()
        {
            return Ok(digest);
        }
        let put = self.store.put(&key, payload()).await;
        put.map_err(|error| self.failed(key, error))?;
        Ok(digest)
    }

    /// The blobs of the next folder that has any behind `after`.
    async fn list(&self, after: Option<&Digest>) -> Result<Vec<Listed>, BlobError> {
        let failed = |error| self.failed(&self.blobs, error);
        let shards = self.store.list_with_delimiter(Some(&self.blobs)).await;
        let mut shards = shards.map_err(failed)?.common_prefixes;
        shards.sort_unstable();
        let after = after.map(|it| (it, self.key(it)));
        for shard in shards {
            if after
                .as_ref()
                .is_some_and(|(_, key)| shard < *key && !key.prefix_matches(&shard))
            {
                continue;
            }
            let found = self.store.list(Some(&shard)).try_collect().await;
            let found: Vec<ObjectMeta> = found.map_err(failed)?;
            let listed = found.iter().filter_map(|meta| self.listed(meta));
            let mut listed: Vec<_> = listed
                .filter(|it| after.as_ref().is_none_or(|(after, _)| it.digest > **after))
                .collect();
            listed.sort_unstable_by_key(|it| it.digest);
            if !listed.is_empty() {
                return Ok(listed);
            }
        }
        Ok(Vec::new())
    }

    /// What is no blob is somebody else's, and stays.
    fn listed(&self, meta: &ObjectMeta) -> Option<Listed> {
        let parts: Vec<_> = meta.location.prefix_match(&self.blobs)?.collect();
        let name: String = parts.iter().map(|it| it.as_ref()).collect();
        Some(Listed {
            digest: name.parse().ok().filter(|_| parts.len() == 2)?,
            // A damaged one may have any length.
            size: size_of(meta.size).unwrap_or(meta.size),
            modified: meta.last_modified.into(),
        })
    }
}

/// Whether a blob was put so lately that nobody removes it.
fn is_fresh(meta: &ObjectMeta) -> bool {
    let age = SystemTime::now().duration_since(meta.last_modified.into());
    age.is_ok_and(|age| age < FRESH)
}

/// Reads what comes, at most as many bytes and one more, whatever the other side sends.
async fn bounded(got: GetResult, len: u64) -> Result<Bytes, Error> {
    let mut pieces = got.into_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.try_next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > len {
            break;
        }
    }
    Ok(bytes.into())
}

#[async_trait]
impl Blobs for Objects {
    async fn has(&self, digest: &Digest) -> Result<bool, BlobError> {
        Ok(self.0.head(digest).await?.is_some())
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobReader>>, BlobError> {
        // A small blob comes with the question; of a large one the answer is dropped.
        let Some(got) = self.0.get(digest).await? else {
            return Ok(None);
        };
        if got.meta.size <= WHOLE {
            let bytes = self.0.whole(*digest, got).await?;
            return Ok(Some(InMemory::open(bytes)));
        }
        let source = Box::new(Object::new(self, digest));
        let reader = Verified::open(source, *digest, got.meta.size).await?;
        Ok(Some(Box::new(reader)))
    }

    async fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Bytes>, BlobError> {
        let Some(got) = self.0.get(digest).await? else {
            return Ok(None);
        };
        let len = got.meta.size;
        if len <= WHOLE {
            super::within(*digest, len, limit)?;
            return self.0.whole(*digest, got).await.map(Some);
        }
        drop(got);
        let source = Box::new(Object::new(self, digest));
        let reader = Verified::open(source, *digest, len).await?;
        super::read_all(reader, *digest, limit).await.map(Some)
    }

    async fn create(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        Ok(Box::new(Writer::new(self.clone())))
    }

    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        if bytes.len() as u64 <= WHOLE {
            return self.0.put(bytes).await;
        }
        let mut writer = Box::new(Writer::new(self.clone()));
        writer.write(&bytes).await?;
        writer.finish().await
    }

    async fn sync(&self) -> Result<(), BlobError> {
        Ok(())
    }

    async fn list(&self, after: Option<&Digest>) -> Result<Vec<Listed>, BlobError> {
        self.0.list(after).await
    }

    async fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError> {
        let Some(meta) = self.0.head(digest).await? else {
            return Ok(false);
        };
        if SystemTime::from(meta.last_modified) >= before {
            return Ok(false);
        }
        match self.0.store.delete(&meta.location).await {
            Ok(()) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.0.failed(meta.location, error)),
        }
    }
}

/// The object that keeps a large blob.
struct Object {
    objects: Objects,
    key: Key,
}

impl Object {
    fn new(objects: &Objects, digest: &Digest) -> Self {
        let key = objects.0.key(digest);
        let objects = objects.clone();
        Self { objects, key }
    }
}

#[async_trait]
impl Source for Object {
    async fn read(&self, part: Part, _: Vec<u8>) -> Result<Vec<u8>, BlobError> {
        if part.len == 0 {
            return Ok(Vec::new());
        }
        let shelf = &self.objects.0;
        let range = part.at..part.at + part.len;
        let read = shelf.store.get_range(&self.key, range).await;
        let bytes = read.map_err(|error| shelf.failed(&self.key, error))?;
        Ok(bytes.into())
    }

    fn window(&self) -> u64 {
        WINDOW
    }

    fn damaged(&self, digest: Digest) -> BlobError {
        let place = format!("{}/{}", self.objects.0.store, self.key);
        BlobError::Corrupt { digest, place }
    }
}
