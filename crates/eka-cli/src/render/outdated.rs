//! `eka outdated` as text.

use eka::look::{Ask, Asker};
use eka::outdated::{Aged, Outdated, Report};

use super::esc;
use crate::session::Text;

/// The columns of a table, the last as wide as it likes.
const COLUMNS: [&str; 5] = ["atom", "locked", "compatible", "newest", "held back by"];

/// A table for each lock that has something to show, under its atom where there are several locks.
pub(crate) fn text(report: &Report) -> Text {
    let shown: Vec<&Aged> = report
        .locks
        .iter()
        .filter(|it| !it.atoms.is_empty())
        .collect();
    let titled = report.locks.len() > 1;
    let one = |it: &&Aged| {
        let table = table(it);
        match titled {
            true => format!("{}:\n{table}", esc(&it.id)),
            false => table,
        }
    };
    let tables: Vec<String> = shown.iter().map(one).collect();
    Text {
        out: tables.join("\n"),
        note: note(report),
    }
}

fn note(report: &Report) -> String {
    let atoms = || report.locks.iter().flat_map(|it| &it.atoms);
    if report.n_silent > 0 {
        return String::new();
    }
    if !report.is_outdated() {
        return "everything is as new as it can be".to_owned();
    }
    match atoms().any(Outdated::can_move) {
        true => "`eka update` moves to what is compatible".to_owned(),
        false => String::new(),
    }
}

fn table(aged: &Aged) -> String {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(aged.atoms.iter().map(row));
    let width = |at: usize| {
        rows.iter()
            .map(|it| it[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS.len() - 1).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        line.push_str(&row[COLUMNS.len() - 1]);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn row(it: &Outdated) -> [String; 5] {
    let marks = [(it.yanked, " yanked"), (it.deprecated, " deprecated")];
    let marks = marks.iter().filter(|it| it.0).map(|it| it.1);
    let held_by: Vec<String> = it.held_by.iter().map(asks).collect();
    [
        esc(&it.id).to_string(),
        format!("{}{}", esc(&it.locked), marks.collect::<String>()),
        esc(&it.compatible).to_string(),
        esc(&it.newest).to_string(),
        held_by.join(", "),
    ]
}

/// `view 1.0.0 (~1.2)`.
pub(super) fn asks(ask: &Ask) -> String {
    let req = match &ask.req {
        Some(req) => esc(req).to_string(),
        None => "?".to_owned(),
    };
    format!("{} ({req})", asker(&ask.by))
}

/// Who asks, in a few words.
pub(super) fn asker(by: &Asker) -> String {
    match by {
        Asker::Manifest => "atom.toml".to_owned(),
        Asker::Atom { id, version, .. } => format!("{} {}", esc(id), esc(version)),
    }
}
