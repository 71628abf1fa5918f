//! A conflict made small, with what would help: both found by solving again.

use crate::choose::{Solve, attempt};
use crate::conflict::Conflict;
use crate::request::{Duplicates, Request};

/// Makes a conflict as small as it gets, and finds what would help.
///
/// Of the root requirements only those stay that are needed for the conflict. What would help is
/// tried by solving again, and kept where there is an answer then. `solve` is as for
/// [`crate::choose`], and called a bounded number of times.
///
/// # Errors
///
/// What `solve` failed with: the conflict as it was holds all the same.
pub fn improve<E>(
    conflict: Box<Conflict>,
    request: &Request,
    duplicates: Duplicates,
    solve: Solve<'_, E>,
) -> Result<Box<Conflict>, E> {
    let tokens: Vec<_> = conflict.roots.iter().map(|(token, _)| *token).collect();
    let mut core = request.clone();
    core.roots.retain(|it| tokens.contains(&it.token));
    let (_, verdict) = attempt(&core, duplicates, solve)?;
    Ok(verdict.err().unwrap_or(conflict))
}
