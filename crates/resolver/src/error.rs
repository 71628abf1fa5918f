//! What goes wrong, as diagnostics.

use miette::Diagnostic;
use thiserror::Error;

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

impl WrongAnswer {
    /// What the check found.
    #[must_use]
    pub const fn new(violations: Vec<Violation>) -> Self {
        Self { violations }
    }
}

fn list(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(Violation::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
