//! Why a cache gave nothing that can be used.

use std::io;

use fetch::download::DownloadError;
use miette::Diagnostic;
use nix_format::narinfo::NarInfoError;
use nix_format::{CacheInfoError, ContentAddress, RealisationError, StorePath};
use thiserror::Error;

/// Why a cache could not be asked: it says neither that something is there nor that it is not.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Silence {
    /// A server gave no answer of use.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Server(#[from] DownloadError),
    /// A folder cannot be read.
    #[error("`{place}` cannot be read")]
    #[diagnostic(
        code(eka::upstream::unreadable),
        help("is the disk of the cache mounted, and yours to read?")
    )]
    Unreadable {
        /// The file.
        place: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// It could not be reached a moment ago.
    #[error("it could not be reached a moment ago: {why}")]
    #[diagnostic(
        code(eka::upstream::resting),
        help("it will be asked again in a while")
    )]
    Resting {
        /// What went wrong then.
        why: String,
    },
}

/// Why a cache gave nothing that can be used.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum UpstreamError {
    /// It could not be asked.
    #[error("the cache `{cache}` cannot be asked for `{what}`")]
    #[diagnostic(forward(source))]
    Silent {
        /// Its address.
        cache: String,
        /// What was to be asked for, such as `nix-cache-info`.
        what: String,
        /// Why.
        #[source]
        source: Silence,
    },
    /// There is no cache.
    #[error("there is no binary cache at `{cache}`: it has no `nix-cache-info`")]
    #[diagnostic(code(eka::upstream::no_cache), help("check the address"))]
    NoCache {
        /// Its address.
        cache: String,
    },
    /// What it says of itself cannot be read.
    #[error("the cache `{cache}` does not say what it is")]
    #[diagnostic(code(eka::upstream::cache_info))]
    CacheInfo {
        /// Its address.
        cache: String,
        /// What is wrong.
        #[source]
        #[diagnostic_source]
        fault: CacheInfoError,
    },
    /// It has the paths of another store.
    #[error("the cache `{cache}` has paths of `{theirs}`, and this store is `{ours}`")]
    #[diagnostic(
        code(eka::upstream::store_dir),
        help("paths cannot move between folders: use a cache of the same store")
    )]
    StoreDir {
        /// Its address.
        cache: String,
        /// Its store.
        theirs: String,
        /// Our store.
        ours: String,
    },
    /// What it says of a path cannot be read.
    #[error("the cache `{cache}` gives no narinfo of `{path}`")]
    #[diagnostic(code(eka::upstream::narinfo))]
    NarInfo {
        /// Its address.
        cache: String,
        /// The path.
        path: StorePath,
        /// What is wrong.
        #[source]
        #[diagnostic_source]
        fault: NarInfoError,
    },
    /// It answers for another path.
    #[error("the cache `{cache}` was asked for `{path}`, and answers for `{found}`")]
    #[diagnostic(
        code(eka::upstream::other_path),
        help("the cache is broken, or lies: tell whoever runs it")
    )]
    OtherPath {
        /// Its address.
        cache: String,
        /// The path that was asked for.
        path: StorePath,
        /// The one that it answers for.
        found: StorePath,
    },
    /// None of the keys that are trusted for it has signed a path.
    #[error("the cache `{cache}` has `{path}` without a signature that counts ({signers})")]
    #[diagnostic(
        code(eka::upstream::unsigned),
        help("add its public key to those trusted for this cache, if you trust whoever has it")
    )]
    Unsigned {
        /// Its address.
        cache: String,
        /// The path.
        path: StorePath,
        /// The names of the keys that did sign, as they say.
        signers: String,
    },
    /// A path is not named by the content that it is said to be named by.
    #[error("the cache `{cache}` says `{path}` is named by `{ca}`, and it is not")]
    #[diagnostic(
        code(eka::upstream::content_address),
        help("the cache is broken, or lies: tell whoever runs it")
    )]
    ContentAddress {
        /// Its address.
        cache: String,
        /// The path.
        path: StorePath,
        /// What it is said to be named by.
        ca: ContentAddress,
    },
    /// A file is compressed in a way that is not read here.
    #[error("the cache `{cache}` has `{path}` compressed by `{compression}`")]
    #[diagnostic(
        code(eka::upstream::compression),
        help("`none`, `bzip2`, `gzip`, `xz` and `zstd` are read")
    )]
    Compression {
        /// Its address.
        cache: String,
        /// The path.
        path: StorePath,
        /// Its name.
        compression: String,
    },
    /// A NAR is longer than is taken.
    #[error("the cache `{cache}` has `{path}` with a NAR of {size} bytes, more than {limit}")]
    #[diagnostic(
        code(eka::upstream::large),
        help("if it is to be that large, raise `limits.nar-bytes`")
    )]
    Large {
        /// Its address.
        cache: String,
        /// The path.
        path: StorePath,
        /// What it says of the size.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The NAR is not what was announced, or did not come whole.
    #[error("the cache `{cache}` gives no NAR of `{path}` as it announced")]
    #[diagnostic(
        code(eka::upstream::nar),
        help("it was damaged on the way, or the cache is: bring it from elsewhere")
    )]
    Nar {
        /// Its address.
        cache: String,
        /// The path.
        path: StorePath,
        /// What is wrong.
        #[source]
        fault: NarFault,
    },
    /// What it says of an output cannot be read, or is of another one.
    #[error("the cache `{cache}` gives no realisation of `{id}`")]
    #[diagnostic(code(eka::upstream::realisation))]
    Realisation {
        /// Its address.
        cache: String,
        /// The output.
        id: String,
        /// What is wrong.
        #[source]
        #[diagnostic_source]
        fault: RealisationFault,
    },
    /// Something of it cannot be written.
    #[error("`{what}` cannot be written to the cache `{cache}`")]
    #[diagnostic(code(eka::upstream::write), help("is it full, or not yours to write?"))]
    Write {
        /// Its address.
        cache: String,
        /// The file.
        what: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// It can only be read.
    #[error("the cache `{cache}` can only be read")]
    #[diagnostic(
        code(eka::upstream::read_only),
        help("copy to a folder by `file:///…`, or to a bucket by `s3://…`")
    )]
    ReadOnly {
        /// Its address.
        cache: String,
    },
}

/// What is wrong with a realisation.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RealisationFault {
    /// It cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Text(#[from] RealisationError),
    /// It is of another output.
    #[error("it is of `{found}`")]
    #[diagnostic(code(eka::upstream::other_output))]
    Other {
        /// Of which.
        found: String,
    },
    /// None of the keys that are trusted for the cache has signed it.
    #[error("no key that counts has signed it")]
    #[diagnostic(
        code(eka::upstream::unsigned_realisation),
        help("add the public key to those trusted for this cache, if you trust whoever has it")
    )]
    Unsigned,
}

/// What is wrong with a NAR that came.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NarFault {
    /// It did not come whole.
    #[error(transparent)]
    Silent(#[from] Silence),
    /// Its file is not there, though the narinfo says so.
    #[error("there is no file `{url}`")]
    Missing {
        /// Where it should lie.
        url: String,
    },
    /// Its file is shorter or longer than announced.
    #[error("its file has {found} bytes, and {announced} were announced")]
    FileSize {
        /// How many came; no more were read once they were too many.
        found: u64,
        /// How many should.
        announced: u64,
    },
    /// Its file has another hash than announced.
    #[error("its file has not the hash that was announced")]
    FileHash,
    /// What it is compressed by cannot be undone.
    #[error("it cannot be decompressed as `{compression}`: {what}")]
    Compressed {
        /// The compression that the narinfo names.
        compression: &'static str,
        /// Why.
        what: String,
    },
    /// It is not the NAR that was announced.
    #[error(transparent)]
    Ingest(crate::ingest::IngestError),
    /// It is not what the path is named by.
    #[error("its content is not what the path is named by")]
    Content,
}

impl UpstreamError {
    /// Whether the cache could not be asked at all.
    #[must_use]
    pub const fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Silent { .. }
                | Self::Nar {
                    fault: NarFault::Silent(_),
                    ..
                }
        )
    }
}

impl From<NarFault> for io::Error {
    fn from(fault: NarFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}
