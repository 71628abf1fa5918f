//! Credentials for one http remote: from its URL, netrc, then git's helpers.

use fetch::netrc;
use gix::credentials::helper::{Action, NextAction};

use super::error::Fault;
use super::options::{Prompt, TransportOptions};

/// A user and a password, and what to tell the helper that gave them.
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
    next: Option<NextAction>,
}

/// The places where a login may come from, each asked once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Url,
    Netrc,
    Helpers,
}

/// Gives one login after the other, best first.
pub(crate) struct Logins {
    url: gix::Url,
    left: Vec<Source>,
    options: TransportOptions,
}

impl Logins {
    /// For the remote at `url`, which may hold credentials itself.
    pub(crate) fn new(url: gix::Url, options: TransportOptions) -> Self {
        Self {
            url,
            left: vec![Source::Helpers, Source::Netrc, Source::Url],
            options,
        }
    }

    /// The next login to try; `None` where nothing is left.
    ///
    /// # Errors
    ///
    /// [`Fault::InsecureCredentials`] where it would cross the network in clear text;
    /// [`Fault::Unauthenticated`] where a helper fails.
    pub(crate) fn next(&mut self, challenges: &[String]) -> Result<Option<Login>, Fault> {
        while let Some(source) = self.left.pop() {
            let login = match source {
                Source::Url => self.of_url(),
                Source::Netrc => self.of_netrc(),
                Source::Helpers => self.of_helpers(challenges)?,
            };
            if login.is_some() {
                if self.is_secure() {
                    return Ok(login);
                }
                return Err(Fault::InsecureCredentials);
            }
        }
        Ok(None)
    }

    /// Whether what is sent stays between us and the server.
    fn is_secure(&self) -> bool {
        self.url.scheme == gix::url::Scheme::Https
            || self.url.host().is_some_and(|host| {
                host == "localhost"
                    || host
                        .trim_matches(['[', ']'])
                        .parse::<std::net::IpAddr>()
                        .is_ok_and(|ip| ip.is_loopback())
            })
    }

    fn of_url(&self) -> Option<Login> {
        Some(Login {
            username: self.url.user()?.to_owned(),
            password: self.url.password()?.to_owned(),
            next: None,
        })
    }

    fn of_netrc(&self) -> Option<Login> {
        let text = std::fs::read_to_string(self.options.netrc.as_ref()?).ok()?;
        let login = netrc::lookup(&text, self.url.host()?, self.url.user())?;
        Some(Login {
            username: login.username,
            password: login.password,
            next: None,
        })
    }

    fn of_helpers(&self, challenges: &[String]) -> Result<Option<Login>, Fault> {
        let failed = |error: gix::Error| Fault::Unauthenticated {
            what: format!("a credential helper failed: {error}"),
        };
        let repo = self.options.config.to_thread_local();
        let mut url = self.url.clone();
        url.set_password(None);
        let (mut cascade, action, mut prompt) = repo
            .config_snapshot()
            .credential_helpers(url)
            .map_err(failed)?;
        if self.options.prompt == Prompt::Never {
            prompt.mode = gix::prompt::Mode::Disable;
            if cascade.programs.is_empty() && prompt.askpass.is_none() {
                return Ok(None);
            }
        }
        let action = match action {
            Action::Get(mut context) => {
                context.www_authenticate =
                    challenges.iter().map(|text| text.as_str().into()).collect();
                Action::Get(context)
            }
            other => other,
        };
        let Some(outcome) = cascade.invoke(action, prompt).map_err(failed)? else {
            return Ok(None);
        };
        Ok(Some(Login {
            username: outcome.identity.username,
            password: outcome.identity.password,
            next: Some(outcome.next),
        }))
    }

    /// Tells the helper that gave a login whether it was right.
    pub(crate) fn report(&self, login: &mut Login, accepted: Accepted) {
        let Some(next) = login.next.take() else {
            return;
        };
        let action = match accepted {
            Accepted::Yes => next.store(),
            Accepted::No => next.erase(),
        };
        let repo = self.options.config.to_thread_local();
        let told = repo
            .config_snapshot()
            .credential_helpers(self.url.clone())
            .and_then(|(mut cascade, _, prompt)| cascade.invoke(action, prompt));
        // A helper that does not take the answer is no reason to fail the listing.
        drop(told);
    }
}

/// Whether a server took a login.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Accepted {
    Yes,
    No,
}
