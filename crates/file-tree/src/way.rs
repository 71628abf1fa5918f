//! The way from a folder to one below it, under handles on the folders there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

/// The way from a folder to one below it: each step is taken under a handle on the folder above and
/// follows no link.
///
/// Folders may lie in each other to any depth: at most 65 handles are open at a time.
#[derive(Debug)]
pub struct Way {
    /// The folder where it begins.
    top: OwnedFd,
    path: Vec<Folder>,
    /// How many of `path` have no handle now: the first of them.
    n_closed: usize,
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

/// How many folders have a handle at a time: a process may have few, and paths may be deep.
const MAX_HANDLES: usize = 64;

impl Way {
    /// Begins at a folder that is there, not through a link.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            top: open_folder(CWD, folder.as_os_str().as_bytes())?,
            path: Vec::new(),
            n_closed: 0,
        })
    }

    /// The folder where it ends.
    #[must_use]
    pub fn here(&self) -> BorrowedFd<'_> {
        match self.path.last().map(|it| &it.handle) {
            Some(Handle::Open(handle)) => handle.as_fd(),
            // The innermost is never closed.
            Some(Handle::Closed(..)) | None => self.top.as_fd(),
        }
    }

    /// The names of the folders on it, from below the top.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.path.iter().map(|it| it.name.as_slice())
    }

    /// Goes to a folder that is here.
    ///
    /// # Errors
    ///
    /// What the operating system says; also where it is a link.
    pub fn enter(&mut self, name: &[u8]) -> io::Result<()> {
        component(name)?;
        let folder = open_folder(self.here(), name)?;
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
            handle: Handle::Open(folder),
        });
        Ok(())
    }

    /// Goes to the folder above; from the top nowhere.
    ///
    /// # Errors
    ///
    /// What the operating system says; also where somebody has moved folders meanwhile.
    pub fn leave(&mut self) -> io::Result<()> {
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

pub(crate) const NEVER_THROUGH_A_LINK: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

pub(crate) fn open_folder(parent: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | NEVER_THROUGH_A_LINK;
    openat(parent, name, flags, Mode::empty())
}

/// Whether bytes name something in a folder, and lead nowhere else.
pub(crate) fn component(name: &[u8]) -> io::Result<()> {
    if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(())
}
