//! `eka nar ls` and `eka nar cat`: what a NAR holds, without unpacking it.

use std::io::{Read, Write};

use nix_format::nar::{Event, Extent, FileKind, Listing, Reader};

use super::{Input, NarError, input};
use crate::context::Context;
use crate::error::Error;

/// A place in a NAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where the NAR comes from.
    pub nar: Input,
    /// Names with slashes between them; empty for the root.
    pub path: String,
}

/// A file, a folder or a link in a NAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where: below a folder that was asked for, or the name of what was asked for.
    pub path: Vec<u8>,
    /// What it is.
    pub node: Node,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Folder,
    /// A file.
    File {
        /// Whether it can be run.
        kind: FileKind,
        /// In bytes.
        size: u64,
    },
    /// A link, and where it leads.
    Link(Vec<u8>),
}

/// Lists what lies in a folder of a NAR, with [`Extent::Whole`] all below it; or the file or link
/// itself.
///
/// The whole NAR is read, and refused where it is none.
///
/// # Errors
///
/// [`NarError::Nar`], [`NarError::Read`], [`NarError::NoPath`].
pub fn list(
    ctx: &Context<'_>,
    place: &Place,
    extent: Extent,
    stdin: &mut dyn Read,
) -> Result<Vec<Listed>, Error> {
    let mut lister = Lister::new(&place.path, extent);
    visit(ctx, place, stdin, |event| {
        lister.take(event);
        Ok(())
    })?;
    Ok(lister.finish())
}

/// Makes a list of the events of one node.
pub(crate) struct Lister<'p> {
    /// What was asked for.
    asked: &'p str,
    extent: Extent,
    /// Where the last node lies, and where each open folder's name ends in that; the one that was
    /// asked for has none.
    path: Vec<u8>,
    open: Vec<usize>,
    listed: Vec<Listed>,
}

impl<'p> Lister<'p> {
    /// Begins the list of what lies at `asked`.
    pub(crate) fn new(asked: &'p str, extent: Extent) -> Self {
        Self {
            asked,
            extent,
            path: b".".to_vec(),
            open: Vec::new(),
            listed: Vec::new(),
        }
    }

    /// Takes the next event.
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        let node = match *event {
            Event::Entry { name } => {
                let end = self.open.last().copied().unwrap_or_default();
                self.path.truncate(end);
                self.path.push(b'/');
                self.path.extend_from_slice(name);
                return;
            }
            Event::EndDirectory => {
                self.open.pop();
                return;
            }
            Event::Directory => Node::Folder,
            Event::File { kind, size, .. } => Node::File { kind, size },
            Event::Symlink { target } => Node::Link(target.to_owned()),
            Event::Contents(_) | Event::EndFile | Event::End => return,
        };
        let is_folder = node == Node::Folder;
        let is_shown = match self.open.len() {
            0 => !is_folder,
            1 => true,
            _ => self.extent == Extent::Whole,
        };
        if is_shown {
            let path = match self.open.len() {
                0 => names(self.asked).last().unwrap_or(&b"."[..]).to_owned(),
                _ => self.path.clone(),
            };
            self.listed.push(Listed { path, node });
        }
        if is_folder {
            self.open.push(self.path.len());
        }
    }

    /// The list.
    pub(crate) fn finish(self) -> Vec<Listed> {
        self.listed
    }
}

/// Lists the same as JSON, as `nix nar ls --json` does.
///
/// # Errors
///
/// As [`list`].
pub fn listing(
    ctx: &Context<'_>,
    place: &Place,
    extent: Extent,
    stdin: &mut dyn Read,
) -> Result<Vec<u8>, Error> {
    let mut listing = Listing::node(extent);
    visit(ctx, place, stdin, |event| {
        listing.take(event);
        Ok(())
    })?;
    Ok(listing.finish())
}

/// Writes the contents of a file in a NAR.
///
/// # Errors
///
/// As [`list`], and [`NarError::NoFile`]; where the NAR turns out to be damaged later, the contents
/// have been written.
pub fn cat(
    ctx: &Context<'_>,
    place: &Place,
    stdin: &mut dyn Read,
    out: &mut dyn Write,
) -> Result<(), Error> {
    visit(ctx, place, stdin, |event| {
        let kind = match *event {
            Event::Contents(bytes) => {
                let written = out.write_all(bytes);
                return Ok(written.map_err(|source| NarError::Output { source })?);
            }
            Event::Directory => "folder",
            Event::Symlink { .. } => "link",
            _ => return Ok(()),
        };
        let path = place.path.clone();
        Err(NarError::NoFile { path, kind }.into())
    })?;
    let flushed = out.flush();
    Ok(flushed.map_err(|source| NarError::Output { source })?)
}

/// Reads a NAR to its end, and hands on the events of the node at a path.
fn visit(
    ctx: &Context<'_>,
    place: &Place,
    stdin: &mut dyn Read,
    mut take: impl FnMut(&Event<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = Reader::new(input::open(ctx, &place.nar, stdin)?);
    let task = ctx.task(format!("reading {}", input::shown(&place.nar)), None);
    let mut search = Search::new(&place.path);
    while let Some(event) = reader.next_event().map_err(NarError::from)? {
        ctx.check_interrupt()?;
        if let Event::Entry { .. } = event {
            task.advance(1);
        }
        if search.is_within(&event) {
            take(&event)?;
        }
    }
    if search.stage == Stage::After {
        return Ok(());
    }
    let path = place.path.clone();
    Err(NarError::NoPath { path }.into())
}

/// Finds one node among the events of a NAR.
struct Search<'p> {
    /// The names that lead there and were not met yet, the first first.
    left: Vec<&'p [u8]>,
    /// How many folders are open.
    depth: usize,
    /// How many of them lead there.
    n_met: usize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The node comes later, or never.
    Before,
    /// The node begins with the next event.
    Next,
    /// The node lies at this depth.
    Within(usize),
    /// The node has ended.
    After,
    /// No such node can come.
    Missed,
}

impl<'p> Search<'p> {
    fn new(path: &'p str) -> Self {
        let left: Vec<_> = names(path).collect();
        Self {
            stage: if left.is_empty() {
                Stage::Next
            } else {
                Stage::Before
            },
            left,
            depth: 0,
            n_met: 0,
        }
    }

    /// Whether an event belongs to the node.
    fn is_within(&mut self, event: &Event<'_>) -> bool {
        if self.stage == Stage::Next {
            self.stage = Stage::Within(self.depth);
        }
        match *event {
            Event::Directory => self.depth += 1,
            Event::EndDirectory => self.depth -= 1,
            Event::Entry { name } if self.stage == Stage::Before => self.entry(name),
            _ => {}
        }
        let Stage::Within(depth) = self.stage else {
            return false;
        };
        let ends = matches!(
            event,
            Event::EndDirectory | Event::EndFile | Event::Symlink { .. }
        );
        if ends && self.depth == depth {
            self.stage = Stage::After;
        }
        true
    }

    fn entry(&mut self, name: &[u8]) {
        if self.depth <= self.n_met {
            // Beside one that led there, and no name comes twice.
            self.stage = Stage::Missed;
        } else if self.depth == self.n_met + 1 && self.left[self.n_met] == name {
            self.n_met += 1;
            if self.n_met == self.left.len() {
                self.stage = Stage::Next;
            }
        }
    }
}

/// The names of a path; slashes before, after and beside each other do not count.
fn names(path: &str) -> impl Iterator<Item = &[u8]> {
    let names = path.split('/').filter(|it| !it.is_empty());
    names.map(str::as_bytes)
}
