//! The system calls below: under a directory handle, never through a symbolic link.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::journal::Change;
use super::{FilesError, JOURNAL, LOCK, MANIFEST};

/// An open directory.
#[derive(Debug)]
pub(super) struct Dir {
    path: PathBuf,
    handle: OwnedFd,
}

/// The exclusive right to change a folder, given up when it is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    /// A handle of its own, since the right belongs to the open file.
    _handle: OwnedFd,
}

impl Dir {
    pub(super) fn open(path: &Path) -> Result<Self, FilesError> {
        let handle = open_dir(path).map_err(|error| FilesError::Io {
            action: "open",
            path: path.to_owned(),
            source: error.into(),
        })?;
        Ok(Self {
            path: path.to_owned(),
            handle,
        })
    }

    /// Takes the right to change the folder; `None` while another process has it.
    pub(super) fn try_hold(&self) -> Result<Option<Hold>, FilesError> {
        let handle = open_dir(&self.path).map_err(|error| self.fault("open", "", error))?;
        match rustix::fs::flock(&handle, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Hold { _handle: handle })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            // Some network file systems have none for folders: the check before the renames
            // still finds a change, only a race of two in one moment is not found.
            Err(Errno::BADF | Errno::NOTSUP | Errno::NOSYS | Errno::NOLCK | Errno::INVAL) => {
                Ok(Some(Hold { _handle: handle }))
            }
            Err(error) => Err(self.fault("hold", "", error)),
        }
    }

    pub(super) fn exists(&self, name: &str) -> Result<bool, FilesError> {
        self.about(name).map(|it| it.is_some())
    }

    /// Reads a regular file as text; `None` where there is none.
    pub(super) fn read(&self, name: &str, max: u64) -> Result<Option<String>, FilesError> {
        let Some(bytes) = self.read_bytes(name, max)? else {
            return Ok(None);
        };
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|error| FilesError::NotUtf8 {
                path: self.path.join(name),
                at: error.utf8_error().valid_up_to(),
            })
    }

    /// Reads a regular file; `None` where there is none.
    pub(super) fn read_bytes(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, FilesError> {
        // NONBLOCK: opening a named pipe must not wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.handle, name, flags, Mode::empty());
        let handle = match opened {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::MLINK) => {
                let path = self.path.join(name);
                return Err(FilesError::SymbolicLink { path });
            }
            Err(error) => return Err(self.fault("open", name, error)),
        };
        let about = rustix::fs::fstat(&handle).map_err(|it| self.fault("read", name, it))?;
        if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
            let path = self.path.join(name);
            return Err(FilesError::NotAFile { path });
        }
        let mut bytes = Vec::new();
        File::from(handle)
            .take(max + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| self.io("read", name, source))?;
        if bytes.len() as u64 > max {
            let path = self.path.join(name);
            return Err(FilesError::TooLarge { path, max });
        }
        Ok(Some(bytes))
    }

    /// Writes what `name` is to hold beside it, down to the disk, with the mode that `name` has.
    pub(super) fn stage(&self, name: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let staged = staged(name);
        let before = self.about(name)?;
        let _absent = rustix::fs::unlinkat(&self.handle, &staged, AtFlags::empty());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&self.handle, &staged, flags, Mode::from_raw_mode(0o666))
            .map_err(|it| self.fault("write", &staged, it))?;
        if let Some(before) = before {
            keep(&handle, &before).map_err(|it| self.fault("write", &staged, it))?;
        }
        let mut file = File::from(handle);
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(|source| self.io("write", &staged, source))
    }

    /// Puts one staged file in its place, or removes the file.
    pub(super) fn put(&self, change: &Change) -> Result<(), FilesError> {
        self.rename(change)?;
        self.sync()
    }

    /// The moment from which on the change counts: the journal has its name, down to the disk.
    pub(super) fn decide(&self) -> Result<(), FilesError> {
        let from = staged(JOURNAL);
        rustix::fs::renameat(&self.handle, &from, &self.handle, JOURNAL)
            .map_err(|it| self.fault("write", JOURNAL, it))?;
        self.sync()
    }

    /// Does what the journal says with files that are staged, and removes the journal.
    pub(super) fn carry_out(&self, changes: &[&Change]) -> Result<(), FilesError> {
        for change in changes {
            self.rename(change)?;
        }
        self.sync()?;
        rustix::fs::unlinkat(&self.handle, JOURNAL, AtFlags::empty())
            .map_err(|it| self.fault("remove", JOURNAL, it))?;
        self.sync()
    }

    /// Removes what an interrupted command staged and never decided.
    pub(super) fn sweep(&self) {
        for name in [MANIFEST, LOCK, JOURNAL] {
            // What cannot be removed is in nobody's way.
            let _kept = rustix::fs::unlinkat(&self.handle, staged(name), AtFlags::empty());
        }
    }

    fn rename(&self, change: &Change) -> Result<(), FilesError> {
        let name = change.name;
        if change.new.is_some() {
            rustix::fs::renameat(&self.handle, staged(name), &self.handle, name)
                .map_err(|it| self.fault("replace", name, it))
        } else {
            match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(self.fault("remove", name, error)),
            }
        }
    }

    fn sync(&self) -> Result<(), FilesError> {
        match rustix::fs::fsync(self.handle.as_fd()) {
            // Not every file system can do it for folders.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            Err(error) => Err(self.fault("write", "", error)),
        }
    }

    fn about(&self, name: &str) -> Result<Option<Stat>, FilesError> {
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(about)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.fault("read", name, error)),
        }
    }

    fn fault(&self, action: &'static str, name: &str, error: Errno) -> FilesError {
        self.io(action, name, error.into())
    }

    fn io(&self, action: &'static str, name: &str, source: io::Error) -> FilesError {
        let path = match name {
            "" => self.path.clone(),
            name => self.path.join(name),
        };
        FilesError::Io {
            action,
            path,
            source,
        }
    }
}

fn open_dir(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty())
}

/// Where the next content of a file waits.
fn staged(name: &str) -> String {
    format!(".{}.eka-new", name.trim_start_matches('.'))
}

/// Gives a new file the mode of the one it replaces, and its owner where that is possible.
fn keep(handle: &OwnedFd, before: &Stat) -> Result<(), Errno> {
    let now = rustix::fs::fstat(handle)?;
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid) {
        let user = rustix::fs::Uid::from_raw(before.st_uid);
        let group = rustix::fs::Gid::from_raw(before.st_gid);
        // Only a superuser can; for anybody else the file becomes theirs, as editors leave it.
        let _refused = rustix::fs::fchown(handle, Some(user), Some(group));
    }
    rustix::fs::fchmod(handle, Mode::from_raw_mode(before.st_mode & 0o7777))
}
