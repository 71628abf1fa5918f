//! The canonical bytes of the commits under `yank` and `deprecate`: a mark on a version, and why
//! it is there.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

use crate::ObjectId;
use crate::commit::{CommitError, FORMAT, IDENT, Reader, compare, header};
use crate::uri::{Aliases, Repository, Uri, UriError, Wanted};

/// The tree of every notice: git's empty one.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// The commit by which a publisher takes a version back (`docs/reference/formats.md`, section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yank {
    /// The atom commit of the version.
    pub atom: ObjectId,
    /// Why.
    pub reason: Reason,
}

/// The commit by which a publisher advises against a version (`docs/reference/formats.md`,
/// section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deprecation {
    /// The atom commit of the version.
    pub atom: ObjectId,
    /// What to use instead.
    pub successor: Option<Successor>,
    /// Why.
    pub reason: Reason,
}

/// Why a version bears a mark: any text of at most 4 KiB without NUL; it may be empty, and of
/// several lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason(String);

/// The URI of an atom, as its writer spelled it: at `https`, at `ssh`, or `::` for an atom of the
/// same set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    text: String,
    uri: Uri,
}

/// Why the bytes of a commit are no notice.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum NoticeError {
    /// A header, or the commit as a whole.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Commit(#[from] CommitError),
    /// The reason.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Reason(#[from] ReasonError),
}

/// Why a text is no [`Reason`].
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ReasonError {
    /// It is too long.
    #[error("the reason has {n_bytes} bytes")]
    #[diagnostic(
        code(eka::notice::long),
        help("say it in at most {} bytes", Reason::MAX_BYTES)
    )]
    Long {
        /// How long.
        n_bytes: usize,
    },
    /// It is no UTF-8, or holds a NUL.
    #[error("the reason is no plain text")]
    #[diagnostic(code(eka::notice::text), help("write UTF-8 without NUL"))]
    Text,
    /// No empty line stands before it, or no line feed after it.
    #[error("the reason does not stand between an empty line and a line feed")]
    #[diagnostic(
        code(eka::notice::place),
        help("the commit was not written by `eka`; ask whoever published it")
    )]
    Place,
}

/// Why a text is no [`Successor`].
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum SuccessorError {
    /// It is no URI.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Uri(#[from] UriError),
    /// It is a URI of something else, or lies where only its writer can reach it.
    #[error("`{uri}` names no atom that others could use")]
    #[diagnostic(
        code(eka::notice::successor),
        help("name one by `https` or `ssh`, or by `::id` in the same set")
    )]
    Elsewhere {
        /// The URI.
        uri: String,
    },
}

impl Yank {
    /// Returns the bytes of the git object, without git's own header.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        print(self.atom, None, &self.reason)
    }

    /// Reads the bytes of a git object, without git's own header.
    ///
    /// # Errors
    ///
    /// [`NoticeError`]: what keeps the bytes from being those that [`Yank::print`] gives.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoticeError> {
        let mut reader = Reader::new(bytes)?;
        let yank = Self {
            atom: head(&mut reader)?,
            reason: reason(&reader)?,
        };
        compare(bytes, &yank.print())?;
        Ok(yank)
    }
}

impl Deprecation {
    /// Returns the bytes of the git object, without git's own header.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        print(self.atom, self.successor.as_ref(), &self.reason)
    }

    /// Reads the bytes of a git object, without git's own header.
    ///
    /// # Errors
    ///
    /// [`NoticeError`]: what keeps the bytes from being those that [`Deprecation::print`] gives.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoticeError> {
        let mut reader = Reader::new(bytes)?;
        let atom = head(&mut reader)?;
        let successor = match reader.rest().starts_with(b"\n") {
            true => None,
            false => Some(reader.value("use")?),
        };
        let notice = Self {
            atom,
            successor,
            reason: reason(&reader)?,
        };
        compare(bytes, &notice.print())?;
        Ok(notice)
    }
}

fn print(atom: ObjectId, successor: Option<&Successor>, reason: &Reason) -> Vec<u8> {
    let mut text = String::new();
    header(&mut text, "tree", EMPTY_TREE);
    header(&mut text, "author", IDENT);
    header(&mut text, "committer", IDENT);
    header(&mut text, "format", FORMAT);
    header(&mut text, "atom", atom);
    if let Some(it) = successor {
        header(&mut text, "use", it);
    }
    text.push('\n');
    text.push_str(&reason.0);
    text.push('\n');
    text.into_bytes()
}

/// Takes the headers that both kinds have; what they say but for the atom is left to the
/// comparison of bytes.
fn head(reader: &mut Reader<'_>) -> Result<ObjectId, CommitError> {
    for name in ["tree", "author", "committer", "format"] {
        reader.header(name)?;
    }
    reader.value("atom")
}

fn reason(reader: &Reader<'_>) -> Result<Reason, ReasonError> {
    let rest = reader.rest();
    let inner = rest
        .strip_prefix(b"\n")
        .and_then(|it| it.strip_suffix(b"\n"));
    let inner = inner.ok_or(ReasonError::Place)?;
    std::str::from_utf8(inner)
        .map_err(|_| ReasonError::Text)?
        .parse()
}

impl Reason {
    /// How long a reason may be.
    pub const MAX_BYTES: usize = 4096;

    /// The text; foreign, so that it is escaped before it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let n_bytes = text.len();
        if n_bytes > Self::MAX_BYTES {
            return Err(ReasonError::Long { n_bytes });
        }
        if text.contains('\0') {
            return Err(ReasonError::Text);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Successor {
    /// What it names; [`Repository::Here`] is the set of the version that bears the notice.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl FromStr for Successor {
    type Err = SuccessorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri = Uri::parse(text, &Aliases::builtin())?;
        let reachable = match &uri.repository {
            Repository::Here => true,
            Repository::At(url) => url.allowed_in_foreign(),
        };
        // A password would not be shown as it is written.
        let plain = !uri.to_string().contains("***");
        if !(reachable && plain && matches!(uri.wanted, Wanted::Atom { .. })) {
            let uri = uri.to_string();
            return Err(SuccessorError::Elsewhere { uri });
        }
        let text = text.to_owned();
        Ok(Self { text, uri })
    }
}

/// As its writer spelled it.
impl fmt::Display for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As it is: foreign text.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
