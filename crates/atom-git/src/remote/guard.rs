//! Time limits and the interrupt flag, at every wait for a remote.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use fetch::Clock;
use fetch::clock::Limit;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::error::Fault;
use super::options::TransportOptions;

/// How long a wait lasts before the interrupt flag is looked at again.
const TICK: Duration = Duration::from_millis(100);

/// How much is written at once, in bytes: a pipe that takes any takes this much (POSIX,
/// `PIPE_BUF`).
const PIECE_BYTES: usize = 4096;

/// What an exchange is for: each has its own limit of time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// A handshake or a listing.
    Listing,
    /// A fetch.
    Fetch,
}

/// Starts a clock for one exchange.
pub(crate) fn clock(options: &TransportOptions, purpose: Purpose) -> Clock {
    let limits = &options.limits;
    let whole = match purpose {
        Purpose::Listing => Limit {
            name: "limits.listing-time",
            time: limits.listing,
        },
        Purpose::Fetch => Limit {
            name: "limits.fetch-time",
            time: limits.fetch,
        },
    };
    let stall = Limit {
        name: "limits.stall-time",
        time: limits.stall,
    };
    Clock::start(whole, stall, Arc::clone(&options.interrupt))
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
        wait(&self.inner, PollFlags::IN, &self.clock)?;
        let n = self.inner.read(buf)?;
        self.clock.heard();
        self.received += n as u64;
        Ok(n)
    }
}

/// Writes all of `body` by `clock`: one that does not read is given up as one that does not write.
pub(crate) fn send<W: Write + AsFd>(to: &mut W, body: &[u8], clock: &mut Clock) -> io::Result<()> {
    for piece in body.chunks(PIECE_BYTES) {
        wait(to, PollFlags::OUT, clock)?;
        to.write_all(piece)?;
        clock.heard();
    }
    Ok(())
}

/// Whether it takes bytes now.
pub(crate) fn is_ready(to: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(to, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|n| n > 0)
}

/// Waits until something can be read or written without waiting.
fn wait(on: &impl AsFd, what: PollFlags, clock: &Clock) -> io::Result<()> {
    let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
    loop {
        clock.check().map_err(Fault::from)?;
        let mut fds = [PollFd::new(on, what)];
        match poll(&mut fds, Some(&tick)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
