//! The rules, in their order, by which a text names a repository.

use crate::alias::{Aliases, is_alias_name};
use crate::authority::{Authority, UserInfo, split_port};
use crate::uri_error::{UriError, escape, redact};
use crate::url::{Location, RepoUrl, Scheme, refuse_first};

/// Reads a repository's address by rules 2 to 6 of `docs/reference/formats.md`, section 7;
/// without aliases for what must be expanded already.
pub(crate) fn parse(text: &str, aliases: Option<&Aliases>) -> Result<RepoUrl, UriError> {
    locate(text, aliases).and_then(RepoUrl::new)
}

/// As [`parse`], but for an alias to stand on: the path may yet be missing.
pub(crate) fn locate(text: &str, aliases: Option<&Aliases>) -> Result<Location, UriError> {
    refuse_first(text)?;
    let rules = Rules { text, aliases };
    if let Some((scheme, rest)) = split_scheme(text) {
        return rules.url(scheme, rest);
    }
    if is_local_path(text) {
        return Ok(Location::local(text.to_owned()));
    }
    let (authority, path) = split_path(text);
    let (info, host) = UserInfo::split(authority)?;
    if let Some(location) = rules.alias(&info, host, path)? {
        return Ok(location);
    }
    if let Some(location) = rules.host(&info, host, path)? {
        return Ok(location);
    }
    rules.rest(authority, host, path)
}

/// The name of the alias that a text stands on if it stands on one, known or not.
pub(crate) fn alias_of(text: &str) -> Option<&str> {
    let (authority, path) = match split_scheme(text) {
        Some((_, rest)) => split_path(rest),
        None if is_local_path(text) => return None,
        None => split_path(text),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    let (name, rest) = split_port(host);
    let shaped = rest.is_some() || path.is_empty();
    (shaped && is_alias_name(name)).then_some(name)
}

struct Rules<'a> {
    text: &'a str,
    aliases: Option<&'a Aliases>,
}

impl Rules<'_> {
    /// Rule 2: `scheme://[user[:password]@]rest`.
    fn url(&self, scheme: &str, rest: &str) -> Result<Location, UriError> {
        self.refuse_white_space()?;
        let Some(scheme) = Scheme::from_url(scheme) else {
            // What follows a `:` may be a password.
            let shown = scheme.split(':').next().unwrap_or_default();
            return Err(UriError::Scheme {
                scheme: escape(shown),
            });
        };
        let (authority, path) = split_path(rest);
        let (info, host) = UserInfo::split(authority)?;
        if let (name, Some(below)) = split_port(host)
            && is_alias_name(name)
            && !is_digits(below)
        {
            let below = format!("{below}{path}");
            let known = self.known(name).map(|it| it.join(&below).under(scheme));
            return match known {
                Some(Some(location)) => with_user_if_given(location, info, name),
                Some(None) => Err(prefix(name)),
                None if below.starts_with(|it: char| it.is_ascii_digit()) => {
                    Authority::parse(info, host, scheme)
                        .map(|it| Location::url(scheme, it, path.to_owned()))
                }
                None => Err(self.unknown(name)),
            };
        }
        if scheme == Scheme::File {
            return if authority.is_empty() {
                Ok(Location::file(path.to_owned()))
            } else {
                Err(UriError::FileHost {
                    text: redact(self.text),
                })
            };
        }
        let authority = Authority::parse(info, host, scheme)?;
        Ok(Location::url(scheme, authority, path.to_owned()))
    }

    /// Rule 4: `[user[:password]@]alias[:rest]`, where the alias is known.
    fn alias(&self, info: &UserInfo, host: &str, path: &str) -> Result<Option<Location>, UriError> {
        let (name, below) = split_port(host);
        if below.is_none() && !path.is_empty() {
            return Ok(None);
        }
        let Some(known) = self.known(name) else {
            return Ok(None);
        };
        self.refuse_white_space()?;
        let location = known.join(&format!("{}{path}", below.unwrap_or_default()));
        let location = match info {
            UserInfo {
                user: Some(_),
                password: None,
            } if location.scheme() != Scheme::Ssh => {
                location.under(Scheme::Ssh).ok_or_else(|| prefix(name))?
            }
            _ => location,
        };
        with_user_if_given(location, info.clone(), name).map(Some)
    }

    /// Rule 5: `user@host:path`, or `host:path` and `host/path` where the host shows itself as one.
    fn host(&self, info: &UserInfo, host: &str, path: &str) -> Result<Option<Location>, UriError> {
        let (name, below) = split_port(host);
        let shown = name.contains('.') || name.starts_with('[');
        let location = match below {
            Some(_) if info.password.is_some() => {
                return Err(UriError::ScpPassword {
                    text: redact(self.text),
                });
            }
            Some(below) if info.user.is_none() && is_digits(below) => {
                return Err(port_or_path(name, below, path));
            }
            // Printed in lower case, such a host would be read back as the alias.
            Some(_) if self.known(&name.to_ascii_lowercase()).is_some() => {
                return Err(self.unknown(name));
            }
            Some(below) if info.user.is_some() || shown => {
                let authority = Authority::new(info.clone(), name)?;
                Location::scp(authority, format!("{below}{path}"))
            }
            None if shown && !path.is_empty() => {
                let authority = Authority::new(info.clone(), name)?;
                Location::url(Scheme::Https, authority, path.to_owned())
            }
            _ => return Ok(None),
        };
        self.refuse_white_space()?;
        Ok(Some(location))
    }

    /// Rule 6: an alias that is not known, else a relative path.
    fn rest(&self, authority: &str, host: &str, path: &str) -> Result<Location, UriError> {
        if authority.contains(':') || path.is_empty() {
            self.refuse_white_space()?;
            let (name, _) = split_port(host);
            return Err(self.unknown(name));
        }
        Ok(Location::local(format!("./{}", self.text)))
    }

    fn known(&self, name: &str) -> Option<Location> {
        self.aliases?.location(name).cloned()
    }

    fn unknown(&self, name: &str) -> UriError {
        match self.aliases {
            Some(aliases) => UriError::UnknownAlias {
                alias: escape(name),
                near: aliases.nearest(name).map(str::to_owned),
            },
            None => UriError::NotExpanded {
                text: redact(self.text),
            },
        }
    }

    fn refuse_white_space(&self) -> Result<(), UriError> {
        if self.text.contains(char::is_whitespace) {
            Err(UriError::WhiteSpace {
                text: redact(self.text),
            })
        } else {
            Ok(())
        }
    }
}

fn with_user_if_given(
    location: Location,
    info: UserInfo,
    alias: &str,
) -> Result<Location, UriError> {
    if info.user.is_none() {
        return Ok(location);
    }
    location.with_user(info).ok_or_else(|| prefix(alias))
}

fn prefix(alias: &str) -> UriError {
    UriError::AliasPrefix {
        alias: alias.to_owned(),
    }
}

fn port_or_path(host: &str, digits: &str, path: &str) -> UriError {
    let host = escape(host);
    let path = escape(path);
    UriError::PortOrPath {
        text: format!("{host}:{digits}{path}"),
        with_port: format!("https://{host}:{digits}{path}"),
        with_path: format!("ssh://{host}/{digits}{path}"),
    }
}

/// Splits `scheme://rest`, whatever the scheme: transports look for a program by its name, and
/// differ in what they take for one.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    (!scheme.contains('/')).then_some((scheme, rest))
}

/// Splits before the first `/`.
fn split_path(text: &str) -> (&str, &str) {
    text.split_at(text.find('/').unwrap_or(text.len()))
}

/// Rule 3: what shows itself as a local path.
fn is_local_path(text: &str) -> bool {
    matches!(text, "." | "..")
        || ["/", "./", "../", "~/"]
            .iter()
            .any(|it| text.starts_with(it))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}
