//! `eka versions` as text.

use eka::versions::{Listed, Report};

use super::esc;
use crate::session::Text;

/// One line a version, the newest first: `<id> <version>[ yanked][ deprecated]`.
pub(crate) fn text(report: &Report) -> Text {
    let mut out = String::new();
    for atom in &report.atoms {
        for it in &atom.versions {
            let (id, version) = (esc(&atom.id), esc(&it.version));
            out.push_str(&format!("{id} {version}{}\n", marks(it)));
        }
    }
    let note = match report.atoms.is_empty() {
        true => format!("`{}` has no atoms yet", esc(&report.repository)),
        false => String::new(),
    };
    Text { out, note }
}

/// What is to be known of a version before it is taken.
pub(super) fn marks(listed: &Listed) -> String {
    let marks = [
        (listed.is_yanked(), " yanked"),
        (listed.is_deprecated(), " deprecated"),
    ];
    marks.iter().filter(|it| it.0).map(|it| it.1).collect()
}
