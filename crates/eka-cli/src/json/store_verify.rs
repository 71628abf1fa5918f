//! `eka.store-verify/1`.

use eka::store::{Unsound, VerifyReport};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// How many paths were looked at.
    paths: usize,
    /// How many blobs they have.
    blobs: usize,
    /// How many were read.
    bytes: u64,
    faults: Vec<Fault<'a>>,
}

/// A blob that is not as it should be.
#[derive(Debug, Serialize)]
struct Fault<'a> {
    blob: &'a str,
    fault: &'a str,
    /// Those that have it.
    of: &'a [String],
    repaired: bool,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a VerifyReport) -> Self {
        let fault = |it: &'a Unsound| Fault {
            blob: &it.blob,
            fault: &it.fault,
            of: &it.paths,
            repaired: it.is_repaired,
        };
        Self {
            schema: "eka.store-verify/1",
            paths: report.n_paths,
            blobs: report.n_blobs,
            bytes: report.n_bytes,
            faults: report.faults.iter().map(fault).collect(),
        }
    }
}
