//! Archives, unpacked under a guard: what a stranger's archive holds stays in its folder.

mod compression;
mod entries;
mod guard;
mod write;

pub use guard::{EntryFault, Step, Tree};

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use miette::Diagnostic;
use thiserror::Error;

/// What an archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `limits.unpacked-bytes`: bytes of the archive, decompressed, and of copies in it.
    pub bytes: u64,
    /// `limits.entries`: files, links and folders.
    pub entries: usize,
    /// `limits.depth`: folders in each other; the top is the first.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 30,
            entries: 1_000_000,
            depth: 64,
        }
    }
}

/// Why an archive was not unpacked.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum UnpackError {
    /// It holds what no archive of ours may hold.
    #[error("`{path}` in the archive {fault}")]
    #[diagnostic(
        code(eka::tar::hostile),
        help("nothing was written; tell whoever keeps the archive")
    )]
    Entry {
        /// Its path in the archive, escaped.
        path: String,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// It holds more than is taken.
    #[error("the archive exceeds the limit `{name}` of {limit}")]
    #[diagnostic(
        code(eka::tar::limit),
        help("if the archive is to be trusted with more, raise `{name}`")
    )]
    Limit {
        /// The limit's name.
        name: &'static str,
        /// Its value.
        limit: u64,
    },
    /// It is none that can be read.
    #[error("the file is no archive that can be unpacked: {what}")]
    #[diagnostic(
        code(eka::tar::kind),
        help(
            "tar is unpacked, plain or by gzip, xz, zstd or bzip2; another file is pinned as it is by `--url`"
        )
    )]
    Kind {
        /// What it is.
        what: &'static str,
    },
    /// It is damaged, or ends early.
    #[error("the archive is damaged")]
    #[diagnostic(code(eka::tar::damaged), help("see whether `tar` unpacks it"))]
    Damaged {
        /// What was not understood.
        #[source]
        source: io::Error,
    },
    /// It holds nothing.
    #[error("the archive is empty")]
    #[diagnostic(code(eka::tar::empty))]
    Empty,
    /// Something of it cannot be written.
    #[error("`{}` cannot be written", path.display())]
    #[diagnostic(
        code(eka::tar::write),
        help("is the disk full, or the folder not yours?")
    )]
    Write {
        /// What cannot be made.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The interrupt flag was raised.
    #[error("interrupted")]
    #[diagnostic(code(eka::tar::interrupted), help("run the command again"))]
    Interrupted,
}

/// Unpacks an archive into an empty folder, and returns what Nix's `fetchTarball` takes of it: the
/// one folder at its top where there is nothing else, else all of it.
///
/// Files are 0644 or 0755, folders 0755; owners and dates do not count. Each step is taken under a
/// handle on the folder above and follows no link; links are made last, wherever they lead.
///
/// # Errors
///
/// [`UnpackError`], by variant; what was written until then is for the caller to remove.
pub fn unpack(
    archive: impl BufRead,
    into: &Path,
    limits: &Limits,
    interrupt: &AtomicBool,
) -> Result<PathBuf, UnpackError> {
    let mut writer = write::Writer::new(into)?;
    let tree = walk(archive, limits, interrupt, |step, body| {
        writer.take(&step, body)
    })?;
    writer.finish()?;
    Ok(match tree.only_folder() {
        Some(name) => into.join(std::ffi::OsStr::new(name)),
        None => into.to_owned(),
    })
}

/// Reads an archive, and hands on what the guard passes, step by step.
///
/// # Errors
///
/// [`UnpackError`], by variant, and what `take` fails with.
pub fn walk(
    archive: impl BufRead,
    limits: &Limits,
    interrupt: &AtomicBool,
    mut take: impl FnMut(Step, &mut dyn Read) -> Result<(), UnpackError>,
) -> Result<Tree, UnpackError> {
    let mut bounded = Bounded {
        inner: compression::open(archive)?,
        left: limits.bytes,
        interrupt,
        stopped: None,
    };
    let mut tree = Tree::new(limits);
    let walked = entries::each(&mut bounded, limits, |entry, body| {
        match tree.pass(entry)? {
            Some(step) => take(step, body),
            None => Ok(()),
        }
    });
    match (bounded.stopped, walked) {
        // Why the stream ended says more than that it did.
        (Some(Stopped::Interrupted), _) => Err(UnpackError::Interrupted),
        (Some(Stopped::Limit), _) => Err(UnpackError::Limit {
            name: "limits.unpacked-bytes",
            limit: limits.bytes,
        }),
        (None, walked) => {
            walked?;
            if tree.is_empty() {
                return Err(UnpackError::Empty);
            }
            Ok(tree)
        }
    }
}

/// A stream of so many bytes at most.
struct Bounded<'a, R> {
    inner: R,
    left: u64,
    interrupt: &'a AtomicBool,
    stopped: Option<Stopped>,
}

#[derive(Debug, Clone, Copy)]
enum Stopped {
    Limit,
    Interrupted,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.interrupt.load(Ordering::Relaxed) {
            self.stopped = Some(Stopped::Interrupted);
            return Err(io::Error::other("interrupted"));
        }
        let n = self.inner.read(buf)?;
        let Some(left) = self.left.checked_sub(n as u64) else {
            self.stopped = Some(Stopped::Limit);
            return Err(io::Error::other("more than is taken"));
        };
        self.left = left;
        Ok(n)
    }
}
