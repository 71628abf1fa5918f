//! `eka store verify`: whether all bytes are what they should be, and how they become so.

use std::sync::atomic::{AtomicU64, Ordering};

use ::store::verify::{Progress, Verified, VerifyError, Which};

use super::{Opened, StoreError, named};
use crate::context::Context;
use crate::error::Error;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyRequest {
    /// Paths of the store, without what they refer to; none for all.
    pub paths: Vec<String>,
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
    let faults = verified.faults.iter().map(|it| Unsound {
        blob: it.digest.to_string(),
        fault: it.kind.to_string(),
        paths: it.paths.iter().map(|it| opened.print(it)).collect(),
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

impl VerifyReport {
    /// What the report comes to, where that is bad.
    #[must_use]
    pub fn into_error(self) -> Option<Error> {
        match self.faults.len() {
            0 => None,
            n_blobs => Some(StoreError::Faults { n_blobs }.into()),
        }
    }
}
