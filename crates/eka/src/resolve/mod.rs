//! The loop between the crawl and the solver: bring what the solver touched and lacked, solve
//! again, until nothing unknown was touched.
//!
//! Each settled solve equals the one with full knowledge, and only settled solves decide, so the
//! answer depends on manifests, the old lock and the remotes alone: not on the cache, nor on the
//! order in which anybody answered.

mod settle;
mod choose;
mod answer;
mod crawl;
mod reach;
mod clock;
mod error;
mod knowledge;
mod listed;
mod network;
mod notices;
mod origins;
mod patch;
mod unsolvable;

#[cfg(test)]
mod tests;

pub(crate) use choose::Inquiry;
pub use error::ResolveError;
pub(crate) use knowledge::LocalAtom;
pub(crate) use listed::Marks;
pub(crate) use listed::{Listed, listed};
pub(crate) use network::Remote;
pub(crate) use notices::{Kind as MarkKind, Mark};
pub use origins::TwoOrigins;
pub(crate) use patch::{Patch, StandIn};
pub use unsolvable::Unsolvable;
pub(crate) use unsolvable::quoted;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atom::lock::Lock;
use atom::manifest::{Duplicates, Manifest};
use atom::{AtomId, Id, Requirement, Root};
use resolver::Order;

use crate::pins::Fresh;

/// One manifest to resolve for.
#[derive(Debug)]
pub(crate) struct Top {
    /// What it is called in messages, such as `atom.toml`.
    pub(crate) name: String,
    /// Its text, which errors point into.
    pub(crate) text: String,
    /// What it says.
    pub(crate) manifest: Manifest,
    /// The lock that stands beside it: its versions are kept where they still fit.
    pub(crate) lock: Option<Lock>,
    /// What that lock is.
    pub(crate) held: Held,
    /// Which of its dependencies, by position, the file does not hold yet.
    pub(crate) unsaved: BTreeSet<usize>,
    /// What to say behind `eka` so that a command finds it, such as ` -C libs/x`; empty where
    /// commands find it by themselves.
    pub(crate) at: String,
}

/// What the lock beside a manifest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// An answer: where it holds several majors of an atom, they were needed.
    Answer,
    /// All that the sides of a merge hold.
    Sides,
}

/// All that a resolution depends on, beside the remotes.
#[derive(Debug)]
pub(crate) struct Question {
    /// The manifests; all are solved in one.
    pub(crate) tops: Vec<Top>,
    /// The atoms of the work tree.
    pub(crate) locals: BTreeMap<Id, LocalAtom>,
    /// The root of the repository, where it is known.
    pub(crate) own_root: Option<Root>,
    /// What stands in for atoms of sets.
    pub(crate) patches: Vec<Patch>,
    /// How much is done to find the answer.
    pub(crate) bounds: Bounds,
}

/// How much is done to find an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How long solving may take, remotes not counted.
    pub(crate) solving: Duration,
    /// How many sets may be asked.
    pub(crate) sets: usize,
}

/// Which of several answers it is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Which versions come first.
    pub(crate) order: Order,
    /// Whether yanked versions may be taken.
    pub(crate) yanked: Yanked,
    /// Which atoms leave the version that the lock holds.
    pub(crate) moving: Moving,
    /// What must hold beside the manifests' requirements; no second major is taken for its sake.
    pub(crate) forced: Vec<(AtomId, Requirement)>,
    /// Which pins are taken anew.
    pub(crate) pins: Fresh,
    /// The command that asks, for messages that say how to ask again.
    pub(crate) command: String,
}

/// Whether yanked versions may be taken that no lock holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Yanked {
    /// No.
    #[default]
    Refused,
    /// Where there is no answer without, the ones that stand in its way.
    Allowed,
}

/// Which atoms leave the version that the lock holds, if they can.
#[derive(Debug, Clone, Default)]
pub(crate) enum Moving {
    /// None that need not.
    #[default]
    Nothing,
    /// These, and of the others those that must.
    Only(BTreeSet<AtomId>),
    /// All.
    All,
}

/// What a resolution comes to.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The lock of each top, in their order.
    pub(crate) locks: Vec<Lock>,
    /// The marks on what was chosen.
    pub(crate) marks: Vec<Mark>,
}

impl Top {
    /// Whether the manifest forbids several majors of one atom.
    pub(crate) fn denies_duplicates(&self) -> bool {
        self.manifest.duplicates == Duplicates::Deny
    }
}

impl Moving {
    /// Whether an atom leaves its version.
    pub(crate) fn moves(&self, atom: &AtomId) -> bool {
        match self {
            Self::Nothing => false,
            Self::Only(atoms) => atoms.contains(atom),
            Self::All => true,
        }
    }
}
