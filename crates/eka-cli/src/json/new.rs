//! `eka.new/1`.

use eka::new::Report;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    id: &'a str,
    /// The manifest's path, relative to the folder one works in.
    manifest: String,
    /// Commands that one would run next.
    next: &'a [String],
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.new/1",
            id: report.id.as_str(),
            manifest: report.manifest.to_string_lossy().into_owned(),
            next: &report.next,
        }
    }
}
