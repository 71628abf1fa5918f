//! Smart http over curl: one handle, kept alive; redirects and logins decided here.

use std::io::Read;

use curl::easy::{Auth, Easy2, List};
use gix::protocol::transport::client::blocking_io::http::Options;
use gix::protocol::transport::client::blocking_io::http::options::FollowRedirects;

use super::credentials::{Accepted, Login, Logins};
use super::error::Fault;
use super::guard::Clock;
use super::options::TransportOptions;
use super::wire::Traffic;

mod redirect;
mod setup;
mod transfer;

use transfer::{Answer, Head, Sink, transfer};

/// How often one request is sent again, after a redirect or with another login.
const MAX_TRIES: usize = 8;

/// What a smart server is asked first, below the repository's URL.
const ADVERTISEMENT: &str = "/info/refs?service=git-upload-pack";

/// Where requests go, below the repository's URL.
const SERVICE: &str = "/git-upload-pack";

/// A smart http remote.
pub(crate) struct Http {
    easy: Easy2<Sink>,
    /// The repository's URL, without credentials and closing `/`.
    base: String,
    headers: Vec<String>,
    follow: FollowRedirects,
    logins: Logins,
    login: Option<Login>,
    turns: u32,
}

/// A request and what its answer must call itself.
struct Request<'a> {
    tail: &'static str,
    body: Option<&'a [u8]>,
    content_type: &'static str,
}

impl Http {
    /// Sets up a handle; sends nothing.
    pub(crate) fn new(
        url: &gix::Url,
        settings: &Options,
        options: &TransportOptions,
    ) -> Result<Self, Fault> {
        let mut plain = url.clone();
        plain.set_user(None);
        plain.set_password(None);
        let base = plain.to_bstring().to_string();
        let mut easy = Easy2::new(Sink::default());
        setup::apply(&mut easy, settings, &options.limits)?;
        Ok(Self {
            easy,
            base: base.trim_end_matches('/').to_owned(),
            headers: settings.extra_headers.clone(),
            follow: settings.follow_redirects,
            logins: Logins::new(url.clone(), options.clone()),
            login: None,
            turns: 0,
        })
    }

    /// Asks what the server offers.
    pub(crate) fn advertisement<T>(
        &mut self,
        clock: Clock,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let request = Request {
            tail: ADVERTISEMENT,
            body: None,
            content_type: "application/x-git-upload-pack-advertisement",
        };
        self.exchange(&request, clock, read)
    }

    /// Sends a request to the service.
    pub(crate) fn request<T>(
        &mut self,
        body: &[u8],
        clock: Clock,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let request = Request {
            tail: SERVICE,
            body: Some(body),
            content_type: "application/x-git-upload-pack-result",
        };
        self.exchange(&request, clock, read)
    }

    /// What went over it so far.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            turns: self.turns,
            received: self.easy.get_ref().received,
        }
    }

    fn exchange<T>(
        &mut self,
        request: &Request<'_>,
        clock: Clock,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut read = Some(read);
        for _ in 0..MAX_TRIES {
            self.prepare(request)?;
            let answer = transfer(
                &mut self.easy,
                clock.clone(),
                request.content_type,
                &mut read,
            )?;
            self.turns += 1;
            let head = match answer {
                Answer::Read(value) => {
                    self.accept_login();
                    return Ok(value);
                }
                Answer::Head(head) => head,
            };
            match head.status {
                401 => self.next_login(&head)?,
                300..=399 => self.redirect(request, &head)?,
                status => return Err(refusal(status)),
            }
        }
        Err(Fault::Redirected {
            to: self.base.clone(),
        })
    }

    /// Makes the handle ready for one request.
    fn prepare(&mut self, request: &Request<'_>) -> Result<(), Fault> {
        let easy = &mut self.easy;
        let mut headers = List::new();
        let content_type = request.content_type;
        let mut lines = self.headers.clone();
        lines.push("Git-Protocol: version=2".to_owned());
        lines.push(format!("Accept: {content_type}"));
        // Without this curl waits for a "100 Continue" that servers are slow to give.
        lines.push("Expect:".to_owned());
        if request.body.is_some() {
            lines.push("Content-Type: application/x-git-upload-pack-request".to_owned());
        }
        let set = (|| {
            for line in &lines {
                headers.append(line)?;
            }
            easy.http_headers(headers)?;
            easy.url(&format!("{}{}", self.base, request.tail))?;
            match request.body {
                Some(body) => {
                    easy.post(true)?;
                    easy.post_fields_copy(body)
                }
                None => easy.get(true),
            }
        })();
        set.map_err(|error: curl::Error| setup::refused(&error))
    }

    /// After a 401: takes the next login that there is.
    fn next_login(&mut self, head: &Head) -> Result<(), Fault> {
        let tried = self.login.take();
        let what = if tried.is_some() {
            "the credentials were not accepted"
        } else {
            "no credentials are known for this host"
        };
        if let Some(mut login) = tried {
            self.logins.report(&mut login, Accepted::No);
        }
        let challenges = head.all("www-authenticate");
        let Some(login) = self.logins.next(&challenges)? else {
            return Err(Fault::Unauthenticated {
                what: what.to_owned(),
            });
        };
        let mut auth = Auth::new();
        let offers = |scheme: &str| {
            challenges
                .iter()
                .any(|challenge| challenge.to_ascii_lowercase().starts_with(scheme))
        };
        if offers("digest") && !offers("basic") {
            auth.digest(true);
        } else {
            auth.basic(true);
        }
        self.easy
            .http_auth(&auth)
            .and_then(|()| self.easy.username(&login.username))
            .and_then(|()| self.easy.password(&login.password))
            .map_err(|error| setup::refused(&error))?;
        self.login = Some(login);
        Ok(())
    }

    /// Tells the helper, once, that its login was right.
    fn accept_login(&mut self) {
        if let Some(login) = &mut self.login {
            self.logins.report(login, Accepted::Yes);
        }
    }

    /// After a 3xx: moves to where it points, if that is the same host.
    fn redirect(&mut self, request: &Request<'_>, head: &Head) -> Result<(), Fault> {
        let follows = match self.follow {
            FollowRedirects::All => true,
            FollowRedirects::Initial => request.body.is_none(),
            FollowRedirects::None => false,
        };
        let location = head.all("location").pop().unwrap_or_default();
        let from = format!("{}{}", self.base, request.tail);
        match redirect::target(&from, &location, request.tail) {
            Ok(base) if follows => {
                self.base = base;
                Ok(())
            }
            Ok(to) | Err(to) => Err(Fault::Redirected { to }),
        }
    }
}

/// What a status other than 200, 401 and the redirects means.
const fn refusal(status: u32) -> Fault {
    match status {
        403 | 407 => Fault::Forbidden {
            text: String::new(),
        },
        404 | 410 => Fault::NoRepository {
            text: String::new(),
        },
        429 | 500..=599 => Fault::ServerFault { status },
        status => Fault::HttpStatus { status },
    }
}
