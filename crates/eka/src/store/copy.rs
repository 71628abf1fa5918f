//! `eka store copy`: paths and all they refer to, from caches and to one.

use std::path::PathBuf;

use ::store::upstream::{BringError, Progress, SendError, SendProgress, Sending};
use fetch::compression::Compression;

use super::{Opened, StoreError, caches, named};
use crate::context::Context;
use crate::error::Error;
use crate::event::Task;
use crate::limits;

/// What to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRequest {
    /// Paths of the store.
    pub paths: Vec<String>,
    /// The cache that has what is missing, as in `store.caches`; without it, those.
    pub from: Option<String>,
    /// The cache that they go to; without it, they come to the store and stay there.
    pub to: Option<String>,
    /// How NARs are compressed that go to a cache; without it, as `zstd` does.
    pub compression: Option<Compression>,
    /// The secret key that signs what goes to a cache.
    pub key: Option<PathBuf>,
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// What came to the store, in full, what is referred to first.
    pub brought: Vec<String>,
    /// What is new in the cache, in full, what is referred to first.
    pub sent: Vec<String>,
    /// What the cache has with another NAR, in full, and keeps so.
    pub differing: Vec<String>,
    /// How many paths the cache had already.
    pub n_known: usize,
    /// How many bytes came as NARs, or went as files.
    pub n_bytes: u64,
}

/// Copies paths and all they refer to: what is missing here from caches, and all of it to a cache
/// where one is named.
///
/// # Errors
///
/// [`StoreError::NoCaches`] where none is named; [`StoreError::Bring`], [`StoreError::Send`]: what
/// was copied by then, whole with all it refers to, stays.
pub fn copy(ctx: &Context<'_>, request: &CopyRequest) -> Result<CopyReport, Error> {
    let opened = Opened::open(ctx)?;
    let dir = opened.store.dir();
    let paths = named::paths(dir, &request.paths)?;
    let session = opened.store.session().map_err(StoreError::from)?;
    let there = opened.run(ctx, session.hold(&paths))?;
    let mut report = CopyReport::default();
    let from = match &request.from {
        Some(from) => vec![caches::named(ctx, from)?],
        None => caches::configured(ctx)?,
    };
    if request.to.is_none() && from.is_empty() {
        return Err(StoreError::NoCaches.into());
    }
    let is_missing = there.contains(&false);
    // What is registered has all that it refers to.
    if is_missing && !from.is_empty() {
        let upstreams = caches::several(ctx, dir, from)?;
        let bar = Bar::new(ctx, "copying to the store");
        let hear = |it| bar.brought(&it);
        let work = session.bring(&upstreams, &paths, limits::of_caches(&ctx.config), &hear);
        let brought = opened.run(ctx, work)?;
        report.brought = brought.paths.iter().map(|it| dir.print(it)).collect();
        report.n_bytes = brought.n_bytes;
    }
    if let Some(to) = &request.to {
        let mut sending = Sending::default();
        if let Some(compression) = request.compression {
            sending.compression = compression;
        }
        sending.keys = caches::secret_key(ctx, request.key.as_ref())?
            .into_iter()
            .collect();
        let cache = caches::named(ctx, to)?;
        let cache = caches::open(ctx, dir, vec![cache])?.remove(0);
        let bar = Bar::new(ctx, "copying to the cache");
        let hear = |it| bar.sent(&it);
        let work = opened.store.send(&cache, &paths, &sending, &hear);
        let sent = opened.run(ctx, work)?;
        report.sent = sent.new.iter().map(|it| dir.print(it)).collect();
        report.differing = sent.differing.iter().map(|it| dir.print(it)).collect();
        (report.n_known, report.n_bytes) = (sent.n_known, sent.n_bytes);
    }
    Ok(report)
}

/// How far a copy is, in KiB of NARs.
pub(super) struct Bar<'a> {
    ctx: &'a Context<'a>,
    what: &'static str,
    task: std::sync::Mutex<Option<Task<'a>>>,
}

impl<'a> Bar<'a> {
    pub(super) const fn new(ctx: &'a Context<'a>, what: &'static str) -> Self {
        let task = std::sync::Mutex::new(None);
        Self { ctx, what, task }
    }

    fn begin(&self, n_paths: usize, n_bytes: u64) {
        let what = format!("{} {n_paths} paths, KiB", self.what);
        let task = self.ctx.task(what, Some(n_bytes / 1024));
        *self.task.lock().unwrap_or_else(|it| it.into_inner()) = Some(task);
    }

    fn done(&self, n_bytes: u64) {
        if let Some(task) = &*self.task.lock().unwrap_or_else(|it| it.into_inner()) {
            task.advance(n_bytes / 1024);
        }
    }

    fn brought(&self, progress: &Progress) {
        match progress {
            Progress::Begun { n_paths, n_bytes } => self.begin(*n_paths, *n_bytes),
            Progress::Brought { nar_size, .. } => self.done(*nar_size),
            _ => {}
        }
    }

    fn sent(&self, progress: &SendProgress) {
        match progress {
            SendProgress::Begun { n_paths, n_bytes } => self.begin(*n_paths, *n_bytes),
            SendProgress::Sent { nar_size, .. } => self.done(*nar_size),
            _ => {}
        }
    }
}

impl From<BringError> for StoreError {
    fn from(error: BringError) -> Self {
        Self::Bring(Box::new(error))
    }
}

impl From<SendError> for StoreError {
    fn from(error: SendError) -> Self {
        Self::Send(Box::new(error))
    }
}
