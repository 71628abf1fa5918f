//! Where a binary cache is: a URL as Nix has it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

/// Where a binary cache is.
///
/// `http://…`, `https://…`, `file:///folder`, or
/// `s3://bucket?region=eu-central-1&endpoint=host&scheme=https`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    pub(super) kind: Kind,
}

/// What is at an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A server; without a slash at its end.
    Http(String),
    /// A folder.
    Folder(PathBuf),
    /// A bucket of S3.
    Bucket {
        name: String,
        region: Option<String>,
        /// With its scheme.
        endpoint: Option<String>,
    },
}

/// Why a text is no address of a binary cache.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum AddressError {
    /// Its scheme is none that a cache is asked by, or there is none.
    #[error("`{text}` is not the address of a binary cache")]
    #[diagnostic(
        code(eka::upstream::address),
        help("it is `https://host/path`, `file:///folder` or `s3://bucket?region=…`")
    )]
    Scheme {
        /// What was given; without what stands before an `@`.
        text: String,
    },
    /// It holds a user or a password.
    #[error("the address of the binary cache at `{host}` holds a login")]
    #[diagnostic(
        code(eka::upstream::login),
        help("put the login for this host into `~/.netrc`, and leave it out of the address")
    )]
    Login {
        /// What stands behind the `@`.
        host: String,
    },
    /// It asks for something that is not known.
    #[error("a binary cache has no setting `{name}` in its address")]
    #[diagnostic(
        code(eka::upstream::setting),
        help("an address of S3 may have `region`, `endpoint` and `scheme`, others nothing")
    )]
    Setting {
        /// The name before the `=`.
        name: String,
    },
}

impl Address {
    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((_, host)) = authority.rsplit_once('@') {
            let host = host.to_owned();
            return Err(AddressError::Login { host });
        }
        let odd = |it: char| it.is_control() || it.is_whitespace() || it == '#';
        let no_address = || AddressError::Scheme {
            text: text.to_owned(),
        };
        if text.contains(odd) {
            return Err(no_address());
        }
        let (path, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let kind = match scheme {
            "http" | "https" if !authority.is_empty() => {
                none(settings)?;
                Kind::Http(format!("{scheme}://{}", path.trim_end_matches('/')))
            }
            "file" if path.starts_with('/') => {
                none(settings)?;
                Kind::Folder(path.into())
            }
            "s3" if !path.is_empty() && !path.contains('/') => bucket(path, settings)?,
            _ => return Err(no_address()),
        };
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }
}

fn none(settings: &str) -> Result<(), AddressError> {
    match pairs(settings).next() {
        None => Ok(()),
        Some((name, _)) => Err(AddressError::Setting {
            name: name.to_owned(),
        }),
    }
}

fn bucket(name: &str, settings: &str) -> Result<Kind, AddressError> {
    let (mut region, mut endpoint, mut scheme) = (None, None, "https");
    for (name, value) in pairs(settings) {
        match name {
            "region" => region = Some(value.to_owned()),
            "endpoint" => endpoint = Some(value),
            "scheme" if matches!(value, "http" | "https") => scheme = value,
            _ => {
                let name = name.to_owned();
                return Err(AddressError::Setting { name });
            }
        }
    }
    let endpoint = endpoint.map(|it| match it.contains("://") {
        true => it.to_owned(),
        false => format!("{scheme}://{it}"),
    });
    Ok(Kind::Bucket {
        name: name.to_owned(),
        region,
        endpoint,
    })
}

fn pairs(settings: &str) -> impl Iterator<Item = (&str, &str)> {
    let given = settings.split('&').filter(|it| !it.is_empty());
    given.map(|it| it.split_once('=').unwrap_or((it, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Kind) {
        let address: Address = text.parse().unwrap();
        assert_eq!(address.kind, expected);
        assert_eq!(address.to_string(), text);
    }

    #[test]
    fn addresses_are_read() {
        let http = |it: &str| Kind::Http(it.to_owned());
        check("https://a.example", http("https://a.example"));
        check("http://a.example:1/b//", http("http://a.example:1/b"));
        check("file:///a/b", Kind::Folder("/a/b".into()));
        let bucket = |region: Option<&str>, endpoint: Option<&str>| Kind::Bucket {
            name: "b".to_owned(),
            region: region.map(str::to_owned),
            endpoint: endpoint.map(str::to_owned),
        };
        check("s3://b", bucket(None, None));
        check(
            "s3://b?region=r&endpoint=h:1&scheme=http",
            bucket(Some("r"), Some("http://h:1")),
        );
        check("s3://b?endpoint=http://h", bucket(None, Some("http://h")));
        check("s3://b?endpoint=h", bucket(None, Some("https://h")));
    }

    #[test]
    fn what_is_none_is_refused_and_no_password_shown() {
        for text in [
            "",
            "/a",
            "a.example",
            "ftp://a",
            "https://",
            "https:///a",
            "file://a",
            "file://host/a",
            "s3://",
            "s3://b/c",
            "https://a?priority=1",
            "file:///a?compression=xz",
            "s3://b?profile=x",
            "s3://b?scheme=ftp",
            "https://a b",
            "https://a\n",
            "https://a#b",
            "https://user:secret@host/a",
            "s3://user:secret@b",
        ] {
            let error = text.parse::<Address>().expect_err(text);
            assert!(!format!("{error}{error:?}").contains("secret"), "{text}");
        }
    }
}
