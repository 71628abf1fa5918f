//! How remotes are talked to: git's configuration, limits, retries, all handed in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::error::{Fault, RemoteError};
use crate::repo::{Environment, Options};

/// What every session shares. Cheap to clone.
#[derive(Clone)]
pub struct TransportOptions {
    /// The repository whose configuration counts: `insteadOf`, proxies, credential helpers, ssh.
    pub(crate) config: gix::ThreadSafeRepository,
    /// How much is taken from a remote.
    pub limits: Limits,
    /// How often a transient fault is tried again.
    pub retry: Retry,
    /// Whether a person may be asked for credentials.
    pub prompt: Prompt,
    /// The netrc file, if any: `$NETRC`, or `~/.netrc`. It need not exist.
    pub netrc: Option<PathBuf>,
    /// Raised to end what is under way.
    pub interrupt: Arc<AtomicBool>,
}

/// Whether a person may be asked for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prompt {
    /// No: stdin is no terminal. An askpass program is run nevertheless, as git does.
    #[default]
    Never,
    /// Yes, as git does it.
    Terminal,
}

/// How often, and after which waits, a transient fault is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The wait before each further try; empty for none.
    pub waits: Vec<Duration>,
}

/// What is taken from a remote before it is given up as hostile or broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `limits.refs`: refs of one listing, after our own filter; a name beyond 96 bytes counts as
    /// several.
    pub refs: u64,
    /// `limits.listing-bytes`: bytes of one listing, before our own filter.
    pub listing_bytes: u64,
    /// Longest ref name, in bytes. A longer one is dropped, never an error:
    /// whoever may push one ref must not be able to hide the others.
    pub name_bytes: usize,
    /// `limits.pack-bytes`: bytes of one pack.
    pub pack_bytes: u64,
    /// `limits.pack-objects`: objects in one pack.
    pub pack_objects: u64,
    /// `limits.object-bytes`: bytes of one object, unpacked.
    pub object_bytes: u64,
    /// `limits.connect-time`: until a connection stands.
    pub connect: Duration,
    /// `limits.stall-time`: without a single byte.
    pub stall: Duration,
    /// `limits.listing-time`: for a whole listing.
    pub listing: Duration,
    /// `limits.fetch-time`: for a whole fetch.
    pub fetch: Duration,
}

impl TransportOptions {
    /// The defaults, over the configuration of the repository with this git folder: the user's own
    /// where there is one, else the cache's ([`Cache::git_dir`](crate::cache::Cache::git_dir)).
    ///
    /// # Errors
    ///
    /// [`Fault::Settings`] where that configuration cannot be read.
    pub fn open(git_dir: &Path, options: &Options) -> Result<Self, RemoteError> {
        let config = gix::open_opts(git_dir, settings(options)).map_err(|error| {
            let what = error.to_string();
            RemoteError::new(git_dir.display(), Fault::Settings { what })
        })?;
        Ok(Self {
            config: config.into_sync(),
            limits: Limits::default(),
            retry: Retry::default(),
            prompt: Prompt::default(),
            netrc: None,
            interrupt: Arc::default(),
        })
    }

    /// # Errors
    ///
    /// [`Fault::Interrupted`] once the flag is raised.
    pub(crate) fn check_interrupt(&self) -> Result<(), Fault> {
        if self.interrupt.load(Ordering::Relaxed) {
            Err(Fault::Interrupted)
        } else {
            Ok(())
        }
    }
}

/// As a repository is opened for its objects, but with git's own variables, `GIT_SSH_COMMAND` among
/// them; which repository is meant is said by its path.
fn settings(options: &Options) -> gix::open::Options {
    options.as_gix().permissions(match options.environment {
        Environment::User => gix::open::Permissions::all(),
        Environment::Nothing => gix::open::Permissions::isolated(),
    })
}

impl std::fmt::Debug for TransportOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransportOptions")
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .field("prompt", &self.prompt)
            .finish_non_exhaustive()
    }
}

impl Default for Retry {
    /// Two more tries, after 0.2 and 0.8 s.
    fn default() -> Self {
        Self {
            waits: vec![Duration::from_millis(200), Duration::from_millis(800)],
        }
    }
}

impl Retry {
    /// No second try.
    #[must_use]
    pub const fn never() -> Self {
        Self { waits: Vec::new() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            refs: 200_000,
            listing_bytes: 256 << 20,
            name_bytes: 512,
            pack_bytes: 4 << 30,
            pack_objects: 5_000_000,
            object_bytes: 1 << 30,
            connect: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            listing: Duration::from_secs(300),
            fetch: Duration::from_secs(3600),
        }
    }
}
