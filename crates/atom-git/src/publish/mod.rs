//! Publishing: from a commit to refs on remotes.
//!
//! [`Atoms`] of a commit are chosen and made [`Candidate`]s of, which no remote has a say in; a
//! [`Remote`] is listed, its [`Ready`] plan made without asking anybody, and brought there by one
//! atomic push of refs that must not exist yet. The user's repository is only read.

pub mod choose;
mod check;
pub mod collect;
pub mod plan;
pub mod remote;
mod reach;
mod differ;
pub mod report;
mod secrets;
pub mod refusal;
pub mod fault;
pub mod scratch;

pub use choose::{Atoms, Choice, Chosen, Ids, Wanted};
pub use collect::{Candidate, Means, changed, collect};
pub use fault::{AtomFault, CollectError, Kind};
pub use plan::{Offer, Plan, Step, There, Verdict, plan};
pub use refusal::{Refusal, RefusalKind, RemoteRefusal};
pub use remote::{Job, PublishError, Ready, Remote, WithHistory};
pub use report::{Facts, Oddity, Thresholds, facts};
pub use scratch::Scratch;
