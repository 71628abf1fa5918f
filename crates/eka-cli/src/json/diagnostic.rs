//! `eka.diagnostic/1`: an error or a warning on stderr.

use serde::Serialize;

use crate::ui::Guarded;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    #[serde(flatten)]
    one: One<'a>,
}

/// One fault. `related` are the faults that stand in one file, each with its own spans.
#[derive(Debug, Serialize)]
struct One<'a> {
    /// `error`, `warning` or `advice`.
    severity: &'static str,
    code: Option<&'a str>,
    message: &'a str,
    help: Option<&'a str>,
    spans: Vec<Span<'a>>,
    causes: Vec<&'a str>,
    related: Vec<Self>,
}

/// A place in a text. `offset` and `length` are in bytes, `line` and `column` count from one,
/// columns in characters.
#[derive(Debug, Serialize)]
pub(crate) struct Span<'a> {
    pub(crate) file: Option<&'a str>,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) label: Option<&'a str>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(guarded: &'a Guarded) -> Self {
        Self {
            schema: "eka.diagnostic/1",
            one: One::of(guarded, None),
        }
    }
}

impl<'a> One<'a> {
    fn of(guarded: &'a Guarded, around: Option<&'a Guarded>) -> Self {
        let holder = if guarded.has_text() {
            Some(guarded)
        } else {
            around
        };
        Self {
            severity: guarded.severity_name(),
            code: guarded.code_text(),
            message: guarded.message(),
            help: guarded.help_text(),
            spans: guarded.spans(holder),
            causes: guarded.causes(),
            related: guarded
                .related_ones()
                .iter()
                .map(|it| Self::of(it, holder))
                .collect(),
        }
    }
}
