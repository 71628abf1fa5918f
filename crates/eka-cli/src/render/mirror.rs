//! `eka mirror` as text.

use std::fmt::Write as _;

use eka::mirror::{Report, State};

use super::esc;
use crate::session::Text;

/// `<state> <id>@<version>` a line for pipes; how many for people.
pub(crate) fn text(report: &Report) -> Text {
    const TAKES: &str = "a string takes all text";
    let (mut out, mut n_copied) = (String::new(), 0);
    for it in &report.versions {
        let (state, id, version) = (state(it.state), esc(&it.id), esc(&it.version));
        writeln!(out, "{state} {id}@{version}").expect(TAKES);
        n_copied += usize::from(it.state != State::Present);
    }
    let (from, to) = (esc(&report.from), esc(&report.to));
    let n = report.versions.len();
    Text {
        out,
        note: format!("copied {n_copied} of {n} versions from `{from}` to `{to}`\n"),
    }
}

/// How much was there, in one word.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::New => "new",
        State::Completed => "completed",
        State::Present => "present",
    }
}
