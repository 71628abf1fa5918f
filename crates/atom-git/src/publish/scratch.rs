//! A folder for temporary repositories, which the next run takes away if this one is killed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What the file that is held as long as a folder is in use ends in.
const HELD: &str = ".held";

/// A folder of this process, removed when dropped.
///
/// A file beside it stays locked as long as the process lives, however it ends; whoever makes a
/// folder next takes away those whose file is not locked.
#[derive(Debug)]
pub struct Scratch {
    folder: Option<TempDir>,
    held: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a folder in `parent`, which is made too, and sweeps what dead processes left there.
    ///
    /// # Errors
    ///
    /// What the operating system says, of making it; what cannot be swept stays.
    pub fn open(parent: &Path) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
        sweep(parent);
        loop {
            // The name is taken by the file, before there is a folder.
            let file = tempfile::Builder::new()
                .suffix(HELD)
                .prefix("")
                .tempfile_in(parent)?;
            let (lock, held) = file.keep().map_err(|it| it.error)?;
            lock.lock()?;
            // A sweeper may have had the lock before us, and taken the file away.
            if lock.metadata()?.nlink() == 0 {
                continue;
            }
            let name = held.file_stem().unwrap_or_default();
            let folder = TempDir::with_prefix_in(name, parent)?;
            return Ok(Self {
                folder: Some(folder),
                held,
                _lock: lock,
            });
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), TempDir::path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The folder first: without it the file means nothing, without the file it would be litter.
        drop(self.folder.take());
        drop(fs::remove_file(&self.held));
    }
}

/// Removes the folders of processes that are gone.
fn sweep(parent: &Path) {
    let names = || {
        let entries = fs::read_dir(parent).ok()?;
        let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
        Some(names.collect::<Vec<_>>())
    };
    let Some(names) = names() else { return };
    for held in names.iter().filter(|it| it.ends_with(HELD)) {
        let path = parent.join(held);
        let Ok(file) = File::open(&path) else {
            continue;
        };
        if let Err(TryLockError::WouldBlock | TryLockError::Error(_)) = file.try_lock() {
            continue;
        }
        let stem = held.trim_end_matches(HELD);
        for folder in names
            .iter()
            .filter(|it| it.starts_with(stem) && *it != held)
        {
            drop(fs::remove_dir_all(parent.join(folder)));
        }
        drop(fs::remove_file(&path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(parent: &Path) -> usize {
        fs::read_dir(parent).unwrap().count()
    }

    #[test]
    fn what_the_dead_left_is_swept_and_what_the_living_hold_is_not() {
        let world = tempfile::tempdir().unwrap();
        let parent = world.path().join("scratch");
        let living = Scratch::open(&parent).unwrap();
        fs::write(living.path().join("file"), "").unwrap();
        let dead = Scratch::open(&parent).unwrap();
        fs::write(dead.path().join("file"), "").unwrap();
        assert_eq!(count(&parent), 4);
        // As a kill leaves it: the lock goes, all else stays.
        let Scratch { folder, held, .. } = &dead;
        let (folder, held) = (folder.as_ref().unwrap().path().to_owned(), held.clone());
        dead._lock.unlock().unwrap();

        let next = Scratch::open(&parent).unwrap();
        assert!(!folder.exists() && !held.exists());
        assert!(living.path().join("file").exists());
        drop(next);
        drop(living);
        drop(dead);
        assert_eq!(count(&parent), 0);
    }
}
