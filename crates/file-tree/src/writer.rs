//! Writes below one folder, under handles on the folders there.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fchmod, fstat, mkdirat, openat, symlinkat};
use rustix::io::Errno;

use crate::TreeError;

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
    /// The folder below which all lies.
    top: OwnedFd,
    /// From the top to where it stands.
    path: Vec<Folder>,
    /// How many of `path` have no handle now: the first of them.
    n_closed: usize,
    links: Vec<Link<T>>,
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

#[derive(Debug)]
struct Folder {
    name: Vec<u8>,
    handle: Handle,
}

#[derive(Debug)]
enum Handle {
    Open(OwnedFd),
    /// Known again by its device and inode.
    Closed(u64, u64),
}

/// A link to be made.
#[derive(Debug)]
struct Link<T> {
    folders: Vec<Vec<u8>>,
    name: Vec<u8>,
    target: T,
}

const FOLDER: Mode = Mode::from_raw_mode(0o755);

/// How many folders have a handle at a time: a process may have few, and paths may be deep.
const MAX_HANDLES: usize = 64;

impl<T> Writer<T> {
    /// Opens a folder that is there, not through a link, and lets all read it.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`], as for all methods, with the path as the folder's was given.
    pub fn open(folder: &Path) -> Result<Self, TreeError> {
        let writer = Self::open_as(folder, folder.to_owned(), 0)?;
        let opened = fchmod(&writer.top, FOLDER);
        opened.map_err(|it| writer.failed(b"", it.into()))?;
        Ok(writer)
    }

    /// As [`Writer::open`], with another path for errors, which stands for the first names too.
    pub(crate) fn open_as(
        folder: &Path,
        shown: PathBuf,
        n_hidden: usize,
    ) -> Result<Self, TreeError> {
        match open_folder(CWD, folder.as_os_str().as_bytes()) {
            Ok(top) => Ok(Self {
                top,
                path: Vec::new(),
                n_closed: 0,
                links: Vec::new(),
                shown,
                n_hidden,
            }),
            Err(source) => Err(TreeError::Write {
                path: shown,
                source: source.into(),
            }),
        }
    }

    /// Makes a folder, and goes there.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`].
    pub fn folder(&mut self, name: &[u8]) -> Result<(), TreeError> {
        let made = make_folder(self.here(), name);
        let made = made.and_then(|it| self.enter(name, it));
        made.map_err(|it| self.failed(name, it))
    }

    /// Goes to the folder above; from the top nowhere.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`] where somebody has moved folders meanwhile.
    pub fn leave(&mut self) -> Result<(), TreeError> {
        let left = self.try_leave();
        left.map_err(|it| self.failed(b"", it))
    }

    /// Goes to a folder by the names that lead there from the top, and makes those that are
    /// missing: for archives, which come in any order.
    ///
    /// # Errors
    ///
    /// [`TreeError::Write`], also where something else than a folder is in the way.
    pub fn go_to(&mut self, folders: &[impl AsRef<[u8]>]) -> Result<(), TreeError> {
        let both = self.path.iter().zip(folders);
        let n_same = both.take_while(|(a, b)| a.name == b.as_ref()).count();
        while self.path.len() > n_same {
            self.leave()?;
        }
        for name in &folders[n_same..] {
            let name = name.as_ref();
            let there = match make_folder(self.here(), name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    open_folder(self.here(), name).map_err(io::Error::from)
                }
                made => made,
            };
            let there = there.and_then(|it| self.enter(name, it));
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
        let mode = Mode::from_raw_mode(match mode {
            FileMode::Plain => 0o644,
            FileMode::Executable => 0o755,
        });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | NEVER_THROUGH_A_LINK;
        let made = component(name).and_then(|()| {
            let file = openat(self.here(), name, flags, mode)?;
            fchmod(&file, mode)?;
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
            .and_then(|()| Ok(openat(self.here(), name, flags, Mode::empty())?.into()));
        opened.map_err(|it| self.failed(name, it))
    }

    /// Notes a link, to be made when all else is there.
    pub fn link(&mut self, name: &[u8], target: T) {
        self.links.push(Link {
            folders: self.path.iter().map(|it| it.name.clone()).collect(),
            name: name.to_owned(),
            target,
        });
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
        for link in std::mem::take(&mut self.links) {
            self.go_to(&link.folders)?;
            let target = find(link.target)?;
            let made = component(&link.name)
                .and_then(|()| Ok(symlinkat(target.as_slice(), self.here(), &*link.name)?));
            made.map_err(|it| self.failed(&link.name, it))?;
        }
        Ok(())
    }

    /// Returns the error of something here that cannot be written: for what a [`File`] says.
    #[must_use]
    pub fn failed(&self, name: &[u8], source: io::Error) -> TreeError {
        let folders = self.path.iter().map(|it| it.name.as_slice());
        let names = folders.chain([name]).skip(self.n_hidden);
        let names = names.filter(|it| !it.is_empty()).map(OsStr::from_bytes);
        let mut path = self.shown.clone();
        path.extend(names);
        TreeError::Write { path, source }
    }

    /// The folder that it stands in.
    fn here(&self) -> BorrowedFd<'_> {
        match self.path.last().map(|it| &it.handle) {
            Some(Handle::Open(handle)) => handle.as_fd(),
            // The innermost is never closed.
            Some(Handle::Closed(..)) | None => self.top.as_fd(),
        }
    }

    fn enter(&mut self, name: &[u8], handle: OwnedFd) -> io::Result<()> {
        if self.path.len() - self.n_closed == MAX_HANDLES {
            let outermost = &mut self.path[self.n_closed];
            if let Handle::Open(handle) = &outermost.handle {
                let found = fstat(handle)?;
                outermost.handle = Handle::Closed(found.st_dev, found.st_ino);
            }
            self.n_closed += 1;
        }
        self.path.push(Folder {
            name: name.to_owned(),
            handle: Handle::Open(handle),
        });
        Ok(())
    }

    fn try_leave(&mut self) -> io::Result<()> {
        let Some(left) = self.path.pop() else {
            return Ok(());
        };
        let Some(Folder { handle, .. }) = self.path.last_mut() else {
            return Ok(());
        };
        if let (Handle::Open(left), &mut Handle::Closed(device, inode)) =
            (&left.handle, &mut *handle)
        {
            let above = open_folder(left, b"..")?;
            let found = fstat(&above)?;
            if (found.st_dev, found.st_ino) != (device, inode) {
                return Err(io::Error::other("the folder above is another one now"));
            }
            *handle = Handle::Open(above);
            self.n_closed -= 1;
        }
        Ok(())
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

const NEVER_THROUGH_A_LINK: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

fn open_folder(parent: impl std::os::fd::AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | NEVER_THROUGH_A_LINK;
    openat(parent, name, flags, Mode::empty())
}

fn make_folder(parent: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    component(name)?;
    mkdirat(parent, name, FOLDER)?;
    let folder = open_folder(parent, name)?;
    fchmod(&folder, FOLDER)?;
    Ok(folder)
}

/// Whether bytes name something in a folder, and lead nowhere else.
fn component(name: &[u8]) -> io::Result<()> {
    if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(())
}
