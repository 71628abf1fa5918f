//! What keeps paths from being collected: names, links elsewhere, and processes at work.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use miette::Diagnostic;
use nix_format::StorePath;
use thiserror::Error;

use crate::infos::Pulse;
use crate::session::SessionId;

/// What keeps paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// A name that somebody gave: keeps until it is released.
    Named(RootName),
    /// A symbolic link elsewhere: keeps as long as it points at the path.
    Link(LinkPath),
    /// A process at work: keeps as long as it lives.
    Session(SessionId),
}

/// The name of a root: 1 to 255 bytes of UTF-8, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootName(String);

/// Where a link lies: an absolute path without `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkPath(PathBuf);

/// Why something cannot be a root.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum RootError {
    /// The name is empty, too long, or holds control characters.
    #[error("`{}` cannot be the name of a root", name.escape_debug())]
    #[diagnostic(
        code(eka::store::root_name),
        help("a name has 1 to 255 bytes and no control characters")
    )]
    Name {
        /// What was given.
        name: String,
    },
    /// The path of a link is relative, or holds `..`.
    #[error("`{}` does not say where a link lies", path.display())]
    #[diagnostic(
        code(eka::store::root_link),
        help("give the absolute path of the link, without `..`")
    )]
    Link {
        /// What was given.
        path: PathBuf,
    },
}

impl RootName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RootName {
    type Err = RootError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let fits = !name.is_empty() && name.len() <= Self::MAX_BYTES;
        if fits && !name.chars().any(char::is_control) {
            return Ok(Self(name.to_owned()));
        }
        Err(RootError::Name {
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for RootName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LinkPath {
    /// Takes the absolute path of a link, which need not be there yet.
    ///
    /// # Errors
    ///
    /// [`RootError::Link`] where it is relative, or holds `..`.
    pub fn new(path: &Path) -> Result<Self, RootError> {
        let is_plain = |it| matches!(it, Component::RootDir | Component::Normal(_));
        if path.is_absolute() && path.components().all(is_plain) {
            return Ok(Self(path.components().collect()));
        }
        Err(RootError::Link {
            path: path.to_owned(),
        })
    }

    /// The path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

/// Whether a symbolic link still points at a path: into a folder or file of its base name, wherever
/// the store appears.
///
/// A link that cannot be looked at, such as on a disk that is not there now, may come back.
pub(crate) fn pulse(link: &Path, path: &StorePath) -> Pulse {
    match std::fs::read_link(link) {
        Ok(target) => {
            let name = path.to_string();
            let hits = target
                .components()
                .any(|it| it.as_os_str() == name.as_str());
            if hits { Pulse::Alive } else { Pulse::Dead }
        }
        Err(error) => match error.kind() {
            // `InvalidInput`: there is something, and it is no link.
            std::io::ErrorKind::NotFound
            | std::io::ErrorKind::NotADirectory
            | std::io::ErrorKind::InvalidInput => Pulse::Dead,
            _ => Pulse::Alive,
        },
    }
}
