//! `eka.store-add/1`.

use eka::store::{AddReport, Added, Registered};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// In the order that was asked.
    paths: Vec<One<'a>>,
}

/// One path.
#[derive(Debug, Serialize)]
struct One<'a> {
    path: &'a str,
    /// `sha256-…`.
    nar: String,
    /// Of the NAR, in bytes.
    size: u64,
    /// `new` or `present`.
    outcome: &'static str,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a AddReport) -> Self {
        let one = |it: &'a Added| One {
            path: &it.path,
            nar: it.nar_hash.sri(),
            size: it.nar_size,
            outcome: match it.registered {
                Registered::New => "new",
                Registered::Known | Registered::Differs => "present",
            },
        };
        Self {
            schema: "eka.store-add/1",
            paths: report.added.iter().map(one).collect(),
        }
    }
}
