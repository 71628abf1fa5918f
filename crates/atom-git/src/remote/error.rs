//! Why a remote gave no answer.

use std::io;

use miette::Diagnostic;
use thiserror::Error;

/// A remote that gave no usable answer, and why.
///
/// Never to be read as "there is no such version": a remote that answered and has nothing
/// gives an empty listing, or names what is missing.
#[derive(Debug, Error, Diagnostic)]
#[error("cannot use the remote `{remote}`: {fault}")]
#[diagnostic(forward(fault))]
pub struct RemoteError {
    /// The remote's URL, passwords as `***`.
    pub remote: String,
    /// What went wrong.
    pub fault: Fault,
}

/// What went wrong with a remote.
///
/// Texts that a server or a program sent (`text`) are raw: whoever prints them escapes them.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Fault {
    /// The host was not found or not reached, or the connection broke off.
    #[error("the connection failed: {what}")]
    #[diagnostic(
        code(eka::remote::unreachable),
        help("check the URL, the network and the proxy settings, then run the command again")
    )]
    Unreachable {
        /// As the transport puts it.
        what: String,
    },

    /// Nothing came for too long, or not all of it in time.
    #[error("no answer within {seconds} s ({limit})")]
    #[diagnostic(
        code(eka::remote::timed_out),
        help("run the command again, or raise the limit `{limit}`")
    )]
    TimedOut {
        /// How long was waited, in seconds.
        seconds: u64,
        /// The name of the limit that ended the wait.
        limit: &'static str,
    },

    /// The server's certificate, or its ssh host key, is not trusted.
    #[error("its identity could not be verified: {what}")]
    #[diagnostic(
        code(eka::remote::certificate),
        help(
            "make the certificate known by `http.sslCAInfo` in git's configuration, or the host key in `known_hosts`"
        )
    )]
    Certificate {
        /// As the transport puts it.
        what: String,
    },

    /// The server wants credentials, and there were none, or they were not accepted.
    #[error("authentication failed: {what}")]
    #[diagnostic(
        code(eka::remote::unauthenticated),
        help(
            "git's credential helpers, netrc and ssh keys are used: see that `git ls-remote` works for this remote"
        )
    )]
    Unauthenticated {
        /// What was tried.
        what: String,
    },

    /// The server knows who asks, and refuses.
    #[error("access is denied{}", colon(text))]
    #[diagnostic(
        code(eka::remote::forbidden),
        help("ask the owner of the repository for access")
    )]
    Forbidden {
        /// What the server said, if anything.
        text: String,
    },

    /// Credentials would cross the network in clear text.
    #[error("it asks for credentials over plain http")]
    #[diagnostic(
        code(eka::remote::insecure_credentials),
        help("use the `https` URL of the repository")
    )]
    InsecureCredentials,

    /// There is no git repository, or none that one may know of.
    #[error("there is no repository{}", colon(text))]
    #[diagnostic(
        code(eka::remote::no_repository),
        help(
            "check the URL; hosts answer so for private repositories too, where credentials are missing"
        )
    )]
    NoRepository {
        /// What the server or program said, if anything.
        text: String,
    },

    /// The server failed, by its own account.
    #[error("the server answered with HTTP status {status}")]
    #[diagnostic(
        code(eka::remote::server_fault),
        help("the fault is the server's: run the command again later")
    )]
    ServerFault {
        /// 429 or 5xx.
        status: u32,
    },

    /// An HTTP status that says nothing of use.
    #[error("the server answered with HTTP status {status}")]
    #[diagnostic(
        code(eka::remote::http_status),
        help("check that the URL is that of a git repository")
    )]
    HttpStatus {
        /// The status.
        status: u32,
    },

    /// The server sends the client to another host, to plain http, or in circles.
    #[error("it redirects to `{to}`")]
    #[diagnostic(
        code(eka::remote::redirected),
        help(
            "redirects are followed on the same host only: name the new URL itself, if it is right"
        )
    )]
    Redirected {
        /// Where to, without credentials.
        to: String,
    },

    /// The server refused in words.
    #[error("the remote says: {text}")]
    #[diagnostic(
        code(eka::remote::refused),
        help("the remote's own words say what it wants")
    )]
    Refused {
        /// The words.
        text: String,
    },

    /// Something answers, but it is no git server.
    #[error("it does not speak git's smart protocol: {what}")]
    #[diagnostic(
        code(eka::remote::no_git_server),
        help(
            "check that the URL is that of a git repository; the `dumb` protocol is not supported"
        )
    )]
    NoGitServer {
        /// What came instead.
        what: String,
    },

    /// The server breaks git's protocol.
    #[error("its answer breaks git's protocol: {what}")]
    #[diagnostic(
        code(eka::remote::protocol),
        help("see whether `git ls-remote` understands it; if it does, report this")
    )]
    Protocol {
        /// What was not understood.
        what: String,
    },

    /// The server sends more than is taken.
    #[error("its answer exceeds the limit `{name}` of {limit}")]
    #[diagnostic(
        code(eka::remote::limit),
        help("if the remote is to be trusted with more, raise `{name}`")
    )]
    Limit {
        /// The limit's name, see [`Limits`](super::Limits).
        name: &'static str,
        /// Its value, in the limit's unit.
        limit: u64,
    },

    /// The repository does not use SHA-1.
    #[error("its objects are named by `{format}`")]
    #[diagnostic(
        code(eka::remote::object_format),
        help("only SHA-1 repositories are supported for now")
    )]
    ObjectFormat {
        /// The format that the server names.
        format: String,
    },

    /// The URL, as git's configuration rewrites it, is of a transport that is not used.
    #[error("its URL becomes `{scheme}` by git's configuration, which is not used here")]
    #[diagnostic(
        code(eka::remote::scheme),
        help(
            "https, http, ssh, git, file and local paths are; see `url.<base>.insteadOf` and `protocol.allow`"
        )
    )]
    Scheme {
        /// The scheme.
        scheme: String,
    },

    /// Git's configuration for this remote cannot be used.
    #[error("git's configuration for it is not usable: {what}")]
    #[diagnostic(
        code(eka::remote::settings),
        help("`git config --show-origin --list` shows where each value stands")
    )]
    Settings {
        /// The reason.
        what: String,
    },

    /// A program that the transport needs did not start.
    #[error("cannot run `{program}`: {source}")]
    #[diagnostic(code(eka::remote::program), help("{}", install(program)))]
    Program {
        /// Its name.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },

    /// What came could not be kept.
    #[error("cannot keep what it sent: {what}")]
    #[diagnostic(
        code(eka::remote::keep),
        help("see that the cache folder is writable and its disk is not full")
    )]
    Keep {
        /// The reason.
        what: String,
    },

    /// The caller's interrupt flag was raised.
    #[error("interrupted")]
    #[diagnostic(code(eka::remote::interrupted), help("run the command again"))]
    Interrupted,
}

impl RemoteError {
    /// Binds a fault to the remote it befell.
    pub(crate) fn new(remote: impl ToString, fault: Fault) -> Self {
        Self {
            remote: remote.to_string(),
            fault,
        }
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.fault.is_transient()
    }
}

impl Fault {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::ServerFault { .. }
        )
    }

    /// A broken protocol, in words.
    pub(crate) fn protocol(what: impl Into<String>) -> Self {
        Self::Protocol { what: what.into() }
    }
}

impl From<fetch::Fault> for Fault {
    fn from(fault: fetch::Fault) -> Self {
        use fetch::Fault as Http;
        match fault {
            Http::Unreachable { what } => Self::Unreachable { what },
            Http::TimedOut { seconds, limit } => Self::TimedOut { seconds, limit },
            Http::Certificate { what } => Self::Certificate { what },
            Http::Unauthenticated { what } => Self::Unauthenticated { what },
            Http::InsecureCredentials => Self::InsecureCredentials,
            Http::Limit { name, limit } => Self::Limit { name, limit },
            Http::Redirected { to } => Self::Redirected { to },
            Http::Settings { what } => Self::Settings { what },
            Http::Interrupted => Self::Interrupted,
            Http::Protocol { what } => Self::Protocol { what },
            other => Self::protocol(other.to_string()),
        }
    }
}

/// How to come by a program.
fn install(program: &str) -> String {
    if program == "git" {
        "install git, at least 2.39, and have it in `PATH`".to_owned()
    } else {
        format!("install `{program}`, or name another by git's configuration (`core.sshCommand`)")
    }
}

/// What follows a colon, if anything does.
fn colon(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}

/// A fault on its way through a `Read`.
#[derive(Debug, Error)]
#[error(transparent)]
struct Carried(Fault);

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(Carried(fault))
    }
}

impl From<io::Error> for Fault {
    /// Takes the fault back out of a reader's error; any other error there is a broken connection.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Carried>() {
            Ok(Carried(fault)) => fault,
            Err(error) => Self::Unreachable {
                what: error.to_string(),
            },
        }
    }
}
