//! Smart http: one handle, kept alive; redirects and logins decided here.

use std::io::Read;

use fetch::Clock;
use fetch::http::{Answer, Handle, Head, Login as Sent, Performed, Request as Asked, Way};
use gix::protocol::transport::client::blocking_io::http::Options;
use gix::protocol::transport::client::blocking_io::http::options::FollowRedirects;

use super::credentials::{Accepted, Login, Logins};
use super::error::Fault;
use super::options::TransportOptions;
use super::wire::Traffic;

mod redirect;
mod settings;

pub(crate) use settings::of_git;

/// How often one request is sent again, after a redirect or with another login.
const MAX_TRIES: usize = 8;

/// What a smart server is asked first, below the repository's URL.
const ADVERTISEMENT: &str = "/info/refs?service=git-upload-pack";

/// Where requests go, below the repository's URL.
const SERVICE: &str = "/git-upload-pack";

/// A smart http remote.
pub(crate) struct Http {
    handle: Handle,
    /// The repository's URL, without credentials and closing `/`.
    base: String,
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
        Ok(Self {
            handle: Handle::new(&of_git(settings, &options.limits)?)?,
            base: base.trim_end_matches('/').to_owned(),
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
            received: self.handle.received(),
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
            let answer = self.send(request, clock.clone(), &mut read)?;
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

    /// Sends a request once; its answer is read if it is a 200 of the right type.
    fn send<T>(
        &mut self,
        request: &Request<'_>,
        clock: Clock,
        read: &mut Option<impl FnOnce(&mut dyn Read) -> Result<T, Fault>>,
    ) -> Result<Answer<T>, Fault> {
        let content_type = request.content_type;
        let mut headers = vec![
            "Git-Protocol: version=2".to_owned(),
            format!("Accept: {content_type}"),
        ];
        if request.body.is_some() {
            headers.push("Content-Type: application/x-git-upload-pack-request".to_owned());
        }
        let asked = Asked {
            url: &format!("{}{}", self.base, request.tail),
            headers: &headers,
            body: request.body,
        };
        let Performed { answer, broken } = self.handle.send(
            asked,
            clock,
            |head| is_of_type(head, content_type),
            |_, body| read.take().expect("an answer is read once")(body),
        )?;
        match (answer, broken.map(Fault::from)) {
            // What was read in full stays good, even if the connection broke right after.
            (Some(Ok(answer)), _) => Ok(answer),
            // A reader that met the end too early knows less than curl does.
            (Some(Err(Fault::Unreachable { .. })) | None, Some(broken)) => Err(broken),
            (Some(Err(fault)), _) => Err(fault),
            (None, None) => Err(fetch::Fault::cut_off().into()),
        }
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
        let offers = |scheme: &str| {
            challenges
                .iter()
                .any(|challenge| challenge.to_ascii_lowercase().starts_with(scheme))
        };
        self.handle.login(Sent {
            username: &login.username,
            password: &login.password,
            way: if offers("digest") && !offers("basic") {
                Way::Digest
            } else {
                Way::Basic
            },
        })?;
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

/// Whether the answer is what was asked for, by its head.
fn is_of_type(head: &Head, content_type: &str) -> Result<bool, Fault> {
    if head.status != 200 {
        return Ok(false);
    }
    let kind = head.last("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case(content_type) {
        return Ok(true);
    }
    Err(Fault::NoGitServer {
        what: format!("content of type `{kind}`"),
    })
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
