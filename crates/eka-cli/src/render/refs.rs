//! `eka refs` as text.

use eka::refs::Report;

use super::esc;
use crate::session::Text;

/// One base name a line.
pub(crate) fn text(report: &Report) -> Text {
    let names = report.references.iter();
    Text {
        out: names.map(|it| format!("{}\n", esc(&it.name))).collect(),
        note: String::new(),
    }
}
