//! Which versions are compatible with each other: of each such bucket a lock has one.

use std::fmt;

use crate::Version;

/// The part of a version that `^` keeps: the major; below 1.0.0 the minor, below 0.1.0 the patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Bucket {
    /// The first of all.
    pub const FIRST: Self = Self {
        major: 0,
        minor: 0,
        patch: 0,
    };

    /// The last of all.
    pub const LAST: Self = Self {
        major: u64::MAX,
        minor: u64::MAX,
        patch: u64::MAX,
    };

    /// The bucket of a version; a pre-release is in that of its release.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        Self {
            major,
            minor: if major == 0 { minor } else { 0 },
            patch: if (major, minor) == (0, 0) { patch } else { 0 },
        }
    }
}

/// `2`, `0.3` or `0.0.7`.
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.major, self.minor) {
            (0, 0) => write!(f, "0.0.{}", self.patch),
            (0, minor) => write!(f, "0.{minor}"),
            (major, _) => write!(f, "{major}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: &str, expected: &str) {
        let version = version.parse().unwrap();
        assert_eq!(Bucket::of(&version).to_string(), expected);
    }

    #[test]
    fn a_bucket_is_what_a_caret_keeps() {
        check("2.1.0", "2");
        check("1.0.0-rc.1", "1");
        check("0.3.9", "0.3");
        check("0.0.7", "0.0.7");
        check("0.0.0", "0.0.0");
    }

    #[test]
    fn buckets_stand_in_the_order_of_their_versions() {
        let texts = ["0.0.1", "0.0.2", "0.1.0", "0.2.5", "1.9.0", "2.0.0"];
        let buckets = texts.map(|it| Bucket::of(&it.parse().unwrap()));
        assert!(buckets.is_sorted());
    }
}
