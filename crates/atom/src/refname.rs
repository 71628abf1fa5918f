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
        if components.next().is_some() {
            return None;
        }
        let parsed = Self {
            id: Id::from_str(id).ok()?,
            version: decode(version)?,
            part: Part::ALL.into_iter().find(|it| it.as_str() == part)?,
        };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &[u8], expected: Option<(&str, &str, Part)>) {
        let expected = expected.map(|(id, version, part)| {
            AtomRef::new(id.parse().unwrap(), version.parse().unwrap(), part)
        });
        let parsed = AtomRef::parse(name);
        assert_eq!(parsed, expected, "{}", name.escape_ascii());
        if let Some(parsed) = parsed {
            assert_eq!(parsed.to_string().as_bytes(), name);
        }
    }

    #[test]
    fn names_of_atoms_are_read() {
        check(
            b"refs/atoms/zlib2/1.3.1/atom",
            Some(("zlib2", "1.3.1", Part::Atom)),
        );
        check(
            "refs/atoms/ひらがな/0.1.0/spec".as_bytes(),
            Some(("ひらがな", "0.1.0", Part::Spec)),
        );
        check(
            b"refs/atoms/a/1.0.0-rc.1+build.5/src",
            Some(("a", "1.0.0-rc.1+build.5", Part::Src)),
        );
        check(b"refs/atoms/a/1.0.0/sig", Some(("a", "1.0.0", Part::Sig)));
        check(b"refs/atoms/a/1.0.0/yank", Some(("a", "1.0.0", Part::Yank)));
        check(
            b"refs/atoms/a/1.0.0/deprecate",
            Some(("a", "1.0.0", Part::Deprecate)),
        );
    }

    #[test]
    fn a_version_that_ends_in_lock_is_encoded() {
        check(
            b"refs/atoms/a/1.0.0-rc%2Elock/atom",
            Some(("a", "1.0.0-rc.lock", Part::Atom)),
        );
        check(b"refs/atoms/a/1.0.0+b.lock.lock/atom", None);
        check(
            b"refs/atoms/a/1.0.0+b.lock%2Elock/atom",
            Some(("a", "1.0.0+b.lock.lock", Part::Atom)),
        );
        check(
            b"refs/atoms/a/1.0.0-lock/atom",
            Some(("a", "1.0.0-lock", Part::Atom)),
        );
    }

    #[test]
    fn any_other_escape_is_no_version() {
        for version in [
            "1.0.0-rc.lock",
            "1.0.0-rc%2elock",
            "1.0.0-rc%2Elock%2Elock",
            "1.0.0-%2Elock",
            "1%2E0.0",
            "1.0.0-rc%2Elockx",
            "1.0.0-rc%252Elock",
            "%2Elock",
        ] {
            check(format!("refs/atoms/a/{version}/atom").as_bytes(), None);
        }
    }

    #[test]
    fn foreign_names_are_dropped() {
        for name in [
            "",
            "refs/atoms/",
            "refs/atoms/a",
            "refs/atoms/a/1.0.0",
            "refs/atoms/a/1.0.0/",
            "refs/atoms/a/1.0.0/other",
            "refs/atoms/a/1.0.0/ATOM",
            "refs/atoms/a/1.0.0/atom/",
            "refs/atoms/a/1.0.0/atom/deeper",
            "refs/atoms//1.0.0/atom",
            "refs/atoms/a//1.0.0/atom",
            "refs/atoms/../1.0.0/atom",
            "refs/atoms/a/../atom",
            "refs/atoms/@{/1.0.0/atom",
            "refs/atoms/a/v1.0.0/atom",
            "refs/atoms/a/1.0/atom",
            "refs/atoms/a/01.0.0/atom",
            "refs/atoms/a/1.0.0 /atom",
            "refs/atoms/a b/1.0.0/atom",
            "refs/atoms/a\n/1.0.0/atom",
            "refs/atoms/a/1.0.0/atom\n",
            "refs/atoms/a/1.0.0/atom\0",
            "refs/atoms/\x1b[31m/1.0.0/atom",
            "refs/atoms/ﬁ/1.0.0/atom",
            "Refs/atoms/a/1.0.0/atom",
            "refs/heads/main",
            ROOT_REF,
        ] {
            check(name.as_bytes(), None);
        }
        check(b"refs/atoms/\xff/1.0.0/atom", None);
        check(b"refs/atoms/a/1.0.0\xff/atom", None);
        let long = "a".repeat(65_536);
        check(format!("refs/atoms/{long}/1.0.0/atom").as_bytes(), None);
        check(format!("refs/atoms/a/1.0.0-{long}/atom").as_bytes(), None);
        check(format!("refs/atoms/a/1.0.0/{long}").as_bytes(), None);
    }

    #[test]
    fn a_prefix_ends_where_the_id_does() {
        assert_eq!(id_prefix(&"λ".parse().unwrap()), "refs/atoms/λ/");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_dropped(bytes: Vec<u8>) {
            drop(AtomRef::parse(&bytes));
        }

        #[test]
        fn what_is_read_is_printed_back(
            name in "refs/atoms/[a-zλ][a-z0-9λ/.%-]{0,3}/[0-9]\\.[0-9]\\.[0-9]{1,2}([-+][a-z0-9]{1,3}(\\.lock|%2Elock|\\.1)?)?/(atom|spec|src|sig|yank|deprecate|x)"
        ) {
            if let Some(parsed) = AtomRef::parse(name.as_bytes()) {
                prop_assert_eq!(parsed.to_string(), name);
            }
        }

        #[test]
        fn what_is_printed_is_read_back(
            id in "[a-zλ][a-z0-9λ-]{0,8}",
            version in "[0-9]\\.[0-9]\\.[0-9](-[a-z][a-z0-9.]{0,3}[a-z](\\.lock)?)?(\\+[a-z0-9]{1,4}(\\.lock)?)?",
            part in proptest::sample::select(Part::ALL.to_vec()),
        ) {
            if let (Ok(id), Ok(version)) = (id.parse(), version.parse()) {
                let name = AtomRef::new(id, version, part);
                let text = name.to_string();
                prop_assert!(!text.contains(".lock/"));
                prop_assert_eq!(AtomRef::parse(text.as_bytes()), Some(name));
            }
        }
    }
}
