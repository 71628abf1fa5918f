//! What one tree has that another has not: which files, and which lines of them.

mod trees;
mod text;
mod patch;

pub use patch::{quoted, write};
pub(crate) use text::Hunk;
pub use text::{MAX_LINES, MAX_TEXT_BYTES};
pub use trees::{between, look};

use atom::ObjectId;

use crate::tree::Mode;

/// A path that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path from the top; the guard saw to it that it is text.
    pub path: String,
    /// What is there in the first tree.
    pub old: Option<Side>,
    /// What is there in the second one.
    pub new: Option<Side>,
}

/// A file, or a symbolic link, of one of two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Which of the two; never a folder.
    pub mode: Mode,
    /// Its blob.
    pub id: ObjectId,
}

/// In which way a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The second tree alone has it.
    Added,
    /// The first tree alone has it.
    Removed,
    /// Its bytes are others, and perhaps its mode.
    Changed,
    /// Its mode alone is another.
    Mode,
    /// A file became a symbolic link, or a link a file.
    Type,
}

/// A change, and how much of it can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The change.
    pub change: Change,
    /// What there is to show.
    pub body: Body,
}

/// What there is to show of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing: the bytes are the same, or there are none.
    Same,
    /// Lines.
    Text(Text),
    /// Bytes that are no text, as git tells it: a NUL is among the first 8,000.
    Binary {
        /// The sizes in bytes, 0 where there is no file.
        sizes: (u64, u64),
    },
    /// More than [`MAX_TEXT_BYTES`] or [`MAX_LINES`] on one side.
    Large {
        /// The sizes in bytes, 0 where there is no file.
        sizes: (u64, u64),
    },
}

/// The lines of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// How many lines the second file has that the first has not.
    pub n_added: usize,
    /// How many lines the first file has that the second has not.
    pub n_removed: usize,
    /// The files' bytes, the first and the second.
    pub(crate) bytes: [Vec<u8>; 2],
    /// What to show of them.
    pub(crate) hunks: Vec<Hunk>,
}

impl Change {
    /// In which way the path differs.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let (Some(old), Some(new)) = (self.old, self.new) else {
            return if self.old.is_none() {
                Kind::Added
            } else {
                Kind::Removed
            };
        };
        let link = |it: Side| it.mode == Mode::Symlink;
        match () {
            () if link(old) != link(new) => Kind::Type,
            () if old.id == new.id => Kind::Mode,
            () => Kind::Changed,
        }
    }
}
