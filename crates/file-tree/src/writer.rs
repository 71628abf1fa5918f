//! Writes below one folder, under handles on the folders there.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fchmod, fstat, mkdirat, openat, symlinkat};
use rustix::io::Errno;

use crate::TreeError;
use crate::way::{NEVER_THROUGH_A_LINK, Way, component};

/// Writes below one folder, step by step: where it stands, it makes files and folders.
///
/// Files are 0644 or 0755, folders 0755, whatever the umask; owners and dates are those of the
/// writing, and nothing is flushed to the disk. A name that is there is refused, by whatever it is
/// there. Each step is taken under a handle on the folder above and follows no link; links are made
/// last, by [`Writer::finish`]. So whatever it is told, nothing outside is touched.
///
/// `T` is what is kept of a link until then: its target, or what leads to it.
#[derive(Debug)]
pub struct Writer<T = Vec<u8>> {
    /// To where it stands.
    way: Way,
    links: Vec<Link<T>>,
    /// How many of the folders above the last link are still on the way.
    n_shared: usize,
    kept: KeptModes,
    /// The path to the top, for errors.
    shown: PathBuf,
    /// How many of the outermost names do not belong to what is shown.
    n_hidden: usize,
}

/// Whether a file can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// 0644.
    Plain,
    /// 0755.
    Executable,
}

/// Whether the umask and what else decides let modes be as they are asked for; unknown until one
/// is looked at. One call a file less is a fifth of the time of small files in memory.
#[derive(Debug, Default)]
struct KeptModes {
    plain: Option<bool>,
    executable: Option<bool>,
    folder: Option<bool>,
}

/// A link to be made.
#[derive(Debug)]
struct Link<T> {
    /// How many folders it shares with the link before it: all names of all links could be more
    /// than a memory holds.
    n_shared: usize,
    /// The others, below those.
    folders: Vec<Vec<u8>>,
    name: Vec<u8>,
    target: T,
}

const FOLDER: Mode = Mode::from_raw_mode(0o755);

impl<T> Writer<T> {
    /// Opens a folder that is there, not through a link, and lets all read it.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`], as for all methods, with the path as the folder's was given.
    pub fn open(folder: &Path) -> Result<Self, TreeError> {
        let writer = Self::open_as(folder, folder.to_owned(), 0)?;
        let opened = fchmod(writer.way.here(), FOLDER);
        opened.map_err(|it| writer.failed(b"", it.into()))?;
        Ok(writer)
    }

    /// As [`Writer::open`], with another path for errors, which stands for the first names too.
    pub(crate) fn open_as(
        folder: &Path,
        shown: PathBuf,
        n_hidden: usize,
    ) -> Result<Self, TreeError> {
        match Way::open(folder) {
            Ok(way) => Ok(Self {
                way,
                links: Vec::new(),
                n_shared: 0,
                kept: KeptModes::default(),
                shown,
                n_hidden,
            }),
            Err(source) => Err(TreeError::Write {
                path: shown,
                source,
            }),
        }
    }

    /// Makes a folder, and goes there.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`].
    pub fn folder(&mut self, name: &[u8]) -> Result<(), TreeError> {
        let made = self.make_folder(name);
        made.map_err(|it| self.failed(name, it))
    }

    /// Goes to the folder above; from the top nowhere.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`] where somebody has moved folders meanwhile.
    pub fn leave(&mut self) -> Result<(), TreeError> {
        let left = self.way.leave();
        self.n_shared = self.n_shared.min(self.way.names().len());
        left.map_err(|it| self.failed(b"", it))
    }

    /// Goes to a folder by the names that lead there from the top, and makes those that are
    /// missing: for archives, which come in any order.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`], also where something else than a folder is in the way.
    pub fn go_to(&mut self, folders: &[impl AsRef<[u8]>]) -> Result<(), TreeError> {
        let both = self.way.names().zip(folders);
        let n_same = both.take_while(|(a, b)| *a == b.as_ref()).count();
        self.leave_to(n_same)?;
        for name in &folders[n_same..] {
            let name = name.as_ref();
            let there = match self.make_folder(name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.way.enter(name),
                made => made,
            };
            there.map_err(|it| self.failed(name, it))?;
        }
        Ok(())
    }

    /// Makes an empty file, and opens it for writing.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`].
    pub fn file(&mut self, name: &[u8], mode: FileMode) -> Result<File, TreeError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | NEVER_THROUGH_A_LINK;
        let made = component(name).and_then(|()| {
            let file = openat(self.way.here(), name, flags, mode.bits())?;
            let kept = match mode {
                FileMode::Plain => &mut self.kept.plain,
                FileMode::Executable => &mut self.kept.executable,
            };
            keep(kept, file.as_fd(), mode.bits())?;
            Ok(File::from(file))
        });
        made.map_err(|it| self.failed(name, it))
    }

    /// Opens a file that was written here.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`].
    pub fn written(&self, name: &[u8]) -> Result<File, TreeError> {
        let flags = OFlags::RDONLY | NEVER_THROUGH_A_LINK;
        let opened = component(name)
            .and_then(|()| Ok(openat(self.way.here(), name, flags, Mode::empty())?.into()));
        opened.map_err(|it| self.failed(name, it))
    }

    /// Notes a link, to be made when all else is there.
    pub fn link(&mut self, name: &[u8], target: T) {
        let others = self.way.names().skip(self.n_shared);
        self.links.push(Link {
            n_shared: self.n_shared,
            folders: others.map(<[u8]>::to_owned).collect(),
            name: name.to_owned(),
            target,
        });
        self.n_shared = self.way.names().len();
    }

    /// Makes the links, when nothing is left that could be written through one; `find` tells where
    /// each leads.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`], and what `find` fails with.
    pub fn finish_with<E: From<TreeError>>(
        mut self,
        mut find: impl FnMut(T) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let links = std::mem::take(&mut self.links);
        self.leave_to(0)?;
        for link in links {
            self.leave_to(link.n_shared)?;
            for name in &link.folders {
                let entered = self.way.enter(name);
                entered.map_err(|it| self.failed(name, it))?;
            }
            let target = find(link.target)?;
            let made = component(&link.name)
                .and_then(|()| Ok(symlinkat(target.as_slice(), self.way.here(), &*link.name)?));
            made.map_err(|it| self.failed(&link.name, it))?;
        }
        Ok(())
    }

    /// Returns the error of something here that cannot be written: for what a [`File`] says.
    #[must_use]
    pub fn failed(&self, name: &[u8], source: io::Error) -> TreeError {
        let path = self.path_of(name);
        TreeError::Write { path, source }
    }

    /// Returns the path of something here, as errors have it.
    #[must_use]
    pub fn path_of(&self, name: &[u8]) -> PathBuf {
        let names = self.way.names().chain([name]).skip(self.n_hidden);
        let names = names.filter(|it| !it.is_empty()).map(OsStr::from_bytes);
        let mut path = self.shown.clone();
        path.extend(names);
        path
    }

    fn leave_to(&mut self, n_folders: usize) -> Result<(), TreeError> {
        while self.way.names().len() > n_folders {
            self.leave()?;
        }
        Ok(())
    }

    fn make_folder(&mut self, name: &[u8]) -> io::Result<()> {
        component(name)?;
        mkdirat(self.way.here(), name, FOLDER)?;
        self.way.enter(name)?;
        Ok(keep(&mut self.kept.folder, self.way.here(), FOLDER)?)
    }
}

impl Writer {
    /// Makes the links, when nothing is left that could be written through one.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`].
    pub fn finish(self) -> Result<(), TreeError> {
        self.finish_with(Ok)
    }
}

/// Sees to it that something new has its mode.
fn keep(kept: &mut Option<bool>, made: BorrowedFd<'_>, mode: Mode) -> Result<(), Errno> {
    let is_kept = match *kept {
        Some(is_kept) => is_kept,
        None => Mode::from_raw_mode(fstat(made)?.st_mode) == mode,
    };
    *kept = Some(is_kept);
    if is_kept { Ok(()) } else { fchmod(made, mode) }
}

impl FileMode {
    const fn bits(self) -> Mode {
        Mode::from_raw_mode(match self {
            Self::Plain => 0o644,
            Self::Executable => 0o755,
        })
    }
}
