//! What goes wrong, as diagnostics.

use std::fmt;

use miette::{Diagnostic, LabeledSpan};
use thiserror::Error;

use crate::conflict::Conflict;
use crate::verify::Violation;

/// Why the caller's hook asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum Cancelled {
    /// The user interrupted.
    #[error("resolving was cancelled")]
    #[diagnostic(code(eka::resolver::cancelled))]
    Interrupted,
    /// It took longer than allowed.
    #[error("resolving took too long, and was given up")]
    #[diagnostic(code(eka::resolver::deadline))]
    Deadline,
}

/// No set of versions holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsolvable {
    /// Why not.
    pub conflict: Box<Conflict>,
    /// Where the involved requirements stand in the manifest.
    pub labels: Vec<LabeledSpan>,
}

/// An answer of the solver did not pass the independent check. A fault of eka's own.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("the resolver's answer is wrong: {}", list(violations))]
#[diagnostic(
    code(eka::resolver::wrong_answer),
    help("nothing was written; report this as a bug of eka, with the manifest and the lock")
)]
#[non_exhaustive]
pub struct WrongAnswer {
    /// What does not hold.
    pub violations: Vec<Violation>,
}

impl Unsolvable {
    /// A conflict whose requirements stand at `span(token)` in the manifest.
    pub fn new(conflict: Conflict, span: impl Fn(usize) -> Option<std::ops::Range<usize>>) -> Self {
        let labels = conflict
            .roots
            .iter()
            .filter_map(|(token, label)| Some((span(*token)?, label)))
            .map(|(span, label)| LabeledSpan::new_with_span(Some(label.clone()), span))
            .collect();
        Self {
            conflict: Box::new(conflict),
            labels,
        }
    }
}

impl WrongAnswer {
    /// What the check found.
    #[must_use]
    pub const fn new(violations: Vec<Violation>) -> Self {
        Self { violations }
    }
}

/// The headline and the tree; suggestions are the diagnostic's help.
impl fmt::Display for Unsolvable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.conflict.text().trim_end())
    }
}

impl std::error::Error for Unsolvable {}

impl Diagnostic for Unsolvable {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("eka::resolver::unsolvable"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.conflict.help();
        (!help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

fn list(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(Violation::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
