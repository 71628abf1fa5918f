//! `eka.update/1`.

use eka::update::{Report, Writing};
use serde::Serialize;

use super::diff::Difference;
use super::lock::One;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// Whether nothing was to be written.
    dry_run: bool,
    locks: Vec<One>,
    /// By `--diff`, each atom that moved.
    diffs: Option<Vec<Difference<'a>>>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &Report, diffs: Option<Vec<Difference<'a>>>) -> Self {
        let dry_run = report.writing == Writing::DryRun;
        let one = |it: &eka::lock::Locked| {
            let mut one = One::of(it);
            one.written &= !dry_run;
            one
        };
        Self {
            schema: "eka.update/1",
            dry_run,
            locks: report.locks.iter().map(one).collect(),
            diffs,
        }
    }
}
