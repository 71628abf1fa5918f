//! Names in a directory, and targets of links: bytes that were checked once.

use std::fmt;

use miette::Diagnostic;
use thiserror::Error;

/// One component of a path: 1 to 255 bytes, not `.` or `..`, without `/` and NUL.
///
/// Any other bytes are as good as on Unix: a name need not be text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

/// What a link points to: 1 to 4095 bytes without NUL, as Unix has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(Box<[u8]>);

/// Why bytes are no name of an entry, or no target of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Diagnostic)]
#[diagnostic(
    code(eka::castore::name),
    help("a name is one component of a path, of 1 to 255 bytes; a link's target has 1 to 4095")
)]
#[non_exhaustive]
pub enum NameFault {
    /// There is no byte.
    #[error("it is empty")]
    Empty,
    /// More bytes than a file system takes.
    #[error("it has {len} bytes, more than {limit}")]
    Long {
        /// How many bytes it has.
        len: usize,
        /// How many it may have.
        limit: usize,
    },
    /// It is `.` or `..`.
    #[error("it means another directory")]
    Dots,
    /// There is a `/` in it.
    #[error("it has a `/` in it")]
    Slash,
    /// There is a NUL in it.
    #[error("it has a NUL in it")]
    Nul,
}

impl Name {
    /// The longest name, in bytes: `NAME_MAX` of Linux.
    pub const MAX_BYTES: usize = 255;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`NameFault`].
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, NameFault> {
        let bytes = bytes.into();
        check(&bytes, Self::MAX_BYTES)?;
        if matches!(bytes.as_slice(), b"." | b"..") {
            return Err(NameFault::Dots);
        }
        if bytes.contains(&b'/') {
            return Err(NameFault::Slash);
        }
        Ok(Self(bytes.into()))
    }

    /// The bytes of the name.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Target {
    /// The longest target, in bytes: `PATH_MAX` of Linux less the NUL.
    pub const MAX_BYTES: usize = 4095;

    /// Checks a target.
    ///
    /// # Errors
    ///
    /// [`NameFault`].
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, NameFault> {
        let bytes = bytes.into();
        check(&bytes, Self::MAX_BYTES)?;
        Ok(Self(bytes.into()))
    }

    /// The bytes of the target.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn check(bytes: &[u8], limit: usize) -> Result<(), NameFault> {
    match bytes.len() {
        0 => Err(NameFault::Empty),
        len if len > limit => Err(NameFault::Long { len, limit }),
        _ if bytes.contains(&0) => Err(NameFault::Nul),
        _ => Ok(()),
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_component() {
        let name = |bytes: &[u8]| Name::new(bytes).map(drop);
        for good in [b"a".as_slice(), b"...", b"\xff\n", b"a\\b", &[b'n'; 255]] {
            assert_eq!(name(good), Ok(()), "{}", good.escape_ascii());
        }
        assert_eq!(name(b""), Err(NameFault::Empty));
        assert_eq!(name(b"."), Err(NameFault::Dots));
        assert_eq!(name(b".."), Err(NameFault::Dots));
        assert_eq!(name(b"a/b"), Err(NameFault::Slash));
        assert_eq!(name(b"a\0"), Err(NameFault::Nul));
        let long = NameFault::Long {
            len: 256,
            limit: 255,
        };
        assert_eq!(name(&[b'n'; 256]), Err(long));
    }

    #[test]
    fn targets_are_whatever_unix_takes() {
        let target = |bytes: &[u8]| Target::new(bytes).map(drop);
        for good in [b"../../a".as_slice(), b"/", &[b'n'; 4095]] {
            assert_eq!(target(good), Ok(()), "{}", good.escape_ascii());
        }
        assert_eq!(target(b""), Err(NameFault::Empty));
        assert_eq!(target(b"a\0b"), Err(NameFault::Nul));
        let long = NameFault::Long {
            len: 4096,
            limit: 4095,
        };
        assert_eq!(target(&[b'n'; 4096]), Err(long));
    }
}
