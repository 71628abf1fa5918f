//! Files that are being written, in a folder that a living process has locked.
//!
//! A folder in `incoming/` whose lock nobody holds was left by a process that died: it may go.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::shelf::{names, open_private};

/// The folders of all that write, and our own once we do.
#[derive(Debug)]
pub(super) struct Sessions {
    incoming: Arc<OwnedFd>,
    own: Mutex<Option<Arc<Session>>>,
}

/// A folder that is locked as long as this lives.
#[derive(Debug)]
pub(super) struct Session {
    incoming: Arc<OwnedFd>,
    folder: OwnedFd,
    name: String,
    next: AtomicU64,
}

/// A file that goes away unless it is given its place.
#[derive(Debug)]
pub(super) struct Temporary {
    session: Arc<Session>,
    name: String,
    file: File,
    placed: bool,
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Sessions {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            incoming: Arc::new(open_private(path)?),
            own: Mutex::new(None),
        })
    }

    /// Returns our folder, made when it is needed first.
    pub(super) fn begin(&self) -> io::Result<Arc<Session>> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*own {
            return Ok(Arc::clone(session));
        }
        let session = Arc::new(Session::make(&self.incoming)?);
        *own = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Removes the folders of the dead, and returns how many files were in them.
    pub(super) fn sweep(&self) -> io::Result<u64> {
        let mut n_removed = 0;
        for name in names(&self.incoming)? {
            let folder = match fs::openat(&*self.incoming, &name, FOLDER, Mode::empty()) {
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                opened => opened?,
            };
            match fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => continue,
                locked => locked?,
            }
            for file in names(&folder)? {
                fs::unlinkat(&folder, &file, AtFlags::empty())?;
                n_removed += 1;
            }
            gone(fs::unlinkat(&*self.incoming, &name, AtFlags::REMOVEDIR))?;
        }
        Ok(n_removed)
    }
}

/// Whether something is gone, whoever removed it.
fn gone(removed: rustix::io::Result<()>) -> io::Result<()> {
    match removed {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Session {
    fn make(incoming: &Arc<OwnedFd>) -> io::Result<Self> {
        loop {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let nanos = now.unwrap_or_default().as_nanos();
            let name = format!("{}-{nanos}", std::process::id());
            match fs::mkdirat(&**incoming, &name, Mode::RWXU) {
                Err(Errno::EXIST) => continue,
                made => made?,
            }
            // Until it is locked, whoever sweeps takes it for one of the dead.
            let folder = match fs::openat(&**incoming, &name, FOLDER, Mode::empty()) {
                Err(Errno::NOENT) => continue,
                opened => opened?,
            };
            fs::flock(&folder, FlockOperation::LockShared)?;
            match fs::statat(&**incoming, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                found => found?,
            };
            return Ok(Self {
                incoming: Arc::clone(incoming),
                folder,
                name,
                next: AtomicU64::new(0),
            });
        }
    }

    /// Makes an empty file.
    pub(super) fn temporary(self: Arc<Self>) -> io::Result<Temporary> {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        // Nobody writes to a blob, not even its owner by mistake.
        let file = fs::openat(&self.folder, &name, flags, Mode::from_raw_mode(0o400))?;
        Ok(Temporary {
            session: self,
            name,
            file: file.into(),
            placed: false,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Where that fails it is swept.
        fs::unlinkat(&*self.incoming, &self.name, AtFlags::REMOVEDIR).ok();
    }
}

impl Temporary {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it its place; what was there is replaced.
    pub(super) fn rename(mut self, folder: BorrowedFd<'_>, name: &str) -> io::Result<()> {
        fs::renameat(&self.session.folder, &self.name, folder, name)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            // Where that fails it is swept when we are gone.
            fs::unlinkat(&self.session.folder, &self.name, AtFlags::empty()).ok();
        }
    }
}
