//! `eka add` and `eka remove` as text.

use eka::add::Report;

use super::{esc, lock};
use crate::session::Text;

pub(crate) fn text(report: &Report, done: &str) -> Text {
    let mut note = String::new();
    for dep in &report.deps {
        let (set, id, req) = (esc(&dep.set), esc(&dep.id), esc(&dep.req));
        note.push_str(&format!("{done} `{id} = \"{req}\"` in [deps.{set}]\n"));
    }
    note.push_str(&lock::one(&report.lock));
    Text {
        out: String::new(),
        note,
    }
}
