//! Through a stream or a tree, as a NAR would have it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::finder::{Finder, Tally};
use super::{Part, Place, RefsError};
use crate::context::Context;
use crate::error::Error;
use crate::event::Task;

/// How much is read at a time, in bytes.
const PIECE: usize = 128 << 10;

/// Scans all that a reader yields.
pub(super) fn stream(
    ctx: &Context<'_>,
    finder: &Finder<'_>,
    reader: &mut dyn Read,
    tally: &mut Tally,
) -> Result<(), Error> {
    Scan::new(ctx, finder, tally, "standard input").bytes(reader, None)
}

/// Scans a file, a link, or a folder with all below it, by name.
pub(super) fn tree(
    ctx: &Context<'_>,
    finder: &Finder<'_>,
    top: &Path,
    tally: &mut Tally,
) -> Result<(), Error> {
    let mut scan = Scan::new(ctx, finder, tally, &format!("`{}`", top.display()));
    let mut left = vec![top.to_owned()];
    while let Some(path) = left.pop() {
        scan.ctx.check_interrupt()?;
        let below = scan.entry(&path, path == top)?;
        left.extend(below.into_iter().rev());
        scan.task.advance(1);
    }
    Ok(())
}

/// One scan under way.
struct Scan<'a> {
    ctx: &'a Context<'a>,
    finder: &'a Finder<'a>,
    tally: &'a mut Tally,
    task: Task<'a>,
    buffer: Vec<u8>,
}

impl<'a> Scan<'a> {
    fn new(ctx: &'a Context<'_>, finder: &'a Finder<'_>, tally: &'a mut Tally, what: &str) -> Self {
        Self {
            ctx,
            finder,
            tally,
            task: ctx.task(format!("scanning {what}"), None),
            buffer: vec![0; PIECE],
        }
    }

    /// Scans one entry, and returns those that lie right below it.
    fn entry(&mut self, path: &Path, is_top: bool) -> Result<Vec<PathBuf>, Error> {
        if let Some(name) = path.file_name().filter(|_| !is_top) {
            self.text(name.as_bytes(), path, Part::Name);
        }
        let real = self.ctx.dir.join(path);
        let unread = |source| unread(path, source);
        let kind = std::fs::symlink_metadata(&real)
            .map_err(unread)?
            .file_type();
        if kind.is_symlink() {
            let target = std::fs::read_link(&real).map_err(unread)?;
            self.text(target.as_os_str().as_bytes(), path, Part::Target);
        } else if kind.is_file() {
            let mut file = File::open(&real).map_err(unread)?;
            self.bytes(&mut file, Some(path))?;
        } else if kind.is_dir() {
            let entries = std::fs::read_dir(&real).map_err(unread)?;
            let mut names: Vec<_> = entries
                .map(|entry| Ok(entry?.file_name()))
                .collect::<io::Result<_>>()
                .map_err(unread)?;
            names.sort();
            return Ok(names.into_iter().map(|name| path.join(name)).collect());
        } else {
            let path = path.to_owned();
            return Err(RefsError::Kind { path }.into());
        }
        Ok(Vec::new())
    }

    fn text(&mut self, bytes: &[u8], path: &Path, part: Part) {
        let place = |offset| Place {
            file: Some(path.to_owned()),
            part,
            offset,
        };
        let mut feed = self.finder.begin();
        feed.feed(bytes, self.tally, place);
        feed.finish(self.tally, place);
    }

    fn bytes(&mut self, reader: &mut dyn Read, path: Option<&Path>) -> Result<(), Error> {
        let place = |offset| Place {
            file: path.map(Path::to_owned),
            part: Part::Content,
            offset,
        };
        let mut feed = self.finder.begin();
        loop {
            match reader.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n_bytes) => feed.feed(&self.buffer[..n_bytes], self.tally, place),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unread(path.unwrap_or(Path::new("-")), error).into()),
            }
            self.ctx.check_interrupt()?;
        }
        feed.finish(self.tally, place);
        Ok(())
    }
}

fn unread(path: &Path, source: io::Error) -> RefsError {
    RefsError::Read {
        path: path.to_owned(),
        source,
    }
}
