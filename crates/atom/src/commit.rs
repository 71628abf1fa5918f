//! The canonical bytes of atom and spec commits.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

pub use crate::atom_path::{AtomPath, AtomPathError};
use crate::{AtomId, Digest, NarHash, ObjectId, Root, Version};

/// The one format that this version writes and reads.
pub(crate) const FORMAT: &str = "1";

/// Who made every commit, and when: nobody, at no time, so that equal content is an equal commit.
pub(crate) const IDENT: &str = "eka <> 0 +0000";

/// The commit that an atom's content rests under: it depends on content, version and set alone
/// (`docs/reference/formats.md`, section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtomCommit {
    /// The content tree.
    pub tree: ObjectId,
    /// The set and the id.
    pub atom: AtomId,
    /// The version.
    pub version: Version,
    /// The SHA-256 of the content tree's NAR.
    pub nar: NarHash,
}

/// The commit that carries an atom's manifest and lock, and says where the atom came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecCommit {
    /// The tree that holds manifest and lock alone.
    pub tree: ObjectId,
    /// The set and the id.
    pub atom: AtomId,
    /// The version.
    pub version: Version,
    /// The SHA-256 of the content tree's NAR.
    pub nar: NarHash,
    /// The atom commit.
    pub atom_commit: ObjectId,
    /// The atom's folder in the source commit.
    pub path: AtomPath,
    /// The source commit.
    pub src: ObjectId,
}

/// Why the bytes of a commit are no atom or spec.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum CommitError {
    /// The commit is of a format that this version does not know, so its version stays invisible.
    #[error("the commit has format `{format}`, which this version does not know")]
    #[diagnostic(
        code(eka::commit::unknown_format),
        help("a newer `eka` can read it; this one knows format `1`")
    )]
    UnknownFormat {
        /// The number it states.
        format: u64,
    },
    /// A header is missing, or stands elsewhere than it must.
    #[error("line {line} of the commit is not its `{header}` header")]
    #[diagnostic(
        code(eka::commit::header),
        help("the commit was not written by `eka publish`; ask whoever published it")
    )]
    Header {
        /// Counted from 1.
        line: usize,
        /// What must stand there.
        header: &'static str,
    },
    /// A header's value is not of its kind.
    #[error("the commit's `{header}` header is malformed: `{value}`")]
    #[diagnostic(
        code(eka::commit::value),
        help("the commit was not written by `eka publish`; ask whoever published it")
    )]
    Value {
        /// Which header.
        header: &'static str,
        /// What it holds, escaped.
        value: String,
    },
    /// The message is not `<id>: <version>`.
    #[error("the commit's message is not `<id>: <version>`: `{message}`")]
    #[diagnostic(
        code(eka::commit::message),
        help("the commit was not written by `eka publish`; ask whoever published it")
    )]
    Message {
        /// What it is, escaped.
        message: String,
    },
    /// The stated digest is not that of the root and the id.
    #[error("the commit states the digest `{stated}`, but its root and id have `{computed}`")]
    #[diagnostic(
        code(eka::commit::digest),
        help("the commit names another atom than it claims; do not use it")
    )]
    Digest {
        /// What the header says.
        stated: Digest,
        /// What root and id give.
        computed: Digest,
    },
    /// The commit says what it must, in other bytes.
    #[error("the commit's bytes are not the canonical ones")]
    #[diagnostic(
        code(eka::commit::not_canonical),
        help("the commit was not written by `eka publish`; ask whoever published it")
    )]
    NotCanonical,
}

impl AtomCommit {
    /// Returns the bytes of the git object, without git's own header.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut text = head(self.tree, &self.atom, self.nar);
        finish(&mut text, &self.atom, &self.version);
        text.into_bytes()
    }

    /// Reads the bytes of a git object, without git's own header.
    ///
    /// # Errors
    ///
    /// [`CommitError::UnknownFormat`] where the format is another; else what keeps the bytes from
    /// being those that [`AtomCommit::print`] gives.
    pub fn parse(bytes: &[u8]) -> Result<Self, CommitError> {
        let mut reader = Reader::new(bytes)?;
        let head = Head::read(&mut reader)?;
        let (atom, version) = reader.message(&head)?;
        let commit = Self {
            tree: head.tree,
            atom,
            version,
            nar: head.nar,
        };
        compare(bytes, &commit.print())?;
        Ok(commit)
    }
}

impl SpecCommit {
    /// Returns the bytes of the git object, without git's own header.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut text = head(self.tree, &self.atom, self.nar);
        header(&mut text, "atom", self.atom_commit);
        header(&mut text, "path", &self.path);
        header(&mut text, "src", self.src);
        finish(&mut text, &self.atom, &self.version);
        text.into_bytes()
    }

    /// Reads the bytes of a git object, without git's own header.
    ///
    /// # Errors
    ///
    /// [`CommitError::UnknownFormat`] where the format is another; else what keeps the bytes from
    /// being those that [`SpecCommit::print`] gives.
    pub fn parse(bytes: &[u8]) -> Result<Self, CommitError> {
        let mut reader = Reader::new(bytes)?;
        let head = Head::read(&mut reader)?;
        let atom_commit = reader.value("atom")?;
        let path = reader.value("path")?;
        let src = reader.value("src")?;
        let (atom, version) = reader.message(&head)?;
        let commit = Self {
            tree: head.tree,
            atom,
            version,
            nar: head.nar,
            atom_commit,
            path,
            src,
        };
        compare(bytes, &commit.print())?;
        Ok(commit)
    }
}

/// What both commits begin with.
struct Head {
    tree: ObjectId,
    digest: Digest,
    root: Root,
    nar: NarHash,
}

impl Head {
    fn read(reader: &mut Reader<'_>) -> Result<Self, CommitError> {
        let tree = reader.value("tree")?;
        // Author, committer and format are left to the comparison of bytes.
        reader.header("author")?;
        reader.header("committer")?;
        reader.header("format")?;
        Ok(Self {
            tree,
            digest: reader.value("digest")?,
            root: reader.value("root")?,
            nar: reader.value("nar")?,
        })
    }
}

fn head(tree: ObjectId, atom: &AtomId, nar: NarHash) -> String {
    let mut text = String::new();
    header(&mut text, "tree", tree);
    header(&mut text, "author", IDENT);
    header(&mut text, "committer", IDENT);
    header(&mut text, "format", FORMAT);
    header(&mut text, "digest", atom.digest());
    header(&mut text, "root", atom.root);
    header(&mut text, "nar", nar);
    text
}

pub(crate) fn header(text: &mut String, name: &str, value: impl fmt::Display) {
    writeln!(text, "{name} {value}").expect("a string takes all text");
}

fn finish(text: &mut String, atom: &AtomId, version: &Version) {
    writeln!(text, "\n{}: {version}", atom.id).expect("a string takes all text");
}

pub(crate) fn compare(given: &[u8], printed: &[u8]) -> Result<(), CommitError> {
    if given == printed {
        Ok(())
    } else {
        Err(CommitError::NotCanonical)
    }
}

/// Takes a commit's lines one by one.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Reader<'a> {
    /// Begins, and looks ahead for the format: of another one nothing else is known, not even
    /// where its other headers stand.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, CommitError> {
        let format = bytes
            .split(|&it| it == b'\n')
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(b"format "));
        if let Some(value) = format.filter(|it| *it != FORMAT.as_bytes()) {
            let number = std::str::from_utf8(value)
                .ok()
                .and_then(|it| it.parse::<u64>().ok().filter(|n| n.to_string() == it));
            return Err(match number {
                Some(format) => CommitError::UnknownFormat { format },
                None => malformed("format", value),
            });
        }
        Ok(Self {
            rest: bytes,
            line: 0,
        })
    }

    /// Takes the next line, which is `<name> <value>`.
    pub(crate) fn header(&mut self, name: &'static str) -> Result<&'a [u8], CommitError> {
        self.line += 1;
        let missing = CommitError::Header {
            line: self.line,
            header: name,
        };
        let Some(end) = self.rest.iter().position(|&it| it == b'\n') else {
            return Err(missing);
        };
        let (line, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        line.strip_prefix(name.as_bytes())
            .and_then(|it| it.strip_prefix(b" "))
            .ok_or(missing)
    }

    pub(crate) fn value<T: FromStr>(&mut self, name: &'static str) -> Result<T, CommitError> {
        let value = self.header(name)?;
        std::str::from_utf8(value)
            .ok()
            .and_then(|it| it.parse().ok())
            .ok_or_else(|| malformed(name, value))
    }

    /// What follows the lines that were taken.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes the empty line and the message, and checks the digest against the id that it names.
    fn message(&mut self, head: &Head) -> Result<(AtomId, Version), CommitError> {
        let (id, version) = std::str::from_utf8(self.rest)
            .ok()
            .and_then(|it| it.strip_prefix('\n')?.strip_suffix('\n')?.split_once(": "))
            .and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)))
            .ok_or_else(|| CommitError::Message {
                message: excerpt(self.rest),
            })?;
        let atom = AtomId::new(head.root, id);
        let (stated, computed) = (head.digest, atom.digest());
        if stated != computed {
            return Err(CommitError::Digest { stated, computed });
        }
        Ok((atom, version))
    }
}

fn malformed(header: &'static str, value: &[u8]) -> CommitError {
    CommitError::Value {
        header,
        value: excerpt(value),
    }
}

/// The beginning of foreign bytes, made printable.
fn excerpt(bytes: &[u8]) -> String {
    const MAX_CHARS: usize = 200;
    let text = String::from_utf8_lossy(bytes);
    text.trim_matches('\n')
        .chars()
        .take(MAX_CHARS)
        .flat_map(char::escape_debug)
        .collect()
}
