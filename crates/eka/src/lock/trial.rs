//! What would be, and what there is: answers that nobody writes.

use atom::lock::Lock;
use atom::source::Sourced;
use atom::{AtomId, Requirement};

use super::Scene;
use crate::error::Error;
use crate::resolve::{Listed, Options, Remote, ResolveError, Top, Unsolvable, listed};

/// What must hold in one trial, beside what the manifest asks.
pub(crate) type Forced = Vec<(AtomId, Requirement)>;

impl Scene<'_> {
    /// Solves once for each list of what is forced, over one crawl: the lock that there would be,
    /// or why there would be none. Nothing is written or told. What need not move stays.
    pub(crate) fn trials(
        &mut self,
        top: Top,
        trials: &[Forced],
    ) -> Result<Vec<Result<Lock, Unsolvable>>, Error> {
        self.inquire(vec![top], |inquiry| {
            let one = |forced: &Forced| {
                let answered = inquiry.answer(&Options {
                    forced: forced.clone(),
                    command: "eka update".to_owned(),
                    ..Options::default()
                });
                match answered {
                    Ok(mut answered) => Ok(Ok(answered.locks.remove(0))),
                    Err(ResolveError::Unsolvable(why)) => Ok(Err(why)),
                    Err(error) => Err(error),
                }
            };
            trials.iter().map(one).collect()
        })
    }

    /// All versions that there are of what a lock holds of other repositories, with their marks.
    ///
    /// Where an origin does not answer and a mirror does, they are those that the lock holds.
    pub(crate) fn listed(&mut self, lock: &Lock) -> Result<Listed, Error> {
        let ctx = self.ctx;
        let remotes = self.remotes()?;
        let _task = ctx.task("listing", None);
        let mut remote = Remote::new(ctx, remotes, &|_| {}, [lock]);
        listed(lock, &mut remote).map_err(|error| {
            // It is about a remote, and points into no text.
            Error::Resolve(Box::new(Sourced::new(error, "", "")))
        })
    }
}
