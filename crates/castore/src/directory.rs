//! A directory and its canonical bytes: one sequence of bytes for one directory.
//!
//! The bytes are `dir1`, then each entry in the order of names, compared as bytes: the kind
//! (`d` directory, `f` file, `x` file that may be run, `l` link), the length of the name (1 byte),
//! the name, and for `d`, `f` and `x` the digest (32 bytes) and the size (8 bytes), for `l` the
//! length of the target (2 bytes) and the target. Numbers are little-endian.

use miette::Diagnostic;
use thiserror::Error;

use crate::{Digest, Name, NameFault, Node, Target};

/// Entries by name, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    entries: Vec<Entry>,
    size: u64,
}

/// A name and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Name,
    /// What stands under it.
    pub node: Node,
}

/// Why bytes or entries are no directory.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[diagnostic(
    code(eka::castore::directory),
    help("these are not the bytes of a directory: whoever made them is broken or lies")
)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The bytes do not begin with `dir1`.
    #[error("the directory does not begin with `dir1`")]
    Magic,
    /// The bytes end within an entry.
    #[error("the directory ends within an entry, at byte {at}")]
    Short {
        /// Where what is missing would begin.
        at: usize,
    },
    /// An entry of no known kind.
    #[error("the directory has an entry of unknown kind {kind} at byte {at}")]
    Kind {
        /// Where the entry begins.
        at: usize,
        /// The byte that stands for the kind.
        kind: u8,
    },
    /// A name or a target that may not be.
    #[error("`{shown}` may not stand in a directory: {fault}")]
    Name {
        /// The name or target, escaped.
        shown: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// A name that is not behind the one before it.
    #[error("`{name}` is not in its place in the order of names")]
    Order {
        /// The name, escaped.
        name: String,
    },
    /// A name that comes twice.
    #[error("`{name}` comes twice in one directory")]
    Twice {
        /// The name, escaped.
        name: String,
    },
    /// More nodes below it than a number of 64 bits counts.
    #[error("the directory has more nodes than can be counted")]
    Overflow,
    /// More canonical bytes than [`Directory::MAX_BYTES`].
    #[error("the directory has {size} bytes, more than {limit}")]
    Large {
        /// How many bytes it has.
        size: usize,
        /// How many it may have.
        limit: usize,
    },
}

const MAGIC: &[u8] = b"dir1";

impl Directory {
    /// The most canonical bytes: room for about a million entries.
    pub const MAX_BYTES: usize = 64 << 20;

    /// Makes a directory of entries in any order.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Twice`], [`DirectoryError::Overflow`], [`DirectoryError::Large`].
    pub fn new(entries: impl IntoIterator<Item = (Name, Node)>) -> Result<Self, DirectoryError> {
        let entries = entries.into_iter().map(|(name, node)| Entry { name, node });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let twice = entries.windows(2).find(|pair| pair[0].name == pair[1].name);
        if let Some(pair) = twice {
            let name = pair[0].name.as_bytes().escape_ascii().to_string();
            return Err(DirectoryError::Twice { name });
        }
        let made = Self {
            size: count(&entries)?,
            entries,
        };
        fits(made.printed_len())?;
        Ok(made)
    }

    /// Reads canonical bytes; no others are taken.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`], for the first fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, DirectoryError> {
        fits(bytes.len())?;
        if !bytes.starts_with(MAGIC) {
            return Err(DirectoryError::Magic);
        }
        let mut input = Input {
            bytes,
            at: MAGIC.len(),
        };
        let mut entries: Vec<Entry> = Vec::new();
        while input.at < bytes.len() {
            let entry = input.entry()?;
            if let Some(last) = entries.last()
                && last.name >= entry.name
            {
                let same = last.name == entry.name;
                let name = entry.name.as_bytes().escape_ascii().to_string();
                return Err(match same {
                    true => DirectoryError::Twice { name },
                    false => DirectoryError::Order { name },
                });
            }
            entries.push(entry);
        }
        let size = count(&entries)?;
        Ok(Self { entries, size })
    }

    /// Returns the canonical bytes.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.printed_len());
        out.extend_from_slice(MAGIC);
        for entry in &self.entries {
            print(entry, &mut out);
        }
        out
    }

    fn printed_len(&self) -> usize {
        let of = |entry: &Entry| {
            let node = match &entry.node {
                Node::Directory { .. } | Node::File { .. } => 40,
                Node::Symlink { target } => 2 + target.as_bytes().len(),
            };
            2 + entry.name.as_bytes().len() + node
        };
        MAGIC.len() + self.entries.iter().map(of).sum::<usize>()
    }

    /// Returns the digest of the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.print())
    }

    /// Returns the node that stands for this directory.
    #[must_use]
    pub fn node(&self) -> Node {
        Node::Directory {
            digest: self.digest(),
            size: self.size,
        }
    }

    /// The entries, in the order of names.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many nodes are below it.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns what stands under a name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Node> {
        let found = self
            .entries
            .binary_search_by(|entry| entry.name.as_bytes().cmp(name));
        found.ok().map(|at| &self.entries[at].node)
    }
}

fn print(Entry { name, node }: &Entry, out: &mut Vec<u8>) {
    let name = name.as_bytes();
    out.push(kind(node));
    out.push(u8::try_from(name.len()).expect("a name has at most 255 bytes"));
    out.extend_from_slice(name);
    match node {
        Node::Directory { digest, size } | Node::File { digest, size, .. } => {
            out.extend_from_slice(&digest.0);
            out.extend_from_slice(&size.to_le_bytes());
        }
        Node::Symlink { target } => {
            let target = target.as_bytes();
            let len = u16::try_from(target.len()).expect("a target has at most 4095 bytes");
            out.extend_from_slice(&len.to_le_bytes());
            out.extend_from_slice(target);
        }
    }
}

const fn kind(node: &Node) -> u8 {
    match node {
        Node::Directory { .. } => b'd',
        Node::File {
            executable: false, ..
        } => b'f',
        Node::File {
            executable: true, ..
        } => b'x',
        Node::Symlink { .. } => b'l',
    }
}

fn count(entries: &[Entry]) -> Result<u64, DirectoryError> {
    entries
        .iter()
        .try_fold(0u64, |sum, entry| sum.checked_add(entry.node.n_nodes()?))
        .ok_or(DirectoryError::Overflow)
}

const fn fits(size: usize) -> Result<(), DirectoryError> {
    let limit = Directory::MAX_BYTES;
    if size > limit {
        return Err(DirectoryError::Large { size, limit });
    }
    Ok(())
}

/// Bytes that are being read.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], DirectoryError> {
        let rest = &self.bytes[self.at..];
        let Some((taken, _)) = rest.split_at_checked(len) else {
            return Err(DirectoryError::Short { at: self.at });
        };
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DirectoryError> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("as many were taken"))
    }

    fn entry(&mut self) -> Result<Entry, DirectoryError> {
        let at = self.at;
        let [kind, len] = self.array()?;
        let name = self.take(len.into())?;
        let name = Name::new(name).map_err(|fault| named(name, fault))?;
        let node = match kind {
            b'd' => {
                let (digest, size) = self.content()?;
                Node::Directory { digest, size }
            }
            b'f' | b'x' => {
                let (digest, size) = self.content()?;
                let executable = kind == b'x';
                Node::File {
                    digest,
                    size,
                    executable,
                }
            }
            b'l' => {
                let len = u16::from_le_bytes(self.array()?);
                let target = self.take(len.into())?;
                let target = Target::new(target).map_err(|fault| named(target, fault))?;
                Node::Symlink { target }
            }
            kind => return Err(DirectoryError::Kind { at, kind }),
        };
        Ok(Entry { name, node })
    }

    fn content(&mut self) -> Result<(Digest, u64), DirectoryError> {
        Ok((Digest(self.array()?), u64::from_le_bytes(self.array()?)))
    }
}

fn named(bytes: &[u8], fault: NameFault) -> DirectoryError {
    let shown = bytes.escape_ascii().to_string();
    DirectoryError::Name { shown, fault }
}
