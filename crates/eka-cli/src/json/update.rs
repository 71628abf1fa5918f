//! `eka.update/1`.

use eka::update::{Report, Writing};
use serde::Serialize;

use super::lock::One;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// Whether nothing was to be written.
    dry_run: bool,
    locks: Vec<One>,
}

impl Shape {
    pub(crate) fn of(report: &Report) -> Self {
        let dry_run = report.writing == Writing::DryRun;
        let one = |it: &eka::update::Updated| {
            let mut one = One::of(&it.lock);
            one.written &= !dry_run;
            one
        };
        Self {
            schema: "eka.update/1",
            dry_run,
            locks: report.locks.iter().map(one).collect(),
        }
    }
}
