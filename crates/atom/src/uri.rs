//! URIs: which repository, and what of it.

use std::fmt;
use std::str::FromStr as _;

use crate::git_ref::is_ref;
use crate::uri_error::{escape, redact};
use crate::url::{RepoUrl, refuse_first};
use crate::{Id, Requirement, repository};

pub use crate::alias::{AliasError, Aliases};
pub use crate::uri_error::UriError;

/// `[<repository>::]<id>[@<requirement>]`, `<repository>`, or `<repository>^^<ref>`
/// (`docs/reference/formats.md`, section 7).
///
/// `Display` gives the canonical form, with a password as `***`.
///
/// ```
/// use atom::uri::{Aliases, Uri};
///
/// let uri = Uri::parse("gh:owner/repo::atom@^1", &Aliases::builtin())?;
/// assert_eq!(uri.to_string(), "https://github.com/owner/repo::atom@^1");
/// # Ok::<(), atom::uri::UriError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// Where.
    pub repository: Repository,
    /// What of it.
    pub wanted: Wanted,
}

/// Which repository a URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repository {
    /// The one that the command runs in.
    Here,
    /// Another, or the same by its address.
    At(RepoUrl),
}

/// What of a repository a URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All its atoms.
    Set,
    /// One atom.
    Atom {
        /// Which.
        id: Id,
        /// Which versions of it; any where nothing is said.
        req: Option<Requirement>,
    },
    /// A git ref, as a pin names it.
    Ref(String),
}

impl Uri {
    /// Reads a URI, and expands the alias in it.
    ///
    /// `::` alone is the set of this repository.
    ///
    /// # Errors
    ///
    /// The [`UriError`] of the first rule that it matches and fails.
    pub fn parse(text: &str, aliases: &Aliases) -> Result<Self, UriError> {
        refuse_first(text)?;
        if text == "::" {
            return Ok(Self {
                repository: Repository::Here,
                wanted: Wanted::Set,
            });
        }
        if let Some((address, name)) = text.rsplit_once("^^") {
            return Ok(Self {
                repository: parse_repository(address, aliases)?,
                wanted: Wanted::Ref(parse_ref(name)?),
            });
        }
        if let Some((address, wanted)) = split_last(text) {
            if wanted.contains('/') {
                // No id or requirement: the `::` stands inside the address, maybe in a password.
                return Err(UriError::Reserved { text: redact(text) });
            }
            return Ok(Self {
                repository: parse_repository(address, aliases)?,
                wanted: parse_atom(wanted)?,
            });
        }
        if is_bare(text) {
            return Ok(Self {
                repository: Repository::Here,
                wanted: parse_atom(text)?,
            });
        }
        Ok(Self {
            repository: parse_repository(text, aliases)?,
            wanted: Wanted::Set,
        })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Repository::At(url) = &self.repository {
            write!(f, "{url}")?;
        }
        match (&self.repository, &self.wanted) {
            (Repository::Here, Wanted::Set) => f.write_str("::"),
            (Repository::At(_), Wanted::Set) => Ok(()),
            (_, Wanted::Atom { id, req: None }) => write!(f, "::{id}"),
            (_, Wanted::Atom { id, req: Some(req) }) => write!(f, "::{id}@{req}"),
            (_, Wanted::Ref(name)) => write!(f, "^^{name}"),
        }
    }
}

fn parse_repository(text: &str, aliases: &Aliases) -> Result<Repository, UriError> {
    if text.is_empty() {
        Ok(Repository::Here)
    } else {
        repository::parse(text, Some(aliases)).map(Repository::At)
    }
}

fn parse_atom(text: &str) -> Result<Wanted, UriError> {
    let (id, req) = match text.split_once('@') {
        Some((id, req)) => (id, Some(Requirement::from_str(req)?)),
        None => (text, None),
    };
    let id = Id::from_str(id)?;
    Ok(Wanted::Atom { id, req })
}

fn parse_ref(name: &str) -> Result<String, UriError> {
    if is_ref(name) {
        Ok(name.to_owned())
    } else {
        Err(UriError::Ref { name: escape(name) })
    }
}

/// Splits at the last `::` that does not stand in an IPv6 address in brackets.
fn split_last(text: &str) -> Option<(&str, &str)> {
    let mut end = text.len();
    while let Some(at) = text[..end].rfind("::") {
        let (before, after) = (&text[..at], &text[at + "::".len()..]);
        let open = before
            .rfind('[')
            .is_some_and(|it| !before[it..].contains(']'));
        if !(open && after.contains(']')) {
            return Some((before, after));
        }
        end = at;
    }
    None
}

/// Whether a text without `::` is an id, with or without a requirement: one word, in which no dot
/// shows a host or a folder.
fn is_bare(text: &str) -> bool {
    let id = text.split_once('@').map_or(text, |(id, _)| id);
    !text.contains(['/', ':']) && !id.contains('.')
}
