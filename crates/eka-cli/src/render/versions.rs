//! `eka versions` as text.

use eka::notice::Notice;
use eka::versions::{Listed, Report};

use super::esc;
use crate::session::Text;

/// One line a version, the newest first: `<id> <version>[ yanked][ deprecated]`, each mark with
/// its owner's words in parentheses, where there are any.
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
        (listed.is_yanked(), "yanked", &listed.yank),
        (listed.is_deprecated(), "deprecated", &listed.deprecation),
    ];
    let marks = marks.iter().filter(|it| it.0);
    let mark = |(_, mark, notice): &(bool, &str, &Notice)| {
        let successor = notice.successor.as_ref().map(|it| format!("use {it}"));
        let words: Vec<String> = notice.short().into_iter().chain(successor).collect();
        match words.is_empty() {
            true => format!(" {mark}"),
            false => format!(" {mark} ({})", esc(words.join("; "))),
        }
    };
    marks.map(mark).collect()
}
