//! Time limits and the interrupt flag, at every wait for a remote.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::error::Fault;
use super::options::TransportOptions;

/// How long a wait lasts before the interrupt flag is looked at again.
const TICK: Duration = Duration::from_millis(100);

/// What an exchange is for: each has its own limit of time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// A handshake or a listing.
    Listing,
    /// A fetch.
    Fetch,
}

/// The time limits of one exchange.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    stall: Duration,
    whole: Duration,
    whole_name: &'static str,
    began: Instant,
    heard: Instant,
    interrupt: Arc<AtomicBool>,
}

impl Clock {
    /// Starts now.
    pub(crate) fn start(options: &TransportOptions, purpose: Purpose) -> Self {
        let (whole, whole_name) = match purpose {
            Purpose::Listing => (options.limits.listing, "limits.listing-time"),
            Purpose::Fetch => (options.limits.fetch, "limits.fetch-time"),
        };
        let now = Instant::now();
        Self {
            stall: options.limits.stall,
            whole,
            whole_name,
            began: now,
            heard: now,
            interrupt: Arc::clone(&options.interrupt),
        }
    }

    /// Notes that something came, or that the wait was our own.
    pub(crate) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// # Errors
    ///
    /// [`Fault::Interrupted`] and [`Fault::TimedOut`].
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Fault::Interrupted);
        }
        for (since, limit, name) in [
            (self.began, self.whole, self.whole_name),
            (self.heard, self.stall, "limits.stall-time"),
        ] {
            if since.elapsed() >= limit {
                return Err(Fault::TimedOut {
                    seconds: limit.as_secs(),
                    limit: name,
                });
            }
        }
        Ok(())
    }
}

/// A stream that is read under a [`Clock`].
pub(crate) struct Guarded<R> {
    inner: R,
    pub(crate) clock: Clock,
    /// Bytes read so far.
    pub(crate) received: u64,
}

impl<R: Read + AsFd> Guarded<R> {
    /// Reads `inner` by `clock`.
    pub(crate) const fn new(inner: R, clock: Clock) -> Self {
        Self {
            inner,
            clock,
            received: 0,
        }
    }
}

impl<R: Read + AsFd> Read for Guarded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
        loop {
            self.clock.check()?;
            let mut fds = [PollFd::new(&self.inner, PollFlags::IN)];
            match poll(&mut fds, Some(&tick)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let n = self.inner.read(buf)?;
        self.clock.heard();
        self.received += n as u64;
        Ok(n)
    }
}
