//! Packs in the cache: kept whole or not at all, joined when there are many, thrown out when bad.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use atom::ObjectId;
use gix::odb::pack::{self, Bundle, index};
use rustix::fs::{FlockOperation, flock};

use super::{Cache, CacheError, Found, failed, object};
use crate::objects::{from_gix, to_gix};
use crate::remote::Fault;
use crate::whole_pack::WholePack;

/// How many packs may lie there before [`Cache::tidy`] joins the small ones.
const MAX_PACKS: usize = 40;

/// A pack of more bytes than this stays as it is.
const SMALL: u64 = 16 << 20;

/// A pack younger than this may be in use by whoever fetched it.
const FRESH: Duration = Duration::from_secs(600);

/// A temporary file older than this was left by a process that died.
const STALE: Duration = Duration::from_secs(3600);

/// Objects above which an index is made by all cores.
const MANY: u64 = 2000;

/// What [`Cache::tidy`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Packs that were joined into one.
    pub joined: usize,
    /// Temporary files that dead processes had left.
    pub swept: usize,
}

/// What a pack that comes in may be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackLimits {
    /// How many objects its head announces.
    pub(crate) objects: u64,
    /// The most bytes of one object, unpacked.
    pub(crate) object_bytes: u64,
}

impl Cache {
    /// Keeps a pack and its index; gives the index's path. Both grow in a folder of their own until they are whole, and
    /// take the place of what bears their name already: a crash may have left it empty.
    pub(crate) fn keep_pack(
        &self,
        pack: &mut dyn BufRead,
        limits: PackLimits,
        interrupt: &AtomicBool,
    ) -> Result<Option<PathBuf>, Fault> {
        let folder = self.packs();
        let growing = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempdir_in(&folder)
            .map_err(|error| not_kept(&error))?;
        let kept = Bundle::write_to_directory(
            pack,
            Some(growing.path()),
            &mut gix::progress::Discard,
            interrupt,
            None::<gix::odb::Handle>,
            gix::hash::Kind::Sha1,
            pack::bundle::write::Options {
                thread_limit: (limits.objects < MANY).then_some(1),
                alloc_limit_bytes: usize::try_from(limits.object_bytes).ok(),
                ..Default::default()
            },
        );
        let outcome = kept.map_err(|error| {
            if error.is_cancelled() {
                Fault::Interrupted
            } else if is_of_disk(&error) {
                not_kept(&error)
            } else if error.is_resource_exhausted() {
                Fault::Limit {
                    name: "limits.object-bytes",
                    limit: limits.object_bytes,
                }
            } else {
                Fault::protocol(format!("a damaged pack: {}", chain(&error)))
            }
        })?;
        let mut place = None;
        for path in [outcome.data_path, outcome.index_path]
            .into_iter()
            .flatten()
        {
            let to = folder.join(path.file_name().unwrap_or_default());
            fs::rename(&path, &to).map_err(|error| not_kept(&error))?;
            place = Some(to);
        }
        self.reopen().map_err(|error| not_kept(&error))?;
        Ok(place)
    }

    /// Throws these objects out, with the packs that hold them, so that they are fetched anew.
    ///
    /// # Errors
    ///
    /// [`CacheError::Io`] where a file cannot be removed.
    pub fn forget(&self, ids: &[ObjectId]) -> Result<(), CacheError> {
        for id in ids {
            let hex = id.to_string();
            let loose = self
                .git_dir()
                .join("objects")
                .join(&hex[..2])
                .join(&hex[2..]);
            remove(&loose)?;
        }
        for pack in self.all_packs()? {
            let holds = index::File::at(&pack.index, gix::hash::Kind::Sha1).map_or(true, |index| {
                ids.iter().any(|id| index.lookup(to_gix(*id)).is_some())
            });
            if holds {
                pack.remove()?;
            }
        }
        self.reopen()
    }

    /// Removes what dead processes left, and joins small packs where there are many. Cheap when
    /// there is nothing to do; another process that is at it already is not waited for.
    ///
    /// # Errors
    ///
    /// [`CacheError`], by variant.
    pub fn tidy(&self, now: SystemTime) -> Result<Tidied, CacheError> {
        let is_index = |it: &PathBuf| it.extension().is_some_and(|it| it == "idx");
        let n_packs = list(&self.packs())?.filter(is_index).count();
        if n_packs <= MAX_PACKS && self.leftovers(now)?.is_empty() {
            return Ok(Tidied::default());
        }
        let lock_path = self.git_dir().join("eka.lock");
        let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(Tidied::default());
        }
        let leftovers = self.leftovers(now)?;
        let swept = leftovers.iter().filter(|it| sweep(it).is_ok()).count();
        let packs = self.all_packs()?;
        let mut joined = 0;
        if packs.len() > MAX_PACKS {
            let old: Vec<Pack> = packs
                .into_iter()
                .filter(|pack| pack.bytes <= SMALL && is_older(pack.changed, now, FRESH))
                .collect();
            if old.len() > 1 {
                joined = old.len();
                self.join(&old)?;
            }
        }
        Ok(Tidied { joined, swept })
    }

    fn packs(&self) -> PathBuf {
        self.git_dir().join("objects/pack")
    }

    /// Temporary files of processes that died, and packs without an index.
    fn leftovers(&self, now: SystemTime) -> Result<Vec<PathBuf>, CacheError> {
        let mut found = Vec::new();
        for folder in [self.packs(), self.dir.clone(), self.dir.join("refs")] {
            for path in list(&folder)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let temporary = name.starts_with(".tmp") || name.starts_with(".git-");
                let orphan = path
                    .extension()
                    .is_some_and(|it| it == "pack" || it == "keep")
                    && !path.with_extension("idx").exists();
                let stale = || {
                    let changed = fs::symlink_metadata(&path).and_then(|it| it.modified());
                    changed.is_ok_and(|it| is_older(it, now, STALE))
                };
                if (temporary || orphan) && stale() {
                    found.push(path);
                }
            }
        }
        Ok(found)
    }

    fn all_packs(&self) -> Result<Vec<Pack>, CacheError> {
        let mut packs = Vec::new();
        for index in list(&self.packs())? {
            if index.extension().is_some_and(|it| it == "idx")
                && let Ok(pack) = fs::metadata(index.with_extension("pack"))
            {
                packs.push(Pack {
                    index,
                    bytes: pack.len(),
                    changed: pack.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                });
            }
        }
        packs.sort_by(|a, b| a.index.cmp(&b.index));
        Ok(packs)
    }

    /// Writes the objects of `packs` into one, then removes them. Objects that are not what their
    /// id says are left out.
    fn join(&self, packs: &[Pack]) -> Result<(), CacheError> {
        let mut ids = Vec::new();
        for pack in packs {
            if let Ok(index) = index::File::at(&pack.index, gix::hash::Kind::Sha1) {
                ids.extend(index.iter().map(|entry| from_gix(&entry.oid)));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        self.reopen()?;
        let odb = self.handles().odb.clone();
        ids.retain(|id| matches!(object(&odb, *id), Found::Object(..)));
        let folder = self.packs();
        let mut file = tempfile::tempfile_in(&folder).map_err(failed(&folder))?;
        write_pack(&odb, &ids, &mut file).map_err(failed(&folder))?;
        file.rewind().map_err(failed(&folder))?;
        let limits = PackLimits {
            objects: ids.len() as u64,
            object_bytes: u64::MAX,
        };
        let kept = self.keep_pack(&mut BufReader::new(file), limits, &AtomicBool::new(false));
        let kept = kept.map_err(|fault| failed(&folder)(io::Error::other(fault.to_string())))?;
        // Where the others held nothing that one did not, it is that one.
        for pack in packs.iter().filter(|it| Some(&it.index) != kept.as_ref()) {
            pack.remove()?;
        }
        self.reopen()
    }
}

/// A pack with its index.
struct Pack {
    index: PathBuf,
    bytes: u64,
    changed: SystemTime,
}

impl Pack {
    /// The index goes first: without it nobody looks for the pack.
    fn remove(&self) -> Result<(), CacheError> {
        remove(&self.index)?;
        remove(&self.index.with_extension("pack"))
    }
}

fn write_pack(odb: &gix::odb::Handle, ids: &[ObjectId], out: &mut File) -> io::Result<()> {
    let mut pack = WholePack::begin(io::BufWriter::new(out), ids.len())?;
    for id in ids {
        let Found::Object(kind, bytes) = object(odb, *id) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        pack.object(kind, &bytes)?;
    }
    pack.finish().map(drop)
}

/// What lies in a folder.
fn list(folder: &Path) -> Result<impl Iterator<Item = PathBuf>, CacheError> {
    let entries = fs::read_dir(folder).map_err(failed(folder))?;
    Ok(entries.flatten().map(|it| it.path()))
}

/// Removes a file, or a folder and what is in it.
fn sweep(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

fn is_older(changed: SystemTime, now: SystemTime, age: Duration) -> bool {
    now.duration_since(changed).is_ok_and(|since| since >= age)
}

fn remove(path: &Path) -> Result<(), CacheError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(failed(path)),
    }
}

fn not_kept(error: &(dyn std::error::Error + 'static)) -> Fault {
    Fault::Keep { what: chain(error) }
}

/// Whether the operating system refused something, as it does where a disk is full; what is wrong
/// with the bytes themselves has a kind of its own.
fn is_of_disk(error: &gix::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, OutOfMemory, UnexpectedEof};
    let bytes = [InvalidData, InvalidInput, Other, OutOfMemory, UnexpectedEof];
    let kinds = error.iter_errors().filter_map(|it| {
        let error = it.downcast_ref::<io::Error>()?;
        Some(error.kind())
    });
    kinds.into_iter().any(|it| !bytes.contains(&it))
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
