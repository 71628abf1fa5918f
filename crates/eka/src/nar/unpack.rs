//! `eka nar unpack`: the tree of a NAR, written under a guard.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::Path;

use file_tree::{FileMode, NewTree, ROOT, TreeError};
use nix_format::nar::{DecodeError, Event, FileKind, Limits, ReadError, Reader};

use super::{Input, NarError, input};
use crate::context::Context;
use crate::error::Error;
use crate::event::Task;
use crate::limits;

/// A NAR that was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpacked {
    /// How many bytes the NAR has.
    pub size: u64,
    /// How many files, folders and links it holds, its root among them.
    pub n_nodes: u64,
}

/// Writes the tree of a NAR to a place where nothing is: all of it or nothing.
///
/// # Errors
///
/// [`NarError::Nar`] for what is no NAR, [`NarError::Limit`], and [`NarError::Tree`] where
/// something is in the place or cannot be written.
pub fn unpack(
    ctx: &Context<'_>,
    from: &Input,
    stdin: &mut dyn Read,
    place: &Path,
) -> Result<Unpacked, Error> {
    let limits = limits::of_archives(&ctx.config);
    let nar = input::open(ctx, from, stdin)?;
    let depth = limits.depth;
    let mut reader = Reader::with_limits(
        nar,
        Limits {
            depth,
            ..Limits::default()
        },
    );
    let mut unpacking = Unpacking {
        ctx,
        new: NewTree::at(&ctx.dir.join(place)).map_err(NarError::from)?,
        name: ROOT.to_vec(),
        file: None,
        limits,
        n_nodes: 0,
        n_bytes: 0,
        task: ctx.task(format!("unpacking {}", input::shown(from)), None),
    };
    while let Some(event) = reader.next_event().map_err(|it| deep(it, depth))? {
        unpacking.take(&event)?;
    }
    let n_nodes = unpacking.n_nodes;
    unpacking.new.finish().map_err(NarError::from)?;
    Ok(Unpacked {
        size: reader.position(),
        n_nodes,
    })
}

/// One tree under way.
struct Unpacking<'a> {
    ctx: &'a Context<'a>,
    new: NewTree,
    /// The name of the node that comes.
    name: Vec<u8>,
    /// The file whose contents come.
    file: Option<File>,
    limits: fetch::tar::Limits,
    n_nodes: u64,
    /// Of the contents of files.
    n_bytes: u64,
    task: Task<'a>,
}

impl Unpacking<'_> {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Error> {
        let done = match *event {
            Event::Directory => {
                self.node()?;
                self.new.writer.folder(&self.name)
            }
            Event::Entry { name } => {
                name.clone_into(&mut self.name);
                Ok(())
            }
            Event::EndDirectory => self.new.writer.leave(),
            Event::File { kind, size, .. } => {
                self.node()?;
                self.room_for(size)?;
                self.file(kind)
            }
            Event::Contents(bytes) => {
                self.ctx.check_interrupt()?;
                self.contents(bytes)
            }
            Event::EndFile => {
                self.file = None;
                Ok(())
            }
            Event::Symlink { target } => {
                self.node()?;
                self.new.writer.link(&self.name, target.to_owned());
                Ok(())
            }
            Event::End => Ok(()),
        };
        Ok(done.map_err(NarError::from)?)
    }

    /// Counts a file, a folder or a link.
    fn node(&mut self) -> Result<(), Error> {
        self.ctx.check_interrupt()?;
        let limit = self.limits.entries as u64;
        if self.n_nodes >= limit {
            let name = "limits.entries";
            return Err(NarError::Limit { name, limit }.into());
        }
        self.n_nodes += 1;
        self.task.advance(1);
        Ok(())
    }

    /// Refuses a file before its first byte, where not all of it may be written.
    fn room_for(&mut self, size: u64) -> Result<(), NarError> {
        let limit = self.limits.bytes;
        self.n_bytes = self.n_bytes.saturating_add(size);
        if self.n_bytes > limit {
            let name = "limits.unpacked-bytes";
            return Err(NarError::Limit { name, limit });
        }
        Ok(())
    }

    fn file(&mut self, kind: FileKind) -> Result<(), TreeError> {
        let mode = match kind {
            FileKind::Regular => FileMode::Plain,
            FileKind::Executable => FileMode::Executable,
        };
        self.file = Some(self.new.writer.file(&self.name, mode)?);
        Ok(())
    }

    fn contents(&mut self, bytes: &[u8]) -> Result<(), TreeError> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let written = file.write_all(bytes);
        written.map_err(|it| self.new.writer.failed(&self.name, it))
    }
}

/// Names the limit of depth by the key that sets it.
fn deep(error: ReadError, depth: usize) -> NarError {
    match error {
        ReadError::Decode(DecodeError::Deep { .. }) => NarError::Limit {
            name: "limits.depth",
            limit: depth as u64,
        },
        error => error.into(),
    }
}
