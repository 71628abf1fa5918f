//! `eka.add/1` and `eka.remove/1`.

use eka::add::Report;
use serde::Serialize;

use super::lock::One;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    manifest: String,
    deps: Vec<Dep>,
    lock: One,
}

/// One dependency of the manifest.
#[derive(Debug, Serialize)]
struct Dep {
    set: String,
    id: String,
    req: String,
}

impl Shape {
    pub(crate) fn of(schema: &'static str, report: &Report) -> Self {
        let dep = |it: &eka::add::Edited| Dep {
            set: it.set.to_string(),
            id: it.id.to_string(),
            req: it.req.to_string(),
        };
        Self {
            schema,
            manifest: report.manifest.to_string_lossy().into_owned(),
            deps: report.deps.iter().map(dep).collect(),
            lock: One::of(&report.lock),
        }
    }
}
