//! `eka.gc/1`.

use eka::store::{GcReport, Gone};
use serde::Serialize;

use super::store_roots::{kind, name};

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// Whether all is there still.
    dry_run: bool,
    paths: Vec<One<'a>>,
    /// Those that kept nothing any more.
    roots: Vec<Root<'a>>,
    /// How many went.
    blobs: u64,
    /// How many these had.
    bytes: u64,
}

/// A path that went.
#[derive(Debug, Serialize)]
struct One<'a> {
    path: &'a str,
    /// Of its NAR, in bytes.
    size: u64,
}

/// A root that kept nothing any more.
#[derive(Debug, Serialize)]
struct Root<'a> {
    /// `name` or `link`.
    kind: &'static str,
    root: String,
    path: &'a str,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a GcReport) -> Self {
        let one = |it: &'a Gone| One {
            path: &it.path,
            size: it.nar_size,
        };
        let roots = report.roots.iter().map(|(root, path)| Root {
            kind: kind(root),
            root: name(root),
            path,
        });
        Self {
            schema: "eka.gc/1",
            dry_run: report.dry_run,
            paths: report.paths.iter().map(one).collect(),
            roots: roots.collect(),
            blobs: report.n_blobs,
            bytes: report.blob_bytes,
        }
    }
}
