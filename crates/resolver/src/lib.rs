//! Which versions: a synchronous solve over what is known, explained.
//!
//! Pure: a [`Universe`] and a [`Request`] in; an answer, a conflict, or what is missing out.

mod universe;
mod request;
mod resolution;
mod solve;
mod choose;
mod conflict;
mod improve;
mod verify;
mod error;

mod provider;
mod facts;
mod explain;
mod tree;
mod words;
mod phrase;
mod names;

pub use choose::{Choice, Duplicate, Who, choose};
pub use conflict::{
    Branch, Clash, Conflict, Excluded, Found, Headline, Listing, Suggestion, Want, Wanter, Why,
};
pub use error::{Cancelled, WrongAnswer};
pub use improve::improve;
pub use names::Ranges;
pub use request::{Duplicates, Order, Request, RootRequirement};
pub use resolution::Resolution;
pub use solve::{Missing, Outcome, Verdict, solve, solve_until};
pub use universe::{Candidate, Dependency, Exclusion, Spec, Universe};
pub use verify::{Violation, verify};
