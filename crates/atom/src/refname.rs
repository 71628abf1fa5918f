//! Ref names to (id, version, part) and back.

use std::fmt;
use std::str::FromStr as _;

use crate::{Id, Version};

/// The ref that names the root of a repository's set.
pub const ROOT_REF: &str = "refs/eka/root";

/// What the name of every ref of every atom begins with.
pub const ATOMS_PREFIX: &str = "refs/atoms/";

/// The one version ending that git takes in no ref component.
const LOCK: &str = ".lock";

/// How [`LOCK`] is written there; `%` never occurs in semver, so it can mean nothing else.
const ENCODED_LOCK: &str = "%2Elock";

/// What a ref of a version holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The atom commit.
    Atom,
    /// The spec commit.
    Spec,
    /// The source commit.
    Src,
    /// A signed tag over the atom commit.
    Sig,
    /// The reason not to use the version; alone, a tombstone.
    Yank,
    /// The reason to move on.
    Deprecate,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Atom,
        Self::Spec,
        Self::Src,
        Self::Sig,
        Self::Yank,
        Self::Deprecate,
    ];

    /// The last component of the ref's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Spec => "spec",
            Self::Src => "src",
            Self::Sig => "sig",
            Self::Yank => "yank",
            Self::Deprecate => "deprecate",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of one ref of one version: `refs/atoms/<id>/<version>/<part>`
/// (`docs/reference/formats.md`, section 3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomRef {
    /// Whose ref it is.
    pub id: Id,
    /// Of which version.
    pub version: Version,
    /// What it holds.
    pub part: Part,
}

impl AtomRef {
    /// Joins the three.
    #[must_use]
    pub const fn new(id: Id, version: Version, part: Part) -> Self {
        Self { id, version, part }
    }

    /// Reads a full ref name as a server sent it.
    ///
    /// `None` for everything that [`AtomRef`] does not print, byte for byte: what a foreign
    /// repository holds besides is dropped, never an error.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let mut components = name.strip_prefix(ATOMS_PREFIX)?.split('/');
        let (id, version, part) = (components.next()?, components.next()?, components.next()?);
        let parsed = Self {
            id: Id::from_str(id).ok()?,
            version: decode(version)?,
            part: Part::ALL.into_iter().find(|it| it.as_str() == part)?,
        };
        // A further component, too, is something that is not printed.
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl fmt::Display for AtomRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, version, part } = self;
        let version = version.to_string();
        match version.strip_suffix(LOCK) {
            Some(stem) => write!(f, "{ATOMS_PREFIX}{id}/{stem}{ENCODED_LOCK}/{part}"),
            None => write!(f, "{ATOMS_PREFIX}{id}/{version}/{part}"),
        }
    }
}

/// Returns what the names of all refs of one atom begin with: `refs/atoms/<id>/`.
#[must_use]
pub fn id_prefix(id: &Id) -> String {
    format!("{ATOMS_PREFIX}{id}/")
}

/// Reads a version as a ref component writes it.
fn decode(component: &str) -> Option<Version> {
    match component.strip_suffix(ENCODED_LOCK) {
        Some(stem) => Version::from_str(&format!("{stem}{LOCK}")).ok(),
        None => Version::from_str(component).ok(),
    }
}
