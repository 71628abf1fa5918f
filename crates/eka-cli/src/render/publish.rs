//! `eka publish` as text.

use std::fmt::Write as _;

use eka::publish::{CutWhy, Facts, Outcome, Published, RemoteReport, Report, Run, State};

use super::esc;
use crate::session::Text;

/// `<state> <id>@<version> <atom commit> <url>` a line for pipes; sizes, cuts and what consumers
/// paste for people.
pub(crate) fn text(report: &Report) -> Text {
    let (mut out, mut note) = (String::new(), String::new());
    for remote in &report.remotes {
        for it in &remote.atoms {
            let (id, version, url) = (esc(&it.id), esc(&it.version), esc(&remote.url));
            let state = state(&it.state);
            writeln!(out, "{state} {id}@{version} {} {url}", it.commit).expect(TAKES);
        }
        head(report, remote, &mut note);
        for it in &remote.atoms {
            atom(it, &mut note);
        }
    }
    Text { out, note }
}

const TAKES: &str = "a string takes all text";

/// What became of an atom, in one word.
pub(crate) const fn state(state: &State) -> &'static str {
    match state {
        State::New => "new",
        State::Present => "present",
        State::Completed => "completed",
        State::Refused(_) => "refused",
        State::Held => "held",
    }
}

fn head(report: &Report, remote: &RemoteReport, note: &mut String) {
    let place = match remote.name == remote.url.to_string() {
        true => format!("`{}`", esc(&remote.url)),
        false => format!("`{}` ({})", esc(&remote.name), esc(&remote.url)),
    };
    let commit = report.commit;
    let line = match (remote.outcome, report.run) {
        (Outcome::Done, Run::Real) => format!("published from {commit} to {place}"),
        (Outcome::Done, Run::Dry) => format!("would publish from {commit} to {place}"),
        (Outcome::Nothing, _) => format!("nothing to publish from {commit} to {place}"),
        (Outcome::Refused, _) => format!("nothing was published to {place}"),
    };
    writeln!(note, "{line}").expect(TAKES);
    if remote.n_unchanged > 0 {
        let n = remote.n_unchanged;
        writeln!(note, "  {n} unchanged").expect(TAKES);
    }
    if remote.n_commits > 0 {
        let n = remote.n_commits;
        writeln!(note, "  with {n} commits of history").expect(TAKES);
    }
}

fn atom(it: &Published, note: &mut String) {
    let (id, version, path) = (esc(&it.id), esc(&it.version), esc(&it.path));
    let size = it.facts.as_ref().map_or_else(String::new, size);
    let state = state(&it.state);
    writeln!(note, "  {state} `{id}@{version}` of `{path}`{size}").expect(TAKES);
    if matches!(it.state, State::New | State::Completed) {
        for cut in &it.cut {
            let why = match cut.why {
                CutWhy::Atom => "an atom of its own",
                CutWhy::Empty => "empty",
            };
            writeln!(note, "    without `{}`, {why}", esc(&cut.path)).expect(TAKES);
        }
        writeln!(note, "    {}", esc(&it.add)).expect(TAKES);
    }
}

fn size(facts: &Facts) -> String {
    let files = match facts.n_files {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    let bytes = match facts.bytes {
        1 => "1 byte".to_owned(),
        n => format!("{n} bytes"),
    };
    format!(": {files}, {bytes}")
}
