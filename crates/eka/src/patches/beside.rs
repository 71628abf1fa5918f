//! The lock of an atom while patches are active: it lies in `.eka/patched`, and the committed one
//! stays as it is.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use atom::lock::Lock;
use atom::source::Sourced;
use miette::NamedSource;

use crate::context::Context;
use crate::files::{FilesError, LOCK};

/// Below the project's folder.
const FOLDER: [&str; 2] = [".eka", "patched"];

/// Whether a lock's path is one of those.
pub(crate) fn is_beside(path: &Path) -> bool {
    let parts: Vec<_> = path.components().map(Component::as_os_str).collect();
    parts.windows(FOLDER.len()).any(|it| it == FOLDER)
}

/// The committed lock that the other was made from.
const BASE: &str = "committed.lock";

/// The largest lock, in bytes.
const MAX_BYTES: u64 = atom_git::read::MAX_LOCK_BYTES;

/// Where the patched lock of one atom lies.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    project: PathBuf,
    /// From the project's folder.
    below: PathBuf,
}

/// A patched lock.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its text.
    pub(crate) text: String,
    /// The text of the committed lock that it was made from.
    pub(crate) base: Option<String>,
}

impl Beside {
    /// That of the atom in `folder`.
    pub(crate) fn of(ctx: &Context<'_>, folder: &Path) -> Self {
        let project = ctx.patches.project().to_owned();
        let whole = |it: &Path| it.canonicalize().unwrap_or_else(|_| it.to_owned());
        let (top, folder) = (whole(&project), whole(folder));
        let mut below: PathBuf = FOLDER.iter().collect();
        if let Ok(path) = folder.strip_prefix(&top) {
            below.push(path);
        }
        Self { project, below }
    }

    /// The lock's path.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder().join(LOCK)
    }

    fn folder(&self) -> PathBuf {
        self.project.join(&self.below)
    }

    /// Reads it; none where there is none.
    pub(crate) fn load(&self) -> Result<Option<Found>, FilesError> {
        self.no_links()?;
        let Some(text) = read(&self.path())? else {
            return Ok(None);
        };
        let base = read(&self.folder().join(BASE))?;
        Ok(Some(Found { text, base }))
    }

    /// Reads it as a lock, which may hold patched atoms.
    pub(crate) fn parse(&self, text: &str) -> Result<Lock, FilesError> {
        Lock::parse_patched(text).map_err(|error| {
            let name = self.path().to_string_lossy().into_owned();
            let text = NamedSource::new(name, Arc::from(text));
            FilesError::Lock(Box::new(Sourced { error, text }))
        })
    }

    /// Writes it, and the committed lock that it was made from beside it.
    pub(crate) fn save(&self, text: &str, base: Option<&str>) -> Result<(), FilesError> {
        self.no_links()?;
        let folder = self.folder();
        let made = fs::create_dir_all(&folder);
        made.map_err(|source| io_error("make", &folder, source))?;
        // Git is to see nothing of it, whatever the rules of the repository are.
        let top: PathBuf = FOLDER.iter().collect();
        put(&self.project.join(top).join(".gitignore"), "*\n")?;
        // The one that tells whether the other is current comes first.
        let path = folder.join(BASE);
        match base {
            Some(base) => put(&path, base)?,
            None => remove(&path)?,
        }
        put(&self.path(), text)
    }

    /// Removes it; nothing is done where there is none.
    pub(crate) fn forget(&self) -> Result<(), FilesError> {
        self.no_links()?;
        remove(&self.path())?;
        remove(&self.folder().join(BASE))
    }

    /// Refuses folders that a link leads to: a repository could have brought one.
    fn no_links(&self) -> Result<(), FilesError> {
        let mut path = self.project.clone();
        for part in &self.below {
            path.push(part);
            if path.is_symlink() {
                return Err(FilesError::SymbolicLink { path });
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<Option<String>, FilesError> {
    let about = match path.symlink_metadata() {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error("read", path, source)),
    };
    if !about.is_file() {
        let path = path.to_owned();
        return Err(FilesError::NotAFile { path });
    }
    if about.len() > MAX_BYTES {
        let (path, max) = (path.to_owned(), MAX_BYTES);
        return Err(FilesError::TooLarge { path, max });
    }
    let text = fs::read_to_string(path);
    text.map(Some).map_err(|it| io_error("read", path, it))
}

/// Writes a file whole or not at all.
fn put(path: &Path, text: &str) -> Result<(), FilesError> {
    let new = path.with_extension("new");
    remove(&new)?;
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    written.map_err(|it| io_error("write", path, it))
}

fn remove(path: &Path) -> Result<(), FilesError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path, error))
        }
        _ => Ok(()),
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> FilesError {
    let path = path.to_owned();
    FilesError::Io {
        action,
        path,
        source,
    }
}
