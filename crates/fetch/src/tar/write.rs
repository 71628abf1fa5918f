//! Carries out what the guard passed.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use file_tree::{FileMode, TreeError};

use super::entries::damaged;
use super::{Step, UnpackError};

/// How much of a file is held at once, in bytes.
const CHUNK: usize = 64 << 10;

/// Writes below one folder.
pub(super) struct Writer(file_tree::Writer);

impl Writer {
    pub(super) fn new(folder: &Path) -> Result<Self, UnpackError> {
        Ok(Self(file_tree::Writer::open(folder)?))
    }

    pub(super) fn take(&mut self, step: &Step, body: &mut dyn Read) -> Result<(), UnpackError> {
        match step {
            Step::Folder(path) => Ok(self.0.go_to(path)?),
            Step::File {
                path,
                executable,
                size,
            } => self.file(path, *executable, (*size, body)),
            Step::Copy { from, to } => self.copy(from, to),
            Step::Link { path, target } => {
                let name = self.place(path)?;
                self.0.link(name, target.clone());
                Ok(())
            }
        }
    }

    /// Makes the links, when nothing is left that could be written through one.
    pub(super) fn finish(self) -> Result<(), UnpackError> {
        Ok(self.0.finish()?)
    }

    fn file(
        &mut self,
        path: &[String],
        executable: bool,
        (size, body): (u64, &mut dyn Read),
    ) -> Result<(), UnpackError> {
        let name = self.place(path)?;
        let mut file = self.0.file(name, mode(executable))?;
        let mut left = size;
        let mut chunk = vec![0; usize::try_from(size).map_or(CHUNK, |it| it.min(CHUNK))];
        while left > 0 {
            let most = usize::try_from(left).map_or(chunk.len(), |it| it.min(chunk.len()));
            let n = body.read(&mut chunk[..most]).map_err(damaged)?;
            if n == 0 {
                return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
            }
            let written = io::Write::write_all(&mut file, &chunk[..n]);
            written.map_err(|it| self.0.failed(name, it))?;
            left -= n as u64;
        }
        Ok(())
    }

    fn copy(&mut self, from: &[String], to: &[String]) -> Result<(), UnpackError> {
        let name = self.place(from)?;
        let mut source = self.0.written(name)?;
        let found = source.metadata().map_err(|it| self.0.failed(name, it))?;
        let name = self.place(to)?;
        let executable = found.permissions().mode() & 0o100 != 0;
        let mut file = self.0.file(name, mode(executable))?;
        io::copy(&mut source, &mut file).map_err(|it| self.0.failed(name, it))?;
        Ok(())
    }

    /// Goes to the folder that a path lies in, made if need be, and gives the name there.
    fn place<'p>(&mut self, path: &'p [String]) -> Result<&'p [u8], UnpackError> {
        // No path of the guard is empty; a name that is none is refused where it is written.
        let (name, folders) = path
            .split_last()
            .map_or(("", path), |(it, rest)| (it, rest));
        self.0.go_to(folders)?;
        Ok(name.as_bytes())
    }
}

const fn mode(executable: bool) -> FileMode {
    if executable {
        FileMode::Executable
    } else {
        FileMode::Plain
    }
}

impl From<TreeError> for UnpackError {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Write { path, source } => Self::Write { path, source },
            TreeError::Exists { path } => Self::Write {
                path,
                source: io::ErrorKind::AlreadyExists.into(),
            },
        }
    }
}
