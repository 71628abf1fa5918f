//! `eka new` as text.

use eka::new::Report;

use super::esc;
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let mut note = format!("made the atom `{}`; next:\n", esc(&report.id));
    for command in &report.next {
        note.push_str(&format!("  {}\n", esc(command)));
    }
    Text {
        out: format!("{}\n", esc(report.manifest.display())),
        note,
    }
}
