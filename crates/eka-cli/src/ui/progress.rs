//! One line that says what is under way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use eka::escape;
use eka::event::{Event, TaskId};

use super::stderr;

/// What ends sooner is not shown.
const DELAY: Duration = Duration::from_millis(300);
/// The time between two drawings.
const EVERY: Duration = Duration::from_millis(100);
/// The longest line, in characters.
const WIDTH: usize = 78;

/// The tasks under way, and whether their line stands on the terminal.
#[derive(Debug, Default)]
pub(super) struct Line {
    tasks: BTreeMap<TaskId, Task>,
    drawn: Option<Instant>,
    visible: bool,
}

#[derive(Debug)]
struct Task {
    what: String,
    total: Option<u64>,
    done: u64,
    since: Instant,
}

impl Line {
    /// Takes what happened, and draws now and then.
    pub(super) fn take(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Started { task, what, total } => {
                let (done, since) = (0, now);
                self.tasks.insert(
                    task,
                    Task {
                        what,
                        total,
                        done,
                        since,
                    },
                );
            }
            Event::Advanced { task, by } => {
                if let Some(it) = self.tasks.get_mut(&task) {
                    it.done += by;
                }
            }
            Event::Ended { task } => {
                self.tasks.remove(&task);
            }
            _ => return,
        }
        if self.drawn.is_none_or(|it| now - it >= EVERY) {
            self.draw(now);
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.visible) {
            stderr("\r\x1b[2K");
        }
    }

    fn draw(&mut self, now: Instant) {
        let text = self.text(now);
        if text.is_empty() {
            self.clear();
        } else {
            self.visible = true;
            self.drawn = Some(now);
            stderr(&format!("\r\x1b[2K{text}"));
        }
    }

    /// The oldest task, how far it is, and how many others there are.
    fn text(&self, now: Instant) -> String {
        let Some(task) = self.tasks.values().find(|it| now - it.since >= DELAY) else {
            return String::new();
        };
        let tail = match (task.total, self.tasks.len() - 1) {
            (Some(total), 0) => format!(" {}/{total}", task.done),
            (Some(total), others) => format!(" {}/{total} (and {others} more)", task.done),
            (None, 0) => String::new(),
            (None, others) => format!(" (and {others} more)"),
        };
        let what = escape::line(&task.what);
        let room = WIDTH.saturating_sub(tail.chars().count());
        if what.chars().count() > room {
            let cut: String = what.chars().take(room.saturating_sub(1)).collect();
            format!("{cut}…{tail}")
        } else {
            format!("{what}{tail}")
        }
    }
}

#[cfg(test)]
mod tests {
    use eka::event::{Events as _, Recorded, Tasks};

    use super::*;

    #[test]
    fn the_oldest_task_is_shown_after_a_moment() {
        let recorded = Recorded::default();
        let tasks = Tasks::default();
        let first = tasks.start(&recorded, "listing \x1b[2J", Some(3));
        let second = tasks.start(&recorded, "x".repeat(200), None);
        first.advance(1);
        let mut line = Line::default();
        recorded.take().into_iter().for_each(|it| line.take(it));
        let now = Instant::now();
        assert_eq!(line.text(now), "");
        let later = now + DELAY;
        assert_eq!(line.text(later), "listing \\u{1b}[2J 1/3 (and 1 more)");
        drop(first);
        recorded.take().into_iter().for_each(|it| line.take(it));
        let text = line.text(later);
        assert!(
            text.ends_with('…') && text.chars().count() == WIDTH,
            "{text}"
        );
        drop(second);
        recorded.emit(Event::Note(String::new()));
        recorded.take().into_iter().for_each(|it| line.take(it));
        assert_eq!(line.text(later), "");
    }
}
