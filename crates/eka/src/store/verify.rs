//! `eka store verify`: whether all bytes are what they should be, and how they become so.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use ::store::verify::{Progress, RepairFault, Verified, VerifyError, Which};
use miette::Diagnostic;
use thiserror::Error;

use super::{Opened, StoreError, caches, named};
use crate::context::Context;
use crate::error::Error;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyRequest {
    /// Paths of the store, without what they refer to; none for all.
    pub paths: Vec<String>,
    /// What is done about what is found.
    pub repair: Repair,
}

/// What is done about what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Nothing.
    No,
    /// It is brought again from the caches of the configuration.
    FromCaches,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// How many paths were looked at.
    pub n_paths: usize,
    /// How many blobs they have.
    pub n_blobs: usize,
    /// How many bytes were read.
    pub n_bytes: u64,
    /// What is not as it should be, in the order of digests.
    pub faults: Vec<Unsound>,
}

/// A blob that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsound {
    /// The blob's digest.
    pub blob: String,
    /// What is wrong with it.
    pub fault: String,
    /// The paths that have it, in full.
    pub paths: Vec<String>,
    /// Whether it is sound again.
    pub is_repaired: bool,
}

/// Reads all that is registered, or some paths, and holds it to what was registered.
///
/// # Errors
///
/// [`StoreError::NotThere`]; what keeps the store from being read. Faults are in the report.
pub fn verify(ctx: &Context<'_>, request: &VerifyRequest) -> Result<VerifyReport, Error> {
    let opened = Opened::open(ctx)?;
    let paths = named::paths(opened.store.dir(), &request.paths)?;
    let which = if paths.is_empty() {
        Which::All
    } else {
        Which::Paths(&paths)
    };
    let verified = look(ctx, &opened, which)?;
    let sound = match request.repair {
        Repair::FromCaches if !verified.faults.is_empty() => repair(ctx, &opened, &verified)?,
        _ => BTreeSet::new(),
    };
    let faults = verified.faults.iter().map(|it| Unsound {
        blob: it.digest.to_string(),
        fault: it.kind.to_string(),
        paths: it.paths.iter().map(|it| opened.print(it)).collect(),
        is_repaired: sound.contains(&it.digest),
    });
    Ok(VerifyReport {
        n_paths: verified.n_paths,
        n_blobs: verified.n_blobs,
        n_bytes: verified.n_bytes,
        faults: faults.collect(),
    })
}

fn look(ctx: &Context<'_>, opened: &Opened, which: Which<'_>) -> Result<Verified, Error> {
    let total = match which {
        Which::All => None,
        Which::Paths(paths) => Some(paths.len() as u64),
    };
    let task = ctx.task("verifying the store", total);
    let told = AtomicU64::new(0);
    let hear = |it: Progress| {
        if let Progress::Checked { n_paths, .. } = it {
            let n_paths = n_paths as u64;
            let before = told.swap(n_paths, Ordering::Relaxed);
            task.advance(n_paths.saturating_sub(before));
        }
    };
    opened.run(ctx, async {
        let verified = opened.store.verify(which, &hear).await;
        verified.map_err(|error| match error {
            VerifyError::NotThere { path } => StoreError::NotThere {
                path: opened.print(&path),
            },
            error => error.into(),
        })
    })
}

/// Brings what is damaged from the caches of the configuration; says what is sound again.
fn repair(
    ctx: &Context<'_>,
    opened: &Opened,
    verified: &Verified,
) -> Result<BTreeSet<castore::Digest>, Error> {
    let caches = caches::configured(ctx)?;
    if caches.is_empty() {
        return Err(StoreError::NoCaches.into());
    }
    let upstreams = caches::several(ctx, opened.store.dir(), caches)?;
    let task = ctx.task("repairing", Some(verified.faults.len() as u64));
    let told = AtomicU64::new(0);
    let hear = |it: Progress| {
        if let Progress::Brought(n_blobs) = it {
            let n_blobs = n_blobs as u64;
            let before = told.swap(n_blobs, Ordering::Relaxed);
            task.advance(n_blobs.saturating_sub(before));
        }
    };
    let repaired = opened.run(ctx, opened.store.repair(verified, &upstreams, &hear))?;
    for (path, fault) in repaired.failed {
        let path = opened.print(&path);
        ctx.warn(NotRepaired { path, fault });
    }
    Ok(repaired.blobs)
}

/// A path that is as damaged as before.
#[derive(Debug, Error, Diagnostic)]
#[error("`{path}` is not repaired")]
#[diagnostic(
    severity(warning),
    code(eka::store::not_repaired),
    help("add it again, or name a cache that has it in `store.caches`")
)]
struct NotRepaired {
    path: String,
    #[source]
    fault: RepairFault,
}

impl VerifyReport {
    /// What the report comes to, where that is bad.
    #[must_use]
    pub fn into_error(self) -> Option<Error> {
        let left = self.faults.iter().filter(|it| !it.is_repaired);
        match left.count() {
            0 => None,
            n_blobs => Some(StoreError::Faults { n_blobs }.into()),
        }
    }
}
