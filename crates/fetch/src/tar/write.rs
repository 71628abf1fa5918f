//! Carries out what the guard passed, under handles on folders.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fchmod, mkdirat, openat, symlinkat};

use super::entries::damaged;
use super::{Step, UnpackError};

const FOLDER: Mode = Mode::from_raw_mode(0o755);
const FILE: Mode = Mode::from_raw_mode(0o644);
const EXECUTABLE: Mode = Mode::from_raw_mode(0o755);

/// Writes below one folder.
pub(super) struct Writer {
    top: OwnedFd,
    shown: PathBuf,
    /// The folder that was written to last, by its names.
    last: Option<(Vec<String>, OwnedFd)>,
    links: Vec<(Vec<String>, Vec<u8>)>,
}

impl Writer {
    pub(super) fn new(folder: &Path) -> Result<Self, UnpackError> {
        let failed = |source: rustix::io::Errno| UnpackError::Write {
            path: folder.to_owned(),
            source: source.into(),
        };
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let top = openat(CWD, folder, flags, Mode::empty()).map_err(failed)?;
        fchmod(&top, FOLDER).map_err(failed)?;
        Ok(Self {
            top,
            shown: folder.to_owned(),
            last: None,
            links: Vec::new(),
        })
    }

    pub(super) fn take(&mut self, step: &Step, body: &mut dyn Read) -> Result<(), UnpackError> {
        match step {
            Step::Folder(path) => {
                let made = self.folder(path).map(drop);
                made.map_err(|it| self.failed(path, it))
            }
            Step::File {
                path,
                executable,
                size,
            } => self.file(path, *executable, (*size, body)),
            Step::Copy { from, to } => {
                let copied = self.copy(from, to);
                copied.map_err(|it| self.failed(to, it))
            }
            Step::Link { path, target } => {
                self.links.push((path.clone(), target.clone()));
                Ok(())
            }
        }
    }

    /// Makes the links, when nothing is left that could be written through one.
    pub(super) fn finish(mut self) -> Result<(), UnpackError> {
        for (path, target) in std::mem::take(&mut self.links) {
            let made = self
                .place(&path)
                .and_then(|(folder, name)| Ok(symlinkat(target.as_slice(), folder.as_fd(), name)?));
            made.map_err(|it| self.failed(&path, it))?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        path: &[String],
        executable: bool,
        (size, body): (u64, &mut dyn Read),
    ) -> Result<(), UnpackError> {
        let mode = if executable { EXECUTABLE } else { FILE };
        let mut file = self
            .create(path, mode)
            .map_err(|it| self.failed(path, it))?;
        let mut left = size;
        let mut chunk = vec![0; 64 << 10];
        while left > 0 {
            let most = usize::try_from(left).map_or(chunk.len(), |it| it.min(chunk.len()));
            let n = body.read(&mut chunk[..most]).map_err(damaged)?;
            if n == 0 {
                return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
            }
            let written = io::Write::write_all(&mut file, &chunk[..n]);
            written.map_err(|it| self.failed(path, it))?;
            left -= n as u64;
        }
        Ok(())
    }

    fn copy(&mut self, from: &[String], to: &[String]) -> io::Result<()> {
        let (folder, name) = self.place(from)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut source = File::from(openat(folder.as_fd(), name, flags, Mode::empty())?);
        let executable = rustix::fs::fstat(&source)?.st_mode & 0o100 != 0;
        let mode = if executable { EXECUTABLE } else { FILE };
        io::copy(&mut source, &mut self.create(to, mode)?).map(drop)
    }

    fn create(&mut self, path: &[String], mode: Mode) -> io::Result<File> {
        let (folder, name) = self.place(path)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder.as_fd(), name, flags, mode)?;
        fchmod(&file, mode)?;
        Ok(file.into())
    }

    /// The folder that a path lies in, made if need be, and the name there.
    fn place<'p>(&mut self, path: &'p [String]) -> io::Result<(&OwnedFd, &'p str)> {
        let Some((name, folders)) = path.split_last() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        self.folder(folders)?;
        let folder = self.last.as_ref().map_or(&self.top, |(_, it)| it);
        Ok((folder, name))
    }

    /// Opens a folder, and makes it and those above where they are missing.
    fn folder(&mut self, path: &[String]) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|(it, _)| it == path) {
            return Ok(());
        }
        let mut folder = self.top.try_clone()?;
        for name in path {
            let made = mkdirat(&folder, name.as_str(), FOLDER);
            let is_new = made.is_ok();
            match made {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            folder = openat(&folder, name.as_str(), flags, Mode::empty())?;
            if is_new {
                fchmod(&folder, FOLDER)?;
            }
        }
        self.last = Some((path.to_vec(), folder));
        Ok(())
    }

    fn failed(&self, path: &[String], source: io::Error) -> UnpackError {
        let path = self.shown.join(path.iter().collect::<PathBuf>());
        UnpackError::Write { path, source }
    }
}
