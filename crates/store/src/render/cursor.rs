//! A place in the NAR of a tree, which moves on or to any offset.

use std::sync::Arc;

use castore::{Name, Node};

use super::frame::Frame;
use super::layout::Layout;

/// A place in a NAR: a node, and a part of it.
#[derive(Debug)]
pub(super) struct Cursor {
    layout: Arc<Layout>,
    /// The way down to the node; empty at the root.
    steps: Vec<Step>,
    part: Part,
    /// Where the part starts, in bytes from the beginning of the NAR.
    start: u64,
    /// What is around the node's contents.
    frame: Frame,
}

/// An entry of a directory.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The directory's place in the layout.
    directory: usize,
    entry: usize,
}

/// A part of what a NAR has for a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What stands before the contents of a file or the entries of a directory.
    Head,
    /// The contents of a file, at least one byte.
    Contents,
    /// What stands behind them; nothing where there are no contents.
    Tail,
    /// The end of the NAR; the node is the root.
    End,
}

impl Cursor {
    /// Starts at the beginning.
    pub(super) fn new(layout: Arc<Layout>) -> Self {
        let mut made = Self {
            steps: Vec::new(),
            part: Part::Head,
            start: 0,
            frame: Frame::default(),
            layout,
        };
        made.set_frame();
        made
    }

    pub(super) const fn part(&self) -> Part {
        self.part
    }

    pub(super) const fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Where the part starts.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// Where the part ends.
    pub(super) fn end(&self) -> u64 {
        let len = match (self.part, self.node().1) {
            (Part::Contents, Node::File { size, .. }) => *size,
            _ => self.framing().len() as u64,
        };
        self.start + len
    }

    /// Where the contents of the node start; the part is its head.
    pub(super) fn contents_start(&self) -> u64 {
        self.start + self.frame.head().len() as u64
    }

    /// The bytes of the part, unless it is contents.
    pub(super) fn framing(&self) -> &[u8] {
        match self.part {
            Part::Head => self.frame.head(),
            Part::Tail => self.frame.tail(),
            Part::Contents | Part::End => &[],
        }
    }

    /// The node, and its name where it is not the root.
    pub(super) fn node(&self) -> (Option<&Name>, &Node) {
        let Some(Step { directory, entry }) = self.steps.last() else {
            return (None, self.layout.closure().root());
        };
        let entry = &self.layout.directory(*directory).0[*entry];
        (Some(&entry.name), &entry.node)
    }

    /// Moves to the start of the next part.
    pub(super) fn advance(&mut self) {
        self.start = self.end();
        match self.part {
            Part::Head => match *self.node().1 {
                Node::Directory { digest, .. } => {
                    let directory = self.layout.place(&digest);
                    match self.layout.directory(directory).0 {
                        [] => self.part = Part::Tail,
                        _ => self.enter(directory, 0),
                    }
                }
                Node::File { size: 1.., .. } => self.part = Part::Contents,
                Node::File { .. } | Node::Symlink { .. } => self.part = Part::Tail,
            },
            Part::Contents => self.part = Part::Tail,
            Part::Tail => match self.steps.pop() {
                None => self.part = Part::End,
                Some(Step { directory, entry }) => {
                    let next = entry + 1;
                    if next < self.layout.directory(directory).0.len() {
                        self.enter(directory, next);
                    } else {
                        self.set_frame();
                    }
                }
            },
            Part::End => {}
        }
    }

    /// Moves to the part that holds this offset; the end of the NAR holds all beyond it.
    pub(super) fn seek(&mut self, offset: u64) {
        // The next part, where one reads on.
        while offset == self.end() && self.part != Part::End {
            self.advance();
        }
        if self.start <= offset && offset < self.end() {
            return;
        }
        self.steps.clear();
        self.start = 0;
        self.part = Part::Head;
        self.set_frame();
        if offset >= self.layout.len() {
            (self.part, self.start) = (Part::End, self.layout.len());
            return;
        }
        while !self.settle(offset) {}
    }

    /// At the head of a node that holds this offset: settles on a part of it, or goes down one
    /// directory.
    fn settle(&mut self, offset: u64) -> bool {
        let inner = self.contents_start();
        if offset < inner {
            return true;
        }
        let node = self.node().1;
        let tail = inner + self.layout.inner_len(node);
        if offset >= tail {
            (self.part, self.start) = (Part::Tail, tail);
            return true;
        }
        let Node::Directory { digest, .. } = node else {
            (self.part, self.start) = (Part::Contents, inner);
            return true;
        };
        let directory = self.layout.place(digest);
        let ends = self.layout.directory(directory).1;
        let entry = ends.partition_point(|end| *end <= offset - inner);
        self.start = inner + entry.checked_sub(1).map_or(0, |before| ends[before]);
        self.enter(directory, entry);
        false
    }

    /// Stands at the head of an entry, which starts at `start`.
    fn enter(&mut self, directory: usize, entry: usize) {
        self.steps.push(Step { directory, entry });
        self.part = Part::Head;
        self.set_frame();
    }

    fn set_frame(&mut self) {
        let mut frame = std::mem::take(&mut self.frame);
        let (name, node) = self.node();
        frame.set(name, node);
        self.frame = frame;
    }
}
