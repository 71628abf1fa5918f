//! Versions and requirements: the `semver` crate's, within what a ref name can hold.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

/// A semver 2.0 version of at most 200 bytes; ordered by the `semver` crate's total order,
/// build metadata included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

/// What a dependant asks for, as the `semver` crate reads and prints it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement(semver::VersionReq);

/// Why a text is no version or requirement.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum VersionError {
    /// The text is no semver version.
    #[error("`{text}` is not a version: {reason}")]
    #[diagnostic(
        code(eka::version::malformed),
        help("a version is semver, such as `1.2.0` or `2.0.0-rc.1`")
    )]
    Version {
        /// What was given.
        text: String,
        /// The `semver` crate's reason.
        reason: String,
    },
    /// The version is longer than a ref name can hold.
    #[error("a version of {length} bytes is too long")]
    #[diagnostic(
        code(eka::version::too_long),
        help("a version has at most 200 bytes, since it stands in a ref name")
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The text is no requirement.
    #[error("`{text}` is not a requirement: {reason}")]
    #[diagnostic(
        code(eka::version::requirement),
        help("a requirement is such as `^1.2`, `~1.2.3`, `=1.0.0` or `>=1, <3`")
    )]
    Requirement {
        /// What was given.
        text: String,
        /// The `semver` crate's reason.
        reason: String,
    },
}

impl Version {
    /// The longest printed version, in bytes.
    pub const MAX_BYTES: usize = 200;

    /// Whether the two differ in build metadata alone.
    #[must_use]
    pub fn same_but_build(&self, other: &Self) -> bool {
        self != other && self.0.cmp_precedence(&other.0).is_eq()
    }
}

impl Deref for Version {
    type Target = semver::Version;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(VersionError::TooLong { length: text.len() });
        }
        semver::Version::parse(text)
            .map(Self)
            .map_err(|error| VersionError::Version {
                text: text.to_owned(),
                reason: error.to_string(),
            })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Requirement {
    /// `*`: any version that is no pre-release.
    #[must_use]
    pub const fn any() -> Self {
        Self(semver::VersionReq::STAR)
    }

    /// Whether `version` satisfies it, by the `semver` crate's rules.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.0.matches(&version.0)
    }
}

impl Deref for Requirement {
    type Target = semver::VersionReq;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromStr for Requirement {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        semver::VersionReq::parse(text)
            .map(Self)
            .map_err(|error| VersionError::Requirement {
                text: text.to_owned(),
                reason: error.to_string(),
            })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
