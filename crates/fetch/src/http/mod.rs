//! One curl handle, kept alive: requests whose answers are judged by their head, and read as they
//! come. Redirects and logins are decided by the caller.

mod setup;
mod transfer;

pub use curl::easy::{Auth, HttpVersion, SslVersion};
pub use setup::{Encoding, Proxy, Settings, Tls};
pub use transfer::{Answer, Head, Performed};

use std::io::Read;

use curl::easy::{Easy2, List};

use crate::clock::Clock;
use crate::fault::Fault;
use transfer::Sink;

/// A connection to a server, or several, one at a time.
pub struct Handle {
    easy: Easy2<Sink>,
    headers: Vec<String>,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where to: `http` or `https`, without credentials.
    pub url: &'a str,
    /// Headers beside those of the settings, such as `Range: bytes=0-`.
    pub headers: &'a [String],
    /// What is posted; nothing is got.
    pub body: Option<&'a [u8]>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The user.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// How it is sent.
    pub way: Way,
}

/// How a login is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As it is.
    Basic,
    /// As the answer to a question.
    Digest,
}

impl Handle {
    /// Sets up a handle; sends nothing.
    ///
    /// # Errors
    ///
    /// [`Fault::Settings`] where curl refuses a value.
    pub fn new(settings: &Settings) -> Result<Self, Fault> {
        let mut easy = Easy2::new(Sink::default());
        setup::apply(&mut easy, settings)?;
        Ok(Self {
            easy,
            headers: settings.headers.clone(),
        })
    }

    /// Logs in by all requests from now on.
    ///
    /// # Errors
    ///
    /// [`Fault::Settings`] where curl refuses a value.
    pub fn login(&mut self, login: Login<'_>) -> Result<(), Fault> {
        let mut auth = Auth::new();
        match login.way {
            Way::Basic => auth.basic(true),
            Way::Digest => auth.digest(true),
        };
        self.easy
            .http_auth(&auth)
            .and_then(|()| self.easy.username(login.username))
            .and_then(|()| self.easy.password(login.password))
            .map_err(|error| setup::refused(&error))
    }

    /// Sends a request. `read` is called with the head and the body of its answer, if `wants` is
    /// content with the head.
    ///
    /// # Errors
    ///
    /// [`Fault::Settings`] where curl refuses a value; nothing was sent then.
    pub fn send<T, E>(
        &mut self,
        request: Request<'_>,
        clock: Clock,
        wants: impl FnOnce(&Head) -> Result<bool, E>,
        read: impl FnOnce(&Head, &mut dyn Read) -> Result<T, E>,
    ) -> Result<Performed<T, E>, Fault> {
        self.prepare(request).map_err(|it| setup::refused(&it))?;
        Ok(transfer::transfer(&mut self.easy, clock, wants, read))
    }

    /// Bytes received so far, heads included.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.easy.get_ref().received
    }

    fn prepare(&mut self, request: Request<'_>) -> Result<(), curl::Error> {
        let easy = &mut self.easy;
        let mut headers = List::new();
        for line in self.headers.iter().chain(request.headers) {
            headers.append(line)?;
        }
        // Without this curl waits for a "100 Continue" that servers are slow to give.
        headers.append("Expect:")?;
        easy.http_headers(headers)?;
        easy.url(request.url)?;
        match request.body {
            Some(body) => {
                easy.post(true)?;
                easy.post_fields_copy(body)
            }
            None => easy.get(true),
        }
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
