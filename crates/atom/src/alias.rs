//! Short names for the places where repositories are.

use std::collections::BTreeMap;
use std::fmt;

use miette::Diagnostic;
use thiserror::Error;

use crate::authority::{Authority, UserInfo};
use crate::near::nearest;
use crate::repository;
use crate::uri_error::{UriError, escape};
use crate::url::{Location, Scheme};

/// The built-in aliases, each for `https` at a host.
const BUILT_IN: [(&str, &str); 3] = [
    ("cb", "codeberg.org"),
    ("gh", "github.com"),
    ("gl", "gitlab.com"),
];

/// The known aliases, each expanded: `gh:owner/repo` is `https://github.com/owner/repo`.
#[derive(Clone)]
pub struct Aliases(BTreeMap<String, Location>);

/// Why a user's aliases cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum AliasError {
    /// It would redefine a built-in alias.
    #[error("the alias `{name}` is built in")]
    #[diagnostic(
        code(eka::alias::built_in),
        help("choose another name; `{name}` stands for `{url}` on every machine")
    )]
    BuiltIn {
        /// The alias.
        name: String,
        /// What it stands for.
        url: String,
    },
    /// Its name is none that a URI could hold.
    #[error("`{name}` is not the name of an alias")]
    #[diagnostic(
        code(eka::alias::name),
        help("a name is a letter, then at least one letter, digit, `-` or `_`")
    )]
    Name {
        /// What was given, escaped.
        name: String,
    },
    /// Aliases stand on each other in a circle.
    #[error("the aliases {} stand on each other", circle(.names))]
    #[diagnostic(
        code(eka::alias::cycle),
        help("let one of them stand for a URL in full")
    )]
    Cycle {
        /// The circle, from its least name.
        names: Vec<String>,
    },
    /// What it stands for is no place.
    #[error("the alias `{name}` does not name a place")]
    #[diagnostic(
        code(eka::alias::value),
        help(
            "let it stand for a URL such as `https://example.org/team`, or for an alias and a path: `gh:owner`"
        )
    )]
    Value {
        /// The alias.
        name: String,
        /// Why not.
        #[source]
        #[diagnostic_source]
        error: UriError,
    },
}

impl Aliases {
    /// Those that every `eka` knows: `gh`, `gl` and `cb`.
    #[must_use]
    pub fn builtin() -> Self {
        let expand = |(name, host): (&str, &str)| {
            let authority = Authority {
                info: UserInfo::default(),
                host: host.to_owned(),
                port: None,
            };
            let location = Location::url(Scheme::Https, authority, String::new());
            (name.to_owned(), location)
        };
        Self(BUILT_IN.map(expand).into())
    }

    /// The built-in ones and a user's: `name` to what it stands for, in which other aliases may
    /// stand.
    ///
    /// # Errors
    ///
    /// [`AliasError`] for the first, by name, that is built in, ill-named, part of a circle, or
    /// stands for no place.
    pub fn with_user(user: BTreeMap<String, String>) -> Result<Self, AliasError> {
        for name in user.keys() {
            if let Some((_, host)) = BUILT_IN.iter().find(|(it, _)| it == name) {
                let (name, url) = (name.clone(), format!("https://{host}"));
                return Err(AliasError::BuiltIn { name, url });
            }
            if !is_alias_name(name) {
                return Err(AliasError::Name { name: escape(name) });
            }
        }
        let mut aliases = Self::builtin();
        for name in user.keys() {
            aliases.expand(name, &user)?;
        }
        Ok(aliases)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Expands one alias, after those that it stands on.
    ///
    /// No recursion: a configuration may chain more of them than a stack holds.
    fn expand(&mut self, name: &str, user: &BTreeMap<String, String>) -> Result<(), AliasError> {
        let mut path = vec![name];
        while let Some(&name) = path.last() {
            let value = &user[name];
            let next = repository::alias_of(value)
                .and_then(|it| user.get_key_value(it))
                .map(|(next, _)| next.as_str())
                .filter(|next| !self.0.contains_key(*next));
            let Some(next) = next else {
                let located = repository::locate(value, Some(self));
                let location = located.map_err(|error| AliasError::Value {
                    name: name.to_owned(),
                    error,
                })?;
                self.0.insert(name.to_owned(), location);
                path.pop();
                continue;
            };
            if let Some(start) = path.iter().position(|it| *it == next) {
                return Err(cycle(&path[start..]));
            }
            path.push(next);
        }
        Ok(())
    }

    pub(crate) fn location(&self, name: &str) -> Option<&Location> {
        self.0.get(name)
    }

    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names())
    }
}

impl fmt::Debug for Aliases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Whether a text could be the name of an alias: `[A-Za-z][A-Za-z0-9_-]+`.
///
/// Not a single letter, which would be a drive on Windows, and no dot, which would be a host.
pub(crate) fn is_alias_name(text: &str) -> bool {
    let rest = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-');
    text.len() >= 2
        && text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.bytes().all(rest)
}

/// The circle as an error, which is the same wherever it was entered.
fn cycle(path: &[&str]) -> AliasError {
    let least = path.iter().min();
    let start = path.iter().position(|it| Some(it) == least).unwrap_or(0);
    let (before, after) = path.split_at(start);
    let names = after.iter().chain(before).map(|&it| it.to_owned());
    AliasError::Cycle {
        names: names.collect(),
    }
}

fn circle(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|it| format!("`{it}`")).collect();
    names.join(", ")
}
