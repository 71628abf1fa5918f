//! `eka diff` as text.

use eka::diff::{Body, Change, FileDiff, Report, quoted, write};

use super::esc;
use crate::ui::{Drawn, Shade};

/// The widest column of names.
const MAX_WIDTH: usize = 60;

/// One file that differs, as git shows it.
pub(crate) fn patch(file: &FileDiff, drawn: &mut Drawn) {
    let bytes = bytes(file);
    let mut in_hunk = false;
    for line in bytes.split_inclusive(|it| *it == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // Each line of a file stands after a mark, so none can be taken for one of these.
        if line.starts_with(b"diff --git ") {
            in_hunk = false;
        } else if line.starts_with(b"@@ ") {
            in_hunk = true;
        }
        let shade = match (in_hunk, line.first()) {
            (false, _) => Shade::Heading,
            (true, Some(b'@')) => Shade::Place,
            (true, Some(b'+')) => Shade::Added,
            (true, Some(b'-')) => Shade::Removed,
            (true, _) => Shade::Plain,
        };
        drawn.line(shade, line);
    }
}

/// The same as it is.
pub(crate) fn bytes(file: &FileDiff) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(file, &mut bytes).expect("a vector takes all bytes");
    bytes
}

/// The name of one file.
pub(crate) fn name(change: &Change, drawn: &mut Drawn) {
    drawn.line(Shade::Plain, quoted(&change.path).as_bytes());
}

/// How wide the column of names is.
pub(crate) fn width(report: &Report) -> usize {
    let names = report.changes.iter().map(|it| it.path.chars().count());
    names.max().unwrap_or(0).min(MAX_WIDTH)
}

/// How much of one file differs.
pub(crate) fn stat(file: &FileDiff, width: usize, drawn: &mut Drawn) {
    let bytes = |sizes: &(u64, u64)| format!("{} → {} bytes", sizes.0, sizes.1);
    let what = match &file.body {
        Body::Text(text) => format!("+{} -{}", text.n_added, text.n_removed),
        Body::Same if file.change.old.is_some() && file.change.new.is_some() => "mode".to_owned(),
        Body::Same => "empty".to_owned(),
        Body::Binary { sizes } => format!("binary, {}", bytes(sizes)),
        Body::Large { sizes } => format!("too large to show, {}", bytes(sizes)),
    };
    let line = format!("{:<width$} | {what}", quoted(&file.change.path));
    drawn.line(Shade::Plain, line.as_bytes());
}

/// Which versions were compared, and how many files differ.
pub(crate) fn note(report: &Report, escaped: bool) -> String {
    let (from, to) = (&report.from, &report.to);
    let files = match report.changes.len() {
        0 => "no difference".to_owned(),
        1 => "1 file differs".to_owned(),
        n => format!("{n} files differ"),
    };
    let mut note = format!("{} → {}: {files}\n", esc(from.name()), esc(to.name()));
    if escaped {
        note.push_str("some characters are shown escaped; `--raw` writes the bytes as they are\n");
    }
    note
}

/// The line above one of several differences.
pub(crate) fn title(report: &Report, drawn: &mut Drawn) {
    let title = format!("{} → {}", report.from.name(), report.to.name());
    drawn.line(Shade::Heading, title.as_bytes());
}

/// What is to be known of a difference whose bytes cannot be asked for.
pub(crate) fn escaped(escaped: bool) -> String {
    match escaped {
        true => "some characters are shown escaped\n".to_owned(),
        false => String::new(),
    }
}
