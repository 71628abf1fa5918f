//! What a workflow says while it works: warnings and progress.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use miette::Diagnostic;

/// Where events go: a terminal, lines of JSON, or a [`Recorded`] list.
pub trait Events: Sync {
    /// Takes one event; called from any thread, in any order between tasks.
    fn emit(&self, event: Event);
}

/// One thing that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Something is odd and the work goes on.
    Warning(Warning),
    /// Something worth knowing now, such as that one waits; may hold foreign text.
    Note(String),
    /// What is being done, for those who ask by `-v`; may hold foreign text.
    Detail(String),
    /// A task began.
    Started {
        /// Which; later events name it.
        task: TaskId,
        /// What is done, such as "listing `https://example.org/repo`"; may hold foreign text.
        what: String,
        /// How many steps it has, where that is known.
        total: Option<u64>,
    },
    /// A task went on.
    Advanced {
        /// Which.
        task: TaskId,
        /// How many steps were done since the last of its events.
        by: u64,
    },
    /// A task ended, well or not.
    Ended {
        /// Which.
        task: TaskId,
    },
}

/// A diagnostic that stops nothing.
pub struct Warning(Box<dyn Diagnostic + Send + Sync>);

/// A running task, unique within one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// Hands out task ids.
#[derive(Debug, Default)]
pub struct Tasks(AtomicU64);

/// A task under way: dropping it ends it.
pub struct Task<'a> {
    id: TaskId,
    events: &'a dyn Events,
}

impl Warning {
    /// Takes any diagnostic.
    #[must_use]
    pub fn new(diagnostic: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self(Box::new(diagnostic))
    }

    /// The diagnostic.
    #[must_use]
    pub fn diagnostic(&self) -> &(dyn Diagnostic + 'static) {
        &*self.0
    }
}

impl fmt::Debug for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Tasks {
    /// Begins a task, of `total` steps where that is known.
    pub fn start<'a>(
        &self,
        events: &'a dyn Events,
        what: impl Into<String>,
        total: Option<u64>,
    ) -> Task<'a> {
        let id = TaskId(self.0.fetch_add(1, Ordering::Relaxed));
        events.emit(Event::Started {
            task: id,
            what: what.into(),
            total,
        });
        Task { id, events }
    }
}

impl Task<'_> {
    /// Says that `by` more steps are done.
    pub fn advance(&self, by: u64) {
        self.events.emit(Event::Advanced { task: self.id, by });
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.events.emit(Event::Ended { task: self.id });
    }
}

/// Keeps all events, for callers who look afterwards.
#[derive(Debug, Default)]
pub struct Recorded(Mutex<Vec<Event>>);

impl Recorded {
    /// What was recorded so far, in order; the list is empty afterwards.
    #[must_use]
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(|it| it.into_inner()))
    }
}

impl Events for Recorded {
    fn emit(&self, event: Event) {
        self.0
            .lock()
            .unwrap_or_else(|it| it.into_inner())
            .push(event);
    }
}
