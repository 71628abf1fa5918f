//! Why a server gave nothing of use.

use miette::Diagnostic;
use thiserror::Error;

/// What went wrong with a server, or with a file of it.
///
/// Texts that a server sent are raw: whoever prints them escapes them.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Fault {
    /// The host was not found or not reached, or the connection broke off.
    #[error("the connection failed: {what}")]
    #[diagnostic(
        code(eka::http::unreachable),
        help("check the URL, the network and the proxy settings, then run the command again")
    )]
    Unreachable {
        /// As curl puts it.
        what: String,
    },

    /// Nothing came for too long, or not all of it in time.
    #[error("no answer within {seconds} s ({limit})")]
    #[diagnostic(
        code(eka::http::timed_out),
        help("run the command again, or raise the limit `{limit}`")
    )]
    TimedOut {
        /// How long was waited, in seconds.
        seconds: u64,
        /// The name of the limit that ended the wait.
        limit: &'static str,
    },

    /// The server's certificate is not trusted.
    #[error("its identity could not be verified: {what}")]
    #[diagnostic(
        code(eka::http::certificate),
        help("make the certificate known by `http.sslCAInfo` in git's configuration")
    )]
    Certificate {
        /// As curl puts it.
        what: String,
    },

    /// The server, or the proxy, wants credentials, and there were none, or they were not accepted.
    #[error("authentication failed: {what}")]
    #[diagnostic(
        code(eka::http::unauthenticated),
        help("put the login for this host into `~/.netrc`")
    )]
    Unauthenticated {
        /// What was tried.
        what: String,
    },

    /// Credentials would cross the network in clear text.
    #[error("it asks for credentials over plain http")]
    #[diagnostic(code(eka::http::insecure_credentials), help("use the `https` URL"))]
    InsecureCredentials,

    /// The server knows who asks, and refuses.
    #[error("access is denied (HTTP status {status})")]
    #[diagnostic(code(eka::http::forbidden), help("ask its owner for access"))]
    Forbidden {
        /// 403 or 407.
        status: u32,
    },

    /// There is nothing at the URL, or nothing that one may know of.
    #[error("there is nothing (HTTP status {status})")]
    #[diagnostic(
        code(eka::http::not_found),
        help(
            "check the URL; hosts answer so for private files too, where credentials are missing"
        )
    )]
    NotFound {
        /// 404 or 410.
        status: u32,
    },

    /// The server failed, by its own account.
    #[error("the server answered with HTTP status {status}")]
    #[diagnostic(
        code(eka::http::server_fault),
        help("the fault is the server's: run the command again later")
    )]
    ServerFault {
        /// 429 or 5xx.
        status: u32,
    },

    /// An HTTP status that says nothing of use.
    #[error("the server answered with HTTP status {status}")]
    #[diagnostic(code(eka::http::status), help("check that the URL is that of a file"))]
    Status {
        /// The status.
        status: u32,
    },

    /// The server sends the client from https to plain http, to no URL, or in circles.
    #[error("it redirects to `{to}`, which is not followed")]
    #[diagnostic(
        code(eka::http::redirected),
        help(
            "redirects are followed to http and https, never from https to http, and not for ever: name the right URL itself"
        )
    )]
    Redirected {
        /// Where to, without credentials.
        to: String,
    },

    /// The server sends more than is taken.
    #[error("it exceeds the limit `{name}` of {limit}")]
    #[diagnostic(
        code(eka::http::limit),
        help("if the server is to be trusted with more, raise `{name}`")
    )]
    Limit {
        /// The limit's name.
        name: &'static str,
        /// Its value, in the limit's unit.
        limit: u64,
    },

    /// The answer is no http, or contradicts itself.
    #[error("its answer is not understood: {what}")]
    #[diagnostic(code(eka::http::protocol), help("see whether `curl` understands it"))]
    Protocol {
        /// What was not understood.
        what: String,
    },

    /// A setting for this server cannot be used.
    #[error("the settings for it are not usable: {what}")]
    #[diagnostic(
        code(eka::http::settings),
        help("`git config --show-origin --list` shows where each value stands")
    )]
    Settings {
        /// The reason.
        what: String,
    },

    /// The interrupt flag was raised.
    #[error("interrupted")]
    #[diagnostic(code(eka::http::interrupted), help("run the command again"))]
    Interrupted,
}

impl Fault {
    /// Whether trying again may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::ServerFault { .. }
        )
    }

    /// The connection ended before the answer did.
    #[must_use]
    pub fn cut_off() -> Self {
        Self::Unreachable {
            what: "the answer was cut off".to_owned(),
        }
    }

    /// An answer that is not understood, in words.
    pub(crate) fn protocol(what: impl Into<String>) -> Self {
        Self::Protocol { what: what.into() }
    }
}
