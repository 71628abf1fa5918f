//! Copies paths and all they refer to into a cache that others read: files first, what names them
//! last, and nothing twice.

use std::io::{self, Read, Write};
use std::pin::pin;
use std::sync::Arc;

use fetch::compression::Compression;
use futures_util::{StreamExt as _, stream};
use miette::Diagnostic;
use nix_format::{
    CacheInfo, Hash, NarInfo, Realisation, SecretKey, Sha256, Sha256Hasher, StorePath,
};
use tempfile::NamedTempFile;
use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::runtime::Handle;

use super::cache::{CACHE_INFO, Upstream};
use super::error::UpstreamError;
use crate::blocking::blocking;
use crate::closure::ClosureError;
use crate::info::PathInfo;
use crate::render::{Layout, NarStream};
use crate::store::{Store, StoreError};

/// How paths are copied.
#[derive(Debug, Clone)]
pub struct Sending {
    /// How NARs are compressed.
    pub compression: Compression,
    /// Whose signatures are added.
    pub keys: Vec<SecretKey>,
    /// Whether there is a listing beside each NAR.
    pub listings: Listings,
    /// How many NARs are compressed at a time.
    pub at_once: usize,
}

/// Whether there is a listing beside each NAR, for who asks what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listings {
    /// There is none.
    None,
    /// There is one.
    Written,
}

/// What came of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The paths that are new there, those that are referred to before those that refer to them.
    pub new: Vec<StorePath>,
    /// How many were there already, with the same NAR.
    pub n_known: usize,
    /// Those that are there with another NAR, and stay as they are there.
    pub differing: Vec<StorePath>,
    /// The length of the files that are new there, in bytes.
    pub n_bytes: u64,
}

/// Why paths were not copied. Those that were before stay, whole with all they refer to.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum SendError {
    /// The cache fails, or is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Upstream(#[from] UpstreamError),
    /// A path is not here.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Closure(#[from] ClosureError),
    /// The tree of a path cannot be read.
    #[error("the tree of `{path}` cannot be read")]
    #[diagnostic(
        code(eka::upstream::tree),
        help("`eka store verify --repair` finds what is damaged, and brings it again")
    )]
    Tree {
        /// The path.
        path: StorePath,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The NAR of a path is not the one that is registered.
    #[error("the tree of `{path}` is not the one that is registered")]
    #[diagnostic(
        code(eka::upstream::changed),
        help("`eka store verify --repair` finds what is damaged, and brings it again")
    )]
    Changed {
        /// The path.
        path: StorePath,
    },
    /// The store fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendProgress {
    /// So many paths are looked at, whose NARs have so many bytes.
    Begun {
        /// How many paths.
        n_paths: usize,
        /// The length of their NARs in bytes.
        n_bytes: u64,
    },
    /// A path is there.
    Sent {
        /// The path.
        path: StorePath,
        /// The length of its NAR in bytes.
        nar_size: u64,
    },
}

type Hear<'a> = &'a (dyn Fn(SendProgress) + Send + Sync);

impl Default for Sending {
    /// zstd, which Nix reads as it reads xz: much faster to write, for files that are somewhat
    /// larger.
    fn default() -> Self {
        Self {
            compression: Compression::Zstd,
            keys: Vec::new(),
            listings: Listings::None,
            at_once: 4,
        }
    }
}

impl Store {
    /// Copies paths and all they refer to into a cache, which is made where there is none.
    ///
    /// What a collection may take meanwhile is held by the caller's session. A path that the cache
    /// has stays as it is there. Signatures that a path has are copied with it.
    ///
    /// # Errors
    ///
    /// [`SendError`].
    pub async fn send(
        &self,
        to: &Upstream,
        paths: &[StorePath],
        sending: &Sending,
        hear: Hear<'_>,
    ) -> Result<Sent, SendError> {
        to.make().await?;
        let closure = self.closure(paths).await?;
        let n_bytes = closure.iter().map(|it| it.nar_size).sum();
        let n_paths = closure.len();
        hear(SendProgress::Begun { n_paths, n_bytes });
        let copied = closure.into_iter().map(|it| self.send_nar(to, it, sending));
        let mut copied = pin!(stream::iter(copied).buffered(sending.at_once.max(1)));
        let mut sent = Sent::default();
        // In order, so that a cache never has a path without those that it refers to.
        while let Some(next) = copied.next().await {
            let (path, nar_size) = match next? {
                Copied::There { narinfo, is_same } => {
                    match is_same {
                        true => sent.n_known += 1,
                        false => sent.differing.push(narinfo.path.clone()),
                    }
                    (narinfo.path, narinfo.nar_size)
                }
                Copied::New(narinfo) => {
                    let path = narinfo.path.clone();
                    let name = format!("{}.narinfo", path.hash_part());
                    let text = narinfo.print(to.dir()).into_bytes();
                    let (n_bytes, nar_size) = (narinfo.file_size, narinfo.nar_size);
                    if to.create(&name, text).await? {
                        sent.n_bytes += n_bytes;
                        sent.new.push(path.clone());
                    } else if to.same(&path, narinfo.nar_hash).await? {
                        sent.n_known += 1;
                    } else {
                        sent.differing.push(path.clone());
                    }
                    (path, nar_size)
                }
            };
            hear(SendProgress::Sent { path, nar_size });
        }
        Ok(sent)
    }

    /// Puts the file of a path's NAR, unless the cache has the path.
    async fn send_nar(
        &self,
        to: &Upstream,
        info: PathInfo,
        sending: &Sending,
    ) -> Result<Copied, SendError> {
        if let Some(narinfo) = to.present(&info.path).await? {
            let is_same = narinfo.nar_hash == info.nar_hash;
            let narinfo = Box::new(narinfo);
            return Ok(Copied::There { narinfo, is_same });
        }
        let tree = |source| SendError::Tree {
            path: info.path.clone(),
            source,
        };
        let limits = castore::Limits::default();
        let layout = Layout::read(self.blobs().as_ref(), &info.root, limits).await;
        let layout = Arc::new(layout.map_err(|it| tree(it.into()))?);
        let nar = NarStream::new(Arc::clone(self.blobs()), Arc::clone(&layout));
        let compression = sending.compression;
        let (place, runtime) = (to.place().clone(), Handle::current());
        let packed = blocking(move || {
            let file = place.begin("nar").map_err(Fault::There)?;
            pack(nar, &runtime, file, compression)
        });
        let packed = packed.await.map_err(|fault| match fault {
            Fault::There(source) => to.write_fault("nar", source),
            Fault::Here(source) => tree(source),
        })?;
        if (packed.nar_hash, packed.nar_size) != (info.nar_hash, info.nar_size) {
            let path = info.path;
            return Err(SendError::Changed { path });
        }
        let hash = Hash::from(packed.file_hash).base32();
        let url = format!("nar/{hash}.nar{}", suffix(compression));
        let kept = to.place().keep(packed.file, &url).await;
        kept.map_err(|source| to.write_fault(&url, source))?;
        if sending.listings == Listings::Written {
            let listing = layout.listing();
            let name = format!("{}.ls", info.path.hash_part());
            to.create(&name, listing).await?;
        }
        let mut narinfo = NarInfo {
            path: info.path,
            url: url.parse().expect("it is made of a hash"),
            compression: compression.as_str().parse().expect("its name is a word"),
            file_hash: Some(packed.file_hash),
            file_size: packed.file_size,
            nar_hash: info.nar_hash,
            nar_size: info.nar_size,
            references: info.references,
            deriver: info.deriver,
            system: None,
            signatures: info.signatures,
            ca: info.ca,
        };
        for key in &sending.keys {
            narinfo.sign(to.dir(), key);
        }
        Ok(Copied::New(Box::new(narinfo)))
    }
}

impl Upstream {
    /// Makes the cache where there is none.
    ///
    /// # Errors
    ///
    /// As [`Upstream::info`]; [`UpstreamError::ReadOnly`], [`UpstreamError::Write`].
    pub async fn make(&self) -> Result<(), UpstreamError> {
        if !self.place().is_writable() {
            let cache = self.cache();
            return Err(UpstreamError::ReadOnly { cache });
        }
        let info = CacheInfo {
            store_dir: self.dir().clone(),
            wants_mass_query: false,
            priority: None,
        };
        self.create(CACHE_INFO, info.print().into_bytes()).await?;
        self.info().await.map(drop)
    }

    /// Writes what an output became, signed by these keys too; says whether it is new there.
    ///
    /// # Errors
    ///
    /// As [`Upstream::make`].
    pub async fn send_realisation(
        &self,
        mut realisation: Realisation,
        keys: &[SecretKey],
    ) -> Result<bool, UpstreamError> {
        self.make().await?;
        for key in keys {
            realisation.sign(key);
        }
        let name = format!("realisations/{}.doi", realisation.id);
        self.create(&name, realisation.print().into_bytes()).await
    }

    /// What it says of a path, whoever signed that: what is there stays.
    async fn present(&self, path: &StorePath) -> Result<Option<NarInfo>, UpstreamError> {
        let name = format!("{}.narinfo", path.hash_part());
        let Some(bytes) = self.get(&name, NarInfo::MAX_BYTES as u64).await? else {
            return Ok(None);
        };
        let narinfo = NarInfo::parse(self.dir(), &bytes);
        let narinfo = narinfo.map_err(|fault| self.bad_narinfo(path, fault))?;
        if narinfo.path != *path {
            return Err(UpstreamError::OtherPath {
                cache: self.cache(),
                path: path.clone(),
                found: narinfo.path,
            });
        }
        Ok(Some(narinfo))
    }

    async fn same(&self, path: &StorePath, nar_hash: Sha256) -> Result<bool, UpstreamError> {
        let there = self.present(path).await?;
        Ok(there.is_some_and(|it| it.nar_hash == nar_hash))
    }

    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<bool, UpstreamError> {
        let created = self.place().create(name, bytes).await;
        created.map_err(|source| self.cannot_write(name, source))
    }

    fn cannot_write(&self, name: &str, source: io::Error) -> UpstreamError {
        UpstreamError::Write {
            cache: self.cache(),
            what: name.to_owned(),
            source,
        }
    }

    fn write_fault(&self, name: &str, source: io::Error) -> SendError {
        self.cannot_write(name, source).into()
    }
}

/// A path whose NAR is in the cache.
enum Copied {
    /// With its narinfo.
    There {
        narinfo: Box<NarInfo>,
        is_same: bool,
    },
    /// Without.
    New(Box<NarInfo>),
}

/// What Nix has behind the names of its files.
const fn suffix(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "",
        Compression::Bzip2 => ".bz2",
        Compression::Gzip => ".gz",
        Compression::Xz => ".xz",
        Compression::Zstd => ".zst",
    }
}

/// A NAR that was compressed into a file.
struct Packed {
    file: NamedTempFile,
    file_hash: Sha256,
    file_size: u64,
    nar_hash: Sha256,
    nar_size: u64,
}

/// Where packing failed.
enum Fault {
    /// Where it is read.
    Here(io::Error),
    /// Where it is written.
    There(io::Error),
}

/// Compresses a NAR, on a thread that may block.
fn pack(
    nar: NarStream,
    runtime: &Handle,
    file: NamedTempFile,
    compression: Compression,
) -> Result<Packed, Fault> {
    let mut source = Source {
        nar,
        runtime,
        hasher: Sha256Hasher::new(),
        fault: None,
    };
    let mut into = Into {
        file,
        hasher: Sha256Hasher::new(),
        n_bytes: 0,
    };
    let compressed = compression.compress(&mut source, &mut into);
    let nar_size = match (source.fault, compressed) {
        (Some(fault), _) => return Err(Fault::Here(fault)),
        (None, Err(fault)) => return Err(Fault::There(fault)),
        (None, Ok(n_bytes)) => n_bytes,
    };
    Ok(Packed {
        file: into.file,
        file_hash: into.hasher.finish(),
        file_size: into.n_bytes,
        nar_hash: source.hasher.finish(),
        nar_size,
    })
}

/// A NAR as it is rendered, hashed.
struct Source<'a> {
    nar: NarStream,
    runtime: &'a Handle,
    hasher: Sha256Hasher,
    fault: Option<io::Error>,
}

impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.runtime.block_on(self.nar.read(buf)) {
            Ok(n) => {
                self.hasher.update(&buf[..n]);
                Ok(n)
            }
            Err(error) => {
                let told = error.kind().into();
                self.fault = Some(error);
                Err(told)
            }
        }
    }
}

/// A file that is written, hashed.
struct Into {
    file: NamedTempFile,
    hasher: Sha256Hasher,
    n_bytes: u64,
}

impl Write for Into {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.n_bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
