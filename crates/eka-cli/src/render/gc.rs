//! `eka gc` as text.

use eka::store::GcReport;

use super::{esc, store};
use crate::session::Text;

/// What goes, a path a line.
pub(crate) fn text(report: &GcReport) -> Text {
    let mut note = String::new();
    for (root, path) in &report.roots {
        let root = store::keeper(root);
        note.push_str(&format!("{} kept {} no more\n", esc(root), esc(path)));
    }
    let (n_paths, n_blobs) = (report.paths.len(), report.n_blobs);
    let paths = if n_paths == 1 { "path" } else { "paths" };
    let blobs = if n_blobs == 1 { "blob" } else { "blobs" };
    let what = match (report.dry_run, n_paths == 0 && n_blobs == 0) {
        (_, true) => "there is no garbage".to_owned(),
        (true, _) => format!(
            "{n_paths} {paths} and {n_blobs} {blobs} would go, {} bytes",
            report.blob_bytes
        ),
        (false, _) => format!(
            "{n_paths} {paths} and {n_blobs} {blobs} are gone, {} bytes",
            report.blob_bytes
        ),
    };
    note.push_str(&what);
    Text {
        out: report
            .paths
            .iter()
            .map(|it| format!("{}\n", esc(&it.path)))
            .collect(),
        note,
    }
}
