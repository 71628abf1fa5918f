//! Sessions: whoever writes says so by a locked file, so that a collection spares what it brings.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use miette::Diagnostic;
use rustix::fs::{FlockOperation, Timespec, Timestamps, UTIME_NOW, flock, futimens};
use rustix::rand::{GetRandomFlags, getrandom};
use thiserror::Error;

use crate::infos::Pulse;

/// The name of a session: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(String);

/// The sessions of one store, of all processes.
///
/// A session is a file that its process holds a lock on: the kernel lets go of it however the
/// process ends. Its time is that of the file system, which is the time of blobs too.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    /// Of a store in memory, which other processes do not see.
    Memory(Arc<Mutex<BTreeMap<SessionId, SystemTime>>>),
}

/// An open session; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Open {
    id: SessionId,
    sessions: Sessions,
    /// Holds the lock.
    _file: Option<File>,
}

/// Why a text is no name of a session.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{}` is not the name of a session", text.escape_debug())]
#[diagnostic(
    code(eka::store::session_id),
    help("it is 32 lower-case hexadecimal digits")
)]
#[non_exhaustive]
pub struct SessionIdError {
    /// What was given.
    pub text: String,
}

/// Why a session cannot be opened, or others not be looked at.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum SessionError {
    /// The disk is full.
    #[error("no space is left in `{}`", place.display())]
    #[diagnostic(
        code(eka::store::full),
        help("free space on this disk, and run the command again")
    )]
    Full {
        /// The file or folder.
        place: PathBuf,
    },
    /// The folder of sessions cannot be used.
    #[error("`{}` cannot be used", place.display())]
    #[diagnostic(
        code(eka::store::session),
        help("check that the folder is there, and yours to write")
    )]
    Io {
        /// The file or folder.
        place: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

impl SessionId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom(&mut bytes, GetRandomFlags::empty())?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(is_digit) {
            return Ok(Self(text.to_owned()));
        }
        Err(SessionIdError {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Open {
    pub(crate) const fn id(&self) -> &SessionId {
        &self.id
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        match &self.sessions.place {
            // What cannot be removed is found dead later.
            Place::Folder(folder) => drop(std::fs::remove_file(folder.join(self.id.as_str()))),
            Place::Memory(all) => drop(locked(all).remove(&self.id)),
        }
    }
}

impl Sessions {
    /// Those of a store on disk, in a folder that is there.
    pub(crate) const fn folder(folder: PathBuf) -> Self {
        Self {
            place: Place::Folder(folder),
        }
    }

    /// Those of a store in memory.
    pub(crate) fn memory() -> Self {
        Self {
            place: Place::Memory(Arc::default()),
        }
    }

    /// Begins a session.
    pub(crate) fn open(&self) -> Result<Open, SessionError> {
        let open = |id, file| Open {
            id,
            sessions: self.clone(),
            _file: file,
        };
        match &self.place {
            Place::Memory(all) => {
                let id = SessionId::new().map_err(|it| fault(Path::new("memory"), it))?;
                locked(all).insert(id.clone(), SystemTime::now());
                Ok(open(id, None))
            }
            Place::Folder(folder) => {
                let (id, file) = lock_new(folder).map_err(|it| fault(folder, it))?;
                Ok(open(id, Some(file)))
            }
        }
    }

    /// Removes what dead sessions have left, and returns when the oldest of the living began.
    pub(crate) fn oldest(&self) -> Result<Option<SystemTime>, SessionError> {
        let folder = match &self.place {
            Place::Memory(all) => return Ok(locked(all).values().min().copied()),
            Place::Folder(folder) => folder,
        };
        let oldest = || -> io::Result<_> {
            let mut oldest = None;
            for entry in std::fs::read_dir(folder)? {
                if let Some(began) = living(&entry?.path())? {
                    oldest = Some(oldest.map_or(began, |it: SystemTime| it.min(began)));
                }
            }
            Ok(oldest)
        };
        oldest().map_err(|it| fault(folder, it))
    }

    /// Whether the process of a session still has it.
    pub(crate) fn pulse(&self, id: &SessionId) -> Pulse {
        let is_dead = match &self.place {
            Place::Memory(all) => !locked(all).contains_key(id),
            Place::Folder(folder) => matches!(living(&folder.join(id.as_str())), Ok(None)),
        };
        if is_dead { Pulse::Dead } else { Pulse::Alive }
    }

    /// Waits until nobody else collects, and keeps others from it.
    ///
    /// Blocks. All that was written before has a time before that of the collection.
    pub(crate) fn collect_alone(&self) -> Result<Alone, SessionError> {
        match &self.place {
            Place::Memory(_) => Ok(Alone {
                began: SystemTime::now(),
                _lock: None,
            }),
            Place::Folder(folder) => lock_folder(folder).map_err(|it| fault(folder, it)),
        }
    }
}

/// The right to collect; it ends when it is dropped.
pub(crate) struct Alone {
    /// When the collection began, by the clock that blobs and sessions have.
    pub(crate) began: SystemTime,
    _lock: Option<File>,
}

/// Blobs this much younger than a time count as if they were put then: the clock of a file system
/// goes by some milliseconds.
const TICKS: Duration = Duration::from_millis(25);

/// Waits until what is done now differs in time from what was done before.
fn lock_folder(folder: &Path) -> io::Result<Alone> {
    let lock = File::open(folder)?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let moment = || -> io::Result<SystemTime> {
        futimens(&lock, &NOW)?;
        lock.metadata()?.modified()
    };
    let first = moment()?;
    loop {
        let began = moment()?;
        if began >= first + TICKS {
            let lock = Some(lock);
            return Ok(Alone { began, _lock: lock });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

const NOW: Timestamps = Timestamps {
    last_access: MOMENT,
    last_modification: MOMENT,
};

const MOMENT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: UTIME_NOW,
};

/// Makes a file and locks it; one that a collection found before it was locked is made again.
fn lock_new(folder: &Path) -> io::Result<(SessionId, File)> {
    loop {
        let id = SessionId::new()?;
        let path = folder.join(id.as_str());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if file.metadata()?.nlink() > 0 => {
                // Its time is that of the session; bytes in it would need room on a full disk.
                futimens(&file, &NOW)?;
                return Ok((id, file));
            }
            Ok(()) | Err(rustix::io::Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns when a session began that lives; a dead one's file is removed.
fn living(path: &Path) -> io::Result<Option<SystemTime>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            // Gone already, where another collection was faster.
            drop(std::fs::remove_file(path));
            Ok(None)
        }
        Err(rustix::io::Errno::WOULDBLOCK) => file.metadata()?.modified().map(Some),
        Err(error) => Err(error.into()),
    }
}

fn locked(
    all: &Mutex<BTreeMap<SessionId, SystemTime>>,
) -> MutexGuard<'_, BTreeMap<SessionId, SystemTime>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fault(place: &Path, source: io::Error) -> SessionError {
    let place = place.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SessionError::Full { place },
        _ => SessionError::Io { place, source },
    }
}
