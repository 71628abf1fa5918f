//! `eka fetch` as text.

use eka::fetch::{Outcome, Report};

use super::esc;
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let line = |path: &std::path::Path| format!("{}\n", esc(path.display()));
    let count = |wanted| {
        report
            .atoms
            .iter()
            .filter(|it| it.outcome == wanted)
            .count()
    };
    let parts = [
        (count(Outcome::New), "brought"),
        (count(Outcome::Present), "there already"),
        (count(Outcome::Local), "in the work tree"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what)| format!("{n} {what}")).collect();
    let note = match &parts[..] {
        [] => "the lock holds no atoms\n".to_owned(),
        parts => format!("{}\n", parts.join(", ")),
    };
    Text {
        out: report.atoms.iter().map(|it| line(&it.path)).collect(),
        note,
    }
}
