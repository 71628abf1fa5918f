//! Changes of a text at one place, all else left byte for byte as it was.

use std::ops::Range;

use crate::document::print::{self, quoted};

use super::layout::{Inline, Kind, Layout, Statement};

/// The tables of a manifest, in the order in which people expect them.
const ORDER: [&str; 5] = ["atom", "sets", "deps", "pins", "build"];

/// Replaces a string, and keeps the kind of its quotes where it can.
pub(super) fn replace_string(text: &str, span: Range<usize>, value: &str) -> String {
    let literal = text[span.clone()].starts_with('\'') && !value.contains('\'');
    let new = if literal {
        format!("'{value}'")
    } else {
        quoted(value)
    };
    replace(text, span, &new)
}

/// Returns the ways to put `key = value` into a table, the most natural first; the value is TOML.
/// Which of them says what is meant is for the caller to see: TOML has tables that may not be
/// opened again.
pub(super) fn insert(text: &str, table: &[&str], key: &str, value: &str) -> Vec<String> {
    let layout = Layout::of(text);
    let entry = format!("{} = {value}", print::key(key));
    let mut ways = Vec::new();
    ways.extend(under_header(text, &layout, table, &entry));
    let inline = |it: &&Inline| it.path == table;
    let within = layout.inline.iter().find(inline);
    ways.extend(within.map(|it| into_inline(text, it, &entry)));
    ways.extend(beside_dotted(text, &layout, table, &entry));
    for outer in layout
        .inline
        .iter()
        .filter(|it| starts_with(table, &it.path))
    {
        let rest: Vec<_> = table[outer.path.len()..]
            .iter()
            .map(|it| print::key(it))
            .collect();
        if let [rest] = &rest[..] {
            ways.push(into_inline(text, outer, &format!("{rest} = {{ {entry} }}")));
        }
        ways.push(into_inline(
            text,
            outer,
            &format!("{}.{entry}", rest.join(".")),
        ));
    }
    ways.extend(as_section(text, &layout, table, &entry));
    ways
}

/// Removes all that stands at `path` or below it.
pub(super) fn remove(text: &str, path: &[&str]) -> String {
    let below = |it: &[String]| it.len() >= path.len() && it[..path.len()] == *path;
    let mut text = text.to_owned();
    // All of them, a header and its entries, from the last to the first: without its header an
    // entry is one of another table, and behind a change no place is where it was.
    let statements = Layout::of(&text).statements;
    for statement in statements.iter().rev().filter(|it| below(&it.path)) {
        let lines = lines(&text, &statement.span);
        text = replace(&text, lines, "");
    }
    while let Some(at) = first_inline(&Layout::of(&text), below) {
        text = replace(&text, at, "");
    }
    text
}

/// After the last entry under the table's own `[header]`.
fn under_header(text: &str, layout: &Layout, table: &[&str], entry: &str) -> Option<String> {
    let all = &layout.statements;
    let header = |it: &Statement| it.kind == Kind::Table && it.path == table;
    let at = all.iter().position(header)?;
    let entries = all[at + 1..].iter().take_while(|it| it.kind == Kind::Entry);
    let last = entries.last().unwrap_or(&all[at]);
    Some(insert_line(text, last, entry))
}

/// After the last entry that spells the table out in its own dotted key.
fn beside_dotted(text: &str, layout: &Layout, table: &[&str], entry: &str) -> Option<String> {
    let dotted = |it: &&Statement| {
        it.kind == Kind::Entry
            && it.header < table.len()
            && it.path.len() > table.len()
            && it.path[..table.len()] == *table
    };
    let last = layout.statements.iter().rfind(dotted)?;
    let keys: Vec<_> = table[last.header..]
        .iter()
        .map(|it| print::key(it))
        .collect();
    Some(insert_line(
        text,
        last,
        &format!("{}.{entry}", keys.join(".")),
    ))
}

/// Behind the last entry of an inline table.
fn into_inline(text: &str, table: &Inline, entry: &str) -> String {
    match table.entries.last() {
        Some(last) => replace(text, last.span.end..last.span.end, &format!(", {entry}")),
        None => replace(text, table.span.clone(), &format!("{{ {entry} }}")),
    }
}

/// As a section of its own: where the order of tables has it, or at the end.
fn as_section(text: &str, layout: &Layout, table: &[&str], entry: &str) -> Vec<String> {
    let rank = |it: &str| ORDER.iter().position(|other| *other == it);
    let own = table.first().and_then(|it| rank(it));
    let all = &layout.statements;
    let before = |it: &Statement| it.path.first().is_some_and(|it| rank(it) <= own);
    let last = all.iter().rposition(before);
    // A header would take the entries that follow it from the table that they are of.
    let free = |at: &usize| all.get(at + 1).is_none_or(|it| it.kind != Kind::Entry);
    let place = last
        .filter(free)
        .map(|at| paragraph_end(text, all[at].span.end));
    let keys: Vec<_> = table.iter().map(|it| print::key(it)).collect();
    let newline = newline(text);
    let section = format!("[{}]{newline}{entry}{newline}", keys.join("."));
    let places = place.into_iter().chain([text.len()]);
    places
        .map(|at| insert_paragraph(text, at, &section))
        .collect()
}

fn insert_paragraph(text: &str, at: usize, section: &str) -> String {
    let newline = newline(text);
    let (before, after) = text.split_at(at);
    let mut new = String::new();
    if !before.is_empty() && !before.ends_with('\n') {
        new.push_str(newline);
    }
    if !before.is_empty() && !ends_with_blank_line(before) {
        new.push_str(newline);
    }
    new.push_str(section);
    if !after.is_empty() && !starts_with_blank_line(after) {
        new.push_str(newline);
    }
    replace(text, at..at, &new)
}

/// Puts a line behind a statement's, indented as it is.
fn insert_line(text: &str, after: &Statement, line: &str) -> String {
    let start = line_start(text, after.span.start);
    let indent = &text[start..after.span.start];
    let at = line_end(text, after.span.end);
    let newline = newline(text);
    let open = if text[..at].ends_with('\n') {
        ""
    } else {
        newline
    };
    replace(text, at..at, &format!("{open}{indent}{line}{newline}"))
}

/// Finds an entry of an inline table to remove, and its comma.
fn first_inline(layout: &Layout, below: impl Fn(&[String]) -> bool) -> Option<Range<usize>> {
    // The outermost first, since it takes the others with it; inner tables come first in the list.
    let (table, at) = layout.inline.iter().rev().find_map(|table| {
        let at = table.entries.iter().position(|it| below(&it.path))?;
        Some((table, at))
    })?;
    let entry = &table.entries[at].span;
    let next = table.entries.get(at + 1);
    let before = at.checked_sub(1).and_then(|it| table.entries.get(it));
    Some(match (before, next) {
        (_, Some(next)) => entry.start..next.span.start,
        (Some(before), None) => before.span.end..entry.end,
        (None, None) => table.span.start + 1..table.span.end - 1,
    })
}

/// The lines of a span, and the blank ones behind it that would else meet blank ones before it.
fn lines(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = line_start(text, span.start);
    let mut end = line_end(text, span.end);
    if start == 0 || ends_with_blank_line(&text[..start]) {
        while end < text.len() && starts_with_blank_line(&text[end..]) {
            end = line_end(text, end);
        }
    }
    if end == text.len() {
        while ends_with_blank_line(&text[..start]) {
            start = line_start(text, start - 1);
        }
    }
    start..end
}

/// Where the lines end that stand together with the one at `at`: at a blank line or a header.
fn paragraph_end(text: &str, at: usize) -> usize {
    let mut end = line_end(text, at);
    while end < text.len() && !starts_with_blank_line(&text[end..]) {
        if text[end..].trim_start_matches([' ', '\t']).starts_with('[') {
            break;
        }
        end = line_end(text, end);
    }
    end
}

fn starts_with_blank_line(text: &str) -> bool {
    let line = text.split_inclusive('\n').next().unwrap_or_default();
    line.trim().is_empty()
}

fn ends_with_blank_line(text: &str) -> bool {
    let line = text.split_inclusive('\n').next_back();
    line.is_some_and(|it| it.ends_with('\n') && it.trim().is_empty())
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |it| it + 1)
}

/// Behind the line feed of the line that `at` is on.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |it| at + it + 1)
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn starts_with(path: &[&str], prefix: &[String]) -> bool {
    prefix.len() < path.len() && path[..prefix.len()] == *prefix
}

fn replace(text: &str, span: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}
