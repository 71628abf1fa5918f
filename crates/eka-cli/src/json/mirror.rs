//! `eka.mirror/1`.

use eka::mirror::{Copied, Report};
use serde::Serialize;

use crate::render::mirror::state;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    from: String,
    to: String,
    root: String,
    versions: Vec<Version<'a>>,
}

#[derive(Debug, Serialize)]
struct Version<'a> {
    id: &'a str,
    version: String,
    /// The atom commit; none for a version that was deleted.
    atom: Option<String>,
    /// `new`, `completed` or `present`.
    state: &'static str,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        let version = |it: &'a Copied| Version {
            id: it.id.as_str(),
            version: it.version.to_string(),
            atom: it.commit.map(|it| it.to_string()),
            state: state(it.state),
        };
        Self {
            schema: "eka.mirror/1",
            from: report.from.to_string(),
            to: report.to.to_string(),
            root: report.root.to_string(),
            versions: report.versions.iter().map(version).collect(),
        }
    }
}
