//! A change as git prints it, for `git apply` to read.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use super::text::lines;
use super::{Body, Change, FileDiff, Kind, Side, Text};
use crate::tree::Mode;

/// The length of an abbreviated object id.
const SHORT: usize = 10;

/// Writes one change: git's header lines, then hunks of lines, or one line that says why there are
/// none. The whole of a text change is what `git apply` takes; of other bytes it is told that they
/// differ.
///
/// # Errors
///
/// What `out` fails with.
pub fn write(diff: &FileDiff, out: &mut dyn Write) -> io::Result<()> {
    let change = &diff.change;
    if change.kind() != Kind::Type {
        return section(change, &diff.body, out);
    }
    // Git shows it as one thing that went, and another that came.
    for (old, new) in [(change.old, None), (None, change.new)] {
        let path = change.path.clone();
        let half = Change { path, old, new };
        section(&half, &halved(&diff.body, old.is_some()), out)?;
    }
    Ok(())
}

/// What there is to show of a file that went, or of one that came.
fn halved(body: &Body, went: bool) -> Body {
    let text = match body {
        Body::Text(text) => text,
        Body::Binary { sizes } | Body::Large { sizes } => {
            let sizes = if went { (sizes.0, 0) } else { (0, sizes.1) };
            return match body {
                Body::Large { .. } => Body::Large { sizes },
                _ => Body::Binary { sizes },
            };
        }
        Body::Same => return Body::Same,
    };
    let [old, new] = &text.bytes;
    let bytes = if went {
        [old.clone(), Vec::new()]
    } else {
        [Vec::new(), new.clone()]
    };
    if bytes.iter().all(Vec::is_empty) {
        return Body::Same;
    }
    Body::Text(super::text::compare(bytes))
}

fn section(change: &Change, body: &Body, out: &mut dyn Write) -> io::Result<()> {
    let (a, b) = (name("a/", &change.path), name("b/", &change.path));
    writeln!(out, "diff --git {a} {b}")?;
    out.write_all(header(change).as_bytes())?;
    // Git marks the end of a name that a reader could cut at a space.
    let end = |name: &str| match name.contains(char::is_whitespace) {
        true if !name.starts_with('"') => format!("{name}\t"),
        _ => name.to_owned(),
    };
    let none = || "/dev/null".to_owned();
    let old = change.old.map_or_else(none, |_| a);
    let new = change.new.map_or_else(none, |_| b);
    match body {
        Body::Same => Ok(()),
        Body::Binary { .. } => writeln!(out, "Binary files {old} and {new} differ"),
        Body::Large { sizes } => writeln!(
            out,
            "Files {old} ({} bytes) and {new} ({} bytes) differ, and are too large to show",
            sizes.0, sizes.1
        ),
        Body::Text(text) => {
            writeln!(out, "--- {}", end(&old))?;
            writeln!(out, "+++ {}", end(&new))?;
            hunks(text, out)
        }
    }
}

/// The lines on modes and ids.
fn header(change: &Change) -> String {
    let digits = |it: Side| match it.mode {
        Mode::Folder => "040000",
        Mode::File => "100644",
        Mode::Executable => "100755",
        Mode::Symlink => "120000",
    };
    let id = |it: Option<Side>| match it {
        Some(it) => it.id.to_string()[..SHORT].to_owned(),
        None => "0".repeat(SHORT),
    };
    let mut text = String::new();
    let mut index = format!("index {}..{}", id(change.old), id(change.new));
    let mut line = |it: &str, side: Side| {
        writeln!(text, "{it} mode {}", digits(side)).expect("a string takes all text");
    };
    match (change.old, change.new) {
        (None, Some(new)) => line("new file", new),
        (Some(old), None) => line("deleted file", old),
        (Some(old), Some(new)) if old.mode != new.mode => {
            line("old", old);
            line("new", new);
        }
        (Some(old), _) => index = format!("{index} {}", digits(old)),
        (None, None) => {}
    }
    if change.kind() != Kind::Mode {
        text.push_str(&index);
        text.push('\n');
    }
    text
}

fn hunks(text: &Text, out: &mut dyn Write) -> io::Result<()> {
    let [old, new] = &text.bytes;
    let (mut old, mut new) = (Numbered::of(old), Numbered::of(new));
    for hunk in &text.hunks {
        writeln!(out, "@@ -{} +{} @@", range(&hunk.old), range(&hunk.new))?;
        let mut at = hunk.old.start;
        for (before, after) in &hunk.edits {
            old.write(at..before.start, b' ', out)?;
            old.write(before.clone(), b'-', out)?;
            new.write(after.clone(), b'+', out)?;
            at = before.end;
        }
        old.write(at..hunk.old.end, b' ', out)?;
    }
    Ok(())
}

/// The rest of a text, and the number of its first line.
struct Numbered<'a> {
    rest: &'a [u8],
    next: u32,
}

impl<'a> Numbered<'a> {
    const fn of(rest: &'a [u8]) -> Self {
        Self { rest, next: 0 }
    }

    /// Writes lines that are not behind, each after a mark.
    fn write(&mut self, range: Range<u32>, mark: u8, out: &mut dyn Write) -> io::Result<()> {
        while self.next < range.end {
            let Some(line) = lines(self.rest).next() else {
                break;
            };
            self.rest = &self.rest[line.len()..];
            self.next += 1;
            if self.next <= range.start {
                continue;
            }
            out.write_all(&[mark])?;
            out.write_all(line)?;
            if !line.ends_with(b"\n") {
                out.write_all(b"\n\\ No newline at end of file\n")?;
            }
        }
        Ok(())
    }
}

/// `<first line>,<how many>` from 1; the line before where there are none, and no count of one.
fn range(lines: &Range<u32>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        n => format!("{},{n}", lines.start + 1),
    }
}

fn name(prefix: &str, path: &str) -> String {
    quoted(&format!("{prefix}{path}"))
}

/// A path as git prints it with `core.quotePath=false`: in quotes, with `\` before what would end
/// them, where there is such a character.
#[must_use]
pub fn quoted(path: &str) -> String {
    if !path.contains(['"', '\\']) && !path.contains(char::is_control) {
        return path.to_owned();
    }
    let mut text = String::from('"');
    for it in path.chars() {
        match it {
            '"' | '\\' => text.extend(['\\', it]),
            it if it.is_control() => {
                for byte in it.encode_utf8(&mut [0; 4]).bytes() {
                    write!(text, "\\{byte:03o}").expect("a string takes all text");
                }
            }
            it => text.push(it),
        }
    }
    text.push('"');
    text
}
