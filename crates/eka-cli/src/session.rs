//! What a command works with: the context, and the way to answer.

use eka::{Context, Exit};
use serde::Serialize;

use crate::cli::Format;
use crate::failure::Failure;
use crate::ui::{self, Ui};

/// One command under way.
pub(crate) struct Session<'a> {
    /// What the workflow gets.
    pub(crate) ctx: Context<'a>,
    /// What people and pipes see.
    pub(crate) ui: &'a Ui,
}

/// An answer for people.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// For stdout: what one would pipe.
    pub(crate) out: String,
    /// For stderr: what one would read once. Not told under `--quiet`.
    pub(crate) note: String,
}

impl Session<'_> {
    /// Answers in the format that was asked for: `text` for people, or `json`, a shape with its
    /// `schema` in it, as one line.
    pub(crate) fn answer<T: Serialize>(
        &self,
        text: impl FnOnce() -> Text,
        json: impl FnOnce() -> T,
    ) -> Result<Exit, Failure> {
        self.ui.clear();
        match self.ui.format() {
            Format::Text => {
                let text = text();
                ui::stdout(&text.out)?;
                self.ui.note(&text.note);
            }
            Format::Json => self.json_line(&json())?,
        }
        Ok(Exit::Done)
    }

    /// One line of a stream of JSON.
    pub(crate) fn json_line<T: Serialize>(&self, json: &T) -> Result<(), Failure> {
        ui::stdout(&format!("{}\n", crate::json::print(json)))
    }
}
