//! The resolver, from text to answers and explanations.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod language;
mod answers;
mod choices;
mod conflicts;
mod help;
mod deadline;
mod wrong_answers;
mod random;
mod exhaustive;
mod knowledge;
