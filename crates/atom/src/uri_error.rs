//! Why a text names no repository and no atom; passwords never reach a message.

use miette::Diagnostic;
use thiserror::Error;

use crate::{IdError, VersionError};

/// Why a text is no URI of an atom, a set or a ref, or no URL of a repository.
///
/// Texts are escaped, and passwords stand as `***`.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum UriError {
    /// Nothing was given.
    #[error("the address is empty")]
    #[diagnostic(
        code(eka::uri::empty),
        help("write `<id>`, `<repository>::<id>@<requirement>` or `<repository>`")
    )]
    Empty,
    /// It holds a control character.
    #[error("the address `{text}` holds a control character")]
    #[diagnostic(
        code(eka::uri::control),
        help("leave the control character out; in a URL it can be percent-encoded")
    )]
    Control {
        /// What was given.
        text: String,
    },
    /// It, or its user, host or path, begins with `-`, which a transport would take for an option.
    #[error("`{text}` begins with `-`")]
    #[diagnostic(
        code(eka::uri::leading_dash),
        help("a folder can be written with `./` in front; no user, host or ssh path may begin so")
    )]
    LeadingDash {
        /// The part that does.
        text: String,
    },
    /// It holds white space, and is no local path.
    #[error("the repository `{text}` holds white space")]
    #[diagnostic(
        code(eka::uri::white_space),
        help("in a URL, write a space as `%20`; begin a folder with `./`")
    )]
    WhiteSpace {
        /// What was given.
        text: String,
    },
    /// The host holds characters beyond ASCII, of which many look alike.
    #[error("the host `{host}` is not ASCII")]
    #[diagnostic(
        code(eka::uri::host_not_ascii),
        help("write the host in its ASCII form, which begins with `xn--`")
    )]
    HostNotAscii {
        /// The host.
        host: String,
    },
    /// The host is none.
    #[error("`{host}` is not a host")]
    #[diagnostic(
        code(eka::uri::host),
        help(
            "a host is letters, digits, `-`, `_` and single dots between them, or an IPv6 address in brackets; begin a folder with `./`"
        )
    )]
    Host {
        /// What stands in its place.
        host: String,
    },
    /// The port is none.
    #[error("`{port}` is not a port")]
    #[diagnostic(code(eka::uri::port), help("a port is a number from 1 to 65535"))]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// The user is empty, or user or password hold a character that must be percent-encoded.
    #[error("the user or password of `{text}` is not one that a URL can hold")]
    #[diagnostic(
        code(eka::uri::user),
        help(
            "name a user before `@`, and percent-encode what is neither letter nor digit: `%40` for `@`, `%2F` for `/`"
        )
    )]
    User {
        /// What was given.
        text: String,
    },
    /// The scheme is not one of `https`, `http`, `ssh`, `git` and `file`.
    #[error("`{scheme}` is not a scheme of repositories")]
    #[diagnostic(
        code(eka::uri::scheme),
        help("use `https`, `ssh`, `http`, `git` or `file`")
    )]
    Scheme {
        /// What stands in its place.
        scheme: String,
    },
    /// It names a host and no repository on it.
    #[error("`{text}` names no repository on its host")]
    #[diagnostic(code(eka::uri::no_path), help("add the repository's path"))]
    NoPath {
        /// What was given.
        text: String,
    },
    /// A `file` URL names a host.
    #[error("`{text}` names a host in a `file` URL")]
    #[diagnostic(
        code(eka::uri::file_host),
        help("a `file` URL has three slashes and an absolute path: `file:///srv/repo`")
    )]
    FileHost {
        /// What was given.
        text: String,
    },
    /// `host:digits` may mean a port or a path.
    #[error("`{text}` may mean a port or a path")]
    #[diagnostic(
        code(eka::uri::port_or_path),
        help("write `{with_port}` for the port, or `{with_path}` for the path")
    )]
    PortOrPath {
        /// What was given.
        text: String,
        /// How to write it with a port.
        with_port: String,
        /// How to write it with a path.
        with_path: String,
    },
    /// An scp-like address has a password.
    #[error("`{text}` has a password, which `user@host:path` cannot carry")]
    #[diagnostic(
        code(eka::uri::scp_password),
        help("write it as a URL, with `https://` or `ssh://` in front and `/` before the path")
    )]
    ScpPassword {
        /// What was given.
        text: String,
    },
    /// A repository's address holds what separates it from an atom or a ref.
    #[error("the repository `{text}` holds `::` or `^^`")]
    #[diagnostic(
        code(eka::uri::reserved),
        help(
            "`<repository>::<id>` is an atom and `<repository>^^<ref>` a ref, not both; in a URL, write `%3A%3A` or `%5E%5E`"
        )
    )]
    Reserved {
        /// What was given.
        text: String,
    },
    /// No alias has that name, and it can mean nothing else.
    #[error("unknown alias `{alias}`")]
    #[diagnostic(
        code(eka::uri::unknown_alias),
        help("{}", unknown_alias_help(.near.as_deref()))
    )]
    UnknownAlias {
        /// The name.
        alias: String,
        /// The known alias that is nearest.
        near: Option<String>,
    },
    /// An alias stands where only a URL in full may.
    #[error("`{text}` is not a URL in full")]
    #[diagnostic(
        code(eka::uri::not_expanded),
        help(
            "write the whole URL, such as `https://github.com/owner/repo`; aliases are expanded by `eka add` and never stand in a manifest or lock"
        )
    )]
    NotExpanded {
        /// What was given.
        text: String,
    },
    /// An alias cannot be put under the scheme, or given the user, that stands before it.
    #[error("the alias `{alias}` cannot be used with a scheme or user before it")]
    #[diagnostic(
        code(eka::uri::alias_prefix),
        help(
            "the alias stands for a folder, names a port, or is written `user@host:path`; write the URL in full"
        )
    )]
    AliasPrefix {
        /// The name.
        alias: String,
    },
    /// What follows `^^` is no name of a git ref.
    #[error("`{name}` is not the name of a git ref")]
    #[diagnostic(
        code(eka::uri::git_ref),
        help("a ref is a branch, a tag or a full name such as `refs/heads/main`")
    )]
    Ref {
        /// What was given.
        name: String,
    },
    /// What follows `::` is no id.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Id(#[from] IdError),
    /// What follows `@` is no requirement.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Requirement(#[from] VersionError),
}

fn unknown_alias_help(near: Option<&str>) -> String {
    near.map_or_else(
        || {
            "aliases stand under `[aliases]` in the configuration; begin a folder with `./`"
                .to_owned()
        },
        |near| format!("did you mean `{near}`?"),
    )
}

/// Makes an address fit for a message: what may be a password becomes `***`, and what must not
/// reach a terminal is escaped.
pub(crate) fn redact(text: &str) -> String {
    escape(&mask(text))
}

/// Puts `***` for what may be a password, or a token.
///
/// The text may be malformed, so all between the first `:` and the last `@` counts as password.
pub(crate) fn mask(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = text.split_at(start);
    let web = scheme.to_ascii_lowercase().starts_with("http");
    match rest.rsplit_once('@') {
        Some((info, rest)) => match info.split_once(':') {
            Some((user, _)) => format!("{scheme}{user}:***@{rest}"),
            // A user of a web URL may be a token.
            None if web => format!("{scheme}***@{rest}"),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// Escapes what must not reach a terminal, and cuts what no one would read.
pub(crate) fn escape(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    let cut = if text.chars().nth(MAX_CHARS).is_some() {
        "…"
    } else {
        ""
    };
    let shown = text.chars().take(MAX_CHARS).flat_map(char::escape_debug);
    shown.chain(cut.chars()).collect()
}
