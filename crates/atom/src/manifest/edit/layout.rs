//! Where each table, entry and inline table of a TOML text stands, in bytes.

use std::ops::Range;

use toml_parser::parser::{Event, EventKind};
use toml_parser::{ErrorSink, ParseError, Source};

/// The keys to something, from the top.
pub(super) type Path = Vec<String>;

/// What stands where.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Headers and entries, in the order of the text.
    pub(super) statements: Vec<Statement>,
    /// Inline tables, wherever they stand but in arrays; an outer one after those within.
    pub(super) inline: Vec<Inline>,
}

/// A `[header]`, or a `key = value` that stands in no inline table.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    /// The keys to it, from the top: the header's own, or the header's and the entry's.
    pub(super) path: Path,
    /// How many of the keys are the header's.
    pub(super) header: usize,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    ArrayTable,
    Entry,
}

/// A `{ … }`.
#[derive(Debug)]
pub(super) struct Inline {
    pub(super) path: Path,
    /// From its opening brace to behind its closing one.
    pub(super) span: Range<usize>,
    pub(super) entries: Vec<InlineEntry>,
}

/// A `key = value` in an inline table.
#[derive(Debug)]
pub(super) struct InlineEntry {
    pub(super) path: Path,
    pub(super) span: Range<usize>,
}

impl Layout {
    /// Reads the layout of a text that is TOML, and within bounds.
    pub(super) fn of(text: &str) -> Self {
        let source = Source::new(text);
        let mut events: Vec<Event> = Vec::new();
        let tokens = source.lex().into_vec();
        toml_parser::parser::parse_document(&tokens, &mut events, &mut Silent);
        let mut walk = Walk {
            source,
            events: events.iter(),
            layout: Self::default(),
        };
        walk.document();
        walk.layout
    }
}

struct Walk<'t, 'e> {
    source: Source<'t>,
    events: std::slice::Iter<'e, Event>,
    layout: Layout,
}

impl Walk<'_, '_> {
    fn document(&mut self) {
        let mut header = Path::new();
        while let Some(event) = self.events.next() {
            match event.kind() {
                EventKind::StdTableOpen => header = self.header(event, Kind::Table),
                EventKind::ArrayTableOpen => header = self.header(event, Kind::ArrayTable),
                EventKind::SimpleKey => {
                    let (path, span) = self.entry(event, &header, Record::Inline);
                    self.layout.statements.push(Statement {
                        kind: Kind::Entry,
                        path,
                        header: header.len(),
                        span,
                    });
                }
                _ => {}
            }
        }
    }

    fn header(&mut self, open: &Event, kind: Kind) -> Path {
        let mut path = Path::new();
        let mut end = open.span().end();
        for event in self.events.by_ref() {
            end = event.span().end();
            match event.kind() {
                EventKind::SimpleKey => path.push(decode(self.source, event)),
                EventKind::StdTableClose | EventKind::ArrayTableClose => break,
                _ => {}
            }
        }
        self.layout.statements.push(Statement {
            kind,
            path: path.clone(),
            header: path.len(),
            span: open.span().start()..end,
        });
        path
    }

    /// Reads an entry from its first key on; returns its path and span.
    fn entry(&mut self, first: &Event, table: &[String], record: Record) -> (Path, Range<usize>) {
        let mut path = table.to_vec();
        path.push(decode(self.source, first));
        for event in self.events.by_ref() {
            match event.kind() {
                EventKind::SimpleKey => path.push(decode(self.source, event)),
                EventKind::KeySep | EventKind::Whitespace => {}
                EventKind::KeyValSep => break,
                _ => return (path, first.span().start()..event.span().end()),
            }
        }
        let end = self.value(&path, record);
        (path, first.span().start()..end)
    }

    /// Reads a value; returns where it ends.
    fn value(&mut self, path: &[String], record: Record) -> usize {
        let mut depth = 0_usize;
        let mut end = self.source.input().len();
        while let Some(event) = self.events.next() {
            end = event.span().end();
            match event.kind() {
                EventKind::ArrayOpen => depth += 1,
                EventKind::ArrayClose => depth = depth.saturating_sub(1),
                EventKind::InlineTableOpen if depth == 0 => {
                    end = self.inline(event, path, record);
                }
                EventKind::InlineTableOpen => {
                    self.inline(event, path, Record::Nothing);
                    continue;
                }
                EventKind::Scalar => {}
                _ => continue,
            }
            if depth == 0 {
                break;
            }
        }
        end
    }

    fn inline(&mut self, open: &Event, path: &[String], record: Record) -> usize {
        let mut entries = Vec::new();
        let mut end = open.span().end();
        while let Some(event) = self.events.next() {
            end = event.span().end();
            match event.kind() {
                EventKind::SimpleKey => {
                    let (path, span) = self.entry(event, path, record);
                    end = span.end;
                    entries.push(InlineEntry { path, span });
                }
                EventKind::InlineTableClose => break,
                _ => {}
            }
        }
        if record == Record::Inline {
            self.layout.inline.push(Inline {
                path: path.to_vec(),
                span: open.span().start()..end,
                entries,
            });
        }
        end
    }
}

/// Whether inline tables have a path: in arrays they have none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Record {
    Inline,
    Nothing,
}

fn decode(source: Source<'_>, key: &Event) -> String {
    let mut decoded = std::borrow::Cow::Borrowed("");
    if let Some(raw) = source.get(key) {
        raw.decode_key(&mut decoded, &mut Silent);
    }
    decoded.into_owned()
}

struct Silent;

impl ErrorSink for Silent {
    fn report_error(&mut self, _: ParseError) {}
}
