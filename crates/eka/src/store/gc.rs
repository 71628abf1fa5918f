//! `eka gc`: what nothing keeps goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::store::collect::{Progress, Request};
use ::store::infos::Collect;
use ::store::roots::Root;
use nix_format::StorePath;

use super::{Keeper, Opened};
use crate::context::Context;
use crate::error::Error;

/// What to collect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcRequest {
    /// Whether it is only told what would go.
    pub dry_run: bool,
    /// How long a path stays that nothing keeps; without it, as `store.keep-recent` says.
    pub keep_recent: Option<Duration>,
}

/// What went, or would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcReport {
    /// Whether it is there still.
    pub dry_run: bool,
    /// The paths, in order.
    pub paths: Vec<Gone>,
    /// Roots that kept nothing any more, each with its path.
    pub roots: Vec<(Keeper, String)>,
    /// How many blobs.
    pub n_blobs: u64,
    /// How many bytes they had.
    pub blob_bytes: u64,
}

/// A path that went, or would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The path, in full.
    pub path: String,
    /// How many bytes its NAR had.
    pub nar_size: u64,
}

/// Collects what no root, no process at work and no recent arrival needs.
///
/// # Errors
///
/// [`StoreError::Collect`](super::StoreError::Collect): what was deleted by then stays so, and the
/// next collection goes on.
pub fn gc(ctx: &Context<'_>, request: &GcRequest) -> Result<GcReport, Error> {
    let opened = Opened::open(ctx)?;
    let seconds = ctx.config.count("store", "keep-recent").unwrap_or(3600);
    let asked = Request {
        keep_recent: request
            .keep_recent
            .unwrap_or_else(|| Duration::from_secs(seconds)),
        mode: if request.dry_run {
            Collect::Dry
        } else {
            Collect::Really
        },
    };
    let task = ctx.task("collecting garbage", None);
    let told = AtomicU64::new(0);
    let hear = |it: Progress| {
        if let Progress::Swept { n_seen, .. } = it {
            let before = told.swap(n_seen, Ordering::Relaxed);
            task.advance(n_seen.saturating_sub(before));
        }
    };
    let garbage = opened.run(ctx, opened.store.collect(asked, &hear))?;
    let paths = garbage.paths.iter().map(|(path, nar_size)| Gone {
        path: opened.print(path),
        nar_size: *nar_size,
    });
    // That a process at work is at work no more is no news.
    let told = |it: &(Root, StorePath)| !matches!(it.0, Root::Session(_));
    let roots = garbage.roots.into_iter().filter(told);
    Ok(GcReport {
        dry_run: request.dry_run,
        paths: paths.collect(),
        roots: roots
            .map(|(root, path)| (root.into(), opened.print(&path)))
            .collect(),
        n_blobs: garbage.n_blobs,
        blob_bytes: garbage.blob_bytes,
    })
}
