//! URLs of repositories: expanded, canonical, and careful with passwords.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::authority::{Authority, UserInfo};
use crate::repository;
use crate::uri_error::{self, escape, mask};

pub use crate::uri_error::UriError;

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// HTTP over TLS.
    Https,
    /// Plain HTTP.
    Http,
    /// SSH, scp-like or not.
    Ssh,
    /// Git's own protocol.
    Git,
    /// A `file` URL.
    File,
    /// A local path.
    Path,
}

impl Scheme {
    /// The port that need not be written.
    pub(crate) const fn default_port(self) -> Option<u16> {
        match self {
            Self::Https => Some(443),
            Self::Http => Some(80),
            Self::Ssh => Some(22),
            Self::Git => Some(9418),
            Self::File | Self::Path => None,
        }
    }

    /// Reads the name before `://`, in any case.
    pub(crate) fn from_url(name: &str) -> Option<Self> {
        [Self::Https, Self::Http, Self::Ssh, Self::Git, Self::File]
            .into_iter()
            .find(|it| name.eq_ignore_ascii_case(it.as_str()))
    }

    /// Its name, as before `://`; `path` for a local path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::Git => "git",
            Self::File => "file",
            Self::Path => "path",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a repository is: a URL, an scp-like `user@host:path`, or a local path; never an alias.
///
/// Its text is canonical: scheme and host in lower case, a default port dropped, a relative path
/// with `./` in front. `Display` and `Debug` show a password as `***`, and so the user
/// of a web URL where it may be a token; order and equality are those of the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoUrl {
    text: String,
    location: Location,
}

impl RepoUrl {
    /// Reads `scheme://…`, `[user@]host:path`, `host/path` or a local path, by rules 2, 3, 5 and
    /// 6 of `docs/reference/formats.md`, section 7.
    ///
    /// # Errors
    ///
    /// The [`UriError`] of the rule that it fails; [`UriError::NotExpanded`] for an alias.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        repository::parse(text, None)
    }

    /// Reads the URL of a remote as git's own configuration has it: as [`RepoUrl::parse`], but a
    /// word before `:` is a host, which ssh's configuration or an `insteadOf` may know; it is kept
    /// as it is written. What it prints is for git, and not to be parsed again.
    ///
    /// # Errors
    ///
    /// As [`RepoUrl::parse`], less [`UriError::NotExpanded`].
    pub fn parse_remote(text: &str) -> Result<Self, UriError> {
        match (Self::parse(text), text.split_once(':')) {
            (Err(UriError::NotExpanded { .. }), Some((host, path))) => {
                let mut authority = Authority::new(UserInfo::default(), host)?;
                host.clone_into(&mut authority.host);
                Self::new(Location::scp(authority, path.to_owned()))
            }
            (parsed, _) => parsed,
        }
    }

    /// How it is reached.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.location.scheme()
    }

    /// The text for a transport. It may hold a password: it is not to be shown or stored.
    #[must_use]
    pub fn as_git(&self) -> &str {
        &self.text
    }

    /// What manifests and locks record: no user or password, but for the user of an ssh URL.
    #[must_use]
    pub fn public(&self) -> Self {
        let mut location = self.location.clone();
        if let Some(authority) = location.authority_mut() {
            authority.info.password = None;
        }
        if self.scheme() != Scheme::Ssh
            && let Some(authority) = location.authority_mut()
        {
            authority.info.user = None;
        }
        Self {
            text: location.print(Secrets::Shown),
            location,
        }
    }

    /// What makes two origins equal.
    #[must_use]
    pub fn key(&self) -> RepoKey {
        let path = self.path().trim_end_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let path = path.trim_end_matches('/');
        match self.location.authority() {
            Some(authority) => RepoKey {
                host: Some(authority.host_and_port().to_ascii_lowercase()),
                path: path.trim_start_matches('/').to_owned(),
            },
            None => RepoKey {
                host: None,
                path: if path.is_empty() { "/" } else { path }.to_owned(),
            },
        }
    }

    /// The host, without its port.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.location.authority().map(|it| it.host.as_str())
    }

    /// The path, with the `/` that a URL has before it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.location.path
    }

    /// Whether a manifest of others may name it: by `https` or `ssh` alone, and not the machine
    /// that reads it (`localhost`, a loopback or link-local address).
    #[must_use]
    pub fn allowed_in_foreign(&self) -> bool {
        let authority = self.location.authority();
        matches!(self.scheme(), Scheme::Https | Scheme::Ssh)
            && authority.is_some_and(|it| !it.is_machine_itself())
    }

    /// Whether it is a local path (a `file` URL is none).
    #[must_use]
    pub const fn is_local_path(&self) -> bool {
        matches!(self.scheme(), Scheme::Path)
    }

    /// Takes a location that may stand for a repository.
    pub(crate) fn new(location: Location) -> Result<Self, UriError> {
        location.check()?;
        Ok(Self {
            text: location.print(Secrets::Shown),
            location,
        })
    }
}

/// An address as it may be shown: with `***` for a password, and for the user of a web URL where it
/// may be a token. What is no URL yet, such as `user:password@alias:rest`, is masked as far as it
/// might be one.
#[must_use]
pub fn redact(text: &str) -> String {
    match RepoUrl::parse(text) {
        Ok(url) if url == url.public() => text.to_owned(),
        Ok(url) => url.to_string(),
        Err(_) => mask(text),
    }
}

impl FromStr for RepoUrl {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for RepoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.location.print(Secrets::Redacted))
    }
}

impl fmt::Debug for RepoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoUrl({})", escape(&self.to_string()))
    }
}

/// What two origins have in common if they are one: host and path
/// (`docs/reference/formats.md`, section 2).
///
/// The host is in lower case, with its port unless that is the scheme's default; the path is
/// without `.git`, leading and closing `/`. Of a local path the leading `/` stays, and there is
/// no host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoKey {
    host: Option<String>,
    path: String,
}

impl fmt::Display for RepoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{host}/{}", self.path),
            None => f.write_str(&self.path),
        }
    }
}

/// Whether a printed URL holds its password.
#[derive(Clone, Copy)]
enum Secrets {
    Shown,
    Redacted,
}

/// The parts of a URL; an alias stands for one, to which a path is then joined.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Location {
    form: Form,
    path: String,
}

/// How a URL is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    /// `scheme://[user[:password]@]host[:port]/path`
    Url(Scheme, Authority),
    /// `[user@]host:path`
    Scp(Authority),
    /// `file:///path`
    File,
    /// A path as given, which begins with `/`, `.` or `~/`.
    Path,
}

impl Location {
    pub(crate) const fn url(scheme: Scheme, authority: Authority, path: String) -> Self {
        Self {
            form: Form::Url(scheme, authority),
            path,
        }
    }

    pub(crate) const fn scp(authority: Authority, path: String) -> Self {
        Self {
            form: Form::Scp(authority),
            path,
        }
    }

    pub(crate) const fn file(path: String) -> Self {
        Self {
            form: Form::File,
            path,
        }
    }

    /// Takes a local path that is absolute, relative with a `.` in front, or below `~/`.
    pub(crate) const fn local(path: String) -> Self {
        Self {
            form: Form::Path,
            path,
        }
    }

    pub(crate) const fn scheme(&self) -> Scheme {
        match self.form {
            Form::Url(scheme, _) => scheme,
            Form::Scp(_) => Scheme::Ssh,
            Form::File => Scheme::File,
            Form::Path => Scheme::Path,
        }
    }

    /// Goes on below itself, with exactly one `/` between.
    pub(crate) fn join(mut self, rest: &str) -> Self {
        let rest = rest.trim_start_matches('/');
        if matches!(self.form, Form::Scp(_)) && self.path.is_empty() {
            self.path.push_str(rest);
        } else if !rest.is_empty() {
            self.path.truncate(self.path.trim_end_matches('/').len());
            self.path.push('/');
            self.path.push_str(rest);
        }
        self
    }

    /// The same place under another scheme; `None` where host and path alone do not tell it.
    ///
    /// The user stays with the scheme that it is for.
    pub(crate) fn under(mut self, scheme: Scheme) -> Option<Self> {
        let same = self.scheme() == scheme;
        self.form = match self.form {
            Form::Url(_, authority) if same => Form::Url(scheme, authority),
            Form::Url(_, authority) if authority.port.is_none() && scheme != Scheme::File => {
                Form::Url(scheme, authority.without_user())
            }
            Form::Scp(authority) if scheme != Scheme::File => {
                if !self.path.starts_with('/') && !self.path.is_empty() {
                    self.path.insert(0, '/');
                }
                let authority = if same {
                    authority
                } else {
                    authority.without_user()
                };
                Form::Url(scheme, authority)
            }
            Form::File if same => Form::File,
            _ => return None,
        };
        Some(self)
    }

    /// The same place for another user; `None` where there is no place for one.
    pub(crate) fn with_user(mut self, info: UserInfo) -> Option<Self> {
        match &mut self.form {
            Form::Url(_, authority) => authority.info = info,
            Form::Scp(authority) if info.password.is_none() => authority.info = info,
            _ => return None,
        }
        Some(self)
    }

    const fn authority(&self) -> Option<&Authority> {
        match &self.form {
            Form::Url(_, authority) | Form::Scp(authority) => Some(authority),
            Form::File | Form::Path => None,
        }
    }

    const fn authority_mut(&mut self) -> Option<&mut Authority> {
        match &mut self.form {
            Form::Url(_, authority) | Form::Scp(authority) => Some(authority),
            Form::File | Form::Path => None,
        }
    }

    /// Refuses what no transport may be handed, and what could not be told apart in a URI.
    fn check(&self) -> Result<(), UriError> {
        let shown = || escape(&self.print(Secrets::Redacted));
        let needs_path = matches!(self.form, Form::Scp(_))
            || matches!(self.scheme(), Scheme::Ssh | Scheme::Git | Scheme::File);
        if needs_path && self.path.trim_matches('/').is_empty() {
            return Err(UriError::NoPath { text: shown() });
        }
        if self.path.starts_with('-') {
            return Err(UriError::LeadingDash {
                text: escape(&self.path),
            });
        }
        let host = self.authority().map_or("", |it| &it.host);
        let around_host = self.print(Secrets::Shown).replacen(host, "", 1);
        if around_host.contains("::") || around_host.contains("^^") {
            return Err(UriError::Reserved { text: shown() });
        }
        Ok(())
    }

    fn print(&self, secrets: Secrets) -> String {
        let mut text = String::new();
        match &self.form {
            Form::Url(scheme, authority) => {
                write!(text, "{scheme}://").expect("a string takes all text");
                let web = matches!(scheme, Scheme::Http | Scheme::Https);
                match secrets {
                    Secrets::Redacted if web && authority.info.user_is_secret() => {
                        write!(text, "***@{}", authority.host_and_port())
                            .expect("a string takes all text");
                    }
                    _ => print_authority(&mut text, authority, secrets),
                }
            }
            Form::Scp(authority) => {
                print_authority(&mut text, authority, secrets);
                text.push(':');
            }
            Form::File => text.push_str("file://"),
            Form::Path => {}
        }
        text.push_str(&self.path);
        text
    }
}

fn print_authority(text: &mut String, authority: &Authority, secrets: Secrets) {
    let UserInfo { user, password } = &authority.info;
    if let Some(user) = user {
        text.push_str(user);
        match (password, secrets) {
            (Some(password), Secrets::Shown) => write!(text, ":{password}"),
            (Some(_), Secrets::Redacted) => write!(text, ":***"),
            (None, _) => Ok(()),
        }
        .expect("a string takes all text");
        text.push('@');
    }
    text.push_str(&authority.host_and_port());
}

/// Refuses what is refused before any rule: an empty text, control characters, a leading `-`.
pub(crate) fn refuse_first(text: &str) -> Result<(), UriError> {
    if text.is_empty() {
        return Err(UriError::Empty);
    }
    if text.contains(char::is_control) {
        return Err(UriError::Control {
            text: uri_error::redact(text),
        });
    }
    if text.starts_with('-') {
        return Err(UriError::LeadingDash {
            text: uri_error::redact(text),
        });
    }
    Ok(())
}
