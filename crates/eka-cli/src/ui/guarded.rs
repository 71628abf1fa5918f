//! A diagnostic with nothing in it that a terminal could obey.

use std::error::Error;
use std::fmt::{self, Write as _};

use eka::escape;
use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode, SourceSpan};

use crate::json::diagnostic::Span;

/// The longest line that is drawn, in bytes. (What draws them panics beyond 65,535 columns.)
const MAX_WIDTH: usize = 1000;

/// A copy of a diagnostic, each text of it escaped; the source keeps its offsets.
pub(crate) struct Guarded {
    message: String,
    code: Option<String>,
    severity: Severity,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    text: Option<NamedSource<String>>,
    related: Vec<Self>,
    cause: Option<Box<Self>>,
}

impl Guarded {
    pub(crate) fn of(diagnostic: &dyn Diagnostic) -> Self {
        let mut guarded = Self::bare(&diagnostic.to_string());
        guarded.code = diagnostic.code().map(|it| escaped(&it.to_string()));
        guarded.severity = diagnostic.severity().unwrap_or_default();
        guarded.help = diagnostic.help().map(|it| escaped(&it.to_string()));
        let labels = diagnostic.labels().into_iter().flatten();
        guarded.labels = labels.map(|it| label(&it)).collect();
        guarded.text = diagnostic.source_code().and_then(text);
        let related = diagnostic.related().into_iter().flatten();
        guarded.related = related.map(Self::of).collect();
        guarded.cause = match (diagnostic.diagnostic_source(), diagnostic.source()) {
            (Some(cause), _) => Some(Self::of(cause)),
            (None, Some(cause)) => Some(Self::of_error(cause)),
            (None, None) => None,
        }
        .and_then(|cause| news(&guarded.message, cause));
        guarded
    }

    fn of_error(error: &dyn Error) -> Self {
        let mut guarded = Self::bare(&error.to_string());
        guarded.cause = error
            .source()
            .and_then(|it| news(&guarded.message, Self::of_error(it)));
        guarded
    }

    fn bare(message: &str) -> Self {
        Self {
            message: escaped(message),
            code: None,
            severity: Severity::Error,
            help: None,
            labels: Vec::new(),
            text: None,
            related: Vec::new(),
            cause: None,
        }
    }

    /// The same as a warning, whatever it says of itself: the command went on.
    pub(crate) fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn code_text(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(crate) fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(crate) const fn severity_name(&self) -> &'static str {
        match self.severity {
            Severity::Advice => "advice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    pub(crate) const fn has_text(&self) -> bool {
        self.text.is_some()
    }

    pub(crate) fn related_ones(&self) -> &[Self] {
        &self.related
    }

    /// The messages of the causes, the nearest first.
    pub(crate) fn causes(&self) -> Vec<&str> {
        std::iter::successors(self.cause.as_deref(), |it| it.cause.as_deref())
            .map(|it| it.message.as_str())
            .collect()
    }

    /// The labels, with their places in the text of `holder`.
    pub(crate) fn spans<'a>(&'a self, holder: Option<&'a Self>) -> Vec<Span<'a>> {
        let source = holder.and_then(|it| it.text.as_ref());
        let span = |it: &'a LabeledSpan| {
            let at = source.and_then(|source| place(source.inner(), it.offset()));
            Span {
                file: source.map(NamedSource::name),
                offset: it.offset(),
                length: it.len(),
                line: at.map(|it| it.0),
                column: at.map(|it| it.1),
                label: it.label(),
            }
        };
        self.labels.iter().map(span).collect()
    }
}

impl Guarded {
    /// The same as it can be drawn: where a line that would be shown is too long for that, the
    /// message says the place instead.
    pub(crate) fn drawable(mut self) -> Self {
        self.tell_places(None);
        self
    }

    /// `above` is the text of the diagnostic that this one belongs to.
    fn tell_places(&mut self, above: Option<&NamedSource<String>>) {
        let own = self.text.take();
        let source = own.as_ref().or(above);
        let wide = |source: &NamedSource<String>| {
            let labels = self.labels.iter();
            labels
                .map(|it| (it.offset(), shown_width(source.inner(), it)))
                .find(|it| it.1 > MAX_WIDTH)
        };
        if let Some((source, (offset, _))) = source.and_then(|it| Some((it, wide(it)?))) {
            let (line, column) = place(source.inner(), offset).unwrap_or((1, 1));
            let name = source.name();
            write!(self.message, " (`{name}`, line {line}, column {column})")
                .expect("a string takes all text");
            self.labels.clear();
        }
        for it in &mut self.related {
            it.tell_places(source);
        }
        if let Some(cause) = &mut self.cause {
            cause.tell_places(source);
        }
        self.text = own;
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Guarded {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|it| it as &(dyn Error + 'static))
    }
}

impl Diagnostic for Guarded {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code = self.code.as_ref()?;
        Some(Box::new(code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|it| it as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(
            self.related.iter().map(|it| it as &dyn Diagnostic),
        ))
    }

    fn diagnostic_source(&self) -> Option<&dyn Diagnostic> {
        // A cause that is a message alone is drawn as one.
        let more = |it: &&Self| it.code.is_some() || it.help.is_some();
        let cause = self.cause.as_deref().filter(more);
        cause.map(|it| it as &dyn Diagnostic)
    }
}

fn escaped(text: &str) -> String {
    escape::lines(text).into_owned()
}

/// The line and column of an offset, from 1.
fn place(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.get(..offset)?;
    let line = before.rsplit('\n').next().unwrap_or(before);
    Some((before.matches('\n').count() + 1, line.chars().count() + 1))
}

/// The bytes of the longest line that is drawn for a label: its own, the one before and the one
/// after.
fn shown_width(text: &str, label: &LabeledSpan) -> usize {
    let end_of_line = |at: usize| text[at..].find('\n').map_or(text.len(), |it| at + it);
    let start_of_line = |at: usize| text[..at].rfind('\n').map_or(0, |it| it + 1);
    let from = text.floor_char_boundary(label.offset());
    let to = text.ceil_char_boundary(label.offset() + label.len());
    let start = start_of_line(start_of_line(from).saturating_sub(1));
    let end = end_of_line(text.len().min(end_of_line(to) + 1));
    text[start..end].lines().map(str::len).max().unwrap_or(0)
}

fn label(it: &LabeledSpan) -> LabeledSpan {
    let words = it.label().map(escaped);
    if it.primary() {
        LabeledSpan::new_primary_with_span(words, *it.inner())
    } else {
        LabeledSpan::new_with_span(words, *it.inner())
    }
}

/// A cause, unless its message stands in the message above: then what is behind it.
fn news(above: &str, cause: Guarded) -> Option<Box<Guarded>> {
    if above.contains(&cause.message) {
        cause.cause
    } else {
        Some(Box::new(cause))
    }
}

/// The whole text that spans point into.
fn text(source: &dyn SourceCode) -> Option<NamedSource<String>> {
    let whole = source
        .read_span(&SourceSpan::from(0..0), 0, usize::MAX)
        .ok()?;
    let name = escape::line(whole.name().unwrap_or("input")).into_owned();
    let text = String::from_utf8_lossy(whole.data());
    Some(NamedSource::new(name, escape::mask(&text).into_owned()))
}
