//! A conflict made small, with what would help: both found by solving again.

mod help;

use std::collections::BTreeSet;

use crate::choose::{Solve, attempt};
use crate::conflict::Conflict;
use crate::request::{Duplicates, Request, RootRequirement};
use crate::resolution::Resolution;
use crate::solve::Verdict;

/// How many trials there may be in all.
const MAX_TRIALS: usize = 80;

/// Makes a conflict as small as it gets, and finds what would help.
///
/// Of the root requirements only those stay that the conflict needs. What would help is tried by
/// solving again, and kept where there is an answer then. Where the other root requirements hold a
/// conflict of their own, its help is left for when it is met.
///
/// `request` is what had been asked of [`crate::choose`], and `solve` is as there: it is called a
/// bounded number of times.
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
    let mut trials = Trials {
        base: Request {
            split: &request.split | &conflict.involved.split,
            ..request.clone()
        },
        duplicates,
        n_left: MAX_TRIALS,
        solve,
    };
    let (core, mut conflict) = trials.core(conflict)?;
    trials.calm(&core)?;
    conflict.suggestions = trials.help(&core, &conflict)?;
    Ok(conflict)
}

/// Some root requirements, and the conflict between them.
type Core = (Vec<RootRequirement>, Box<Conflict>);

/// Questions like the one that has no answer.
struct Trials<'a, E> {
    /// What they vary; its atoms are split as far as the conflict had come.
    base: Request,
    duplicates: Duplicates,
    n_left: usize,
    solve: Solve<'a, E>,
}

impl<E> Trials<'_, E> {
    /// The root requirements that the conflict needs, each of them, and the conflict between them.
    fn core(&mut self, conflict: Box<Conflict>) -> Result<Core, E> {
        let all = self.base.roots.clone();
        let Some(mut found) = self.clash(named(&conflict, &all))? else {
            return Ok((all, conflict));
        };
        let mut kept = BTreeSet::new();
        loop {
            let (roots, conflict) = found;
            // Those that stand last in the explanation are the likeliest to be chance.
            let tokens = conflict.roots.iter().rev().map(|(token, _)| *token);
            let Some(token) = tokens.into_iter().find(|it| !kept.contains(it)) else {
                return Ok((roots, conflict));
            };
            let without = roots.iter().filter(|it| it.token != token);
            found = match self.clash(without.cloned().collect())? {
                Some(smaller) => smaller,
                None => {
                    kept.insert(token);
                    (roots, conflict)
                }
            };
        }
    }

    /// The conflict between some root requirements, with those of them that it names.
    fn clash(&mut self, roots: Vec<RootRequirement>) -> Result<Option<Core>, E> {
        let verdict = self.verdict(Request {
            roots: roots.clone(),
            ..self.base.clone()
        })?;
        let conflict = verdict.and_then(Result::err);
        Ok(conflict.map(|it| (named(&it, &roots), it)))
    }

    /// Leaves out root requirements that are in conflict without those of the core.
    fn calm(&mut self, core: &[RootRequirement]) -> Result<(), E> {
        let in_core = |it: &RootRequirement| core.iter().any(|root| root.token == it.token);
        let all = self.base.roots.iter();
        let mut others: Vec<_> = all.filter(|it| !in_core(it)).cloned().collect();
        while let Some((named, _)) = self.clash(others.clone())? {
            others.retain(|it| named.iter().all(|root| root.token != it.token));
            if named.is_empty() {
                others.clear();
            }
        }
        let is_calm = |it: &RootRequirement| others.iter().any(|root| root.token == it.token);
        self.base.roots.retain(|it| in_core(it) || is_calm(it));
        Ok(())
    }

    fn answer(&mut self, request: Request) -> Result<Option<Resolution>, E> {
        Ok(self.verdict(request)?.and_then(Result::ok))
    }

    /// The verdict on a question; nothing where there were enough of them.
    fn verdict(&mut self, request: Request) -> Result<Option<Verdict>, E> {
        if self.n_left == 0 {
            return Ok(None);
        }
        self.n_left -= 1;
        Ok(Some(attempt(&request, self.duplicates, self.solve)?.1))
    }
}

/// Those of some root requirements that a conflict names, in its order.
fn named(conflict: &Conflict, roots: &[RootRequirement]) -> Vec<RootRequirement> {
    let tokens = conflict.roots.iter().map(|(token, _)| *token);
    let root = |token| roots.iter().find(|it| it.token == token).cloned();
    tokens.filter_map(root).collect()
}
