//! The manifest and the lock of an atom's folder: read together, replaced both or neither.

mod error;
mod io;
mod journal;

pub use error::FilesError;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use atom::lock::Lock;
use atom::manifest::Manifest;
use atom::source::Sourced;
use miette::NamedSource;

use crate::event::{Event, Events};
use io::{Dir, Hold};
use journal::{Change, Journal};

/// The manifest's file name.
pub const MANIFEST: &str = "atom.toml";
/// The lock's file name.
pub const LOCK: &str = "atom.lock";
/// A change that was decided and not finished, for the next command to finish.
pub const JOURNAL: &str = ".eka-journal";

/// The largest manifest, in bytes.
const MAX_MANIFEST: u64 = atom_git::read::MAX_MANIFEST_BYTES;
/// The largest lock, in bytes.
const MAX_LOCK: u64 = atom_git::read::MAX_LOCK_BYTES;

/// What a command wants of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read it as it is.
    Read,
    /// To change it: no other eka changes it until the [`Folder`] is dropped.
    Write,
}

/// An atom's folder, open.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    dir: Dir,
    hold: Option<Hold>,
}

/// The two texts of a folder, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// `atom.toml`.
    pub manifest: String,
    /// `atom.lock`, where there is one.
    pub lock: Option<String>,
}

/// What a folder is opened with: who hears that it waits, and who may end the wait.
#[derive(Clone, Copy)]
pub struct Patience<'a> {
    /// Who hears of it.
    pub events: &'a dyn Events,
    /// Raised to give up.
    pub interrupt: &'a AtomicBool,
}

impl Folder {
    /// Opens a folder, and finishes what an interrupted command left there.
    ///
    /// # Errors
    ///
    /// [`FilesError::Io`] where it cannot be opened; [`FilesError::EditedSince`] where an
    /// unfinished change no longer fits; [`FilesError::Interrupted`] while waiting for another eka.
    pub fn open(path: &Path, access: Access, patience: Patience<'_>) -> Result<Self, FilesError> {
        let dir = Dir::open(path)?;
        let mut folder = Self {
            path: path.to_owned(),
            dir,
            hold: None,
        };
        if access == Access::Write {
            folder.hold(patience)?;
            folder.finish()?;
            folder.dir.sweep();
        } else if folder.dir.exists(JOURNAL)? {
            folder.hold(patience)?;
            folder.finish()?;
            folder.hold = None;
        }
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads both files as they were at one moment.
    ///
    /// # Errors
    ///
    /// [`FilesError::NoManifest`], and what makes a file unreadable.
    pub fn load(&self) -> Result<Texts, FilesError> {
        // A writer may stand between its two renames: look again until nothing moved meanwhile.
        for _ in 0..1000 {
            let manifest = self.dir.read(MANIFEST, MAX_MANIFEST)?;
            let lock = self.dir.read(LOCK, MAX_LOCK)?;
            let still = self.hold.is_some()
                || (!self.dir.exists(JOURNAL)?
                    && self.dir.read(MANIFEST, MAX_MANIFEST)? == manifest);
            if still {
                let folder = || self.path.clone();
                let manifest =
                    manifest.ok_or_else(|| FilesError::NoManifest { folder: folder() })?;
                return Ok(Texts { manifest, lock });
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(FilesError::Changed {
            path: self.path.join(MANIFEST),
        })
    }

    /// Reads the manifest as one's own.
    ///
    /// # Errors
    ///
    /// [`FilesError::Manifest`] with every fault.
    pub fn manifest(&self, texts: &Texts) -> Result<Manifest, FilesError> {
        Manifest::parse_own(&texts.manifest).map_err(|error| {
            FilesError::Manifest(Box::new(Sourced {
                error,
                text: self.source(MANIFEST, &texts.manifest),
            }))
        })
    }

    /// Reads the lock, where there is one.
    ///
    /// # Errors
    ///
    /// [`FilesError::Lock`] with every fault.
    pub fn lock(&self, texts: &Texts) -> Result<Option<Lock>, FilesError> {
        let Some(text) = &texts.lock else {
            return Ok(None);
        };
        Lock::parse(text).map(Some).map_err(|error| {
            FilesError::Lock(Box::new(Sourced {
                error,
                text: self.source(LOCK, text),
            }))
        })
    }

    /// A text of the folder under the name that a person would open.
    #[must_use]
    pub fn source(&self, name: &str, text: &str) -> NamedSource<Arc<str>> {
        let path = self.path.join(name);
        NamedSource::new(path.to_string_lossy(), Arc::from(text))
    }

    /// Replaces both files, or neither, whatever happens meanwhile: a kill, a full disk, a power
    /// cut. Modes stay as they are.
    ///
    /// # Errors
    ///
    /// [`FilesError::Changed`] where the texts are no longer `read`, and [`FilesError::Io`]:
    /// nothing was changed. [`FilesError::Unfinished`]: the next command finishes it.
    ///
    /// # Panics
    ///
    /// Where the folder was opened to [`Access::Read`].
    pub fn replace(&self, read: &Texts, new: &Texts) -> Result<(), FilesError> {
        assert!(self.hold.is_some(), "the folder was opened to be changed");
        let journal = Journal::between(read, new);
        let changed: Vec<&Change> = journal.changes().collect();
        let outcome = self.prepare(&journal, &changed);
        if outcome.is_err() || changed.is_empty() {
            self.dir.sweep();
            return outcome;
        }
        if let [only] = changed[..] {
            return self.dir.put(only).inspect_err(|_| self.dir.sweep());
        }
        if let Err(error) = self.dir.decide() {
            self.dir.sweep();
            return Err(error);
        }
        self.dir
            .carry_out(&changed)
            .map_err(|source| FilesError::Unfinished {
                folder: self.path.clone(),
                source: Box::new(source),
            })
    }

    /// Writes all that will be renamed, then makes sure that nobody changed the texts.
    fn prepare(&self, journal: &Journal, changed: &[&Change]) -> Result<(), FilesError> {
        for change in changed {
            if let Some(text) = &change.new {
                self.dir.stage(change.name, text.as_bytes())?;
            }
        }
        if changed.len() > 1 {
            self.dir.stage(JOURNAL, &journal.print())?;
        }
        for change in journal.all() {
            if self.current(change.name)? != change.old {
                let path = self.path.join(change.name);
                return Err(FilesError::Changed { path });
            }
        }
        Ok(())
    }

    /// Carries out what a journal says, if there is one.
    fn finish(&self) -> Result<(), FilesError> {
        let Some(bytes) = self
            .dir
            .read_bytes(JOURNAL, 2 * (MAX_LOCK + MAX_MANIFEST) + 4096)?
        else {
            return Ok(());
        };
        let path = || self.path.join(JOURNAL);
        let journal = Journal::parse(&bytes).ok_or_else(|| FilesError::Journal { path: path() })?;
        let mut left = Vec::new();
        for change in journal.changes() {
            let current = self.current(change.name)?;
            if current == change.new {
                continue;
            }
            if current != change.old {
                return Err(FilesError::EditedSince {
                    path: self.path.join(change.name),
                    journal: path(),
                });
            }
            left.push(change);
        }
        for change in &left {
            if let Some(text) = &change.new {
                self.dir.stage(change.name, text.as_bytes())?;
            }
        }
        self.dir.carry_out(&left)
    }

    fn current(&self, name: &str) -> Result<Option<String>, FilesError> {
        let max = if name == LOCK { MAX_LOCK } else { MAX_MANIFEST };
        self.dir.read(name, max)
    }

    /// Waits until no other eka changes the folder.
    fn hold(&mut self, patience: Patience<'_>) -> Result<(), FilesError> {
        let mut told = false;
        loop {
            if let Some(hold) = self.dir.try_hold()? {
                self.hold = Some(hold);
                return Ok(());
            }
            if patience.interrupt.load(Ordering::Relaxed) {
                return Err(FilesError::Interrupted);
            }
            if !std::mem::replace(&mut told, true) {
                let folder = self.path.display();
                let text = format!("waiting for another eka in `{folder}`");
                patience.events.emit(Event::Note(text));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Reads a regular file of at most `max_bytes`, whole MiB, or a link to one: nothing that would
/// block or never end.
pub(crate) fn read_text(path: &Path, max_bytes: u64) -> std::io::Result<String> {
    let other = |text: &str| std::io::Error::other(text);
    if !path.metadata()?.is_file() {
        return Err(other("it is not a file"));
    }
    let mut text = String::new();
    let file = File::open(path)?;
    file.take(max_bytes + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max_bytes {
        return Err(other(&format!("it is larger than {} MiB", max_bytes >> 20)));
    }
    Ok(text)
}
