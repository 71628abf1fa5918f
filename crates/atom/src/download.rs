//! A file to download: where it lies, and what it hashes to.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::NarHash;

/// The URL of a file: `https`, `http` or `file`, without white space, control characters or
/// credentials; kept as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DownloadUrl(String);

/// SHA-256 of a file's bytes, printed `sha256-<base64 with padding>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileHash(pub [u8; 32]);

/// Why a text is no URL of a file, or no hash of one.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum DownloadError {
    /// It begins with none of the schemes, or nothing follows it.
    #[error("`{text}` is not the URL of a file")]
    #[diagnostic(
        code(eka::download::malformed),
        help("write it out: `https://<host>/<path>`, or `file:///<path>`")
    )]
    Malformed {
        /// What was given.
        text: String,
    },
    /// It holds white space or a control character.
    #[error("`{}` holds white space or a control character", text.escape_debug())]
    #[diagnostic(
        code(eka::download::character),
        help("write such characters percent-encoded, as in `%20`")
    )]
    Character {
        /// What was given.
        text: String,
    },
    /// It names a user or a password. The URL is not repeated here.
    #[error("a URL of a file carries credentials")]
    #[diagnostic(
        code(eka::download::credentials),
        help("take the user and the password out: manifests and locks are published")
    )]
    Credentials,
    /// The text is no hash.
    #[error("`{text}` is not the hash of a file")]
    #[diagnostic(
        code(eka::download::hash),
        help("a hash is `sha256-` and 44 characters of base64")
    )]
    Hash {
        /// What was given.
        text: String,
    },
}

impl DownloadUrl {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether somebody else's manifest may name it: `https` alone.
    #[must_use]
    pub fn allowed_in_foreign(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for DownloadUrl {
    type Err = DownloadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = |rest: &str| rest.split(['/', '?', '#']).next().map_or(0, str::len);
        let rest = text.split_once("://").map_or(text, |it| it.1);
        // First of all, since the other errors repeat the text.
        if rest[..host(rest)].contains('@') {
            return Err(DownloadError::Credentials);
        }
        if text.contains(|it: char| it.is_control() || it.is_whitespace()) {
            let text = text.to_owned();
            return Err(DownloadError::Character { text });
        }
        let malformed = || DownloadError::Malformed {
            text: text.to_owned(),
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let host = &rest[..host(rest)];
        let well_formed = match scheme {
            "https" | "http" => !host.is_empty() && host.is_ascii() && !host.starts_with('-'),
            "file" => host.is_empty() && rest.len() > 1,
            _ => false,
        };
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed())
        }
    }
}

impl fmt::Display for DownloadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FileHash {
    type Err = DownloadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash: Result<NarHash, _> = text.parse();
        hash.map(|it| Self(it.0)).map_err(|_| DownloadError::Hash {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NarHash(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr<Err = DownloadError>>(text: &str, code: Option<&str>) {
        let found = text.parse::<T>().err();
        let found = found.and_then(|it| it.code().map(|it| it.to_string()));
        let expected = code.map(|it| format!("eka::download::{it}"));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn urls_are_whole_and_plain() {
        for url in [
            "https://h.org",
            "http://h.org:8080/a?b=c@d#e",
            "file:///srv/x",
            "https://h/λ",
        ] {
            check::<DownloadUrl>(url, None);
            assert_eq!(url.parse::<DownloadUrl>().unwrap().to_string(), url);
        }
        let malformed = [
            "",
            "h.org/x",
            "/x",
            "ftp://h.org/x",
            "https://",
            "https:///x",
            "https://λ.org",
            "file://h/x",
            "file:///",
            "https://-u",
            "-u",
            "ssh://h/x",
        ];
        for it in malformed {
            check::<DownloadUrl>(it, Some("malformed"));
        }
        for it in [
            "https://h.org/a b",
            "https://h.org/\u{1b}",
            "https://h.org/\u{a0}",
            " ",
        ] {
            check::<DownloadUrl>(it, Some("character"));
        }
        for it in [
            "https://me@h.org",
            "https://me:pw@h.org/ x",
            "me:pw@h.org",
            "x://:@",
        ] {
            check::<DownloadUrl>(it, Some("credentials"));
        }
    }

    #[test]
    fn hashes_are_sha256_in_base64() {
        let hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        check::<FileHash>(hash, None);
        assert_eq!(hash.parse::<FileHash>().unwrap().to_string(), hash);
        for wrong in [
            "",
            "sha256-",
            "md5-x",
            hash.trim_end_matches('='),
            &hash.replace('+', "-"),
        ] {
            check::<FileHash>(wrong, Some("hash"));
        }
    }
}
