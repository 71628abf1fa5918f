//! One connection, whatever it runs over: an advertisement, then requests and answers.

use std::io::Read;

use fetch::Clock;

use super::error::Fault;
use super::guard::{self, Purpose};
use super::http::Http;
use super::options::TransportOptions;
use super::pipe::Pipe;
use super::settings::Place;

/// A connection to the `upload-pack` service of a remote.
pub(crate) enum Wire {
    /// Each request stands alone.
    Http(Box<Http>),
    /// One stream, to a process or over TCP.
    Pipe(Box<Pipe>),
}

/// What went over a connection so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests that were answered. The advertisement is one.
    pub turns: u32,
    /// Bytes received, http headers included; as they were before http's own compression is
    /// undone, where there is any.
    pub received: u64,
}

impl std::ops::Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            turns: self.turns + other.turns,
            received: self.received + other.received,
        }
    }
}

impl Wire {
    /// Connects. Over http nothing is sent yet.
    pub(crate) fn connect(place: &Place, options: &TransportOptions) -> Result<Self, Fault> {
        options.check_interrupt()?;
        Ok(match place {
            Place::Http {
                url,
                options: settings,
            } => Self::Http(Box::new(Http::new(url, settings, options)?)),
            Place::Ssh { .. } | Place::Local { .. } => {
                Self::Pipe(Box::new(Pipe::spawn(place, options)?))
            }
            Place::Daemon { url } => Self::Pipe(Box::new(Pipe::dial(url, options)?)),
        })
    }

    /// Whether the server forgets all between requests.
    pub(crate) const fn is_stateless(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// Reads what the server says first.
    pub(crate) fn advertisement<T>(
        &mut self,
        options: &TransportOptions,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let clock = guard::clock(options, Purpose::Listing);
        match self {
            Self::Http(http) => http.advertisement(clock, read),
            Self::Pipe(pipe) => pipe.read(clock, read),
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) fn request<T>(
        &mut self,
        body: &[u8],
        mut clock: Clock,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self {
            Self::Http(http) => http.request(body, clock, read),
            Self::Pipe(pipe) => {
                pipe.write(body, &mut clock)?;
                pipe.read(clock, read)
            }
        }
    }

    /// What went over it so far.
    pub(crate) fn traffic(&self) -> Traffic {
        match self {
            Self::Http(http) => http.traffic(),
            Self::Pipe(pipe) => pipe.traffic(),
        }
    }
}
