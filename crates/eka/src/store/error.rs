//! Why the store did not do what a command asked.

use std::io;
use std::path::PathBuf;

use ::store::closure::ClosureError;
use ::store::collect::CollectError;
use ::store::infos::InfosError;
use ::store::ingest::IngestError;
use ::store::render::RenderError;
use ::store::roots::RootError;
use ::store::session::SessionError;
use ::store::upstream::{AddressError, BringError, SendError, UpstreamError};
use ::store::verify::VerifyError;
use castore::BlobError;
use miette::Diagnostic;
use nix_format::{KeyError, StoreDirError, StorePathError};
use thiserror::Error;

use crate::exit::Exit;
use crate::nar::Fault;

/// What keeps `eka store` and `eka gc` from their answers.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum StoreError {
    /// A key of the configuration holds what is of no use.
    #[error("`{key}` is `{value}`, which is not {expected}")]
    #[diagnostic(code(eka::store::setting), help("set `{key}` to {expected}"))]
    Setting {
        /// The key, or the variable.
        key: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        expected: &'static str,
    },
    /// There is no thread to work on.
    #[error("no threads can be started")]
    #[diagnostic(
        code(eka::store::runtime),
        help("raise the limit of processes, or end some")
    )]
    Runtime {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// An argument is a path elsewhere, or none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Place(#[from] StoreDirError),
    /// An argument is no path of a store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Path(#[from] StorePathError),
    /// A path is not registered.
    #[error("`{path}` is not in the store")]
    #[diagnostic(
        code(eka::store::not_there),
        help(
            "`eka store copy --from` brings it from a cache that has it, `eka store add` from a folder"
        )
    )]
    NotThere {
        /// The path, in full.
        path: String,
    },
    /// A path of the store has nothing of that name below it.
    #[error("`{path}` has no `{below}`")]
    #[diagnostic(code(eka::store::no_path), help("`eka store ls -R` shows what it has"))]
    NoPath {
        /// The path, in full.
        path: String,
        /// What was asked for, from there on.
        below: String,
    },
    /// What is asked to be written is no file.
    #[error("`{path}` is a {kind}")]
    #[diagnostic(
        code(eka::store::no_file),
        help(
            "only a file has contents; `eka store ls -l` shows what a folder holds, and where a link leads"
        )
    )]
    NoFile {
        /// The path, in full.
        path: String,
        /// `folder` or `link`.
        kind: &'static str,
    },
    /// One name for several trees.
    #[error("`--name` names one path, and {n_paths} are to be added")]
    #[diagnostic(code(eka::store::one_name), help("add them one by one"))]
    OneName {
        /// How many.
        n_paths: usize,
    },
    /// A path of a file system ends in nothing that could be a name.
    #[error("`{}` ends in no name", path.display())]
    #[diagnostic(code(eka::store::no_name), help("give one by `--name`"))]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// A tree cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tree(#[from] crate::nar::NarError),
    /// A link is none, or leads elsewhere.
    #[error("`{}` is no link to a path of the store", path.display())]
    #[diagnostic(
        code(eka::store::no_link),
        help("make the link first: it keeps what it points at for as long as it does")
    )]
    NoLink {
        /// Where.
        path: PathBuf,
    },
    /// There is no such root.
    #[error("there is no root `{root}`")]
    #[diagnostic(code(eka::store::no_root), help("`eka store roots` lists them"))]
    NoRoot {
        /// Its name, or where the link lies.
        root: String,
    },
    /// The answer cannot be handed on.
    #[error("cannot write what was asked for")]
    #[diagnostic(code(eka::store::output), help("see that its disk is not full"))]
    Output {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A file of a tree cannot be read.
    #[error("`{path}` cannot be read")]
    #[diagnostic(
        code(eka::store::unreadable),
        help("`eka store verify` tells what is damaged, and with `--repair` brings it anew")
    )]
    Unreadable {
        /// The path, in full.
        path: String,
        /// What the store says.
        #[source]
        source: io::Error,
    },
    /// Blobs are missing or damaged.
    #[error("{n_blobs} {} missing or damaged", if *n_blobs == 1 { "blob is" } else { "blobs are" })]
    #[diagnostic(
        code(eka::store::faults),
        help(
            "`eka store verify --repair` brings them from the caches of `store.caches`; what was added from a folder is put right by adding it again"
        )
    )]
    Faults {
        /// How many.
        n_blobs: usize,
    },
    /// The store cannot be opened or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] ::store::StoreError),
    /// What a name of a root may be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Root(#[from] RootError),
    /// A tree does not go in.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ingest(#[from] IngestError),
    /// A closure is not known.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Closure(ClosureError),
    /// Nobody said where paths come from or go to.
    #[error("there is no cache to copy from or to")]
    #[diagnostic(
        code(eka::store::no_caches),
        help("name one by `--from` or `--to`, or set `store.caches`")
    )]
    NoCaches,
    /// Behind the URL of a cache stands something unknown.
    #[error("`{word}` says nothing of the cache `{cache}`")]
    #[diagnostic(
        code(eka::store::cache_word),
        help(
            "behind the URL stand `priority=N`, `trusted`, and public keys such as `name:<base64>`"
        )
    )]
    CacheWord {
        /// The cache's URL.
        cache: String,
        /// What stands there.
        word: String,
    },
    /// The file of a secret key cannot be read.
    #[error("the secret key `{}` cannot be read", path.display())]
    #[diagnostic(
        code(eka::store::key),
        help(
            "`nix-store --generate-binary-cache-key` makes one; see that the file is yours to read"
        )
    )]
    Key {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A key is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    KeyText(#[from] KeyError),
    /// A URL is none of a cache.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Address(#[from] AddressError),
    /// A cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Upstream(#[from] UpstreamError),
    /// Paths do not come.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Bring(Box<BringError>),
    /// Paths do not go.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Send(Box<SendError>),
    /// Garbage is not collected.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Collect(#[from] CollectError),
    /// Nothing is verified.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Verify(#[from] VerifyError),
    /// A tree cannot be read from the store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Render(#[from] RenderError),
}

impl StoreError {
    /// What it means for the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Setting { .. }
            | Self::Place(_)
            | Self::Path(_)
            | Self::OneName { .. }
            | Self::NoName { .. }
            | Self::NoCaches
            | Self::CacheWord { .. }
            | Self::KeyText(_)
            | Self::Address(_)
            | Self::Root(_) => Exit::Usage,
            Self::Faults { .. } => Exit::Integrity,
            Self::Upstream(error) => upstream(error),
            Self::Bring(error) => match &**error {
                BringError::NotFound(it) => several(&it.faults),
                _ => Exit::No,
            },
            Self::Send(error) => match &**error {
                SendError::Upstream(error) => upstream(error),
                SendError::Changed { .. } => Exit::Integrity,
                _ => Exit::No,
            },
            _ => Exit::No,
        }
    }

    /// Whether whoever read the answer had enough.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output { source } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<InfosError> for StoreError {
    fn from(error: InfosError) -> Self {
        ::store::StoreError::from(error).into()
    }
}

impl From<SessionError> for StoreError {
    fn from(error: SessionError) -> Self {
        ::store::StoreError::from(error).into()
    }
}

impl From<BlobError> for StoreError {
    fn from(error: BlobError) -> Self {
        ::store::StoreError::from(error).into()
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        crate::nar::NarError::from(fault).into()
    }
}

/// A fault of the database, as every command tells it; of a path that is not there each tells the
/// full path.
pub(super) fn of_closure(
    error: ClosureError,
    print: impl Fn(&nix_format::StorePath) -> String,
) -> StoreError {
    match error {
        ClosureError::NotThere { path } => StoreError::NotThere { path: print(&path) },
        ClosureError::Infos(error) => error.into(),
        other => StoreError::Closure(other),
    }
}

/// One cache that lies or is not to be believed weighs more than others that are silent.
fn several(faults: &[UpstreamError]) -> Exit {
    let exits: Vec<Exit> = faults.iter().map(upstream).collect();
    let worst = [Exit::Integrity, Exit::Network];
    let worst = worst.into_iter().find(|it| exits.contains(it));
    worst.unwrap_or(Exit::No)
}

fn upstream(error: &UpstreamError) -> Exit {
    match error {
        it if it.is_silence() => Exit::Network,
        UpstreamError::NoCache { .. }
        | UpstreamError::StoreDir { .. }
        | UpstreamError::Compression { .. }
        | UpstreamError::Large { .. }
        | UpstreamError::Write { .. }
        | UpstreamError::ReadOnly { .. } => Exit::No,
        _ => Exit::Integrity,
    }
}
