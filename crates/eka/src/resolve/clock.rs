//! How long solving may take. Only the solver's own time counts: that of remotes has limits of its
//! own, and a slow network must not make a problem unsolvable.

use std::cell::Cell;
use std::time::{Duration, Instant};

use resolver::Cancelled;

use super::ResolveError;

/// Stops solves that take too long together, or that the user interrupts.
pub(super) struct Clock<'a> {
    limit: Duration,
    spent: Cell<Duration>,
    interrupted: &'a dyn Fn() -> bool,
}

impl<'a> Clock<'a> {
    pub(super) const fn new(limit: Duration, interrupted: &'a dyn Fn() -> bool) -> Self {
        Self {
            limit,
            spent: Cell::new(Duration::ZERO),
            interrupted,
        }
    }

    /// Runs a solve, which asks now and then whether to end early.
    pub(super) fn run<T>(
        &self,
        solve: impl FnOnce(&dyn Fn() -> Option<Cancelled>) -> Result<T, Cancelled>,
    ) -> Result<T, ResolveError> {
        let start = Instant::now();
        let before = self.spent.get();
        let stopped = || {
            if (self.interrupted)() {
                return Some(Cancelled::Interrupted);
            }
            (before + start.elapsed() >= self.limit).then_some(Cancelled::Deadline)
        };
        let result = solve(&stopped);
        self.spent.set(before + start.elapsed());
        result.map_err(|cause| match cause {
            Cancelled::Deadline => ResolveError::TooLong {
                seconds: self.limit.as_secs(),
            },
            other => other.into(),
        })
    }
}
