//! Several caches, the first that has a path first; and what those say that could not be asked.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use miette::Diagnostic;
use nix_format::{DrvOutput, NarInfo, Realisation, StorePath};
use thiserror::Error;
use tokio::sync::OnceCell;

use super::cache::Upstream;
use super::error::UpstreamError;
use super::nar;
use crate::info::PathInfo;
use crate::verify::{Elsewhere, Nar};

/// Several caches, asked by priority; of the same priority, in their order.
#[derive(Debug)]
pub struct Upstreams {
    given: Vec<Arc<Upstream>>,
    ordered: OnceCell<Vec<Arc<Upstream>>>,
}

/// A cache that has a path, and what it says of it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The cache.
    pub upstream: Arc<Upstream>,
    /// What it says, which counts.
    pub narinfo: Arc<NarInfo>,
}

/// Why no cache gives what was asked for: some could not be asked, or are not to be believed.
#[derive(Debug, Error, Diagnostic)]
#[error("no cache gives `{what}`, and not all of them could be asked or believed")]
#[diagnostic(
    code(eka::upstream::not_found),
    help("mend what each of them says, or name another cache")
)]
pub struct NotFound {
    /// What was asked for.
    pub what: String,
    /// What each of those said, by priority; never empty.
    #[related]
    pub faults: Vec<UpstreamError>,
}

impl Upstreams {
    /// Takes caches; asks nothing yet.
    #[must_use]
    pub fn new(upstreams: impl IntoIterator<Item = Upstream>) -> Self {
        Self {
            given: upstreams.into_iter().map(Arc::new).collect(),
            ordered: OnceCell::new(),
        }
    }

    /// All of them, the one that is asked first before the others.
    ///
    /// One that cannot be asked for its priority stands last.
    pub async fn all(&self) -> &[Arc<Upstream>] {
        let order = self.ordered.get_or_init(|| async {
            let mut all = Vec::new();
            for upstream in &self.given {
                let priority = upstream.priority().await.unwrap_or(u32::MAX);
                all.push((priority, Arc::clone(upstream)));
            }
            all.sort_by_key(|it| it.0);
            all.into_iter().map(|it| it.1).collect()
        });
        order.await
    }

    /// Asks for a path; nothing where each cache says that it is not there.
    ///
    /// # Errors
    ///
    /// [`NotFound`] where none has it and some could not be asked or believed.
    pub async fn narinfo(&self, path: &StorePath) -> Result<Option<Found>, NotFound> {
        let found = self.others(path, 0).await;
        found.map(|it| it.map(|it| it.0))
    }

    /// As [`Upstreams::narinfo`], of the caches from the given place on, and the place behind the
    /// one that has it.
    pub(super) async fn others(
        &self,
        path: &StorePath,
        from: usize,
    ) -> Result<Option<(Found, usize)>, NotFound> {
        let mut faults = Vec::new();
        for (at, upstream) in self.all().await.iter().enumerate().skip(from) {
            match upstream.narinfo(path).await {
                Ok(Some(narinfo)) => {
                    let upstream = Arc::clone(upstream);
                    return Ok(Some((Found { upstream, narinfo }, at + 1)));
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        none_or(path, faults)
    }

    /// Asks what an output became; nothing where no cache knows.
    ///
    /// # Errors
    ///
    /// As [`Upstreams::narinfo`].
    pub async fn realisation(&self, id: &DrvOutput) -> Result<Option<Realisation>, NotFound> {
        let mut faults = Vec::new();
        for upstream in self.all().await {
            match upstream.realisation(id).await {
                Ok(Some(realisation)) => return Ok(Some(realisation)),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        none_or(id, faults)
    }
}

fn none_or<T>(
    what: &dyn std::fmt::Display,
    faults: Vec<UpstreamError>,
) -> Result<Option<T>, NotFound> {
    if faults.is_empty() {
        return Ok(None);
    }
    let what = what.to_string();
    Err(NotFound { what, faults })
}

#[async_trait]
impl Elsewhere for Upstreams {
    /// From the first cache that says it has the same NAR.
    async fn nar(&self, info: &PathInfo) -> io::Result<Option<Nar>> {
        let mut from = 0;
        while let Some((found, next)) = self
            .others(&info.path, from)
            .await
            .map_err(io::Error::other)?
        {
            from = next;
            let narinfo = &found.narinfo;
            if (narinfo.nar_hash, narinfo.nar_size) == (info.nar_hash, info.nar_size) {
                let file = nar::open(&found, info.nar_size).await;
                return Ok(Some(nar::as_async(file.map_err(io::Error::other)?)));
            }
        }
        Ok(None)
    }
}
