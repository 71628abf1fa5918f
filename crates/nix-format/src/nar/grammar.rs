//! Which text may follow which, and where in the tree one is.

use super::token::{Bound, Token};
use super::{DecodeError, FileKind, Limits};

/// Where in the tree one is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    limits: Limits,
    /// Where the last name of each open directory begins in `names`, outermost first.
    open: Vec<usize>,
    /// The last name of each open directory, one after the other.
    names: Vec<u8>,
    /// The last link's target.
    target: Vec<u8>,
}

/// An event without what it borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Directory,
    Entry,
    EndDirectory,
    File {
        kind: FileKind,
        size: u64,
        offset: u64,
    },
    /// So many bytes of the input, from its front.
    Contents(usize),
    EndFile,
    Symlink,
    End,
}

/// What must come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Magic,
    NodeOpens,
    Type,
    Kind,
    ExecutableOrContents,
    ExecutableValue,
    ContentsWord,
    Size(FileKind),
    /// So many bytes of a file, and then padding.
    Contents {
        left: u64,
        padding: u8,
    },
    /// So many zeros.
    Padding {
        left: u8,
    },
    FileCloses,
    TargetWord,
    Target,
    LinkCloses,
    EntryOrClose,
    EntryOpens,
    NameWord,
    Name,
    NodeWord,
    EntryCloses,
    /// The root has ended.
    End,
    /// Nothing.
    Done,
}

impl Place {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: Vec::new(),
            names: Vec::new(),
            target: Vec::new(),
        }
    }

    /// The last name of the innermost open directory.
    pub(super) fn last_name(&self) -> &[u8] {
        &self.names[self.last_name_start()..]
    }

    /// The last link's target.
    pub(super) fn last_target(&self) -> &[u8] {
        &self.target
    }

    /// How long the text may be that a state asks for.
    pub(super) const fn bound(&self, state: State) -> Bound {
        match state {
            State::Name => Bound::Text {
                what: "name",
                limit: self.limits.name_bytes,
            },
            State::Target => Bound::Text {
                what: "target",
                limit: self.limits.target_bytes,
            },
            _ => Bound::Word {
                expected: state.expected(),
            },
        }
    }

    /// What a text means in a state: the next state, and an event.
    pub(super) fn step(
        &mut self,
        state: State,
        token: Token<'_>,
    ) -> Result<(State, Option<Met>), DecodeError> {
        let next = match (state, token.text) {
            (State::Magic, b"nix-archive-1") => State::NodeOpens,
            (State::NodeOpens, b"(") => State::Type,
            (State::Type, b"type") => State::Kind,
            (State::Kind, b"regular") => State::ExecutableOrContents,
            (State::Kind, b"symlink") => State::TargetWord,
            (State::Kind, b"directory") => {
                self.enter(token.at)?;
                return Ok((State::EntryOrClose, Some(Met::Directory)));
            }
            (State::ExecutableOrContents, b"contents") => State::Size(FileKind::Regular),
            (State::ExecutableOrContents, b"executable") => State::ExecutableValue,
            (State::ExecutableValue, b"") => State::ContentsWord,
            (State::ContentsWord, b"contents") => State::Size(FileKind::Executable),
            (State::FileCloses, b")") => return Ok((self.after_node(), Some(Met::EndFile))),
            (State::TargetWord, b"target") => State::Target,
            (State::Target, target) => {
                self.link(target, token.at)?;
                State::LinkCloses
            }
            (State::LinkCloses, b")") => return Ok((self.after_node(), Some(Met::Symlink))),
            (State::EntryOrClose, b"entry") => State::EntryOpens,
            (State::EntryOrClose, b")") => {
                self.leave();
                return Ok((self.after_node(), Some(Met::EndDirectory)));
            }
            (State::EntryOpens, b"(") => State::NameWord,
            (State::NameWord, b"name") => State::Name,
            (State::Name, name) => {
                self.name(name, token.at)?;
                State::NodeWord
            }
            (State::NodeWord, b"node") => return Ok((State::NodeOpens, Some(Met::Entry))),
            (State::EntryCloses, b")") => State::EntryOrClose,
            (state, found) => {
                return Err(DecodeError::Unexpected {
                    at: token.at,
                    found: found.to_owned(),
                    expected: state.expected(),
                });
            }
        };
        Ok((next, None))
    }

    fn enter(&mut self, at: u64) -> Result<(), DecodeError> {
        let limit = self.limits.depth;
        if self.open.len() >= limit {
            return Err(DecodeError::Deep { at, limit });
        }
        self.open.push(self.names.len());
        Ok(())
    }

    fn leave(&mut self) {
        self.names.truncate(self.open.pop().unwrap_or_default());
    }

    const fn after_node(&self) -> State {
        if self.open.is_empty() {
            State::End
        } else {
            State::EntryCloses
        }
    }

    fn last_name_start(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }

    fn name(&mut self, name: &[u8], at: u64) -> Result<(), DecodeError> {
        if !super::is_name(name) {
            let name = name.to_owned();
            return Err(DecodeError::Name { at, name });
        }
        let last = self.last_name();
        // Every name is above the empty one, which stands for "none yet".
        if name <= last {
            return Err(DecodeError::Order {
                at,
                name: name.to_owned(),
                after: last.to_owned(),
            });
        }
        self.names.truncate(self.last_name_start());
        self.names.extend_from_slice(name);
        Ok(())
    }

    fn link(&mut self, target: &[u8], at: u64) -> Result<(), DecodeError> {
        if !super::is_target(target) {
            let target = target.to_owned();
            return Err(DecodeError::Target { at, target });
        }
        target.clone_into(&mut self.target);
        Ok(())
    }
}

impl State {
    /// What must come next, for people.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Magic => "`nix-archive-1`",
            Self::NodeOpens | Self::EntryOpens => "`(`",
            Self::Type => "`type`",
            Self::Kind => "`regular`, `symlink` or `directory`",
            Self::ExecutableOrContents => "`executable` or `contents`",
            Self::ExecutableValue => "an empty text",
            Self::ContentsWord => "`contents`",
            Self::Size(_) => "the size of a file",
            Self::Contents { .. } => "the contents of a file",
            Self::Padding { .. } => "padding",
            Self::FileCloses | Self::LinkCloses | Self::EntryCloses => "`)`",
            Self::TargetWord => "`target`",
            Self::Target => "the target of a link",
            Self::EntryOrClose => "`entry` or `)`",
            Self::NameWord => "`name`",
            Self::Name => "a name",
            Self::NodeWord => "`node`",
            Self::End | Self::Done => "nothing",
        }
    }

    /// What follows the size of a file, or a part of its contents.
    pub(super) const fn after_contents(left: u64, padding: u8) -> Self {
        match (left, padding) {
            (0, 0) => Self::FileCloses,
            (0, left) => Self::Padding { left },
            _ => Self::Contents { left, padding },
        }
    }
}
