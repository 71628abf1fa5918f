//! Which versions: a synchronous solve over what is known, explained.
//!
//! Pure: a [`Universe`] and a [`Request`] in; an answer, a conflict, or what is missing out.

mod universe;
mod request;
mod resolution;
mod solve;
mod conflict;
mod verify;
mod error;

mod provider;
mod facts;
mod explain;
mod names;

pub use conflict::{Branch, Clash, Conflict, Found, Headline, Suggestion, Want, Wanter, Why};
pub use error::{Cancelled, Unsolvable, WrongAnswer};
pub use names::Ranges;
pub use request::{Order, Request, RootRequirement};
pub use resolution::Resolution;
pub use solve::{Missing, Outcome, solve, solve_until};
pub use universe::{Candidate, Dependency, Exclusion, Spec, Universe};
pub use verify::{Violation, verify};
