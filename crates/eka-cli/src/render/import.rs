//! `eka import` as text.

use eka::import::{Report, State};

use super::{add, esc, lock};
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let mut note = String::new();
    for pin in &report.pins {
        let done = match pin.state {
            State::New => "pinned",
            State::Present => "there is already",
            State::Replaced => "replaced",
        };
        let (name, source) = (esc(&pin.name), esc(add::source(&pin.source)));
        note.push_str(&format!("{done} `{name}` ({source})\n"));
        if pin.from != pin.name.as_str() {
            note.push_str(&format!("  the file calls it `{}`\n", esc(&pin.from)));
        }
        if let Some(it) = &pin.note {
            note.push_str(&format!("  {}\n", esc(it)));
        }
    }
    for it in &report.left_out {
        let (from, why) = (esc(&it.from), esc(&it.why));
        note.push_str(&format!("left out `{from}`: {why}\n"));
    }
    note.push_str(&lock::one(&report.lock));
    Text {
        out: String::new(),
        note,
    }
}
