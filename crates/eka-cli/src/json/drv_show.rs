//! `eka.drv-show/1`.

use eka::drv::Shown;
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// Where the derivation lies in its store.
    path: String,
    /// What `nix show-derivation` prints.
    derivations: Value,
}

impl Shape {
    pub(crate) fn of(report: &Shown) -> Self {
        let derivations = serde_json::from_str(&report.json());
        Self {
            schema: "eka.drv-show/1",
            path: report.full(&report.path),
            derivations: derivations.expect("the printer's escapes are those of JSON"),
        }
    }
}
