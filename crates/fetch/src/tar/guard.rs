//! Decides what of an archive is written, and where; touches no file.

use std::collections::BTreeMap;
use std::fmt;

use super::entries::too_many;
use super::{Limits, UnpackError};
use crate::name::{self, NameFault};

/// One entry, as an archive has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File {
        executable: bool,
        size: u64,
    },
    /// A symbolic link, and where to.
    Link(Vec<u8>),
    /// A further name of another entry.
    Hard(Vec<u8>),
}

/// One thing to do. Paths are safe: names one below the other, from the folder down.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Make a folder; the one above is there.
    Folder(Vec<String>),
    /// Write a file of so many bytes.
    File {
        /// Where.
        path: Vec<String>,
        /// Whether it can be run.
        executable: bool,
        /// How many bytes it has.
        size: u64,
    },
    /// Write a file once more.
    Copy {
        /// Which.
        from: Vec<String>,
        /// Where.
        to: Vec<String>,
    },
    /// Make a link, when all else is done.
    Link {
        /// Where.
        path: Vec<String>,
        /// What it says: any bytes but NUL, and not none.
        target: Vec<u8>,
    },
}

/// What is wrong with an entry of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryFault {
    /// A part of its path may be no name.
    Name(NameFault),
    /// Its path begins at the root.
    Absolute,
    /// It is there twice.
    Twice,
    /// It lies below a file or a link.
    Below,
    /// It is a further name of what is not there.
    Target,
    /// It is a link to nowhere: an empty target, or one with NUL.
    Nowhere,
    /// It is a device or a pipe.
    Device,
    /// It is a sparse file, which tars write in several ways.
    Sparse,
    /// It would run as somebody else.
    SetUid,
    /// Nobody knows what it is.
    Kind,
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(fault) => return fault.fmt(f),
            Self::Absolute => "is not relative",
            Self::Twice => "is there twice",
            Self::Below => "lies below a file or a link",
            Self::Target => "is another name of a file that does not stand before it",
            Self::Nowhere => "is a link that leads nowhere",
            Self::Device => "is a device or a pipe",
            Self::Sparse => "is a sparse file, which cannot be unpacked",
            Self::SetUid => "would run as its owner",
            Self::Kind => "is of an unknown kind",
        })
    }
}

/// What was passed so far.
#[derive(Debug)]
pub struct Tree {
    nodes: BTreeMap<Vec<String>, Node>,
    limits: Limits,
    /// Bytes that were written once more.
    copied: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Folder,
    File { size: u64 },
    Link(Vec<u8>),
}

impl Tree {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            nodes: BTreeMap::new(),
            limits: *limits,
            copied: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The folder at the top, where there is nothing else.
    pub(super) fn only_folder(&self) -> Option<&str> {
        let mut top = self.nodes.iter().filter(|(path, _)| path.len() == 1);
        match (top.next(), top.next()) {
            (Some((path, Node::Folder)), None) => path.first().map(String::as_str),
            _ => None,
        }
    }

    /// Passes an entry, and says what is to be done for it.
    pub(super) fn pass(&mut self, entry: &Entry) -> Result<Option<Step>, UnpackError> {
        let refuse = |fault| UnpackError::Entry {
            path: escape(&entry.path),
            fault,
        };
        let path = names(&entry.path).map_err(refuse)?;
        if path.len() > self.limits.depth {
            return Err(UnpackError::Limit {
                name: "limits.depth",
                limit: self.limits.depth as u64,
            });
        }
        if path.is_empty() {
            // `./` is the folder itself, and nothing else can be.
            return match entry.kind {
                Kind::Folder => Ok(None),
                _ => Err(refuse(EntryFault::Name(NameFault::Empty))),
            };
        }
        self.above(&path).map_err(refuse)?;
        let there = self.nodes.get(&path);
        let (node, step) = match (&entry.kind, there) {
            (Kind::Folder, Some(Node::Folder)) => return Ok(None),
            (_, Some(_)) => return Err(refuse(EntryFault::Twice)),
            (Kind::Folder, None) => (Node::Folder, Step::Folder(path.clone())),
            (Kind::File { executable, size }, None) => {
                let (executable, size, path) = (*executable, *size, path.clone());
                let step = Step::File {
                    path,
                    executable,
                    size,
                };
                (Node::File { size }, step)
            }
            (Kind::Link(target), None) => link(&path, target).map_err(refuse)?,
            (Kind::Hard(target), None) => self.hard(&path, target, refuse)?,
        };
        self.nodes.insert(path, node);
        if self.nodes.len() > self.limits.entries {
            return Err(too_many(&self.limits));
        }
        Ok(Some(step))
    }

    /// Notes the folders above, which an archive need not name.
    fn above(&mut self, path: &[String]) -> Result<(), EntryFault> {
        for n in 1..path.len() {
            match self.nodes.get(&path[..n]) {
                Some(Node::Folder) => {}
                Some(_) => return Err(EntryFault::Below),
                None => drop(self.nodes.insert(path[..n].to_vec(), Node::Folder)),
            }
        }
        Ok(())
    }

    fn hard(
        &mut self,
        path: &[String],
        target: &[u8],
        refuse: impl Fn(EntryFault) -> UnpackError,
    ) -> Result<(Node, Step), UnpackError> {
        let from = names(target).map_err(&refuse)?;
        match self.nodes.get(&from) {
            Some(Node::File { size }) => {
                let size = *size;
                self.copied = self.copied.saturating_add(size);
                if self.copied > self.limits.bytes {
                    return Err(UnpackError::Limit {
                        name: "limits.unpacked-bytes",
                        limit: self.limits.bytes,
                    });
                }
                let to = path.to_vec();
                Ok((Node::File { size }, Step::Copy { from, to }))
            }
            Some(Node::Link(target)) => {
                let target = target.clone();
                link(path, &target).map_err(refuse)
            }
            Some(Node::Folder) | None => Err(refuse(EntryFault::Target)),
        }
    }
}

fn link(path: &[String], target: &[u8]) -> Result<(Node, Step), EntryFault> {
    if target.is_empty() || target.contains(&0) {
        return Err(EntryFault::Nowhere);
    }
    let (path, target) = (path.to_vec(), target.to_vec());
    Ok((Node::Link(target.clone()), Step::Link { path, target }))
}

/// The names of a path, each passed by the guard; `.` and what is doubled is left out.
fn names(path: &[u8]) -> Result<Vec<String>, EntryFault> {
    if path.starts_with(b"/") {
        return Err(EntryFault::Absolute);
    }
    let parts = path.split(|it| *it == b'/');
    let parts = parts.filter(|it| !it.is_empty() && *it != b".");
    let names = parts.map(|it| {
        name::check(it).map_err(EntryFault::Name)?;
        let name = std::str::from_utf8(it);
        Ok(name
            .map_err(|_| EntryFault::Name(NameFault::NotUtf8))?
            .to_owned())
    });
    names.collect()
}

/// A path that is safe to show.
pub(super) fn escape(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}
