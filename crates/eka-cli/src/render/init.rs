//! `eka init` as text.

use eka::init::{Report, State};

use super::esc;
use crate::session::Text;

/// The root for pipes; where it was posted for people.
pub(crate) fn text(report: &Report) -> Text {
    let mut note = String::new();
    for it in &report.posted {
        let did = match it.state {
            State::New => "posted the root to",
            State::Present => "the root is already at",
        };
        let (name, url) = (esc(&it.name), esc(&it.url));
        note.push_str(&match it.name == it.url.to_string() {
            true => format!("{did} `{url}`\n"),
            false => format!("{did} `{name}` ({url})\n"),
        });
    }
    Text {
        out: format!("{}\n", report.root),
        note,
    }
}
