//! Time limits and the interrupt flag, of one exchange with a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::fault::Fault;

/// The time limits of one exchange.
#[derive(Debug, Clone)]
pub struct Clock {
    stall: Limit,
    whole: Limit,
    began: Instant,
    heard: Instant,
    interrupt: Arc<AtomicBool>,
}

/// A limit of time, and what the user calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its name, such as `limits.stall-time`.
    pub name: &'static str,
    /// How long.
    pub time: Duration,
}

impl Clock {
    /// Starts now: `whole` for all of the exchange, `stall` without a single byte. The flag is
    /// raised to end it early.
    #[must_use]
    pub fn start(whole: Limit, stall: Limit, interrupt: Arc<AtomicBool>) -> Self {
        let now = Instant::now();
        Self {
            stall,
            whole,
            began: now,
            heard: now,
            interrupt,
        }
    }

    /// Notes that something came, or that the wait was our own.
    pub fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// # Errors
    ///
    /// [`Fault::Interrupted`] and [`Fault::TimedOut`].
    pub fn check(&self) -> Result<(), Fault> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Fault::Interrupted);
        }
        for (since, limit) in [(self.began, self.whole), (self.heard, self.stall)] {
            if since.elapsed() >= limit.time {
                return Err(Fault::TimedOut {
                    seconds: limit.time.as_secs(),
                    limit: limit.name,
                });
            }
        }
        Ok(())
    }
}
