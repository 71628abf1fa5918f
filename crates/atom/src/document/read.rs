//! From a text to a spanned table: bounds first, then syntax, then what TOML 1.0 leaves to readers.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_parser::decoder::Encoding;
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Source, Span};

use super::{MAX_BYTES, MAX_DEPTH, TomlFault, span};

/// Reads a text, as far as it can be read: a table and no faults, or what could be made out and
/// why it is not all.
///
/// `after_merge` is what to do about git's conflict markers.
pub(crate) fn read<'i>(
    text: &'i str,
    after_merge: &'static str,
) -> (Spanned<DeTable<'i>>, Vec<TomlFault>) {
    if let Some(fault) = out_of_bounds(text, after_merge) {
        return (Spanned::new(0..0, DeTable::new()), vec![fault]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut faults: Vec<TomlFault> = errors.iter().map(|it| syntax(text, it)).collect();
    for value in table.get_ref().values() {
        check_value(text, value, &mut faults);
    }
    (table, faults)
}

/// What must hold before a recursive parser may see the text.
fn out_of_bounds(text: &str, after_merge: &'static str) -> Option<TomlFault> {
    if text.len() > MAX_BYTES {
        return Some(TomlFault::TooLarge { bytes: text.len() });
    }
    if text.starts_with('\u{feff}') {
        return Some(TomlFault::ByteOrderMark {
            span: span(&(0..3)),
        });
    }
    if let Some(at) = conflict_marker(text) {
        let span = span(&(at..at + 7));
        let help = after_merge;
        return Some(TomlFault::Conflict { help, span });
    }
    let mut depth = Depth::default();
    let tokens = Source::new(text).lex().into_vec();
    toml_parser::parser::parse_document(&tokens, &mut depth, &mut Silent);
    depth.crossed.map(|at| TomlFault::TooDeep {
        span: span(&(at.start()..at.end())),
    })
}

/// Finds a line that git wrote: `<<<<<<< ours`, `>>>>>>> theirs`. (`=======` alone is not asked
/// for: the other two stand around it.)
fn conflict_marker(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            return Some(at);
        }
        at += line.len();
    }
    None
}

fn syntax(text: &str, error: &toml::de::Error) -> TomlFault {
    let range = error.span().unwrap_or(text.len()..text.len());
    let span = span(&range);
    match error.message() {
        "duplicate key" => TomlFault::DuplicateKey { span },
        reason => TomlFault::Syntax {
            reason: reason.to_owned(),
            span,
        },
    }
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
    /// Levels that the open inline tables and arrays, and the dotted keys of theirs, opened: one
    /// count for each that is open.
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

/// Syntax is reported by the parse proper.
struct Silent;

impl ErrorSink for Silent {
    fn report_error(&mut self, _: ParseError) {}
}
