//! From a text to a spanned table: bounds first, then syntax, then what TOML 1.0 leaves to readers.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_parser::decoder::Encoding;
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Source, Span};

use super::{MAX_BYTES, MAX_DEPTH, TomlFault, conflict, span};

/// Reads a text, as far as it can be read: a table and no faults, or what could be made out and
/// why it is not all.
///
/// `after_merge` is what to do about git's conflict markers.
#[must_use]
pub fn read<'i>(
    text: &'i str,
    after_merge: &'static str,
) -> (Spanned<DeTable<'i>>, Vec<TomlFault>) {
    let unclosed = match nesting(text, after_merge) {
        Ok(it) => it,
        Err(fault) => return (Spanned::new(0..0, DeTable::new()), vec![fault]),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    let mut faults = syntax_faults(text, &lines, &errors, unclosed);
    let broken: BTreeSet<usize> = faults.iter().map(|it| lines.number(it.start())).collect();
    let mut values = Vec::new();
    for value in table.get_ref().values() {
        check_value(text, value, &mut values);
    }
    // On a line that is not TOML a value is not what was meant.
    values.retain(|it| !broken.contains(&lines.number(it.start())));
    faults.extend(values);
    (table, faults)
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|it| it.1 == b'\n');
        Self(ends.map(|it| it.0 + 1).collect())
    }

    fn number(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}

/// Checks what must hold before a recursive parser may see the text. Returns the first bracket that
/// is never closed.
fn nesting(text: &str, after_merge: &'static str) -> Result<Option<Range<usize>>, TomlFault> {
    if text.len() > MAX_BYTES {
        return Err(TomlFault::TooLarge { bytes: text.len() });
    }
    if text.starts_with('\u{feff}') {
        return Err(TomlFault::ByteOrderMark {
            span: span(&(0..3)),
        });
    }
    if let Some(at) = conflict::first_marker(text) {
        let span = span(&at);
        let help = after_merge;
        return Err(TomlFault::Conflict { help, span });
    }
    let tokens = Source::new(text).lex().into_vec();
    if let Some(at) = long_run(text, &tokens) {
        let reason = "too many `=`, `+` or `-` in a row".to_owned();
        let span = span(&(at.start()..at.end()));
        return Err(TomlFault::Syntax { reason, span });
    }
    let mut depth = Depth::default();
    let mut unclosed = Unclosed::default();
    toml_parser::parser::parse_document(&tokens, &mut depth, &mut unclosed);
    let range = |it: Span| it.start()..it.end();
    match depth.crossed.map(range) {
        Some(crossed) => Err(TomlFault::TooDeep {
            span: span(&crossed),
        }),
        None => Ok(unclosed.0.map(range)),
    }
}

/// The most `=`, or signs before a number, that the parser is given in a row: it calls itself for
/// each, and none of them is TOML but a key that begins with as many `-`.
const MAX_RUN: usize = 128;

fn long_run(text: &str, tokens: &[Token]) -> Option<Span> {
    let all = |run: &&[Token]| run.iter().all(|it| it.kind() == TokenKind::Equals);
    let equals = tokens.windows(MAX_RUN).find(all).map(|run| run[0].span());
    let signed = |it: &&Token| {
        let token = &text.as_bytes()[it.span().start()..it.span().end()];
        token.len() > MAX_RUN && token[..MAX_RUN].iter().all(|it| matches!(it, b'+' | b'-'))
    };
    equals.or_else(|| tokens.iter().find(signed).map(Token::span))
}

/// The parser's errors in the order of the text, less those that only follow from others: all but
/// the first of a line, and all behind a bracket that is never closed.
fn syntax_faults(
    text: &str,
    lines: &Lines,
    errors: &[toml::de::Error],
    unclosed: Option<Range<usize>>,
) -> Vec<TomlFault> {
    // The parser points at bytes, and they need not be whole characters.
    let place = |it: &toml::de::Error| {
        let range = it.span().unwrap_or(text.len()..text.len());
        text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
    };
    let end = unclosed.as_ref().map_or(usize::MAX, |it| it.start);
    let mut errors: Vec<_> = errors.iter().map(|it| (place(it), it.message())).collect();
    errors.retain(|it| it.0.start < end);
    errors.extend(unclosed.map(|it| (it, "a bracket that is never closed")));
    errors.sort_by_key(|it| it.0.start);
    let mut last_line = None;
    let mut faults = Vec::new();
    for (range, message) in errors {
        let span = span(&range);
        if message == "duplicate key" {
            faults.push(TomlFault::DuplicateKey { span });
            continue;
        }
        let line = Some(lines.number(range.start));
        if last_line != line {
            let reason = message.to_owned();
            faults.push(TomlFault::Syntax { reason, span });
        }
        last_line = line;
    }
    faults
}

/// Checks what the parser leaves to its caller: the range of numbers, and that times have seconds
/// (the date library under it reads TOML 1.1).
fn check_value(text: &str, value: &Spanned<DeValue<'_>>, faults: &mut Vec<TomlFault>) {
    let range = value.span();
    let span = span(&range);
    match value.get_ref() {
        DeValue::Integer(it) if i64::from_str_radix(it.as_str(), it.radix()).is_err() => {
            faults.push(TomlFault::Number { span });
        }
        DeValue::Float(it) if !float_is_in_range(it.as_str()) => {
            faults.push(TomlFault::Number { span });
        }
        DeValue::Datetime(_) if text.get(range).is_some_and(lacks_seconds) => {
            faults.push(TomlFault::Time { span });
        }
        DeValue::Array(it) => it.iter().for_each(|it| check_value(text, it, faults)),
        DeValue::Table(it) => it.values().for_each(|it| check_value(text, it, faults)),
        _ => {}
    }
}

fn float_is_in_range(text: &str) -> bool {
    let value: Result<f64, _> = text.parse();
    text.contains("inf") || value.is_ok_and(|it| !it.is_infinite())
}

/// Whether a time such as `07:32` or `1979-05-27T07:32Z` stops at its minutes.
fn lacks_seconds(datetime: &str) -> bool {
    let Some((_, rest)) = datetime.split_once(':') else {
        return false;
    };
    rest.as_bytes().get(2) != Some(&b':')
}

/// Follows the nesting of a text, and stops the parser where it goes too deep.
#[derive(Default)]
struct Depth {
    /// Levels that the current table's header opened.
    header: usize,
    /// The levels that each open inline table or array, and the dotted key before it, opened.
    open: Vec<usize>,
    /// Levels of the key that is being read, or was read last at this place.
    key: usize,
    in_header: bool,
    crossed: Option<Span>,
}

impl Depth {
    fn check(&mut self, at: Span) -> bool {
        let depth = self.header + self.key + self.open.iter().sum::<usize>();
        if depth > MAX_DEPTH && self.crossed.is_none() {
            self.crossed = Some(at);
        }
        self.crossed.is_none()
    }

    /// Enters an inline table or an array, which stands as the value of a key of some levels.
    fn enter(&mut self, at: Span) -> bool {
        self.open.push(self.key + 1);
        self.key = 0;
        self.check(at)
    }

    fn leave(&mut self) {
        self.open.pop();
        self.key = 0;
    }
}

impl EventReceiver for Depth {
    fn std_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        (self.header, self.key, self.in_header) = (0, 0, true);
    }

    fn array_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        (self.header, self.key, self.in_header) = (1, 0, true);
    }

    fn std_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = false;
    }

    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = false;
    }

    fn inline_table_open(&mut self, at: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(at)
    }

    fn inline_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.leave();
    }

    fn array_open(&mut self, at: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(at)
    }

    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.leave();
    }

    fn simple_key(&mut self, at: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        if self.in_header {
            self.header += 1;
        }
        self.check(at);
    }

    fn key_sep(&mut self, at: Span, _: &mut dyn ErrorSink) {
        if !self.in_header {
            self.key += 1;
        }
        self.check(at);
    }

    fn newline(&mut self, _: Span, _: &mut dyn ErrorSink) {
        if self.open.is_empty() {
            self.key = 0;
        }
    }

    fn value_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.key = 0;
    }
}

/// The first bracket that is never closed. All else is reported by the parse proper.
#[derive(Default)]
struct Unclosed(Option<Span>);

impl ErrorSink for Unclosed {
    fn report_error(&mut self, error: ParseError) {
        let unclosed = ["unclosed array", "unclosed inline table"];
        if let Some(at) = error.context()
            && unclosed.contains(&error.description())
            && self.0.is_none_or(|first| at.start() < first.start())
        {
            self.0 = Some(at);
        }
    }
}
