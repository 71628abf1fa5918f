//! `eka update` as text.

use eka::lock::{Locked, Outcome};
use eka::update::{Report, Writing};

use super::{esc, lock};
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let note = report.locks.iter().map(|it| one(it, report.writing));
    Text {
        out: String::new(),
        note: note.collect(),
    }
}

fn one(locked: &Locked, writing: Writing) -> String {
    match (&locked.outcome, writing) {
        (Outcome::Written { moves }, Writing::DryRun) => {
            let path = esc(locked.path.display());
            let moves = moves.iter().map(|it| format!("  {}\n", esc(it)));
            format!("would change `{path}`\n{}", moves.collect::<String>())
        }
        _ => lock::one(locked),
    }
}
