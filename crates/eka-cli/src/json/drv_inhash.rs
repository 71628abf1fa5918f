//! `eka.drv-inhash/1`.

use eka::drv::Inhash;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// Where the derivation lies in its store.
    path: String,
    /// `sha256:` and 64 digits.
    inhash: String,
    /// `input-addressed`, `fixed`, `floating`, `deferred` or `impure`.
    kind: &'static str,
    outputs: Vec<One>,
}

#[derive(Debug, Serialize)]
struct One {
    name: String,
    /// Its path, where that is known before the build.
    store_path: Option<String>,
    /// What its realisation is called.
    realisation: String,
}

impl Shape {
    pub(crate) fn of(report: &Inhash) -> Self {
        let full = |path| report.store_dir.print(path);
        let outputs = report.derivation.outputs.iter().map(|(name, output)| One {
            name: name.to_string(),
            store_path: output.path().map(full),
            realisation: format!("{}!{name}", report.text()),
        });
        Self {
            schema: "eka.drv-inhash/1",
            path: full(&report.path),
            inhash: report.text(),
            kind: report.kind.as_str(),
            outputs: outputs.collect(),
        }
    }
}
