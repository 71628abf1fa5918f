//! Walks a tree on a file system: opens its files, and notes what it looks like.

use std::ffi::OsStr;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use file_tree::Way;
use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, Stat};

use super::import::ImportError;
use super::shown;
use crate::{Name, Target};

/// A node whose content may not be known yet.
#[derive(Debug)]
pub(super) enum Found {
    /// The place of a directory among those that were found.
    Directory(usize),
    /// The place of a file among those that were opened.
    File {
        at: usize,
        executable: bool,
    },
    Symlink(Target),
}

/// A file that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) at: usize,
    pub(super) file: std::fs::File,
    /// How long it was then.
    pub(super) size: u64,
    pub(super) path: PathBuf,
}

/// What a tree looks like. A directory stands before those in it.
#[derive(Debug, Default)]
pub(super) struct Skeleton {
    pub(super) directories: Vec<Vec<(Name, Found)>>,
    pub(super) n_files: usize,
}

/// A walk; what it opens goes to `send`, which says whether anybody wants more.
pub(super) struct Walk<F> {
    path: PathBuf,
    limit: usize,
    skeleton: Skeleton,
    send: F,
}

impl<F: FnMut(Opened) -> bool> Walk<F> {
    pub(super) const fn new(path: PathBuf, limit: usize, send: F) -> Self {
        Self {
            path,
            limit,
            skeleton: Skeleton {
                directories: Vec::new(),
                n_files: 0,
            },
            send,
        }
    }

    /// Walks all below the path, and returns what is there.
    pub(super) fn run(mut self) -> Result<(Found, Skeleton), ImportError> {
        let path = self.path.clone();
        let stat = fs::statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW);
        let stat = stat.map_err(|it| self.failed(it))?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            self.directories()?;
            return Ok((Found::Directory(0), self.skeleton));
        }
        let found = self.entry(CWD, path.as_os_str().as_bytes(), &stat)?;
        Ok((found, self.skeleton))
    }

    fn directories(&mut self) -> Result<(), ImportError> {
        let mut way = Way::open(&self.path).map_err(|it| self.failed(it))?;
        self.skeleton.directories.push(Vec::new());
        // Of each directory on the way those in it that were not walked.
        let mut levels = vec![self.level(way.here(), 0)?];
        while let Some(folders) = levels.last_mut() {
            let Some((name, at)) = folders.pop() else {
                levels.pop();
                if !levels.is_empty() {
                    way.leave().map_err(|it| self.failed(it))?;
                    self.path.pop();
                }
                continue;
            };
            self.path.push(OsStr::from_bytes(name.as_bytes()));
            if levels.len() >= self.limit {
                let (path, limit) = (shown(&self.path), self.limit);
                return Err(ImportError::Depth { path, limit });
            }
            way.enter(name.as_bytes()).map_err(|it| self.failed(it))?;
            levels.push(self.level(way.here(), at)?);
        }
        Ok(())
    }

    /// Notes what is in one directory, opens its files, and returns the directories in it.
    fn level(
        &mut self,
        folder: BorrowedFd<'_>,
        at: usize,
    ) -> Result<Vec<(Name, usize)>, ImportError> {
        let mut folders = Vec::new();
        let mut names = Vec::new();
        let entries = fs::Dir::read_from(folder).map_err(|it| self.failed(it))?;
        for entry in entries {
            let entry = entry.map_err(|it| self.failed(it))?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push(name.to_vec());
            }
        }
        // Whatever order the file system has, progress and errors come in one.
        names.sort_unstable();
        for name in names {
            self.path.push(OsStr::from_bytes(&name));
            let stat = fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW);
            let stat = stat.map_err(|it| self.failed(it))?;
            let checked = Name::new(name.clone()).map_err(|fault| ImportError::Name {
                path: shown(&self.path),
                fault,
            })?;
            let found = match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => {
                    let at = self.skeleton.directories.len();
                    self.skeleton.directories.push(Vec::new());
                    folders.push((checked.clone(), at));
                    Found::Directory(at)
                }
                _ => self.entry(folder, &name, &stat)?,
            };
            self.skeleton.directories[at].push((checked, found));
            self.path.pop();
        }
        Ok(folders)
    }

    /// Opens a file or reads a link; nothing else may be in a tree.
    fn entry(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &[u8],
        stat: &Stat,
    ) -> Result<Found, ImportError> {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => self.file(folder, name),
            FileType::Symlink => {
                let target = fs::readlinkat(folder, name, Vec::new());
                let target = target.map_err(|it| self.failed(it))?;
                let target = Target::new(target.into_bytes());
                let path = || shown(&self.path);
                let target = target.map_err(|fault| ImportError::Name {
                    path: path(),
                    fault,
                })?;
                Ok(Found::Symlink(target))
            }
            kind => Err(self.odd(kind)),
        }
    }

    fn file(&mut self, folder: BorrowedFd<'_>, name: &[u8]) -> Result<Found, ImportError> {
        // Whatever took the file's place since, nothing waits for it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = fs::openat(folder, name, flags, Mode::empty());
        let file = file.map_err(|it| self.failed(it))?;
        let stat = fs::fstat(&file).map_err(|it| self.failed(it))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::RegularFile {
            return Err(self.odd(kind));
        }
        let at = self.skeleton.n_files;
        self.skeleton.n_files += 1;
        let opened = Opened {
            at,
            file: file.into(),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            path: self.path.clone(),
        };
        if !(self.send)(opened) {
            return Err(ImportError::Stopped);
        }
        let executable = Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR);
        Ok(Found::File { at, executable })
    }

    fn odd(&self, kind: FileType) -> ImportError {
        let path = shown(&self.path);
        let kind = match kind {
            FileType::Socket => "a socket",
            FileType::Fifo => "a named pipe",
            FileType::BlockDevice | FileType::CharacterDevice => "a device",
            _ => "no longer what it was",
        };
        ImportError::Kind { path, kind }
    }

    fn failed(&self, source: impl Into<io::Error>) -> ImportError {
        ImportError::Io {
            path: shown(&self.path),
            source: source.into(),
        }
    }
}
