//! Where blobs lie, in 1,024 folders; what is put and removed there under their locks.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use super::file;
use super::session::Temporary;
use crate::Digest;
use crate::blob::Listed;
use crate::blob::groups::size_of;

/// The folder of all blobs.
#[derive(Debug)]
pub(super) struct Shelf(OwnedFd);

/// The folder of a blob, locked for whoever puts.
pub(super) struct Shard {
    folder: OwnedFd,
    name: String,
}

/// How many characters of a digest name its folder.
const N_SHARD: usize = 2;

/// How far the time of a file may lie behind the clock: file systems take the time of the last
/// tick, at most a hundredth of a second ago.
const TICK: Duration = Duration::from_millis(20);

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens a folder that is for its owner alone, making it and those above where they are missing.
pub(super) fn open_private(path: &Path) -> io::Result<OwnedFd> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path)?;
    let opened = fs::open(path, FOLDER, Mode::empty())?;
    // An older umask, or somebody's hand.
    fs::fchmod(&opened, Mode::RWXU)?;
    Ok(opened)
}

impl Shelf {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        open_private(path).map(Self)
    }

    /// Where a blob lies, below the shelf's path.
    pub(super) fn path(shelf: &Path, digest: &Digest) -> PathBuf {
        shelf.join(below(digest))
    }

    pub(super) fn has(&self, digest: &Digest) -> io::Result<bool> {
        match fs::accessat(&self.0, below(digest), fs::Access::EXISTS, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a blob's file, and says how long it is.
    pub(super) fn open_blob(&self, digest: &Digest) -> io::Result<Option<(OwnedFd, u64)>> {
        open_file(&self.0, &below(digest))
    }

    /// Opens the folder that a blob is put into.
    pub(super) fn to_put(&self, digest: &Digest) -> io::Result<Shard> {
        let mut shard = digest.to_string();
        let name = shard.split_off(N_SHARD);
        let folder = match fs::openat(&self.0, &shard, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) => {
                match fs::mkdirat(&self.0, &shard, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                fs::openat(&self.0, &shard, FOLDER, Mode::empty())
            }
            opened => opened,
        }?;
        fs::flock(&folder, FlockOperation::LockShared)?;
        Ok(Shard { folder, name })
    }

    pub(super) fn remove(&self, digest: &Digest, before: SystemTime) -> io::Result<bool> {
        let text = digest.to_string();
        let (shard, name) = text.split_at(N_SHARD);
        let folder = match fs::openat(&self.0, shard, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(false),
            opened => opened?,
        };
        fs::flock(&folder, FlockOperation::LockExclusive)?;
        let stat = match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(false),
            stat => stat?,
        };
        if modified(&stat) + TICK >= before {
            return Ok(false);
        }
        fs::unlinkat(&folder, name, AtFlags::empty())?;
        Ok(true)
    }

    /// The blobs of the next folder that has any behind `after`.
    pub(super) fn list(&self, after: Option<Digest>) -> io::Result<Vec<Listed>> {
        let after = after.map(|it| it.to_string());
        let mut shards = names(&self.0)?;
        shards.sort_unstable();
        for shard in shards {
            let behind = after
                .as_deref()
                .is_none_or(|it| &it[..N_SHARD] <= shard.as_str());
            if shard.len() != N_SHARD || !behind {
                continue;
            }
            let listed = self.list_shard(&shard, after.as_deref())?;
            if !listed.is_empty() {
                return Ok(listed);
            }
        }
        Ok(Vec::new())
    }

    fn list_shard(&self, shard: &str, after: Option<&str>) -> io::Result<Vec<Listed>> {
        let folder = fs::openat(&self.0, shard, FOLDER, Mode::empty())?;
        let mut listed = Vec::new();
        for name in names(&folder)? {
            let text = format!("{shard}{name}");
            // What is no blob is somebody else's, and stays.
            let Ok(digest) = text.parse() else { continue };
            if after.is_some_and(|it| text.as_str() <= it) {
                continue;
            }
            let stat = match fs::statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                stat => stat?,
            };
            let len = u64::try_from(stat.st_size).unwrap_or(0);
            listed.push(Listed {
                digest,
                // A damaged file may have any length.
                size: size_of(len).unwrap_or(len),
                modified: modified(&stat),
            });
        }
        listed.sort_unstable_by_key(|it| it.digest);
        Ok(listed)
    }

    /// Returns when all that was written to the file system survives a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        fs::syncfs(&self.0)?;
        #[cfg(not(target_os = "linux"))]
        rustix::fs::sync();
        Ok(())
    }
}

impl Shard {
    /// Whether the blob is here and sound; then it is as if it were put now.
    ///
    /// The bytes are compared: a loss of power may have left a file without them.
    pub(super) fn keeps(&self, bytes: &[u8]) -> io::Result<bool> {
        let Some((file, len)) = open_file(&self.folder, &self.name)? else {
            return Ok(false);
        };
        if len != bytes.len() as u64 || file::read_all(file.as_fd(), len)? != bytes {
            return Ok(false);
        }
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: fs::UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        fs::futimens(&file, &times)?;
        Ok(true)
    }

    /// Gives a temporary file its place; what was there is replaced, and was the same or damaged.
    pub(super) fn place(&self, temporary: Temporary) -> io::Result<()> {
        temporary.rename(self.folder.as_fd(), &self.name)
    }
}

fn below(digest: &Digest) -> String {
    let mut path = digest.to_string();
    path.insert(N_SHARD, '/');
    path
}

fn open_file(folder: &OwnedFd, path: &str) -> io::Result<Option<(OwnedFd, u64)>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match fs::openat(folder, path, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened?,
    };
    let len = fs::fstat(&file)?.st_size;
    Ok(Some((file, u64::try_from(len).unwrap_or(0))))
}

fn modified(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0);
    let nanos = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
}

/// The names in a folder, but `.`, `..` and those that are no text.
pub(super) fn names(folder: &OwnedFd) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str()
            && !matches!(name, "." | "..")
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use testkit::env::Env;

    use super::*;

    #[test]
    fn whoever_puts_shuts_out_whoever_removes() {
        let env = Env::new();
        let path = env.path("v1");
        let shelf = Shelf::open(&path).unwrap();
        let digest = Digest::of(b"x");
        let blob = Shelf::path(&path, &digest);
        let shard = shelf.to_put(&digest).unwrap();
        std::fs::write(&blob, "x").unwrap();
        let old = SystemTime::now() - Duration::from_secs(60);
        let file = std::fs::File::open(&blob).unwrap();
        file.set_modified(old).unwrap();
        let before = old + Duration::from_secs(30);
        std::thread::scope(|scope| {
            let removing = scope.spawn(|| shelf.remove(&digest, before).unwrap());
            for _ in 0..1000 {
                assert!(!removing.is_finished() && blob.exists());
                std::thread::yield_now();
            }
            // Others may put meanwhile.
            drop(shelf.to_put(&digest).unwrap());
            assert!(shard.keeps(b"x").unwrap());
            drop(shard);
            assert!(!removing.join().unwrap(), "it was put again");
        });
        assert!(blob.exists());
        file.set_modified(old).unwrap();
        assert!(shelf.remove(&digest, before).unwrap());
    }
}
