//! How caches are talked to: all that comes from outside, handed in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use fetch::Fault;
use fetch::http::{Encoding, Settings};

/// How the server of a URL is talked to.
pub type SettingsOf = dyn Fn(&str) -> Result<Settings, Fault> + Send + Sync;

/// How caches are talked to.
#[derive(Clone)]
pub struct Means {
    /// How the server of a URL is talked to.
    pub settings: Arc<SettingsOf>,
    /// The netrc file, if any. It need not exist.
    pub netrc: Option<PathBuf>,
    /// The wait before each further try of what fails in passing; empty for none.
    pub waits: Vec<Duration>,
    /// `limits.stall-time`: without a single byte.
    pub stall: Duration,
    /// `limits.fetch-time`: for all of one file.
    pub whole: Duration,
    /// Raised to end what is under way.
    pub interrupt: Arc<AtomicBool>,
    /// Who asks buckets of S3; none for whom it may concern.
    pub s3: Option<castore::Login>,
    /// A folder for files that wait for their upload, `/var/tmp` say.
    pub spool: PathBuf,
    /// What time it is.
    pub now: Arc<dyn Fn() -> Instant + Send + Sync>,
    /// For how long answers count.
    pub memory: Memory,
}

/// For how long the answers of a cache count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// That a path is there.
    pub there: Duration,
    /// That it is not.
    pub absent: Duration,
    /// That the cache cannot be reached.
    pub silent: Duration,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            there: Duration::from_secs(3600),
            absent: Duration::from_secs(60),
            silent: Duration::from_secs(15),
        }
    }
}

impl Default for Means {
    /// The system's certificates, nobody's login, three tries.
    fn default() -> Self {
        Self {
            settings: Arc::new(|_| Ok(Settings::default())),
            netrc: None,
            waits: vec![Duration::from_millis(250), Duration::from_secs(1)],
            stall: Duration::from_secs(60),
            whole: Duration::from_secs(3600),
            interrupt: Arc::default(),
            s3: None,
            spool: PathBuf::from("/var/tmp"),
            now: Arc::new(Instant::now),
            memory: Memory::default(),
        }
    }
}

impl Means {
    /// As [`Means::settings`], for bytes as they lie there: hashes and parts are of those.
    pub(super) fn settings_of(&self, url: &str) -> Result<Settings, Fault> {
        Ok(Settings {
            encoding: Encoding::Identity,
            ..(self.settings)(url)?
        })
    }
}

impl std::fmt::Debug for Means {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means").finish_non_exhaustive()
    }
}
