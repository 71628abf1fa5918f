//! The NAR of what lies on disk.

use std::ffi::OsString;
use std::fs::{self, File, FileType};
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix_format::nar::{FileKind, Writer};

use crate::context::Context;
use crate::error::Error;

/// How many bytes of a file are read at once.
const CHUNK_BYTES: usize = 128 << 10;

/// Why what lies on disk has no NAR.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Something cannot be read.
    Read { path: PathBuf, source: io::Error },
    /// Something is neither a file, a folder nor a link, but this.
    Kind { path: PathBuf, kind: &'static str },
    /// A file ended before its size.
    Changed { path: PathBuf },
    /// The NAR cannot be written.
    Write { source: io::Error },
}

/// Where a walk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before a file, a folder or a link.
    Node,
    /// Within a large file.
    Piece,
}

/// Writes the NAR of a file, a folder with all below it, or a link, which is not followed, as
/// `nix-store --dump` does.
///
/// `at` is told where the walk is; its error ends it.
pub(crate) fn write<W: Write, E: From<Fault>>(
    top: &Path,
    writer: &mut Writer<W>,
    mut at: impl FnMut(Moment) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; CHUNK_BYTES];
    // What is still to be said, the last first; a path goes with its name, the top without.
    let mut todo = vec![Step::Enter(None, top.to_owned())];
    while let Some(step) = todo.pop() {
        let (name, path) = match step {
            Step::Leave => {
                writer.end_directory().map_err(unwritten)?;
                continue;
            }
            Step::Enter(name, path) => (name, path),
        };
        at(Moment::Node)?;
        if let Some(name) = name {
            writer.entry(name.as_bytes()).map_err(unwritten)?;
        }
        let found = fs::symlink_metadata(&path).map_err(unread(&path))?;
        if found.is_dir() {
            writer.directory().map_err(unwritten)?;
            todo.push(Step::Leave);
            todo.extend(entries(&path).map_err(unread(&path))?);
        } else if found.is_symlink() {
            let target = fs::read_link(&path).map_err(unread(&path))?;
            let target = target.as_os_str().as_bytes();
            writer.symlink(target).map_err(unwritten)?;
        } else if found.is_file() {
            file(writer, &path, &mut buffer, &mut at)?;
        } else {
            let kind = kind(found.file_type());
            return Err(Fault::Kind { path, kind }.into());
        }
    }
    Ok(())
}

/// As [`write`], for a command; returns how many nodes there were. Shows how far it is, and ends where the command is to end; errors
/// have paths as this one was given.
pub(crate) fn tree<W: Write>(
    ctx: &Context<'_>,
    what: &str,
    path: &Path,
    writer: &mut Writer<W>,
) -> Result<u64, Error> {
    let task = ctx.task(format!("{what} `{}`", path.display()), None);
    let mut n_nodes = 0;
    let written = write(&ctx.dir.join(path), writer, |moment| -> Result<(), Error> {
        if moment == Moment::Node {
            n_nodes += 1;
            task.advance(1);
        }
        Ok(ctx.check_interrupt()?)
    });
    written.map(|()| n_nodes).map_err(|error| match error {
        Error::Nar(error) if path.is_relative() => error.below(&ctx.dir).into(),
        error => error,
    })
}

enum Step {
    Enter(Option<OsString>, PathBuf),
    Leave,
}

/// The entries of a folder, the least name last.
fn entries(folder: &Path) -> io::Result<Vec<Step>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    let steps = names.into_iter().map(|name| {
        let path = folder.join(&name);
        Step::Enter(Some(name), path)
    });
    Ok(steps.collect())
}

fn file<W: Write, E: From<Fault>>(
    writer: &mut Writer<W>,
    path: &Path,
    buffer: &mut [u8],
    at: &mut impl FnMut(Moment) -> Result<(), E>,
) -> Result<(), E> {
    let (mut file, size, kind) = open(path).map_err(unread(path))?;
    writer.file(kind, size).map_err(unwritten)?;
    // What is appended meanwhile does not count.
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).map_or(buffer.len(), |it| it.min(buffer.len()));
        let n_bytes = match file.read(&mut buffer[..most]) {
            Ok(0) => {
                let path = path.to_owned();
                return Err(Fault::Changed { path }.into());
            }
            Ok(n_bytes) => n_bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unread(path)(error).into()),
        };
        writer.contents(&buffer[..n_bytes]).map_err(unwritten)?;
        left -= n_bytes as u64;
        if left > 0 {
            at(Moment::Piece)?;
        }
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<(File, u64, FileKind)> {
    // Between the look and the opening a link or a pipe may have come in its place.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no file any more"));
    }
    let kind = match found.permissions().mode() & 0o100 {
        0 => FileKind::Regular,
        _ => FileKind::Executable,
    };
    Ok((file, found.len(), kind))
}

fn kind(found: FileType) -> &'static str {
    if found.is_socket() {
        "a socket"
    } else if found.is_fifo() {
        "a pipe"
    } else if found.is_char_device() || found.is_block_device() {
        "a device"
    } else {
        "of an unknown kind"
    }
}

fn unread(path: &Path) -> impl FnOnce(io::Error) -> Fault + use<'_> {
    move |source| Fault::Read {
        path: path.to_owned(),
        source,
    }
}

const fn unwritten(source: io::Error) -> Fault {
    Fault::Write { source }
}
