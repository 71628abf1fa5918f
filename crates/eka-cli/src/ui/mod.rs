//! What people see: diagnostics, notes and progress on stderr, answers on stdout.

mod drawn;
mod guarded;
mod painter;
mod progress;
mod stream;

pub(crate) use drawn::{Drawn, Ink, Reader, Shade, stdout_bytes};
pub(crate) use guarded::Guarded;
pub(crate) use painter::Painter;
pub(crate) use stream::Stream;

use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard};

use eka::escape;
use eka::event::{Event, Events};
use miette::Diagnostic;

use crate::cli::Format;
use crate::failure::Failure;
use crate::globals::{Globals, Progress};
use progress::Line;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Errors alone.
    Quiet,
    /// Warnings and notes too.
    Normal,
    /// Details too.
    Verbose,
}

/// The terminal, or whatever stands in its place.
pub(crate) struct Ui {
    painter: Painter,
    ink: Ink,
    verbosity: Verbosity,
    progress: Progress,
    line: Mutex<Line>,
}

impl Ui {
    pub(crate) fn new(globals: &Globals) -> Self {
        Self {
            painter: globals.painter,
            ink: globals.ink,
            verbosity: globals.verbosity,
            progress: globals.progress,
            line: Mutex::default(),
        }
    }

    /// How answers are asked for.
    pub(crate) const fn format(&self) -> Format {
        self.painter.format
    }

    /// Whether answers are colored.
    pub(crate) const fn ink(&self) -> Ink {
        self.ink
    }

    /// Tells a diagnostic.
    pub(crate) fn tell(&self, diagnostic: &dyn Diagnostic) {
        let mut line = self.line();
        line.clear();
        self.painter.tell(diagnostic);
    }

    /// Tells a text of one or more lines, unless `--quiet` or JSON is asked for.
    pub(crate) fn note(&self, text: &str) {
        if self.verbosity != Verbosity::Quiet && self.format() == Format::Text && !text.is_empty() {
            self.line().clear();
            stderr(&format!("{}\n", text.trim_end_matches('\n')));
        }
    }

    /// Takes the line of progress away.
    pub(crate) fn clear(&self) {
        self.line().clear();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(|it| it.into_inner())
    }
}

impl Events for Ui {
    fn emit(&self, event: Event) {
        match event {
            Event::Warning(warning) if self.verbosity != Verbosity::Quiet => {
                let mut line = self.line();
                line.clear();
                self.painter.warn(warning.diagnostic());
            }
            Event::Note(text) => self.note(&escape::line(&text)),
            Event::Detail(text) if self.verbosity == Verbosity::Verbose => {
                self.note(&escape::line(&text));
            }
            event if self.progress == Progress::Shown => self.line().take(event),
            _ => {}
        }
    }
}

/// Writes an answer. A closed pipe is no failure: whoever read had enough.
pub(crate) fn stdout(text: &str) -> Result<(), Failure> {
    let text = escape::lines(text);
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Stdout { source })
        }
        _ => Ok(()),
    }
}

/// Writes to stderr what is guarded already, or is our own.
fn stderr(text: &str) {
    let mut out = io::stderr().lock();
    // Nobody is left to be told.
    let _unheard = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
