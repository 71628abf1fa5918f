//! What an update brings: the sources of each atom before and after.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, LockedAtom};
use atom::{Id, ObjectId, Root, Version};

use super::{Report, compare, of_lock};
use crate::context::Context;
use crate::error::Error;
use crate::fetch::Wanted;
use crate::remotes::Remotes;

/// Compares the versions that pairs of locks have of the same atoms, each move once. Atoms that
/// come or go have nothing to be compared with.
///
/// # Errors
///
/// As [`super::diff`].
pub(crate) fn moved<'a>(
    ctx: &Context<'_>,
    locks: impl Iterator<Item = (&'a Lock, &'a Lock)>,
) -> Result<Vec<Report>, Error> {
    let mut seen = BTreeSet::new();
    let mut pairs: Vec<(Wanted<'_>, Wanted<'_>)> = Vec::new();
    for (before, after) in locks {
        let new = |it: &(Wanted<'_>, Wanted<'_>)| seen.insert((it.0.rev, it.1.rev));
        pairs.extend(moves(before, after).into_iter().filter(new));
    }
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let remotes = Remotes::open(ctx)?;
    let all: Vec<Wanted<'_>> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut found = of_lock(ctx, &remotes, &all)?.into_iter();
    let mut reports = Vec::new();
    while let (Some(from), Some(to)) = (found.next(), found.next()) {
        reports.push(compare(&remotes, from, to)?);
    }
    Ok(reports)
}

/// The published atoms that have another commit afterwards: of several versions the newest that
/// went beside the newest that came, and so on.
fn moves<'a>(before: &'a Lock, after: &'a Lock) -> Vec<(Wanted<'a>, Wanted<'a>)> {
    let (old, new) = (commits(before), commits(after));
    let mut pairs = Vec::new();
    for (atom, old) in &old {
        let Some(new) = new.get(atom) else { continue };
        let gone = old.iter().rev().filter(|it| !new.contains_key(it.0));
        let come = new.iter().rev().filter(|it| !old.contains_key(it.0));
        let moved = gone.zip(come).map(|(a, b)| (*a.1, *b.1));
        let from = pairs.len();
        pairs.extend(
            moved.filter_map(|(a, b)| Some((Wanted::of(before, a)?, Wanted::of(after, b)?))),
        );
        pairs[from..].reverse();
    }
    pairs
}

/// The published atoms of a lock by id and set, and of each the versions with their commits.
type Commits<'a> = BTreeMap<(&'a Id, Root), BTreeMap<(&'a Version, ObjectId), &'a LockedAtom>>;

fn commits(lock: &Lock) -> Commits<'_> {
    let mut commits = Commits::new();
    for atom in &lock.atoms {
        if let Some(wanted) = Wanted::of(lock, atom) {
            let of_atom = commits.entry((&atom.id, wanted.root())).or_default();
            of_atom.insert((&atom.version, wanted.rev), atom);
        }
    }
    commits
}
