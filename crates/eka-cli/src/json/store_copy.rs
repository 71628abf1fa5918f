//! `eka.store-copy/1`.

use eka::store::CopyReport;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// What came to the store.
    brought: &'a [String],
    /// What is new in the cache.
    sent: &'a [String],
    /// What the cache has with another NAR.
    differing: &'a [String],
    /// How many the cache had.
    known: usize,
    /// That came as NARs, or went as files.
    bytes: u64,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a CopyReport) -> Self {
        Self {
            schema: "eka.store-copy/1",
            brought: &report.brought,
            sent: &report.sent,
            differing: &report.differing,
            known: report.n_known,
            bytes: report.n_bytes,
        }
    }
}
