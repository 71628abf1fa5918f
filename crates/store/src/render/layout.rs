//! Where everything of a tree stands in its NAR, known without reading a file.
//!
//! A directory is laid out once, however often it comes: the ends of its entries are counted from
//! its first one, and are added up on the way down.

use std::collections::HashMap;
use std::sync::Arc;

use castore::{Blobs, Closure, Digest, Directory, Entry, Limits, Node, closure};
use nix_format::nar::{Event, Listing};

use super::cursor::{Cursor, Part};
use super::error::RenderError;
use super::frame::{Frame, kind};

/// Where everything of a tree stands in its NAR.
///
/// It has eight bytes for each entry of each directory, beside the [`Closure`]: a directory that
/// comes a thousand times counts once.
#[derive(Debug)]
pub struct Layout {
    closure: Arc<Closure>,
    /// Where a directory stands in the closure and in `ends`.
    places: HashMap<Digest, usize>,
    /// For each directory where each entry ends, in bytes from the start of the first.
    ends: Vec<Box<[u64]>>,
    len: u64,
}

/// The most bytes of a NAR, as its decoder has it: beyond them no offset leads.
const MOST: u64 = i64::MAX as u64;

impl Layout {
    /// Reads every directory of a tree, and lays it out.
    ///
    /// # Errors
    ///
    /// [`RenderError::Closure`] where a directory is missing or damaged; as [`Layout::new`].
    pub async fn read(blobs: &dyn Blobs, root: &Node, limits: Limits) -> Result<Self, RenderError> {
        let closure = closure(blobs, root, limits).await?;
        Self::new(Arc::new(closure))
    }

    /// Lays a tree out whose directories are all here; nothing is read.
    ///
    /// # Errors
    ///
    /// [`RenderError::Large`].
    pub fn new(closure: Arc<Closure>) -> Result<Self, RenderError> {
        let directories = closure.directories();
        let places = directories.iter().map(|it| it.0).zip(0..).collect();
        let mut made = Self {
            ends: vec![Box::default(); directories.len()],
            len: 0,
            closure: Arc::clone(&closure),
            places,
        };
        let mut frame = Frame::default();
        // From the leaves up: what a directory holds stands behind it.
        for (at, (digest, directory)) in directories.iter().enumerate().rev() {
            let ends = made.lay_out(directory, &mut frame);
            made.ends[at] = ends.ok_or(RenderError::Large { digest: *digest })?;
        }
        let root = closure.root();
        let len = made.end(0, None, root, &mut frame);
        made.len = match (len, root.digest()) {
            (Some(len), _) => len,
            (None, Some(digest)) => return Err(RenderError::Large { digest }),
            (None, None) => unreachable!("a link has less than 4,096 bytes"),
        };
        Ok(made)
    }

    /// How many bytes the NAR has: at least one, at most 2^63 − 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no NAR is empty")]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// The directories of the tree.
    #[must_use]
    pub const fn closure(&self) -> &Arc<Closure> {
        &self.closure
    }

    /// Tells what the NAR holds, in order, as a decoder of it would, but for the contents.
    pub fn events(self: &Arc<Self>, mut take: impl FnMut(&Event<'_>)) {
        let mut cursor = Cursor::new(Arc::clone(self));
        loop {
            let (name, node) = cursor.node();
            match cursor.part() {
                Part::End => return take(&Event::End),
                Part::Head => {
                    if let Some(name) = name {
                        let name = name.as_bytes();
                        take(&Event::Entry { name });
                    }
                    match node {
                        Node::Directory { .. } => take(&Event::Directory),
                        Node::Symlink { target } => {
                            let target = target.as_bytes();
                            take(&Event::Symlink { target });
                        }
                        Node::File {
                            size, executable, ..
                        } => take(&Event::File {
                            kind: kind(*executable),
                            size: *size,
                            offset: cursor.contents_start(),
                        }),
                    }
                }
                Part::Contents => {}
                Part::Tail => match node {
                    Node::Directory { .. } => take(&Event::EndDirectory),
                    Node::File { .. } => take(&Event::EndFile),
                    Node::Symlink { .. } => {}
                },
            }
            cursor.advance();
        }
    }

    /// Returns the `.ls` file that a binary cache has beside the NAR; no file is read for it.
    #[must_use]
    pub fn listing(self: &Arc<Self>) -> Vec<u8> {
        let mut listing = Listing::file();
        self.events(|event| listing.take(event));
        listing.finish()
    }

    /// A directory by its place, and where its entries end.
    pub(super) fn directory(&self, place: usize) -> (&[Entry], &[u64]) {
        let (_, directory) = &self.closure.directories()[place];
        (directory.entries(), &self.ends[place])
    }

    pub(super) fn place(&self, directory: &Digest) -> usize {
        self.places[directory]
    }

    /// How many bytes a node has between its head and its tail.
    pub(super) fn inner_len(&self, node: &Node) -> u64 {
        match node {
            Node::Directory { digest, .. } => {
                self.ends[self.places[digest]].last().map_or(0, |it| *it)
            }
            Node::File { size, .. } => *size,
            Node::Symlink { .. } => 0,
        }
    }

    fn lay_out(&self, directory: &Directory, frame: &mut Frame) -> Option<Box<[u64]>> {
        let mut end = 0;
        let entries = directory.entries().iter();
        let ends = entries.map(|entry| {
            end = self.end(end, Some(&entry.name), &entry.node, frame)?;
            Some(end)
        });
        ends.collect()
    }

    /// Where a node ends that starts here; `None` beyond the most bytes of a NAR.
    fn end(
        &self,
        start: u64,
        name: Option<&castore::Name>,
        node: &Node,
        frame: &mut Frame,
    ) -> Option<u64> {
        frame.set(name, node);
        let around = (frame.head().len() + frame.tail().len()) as u64;
        let end = start
            .checked_add(around)?
            .checked_add(self.inner_len(node))?;
        (end <= MOST).then_some(end)
    }
}
