//! `eka nar pack`: the NAR of a tree.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use file_tree::{FileMode, NewTree, ROOT};
use nix_format::nar::Writer;

use super::{NarError, walk};
use crate::context::Context;
use crate::error::Error;

/// A NAR that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// How many bytes it has.
    pub size: u64,
}

/// Writes the NAR of a file, a folder with all below it, or a link, which is not followed.
///
/// # Errors
///
/// [`NarError::Read`], [`NarError::Kind`] and [`NarError::Changed`] for the tree,
/// [`NarError::Output`] for what takes the NAR: part of it may have been written.
pub fn pack(ctx: &Context<'_>, path: &Path, out: &mut dyn Write) -> Result<Packed, Error> {
    let counted = Counted {
        inner: BufWriter::with_capacity(64 << 10, out),
        n_bytes: 0,
    };
    let mut writer = Writer::new(counted);
    walk::tree(ctx, "packing", path, &mut writer)?;
    let ended = writer.finish().and_then(|mut counted| {
        counted.flush()?;
        Ok(counted.n_bytes)
    });
    let size = ended.map_err(|source| NarError::Output { source })?;
    Ok(Packed { size })
}

/// As [`pack`], into a new file: all of the NAR is there, or no file.
///
/// # Errors
///
/// As [`pack`], [`NarError::Within`], and [`NarError::Tree`] where the file is there already or
/// cannot be made.
pub fn pack_to(ctx: &Context<'_>, path: &Path, file: &Path) -> Result<Packed, Error> {
    let place: PathBuf = ctx.dir.join(file);
    let mut new = NewTree::at(&place).map_err(NarError::from)?;
    if lies_within(&place, &ctx.dir.join(path)) {
        let path = file.to_owned();
        return Err(NarError::Within { path }.into());
    }
    let made = new.writer.file(ROOT, FileMode::Plain);
    let mut made = made.map_err(NarError::from)?;
    let packed = pack(ctx, path, &mut made)?;
    new.finish().map_err(NarError::from)?;
    Ok(packed)
}

/// Whether what grows beside a place would be met by a walk of a tree, which follows no link.
fn lies_within(place: &Path, tree: &Path) -> bool {
    if !fs::symlink_metadata(tree).is_ok_and(|it| it.is_dir()) {
        return false;
    }
    let folder = place.parent().and_then(|it| fs::canonicalize(it).ok());
    let tree = fs::canonicalize(tree).ok();
    folder
        .zip(tree)
        .is_some_and(|(folder, tree)| folder.starts_with(tree))
}

impl From<walk::Fault> for Error {
    fn from(fault: walk::Fault) -> Self {
        NarError::from(fault).into()
    }
}

/// Counts what passes.
struct Counted<W> {
    inner: W,
    n_bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n_bytes = self.inner.write(bytes)?;
        self.n_bytes += n_bytes as u64;
        Ok(n_bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
