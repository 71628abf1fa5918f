//! `eka fetch`: brings the contents of the locked atoms, checked.

mod bring;
mod claims;
mod folder_nar;
mod lie;
mod shelf;
mod stored;
mod wanted;

pub(crate) use bring::{Bringer, Look, Need, Shown, Voice, tell, vanished};
pub use claims::Claim;
pub(crate) use claims::{Examined, Examiner, Subject, against_lock};
pub(crate) use folder_nar::nar_of;
pub use lie::Lie;
pub(crate) use lie::agree;
pub use shelf::ShelfError;
pub(crate) use shelf::{Owner, Place, Shelf};
pub(crate) use stored::{Source, Stored, on_shelf};
pub(crate) use wanted::{Wanted, places};

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use atom::lock::diff::Change;
use atom::lock::{self, Lock, LockedAtom, LockedPin};
use atom::{Id, Name, NarHash, ObjectId, Version};
use atom_git::objects::Objects;
use atom_git::tree_guard::GuardedTree;
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Access;
use crate::here;
use crate::lock::{Locking, Opened, Scene, how_to_lock, must_be_current};
use crate::patches;
use crate::pins;
use crate::project;
use crate::remotes::Remotes;

/// What to fetch.
#[derive(Debug, Clone)]
pub struct Request {
    /// The atoms, by id, and the pins that no atom shares the name with; none for all that is
    /// locked.
    pub ids: Vec<Id>,
    /// Pins by name, beside the ids.
    pub pins: Vec<Name>,
    /// Where the contents are put; the cache where none is named.
    pub into: Option<PathBuf>,
    /// Whether a flag says that the lock must be current. Without one it must be so too.
    pub locking: Locking,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One entry an atom, in the order of the lock.
    pub atoms: Vec<Fetched>,
    /// One entry a pin, in the order of the lock.
    pub pins: Vec<pins::Fetched>,
}

/// One atom's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The atom.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// The SHA-256 of its NAR; none for an atom of the work tree.
    pub nar: Option<NarHash>,
    /// Its folder, absolute.
    pub path: PathBuf,
    /// What was done.
    pub outcome: Outcome,
}

/// What was done for one atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was written.
    New,
    /// It was there, and is what it should be.
    Present,
    /// It is in the work tree.
    Local,
}

/// Why nothing is fetched.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum FetchError {
    /// The lock does not answer the manifest.
    #[error("`{}` is out of date{}", path.display(), lines(changes))]
    #[diagnostic(code(eka::fetch::out_of_date), help("{}", how_to_lock(path)))]
    OutOfDate {
        /// The lock.
        path: PathBuf,
        /// What differs.
        changes: Vec<Change>,
    },
    /// The lock holds no such atom.
    #[error("the lock holds no atom `{id}`")]
    #[diagnostic(code(eka::fetch::not_locked), help("it holds: {}", names(known)))]
    NotLocked {
        /// What was asked for.
        id: Id,
        /// What the lock holds.
        known: Vec<Id>,
    },
    /// The content cannot be put in its place.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Shelf(#[from] ShelfError),
}

/// Brings the contents of the locked atoms, each to a folder of its store path's name.
///
/// What is there already is hashed and kept, and what the store has is taken from there. Else the
/// objects come from the set's origin, or from a mirror where it fails; they are guarded and checked against the lock before anything is
/// written, and a folder is complete or not there. All of it is put into the store too.
///
/// # Errors
///
/// [`FetchError::OutOfDate`], [`FetchError::NotLocked`], [`FetchError::Shelf`]; [`Error::Lie`] for
/// a claim that does not hold; what keeps remotes from answering.
pub fn fetch(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let folder = project::find_atom(&ctx.dir)?;
    let opened = Opened::open(ctx, &folder, Access::Read)?;
    current(&opened, &mut scene, request.locking)?;
    let lock = opened.lock.clone().unwrap_or_default();
    patches::tell_unused(ctx, std::iter::once((&opened.manifest, &lock)));
    let (chosen, chosen_pins) = chosen(&lock, request)?;
    let shelf = match &request.into {
        Some(dir) => Shelf::open(ctx.dir.join(dir), Owner::User),
        None => Shelf::open(ctx.cache_dir()?.join("src"), Owner::Cache),
    };
    let shelf = shelf.map_err(FetchError::from)?;
    let published: Vec<Wanted<'_>> = chosen
        .iter()
        .filter_map(|it| Wanted::of(&lock, it))
        .collect();
    let there = on_all_cores(ctx, &published, |it| {
        Ok(shelf.look(it.nar).map_err(FetchError::from)?)
    })?;
    let stored = Stored::open(ctx)?;
    let missing = published.iter().zip(&there);
    let missing = missing.filter(|(_, place)| **place == Place::Free);
    bring_missing(ctx, (&shelf, &stored), missing.map(|(it, _)| *it))?;
    let work_tree = here::repository(&ctx.dir)?
        .and_then(|it| it.work_dir().map(PathBuf::from))
        .unwrap_or_else(|| folder.clone());
    let mut report = Report {
        atoms: Vec::new(),
        pins: pins::put(ctx, &shelf, &stored, &chosen_pins)?,
    };
    let sources = published.iter().map(|it| Source::Tree(it.nar));
    let sources = sources.chain(chosen_pins.iter().map(|it| pins::source(it)));
    let sources: Vec<_> = sources.map(|it| on_shelf(&shelf, it)).collect();
    stored.keep(&sources)?;
    let mut there = there.into_iter();
    for atom in chosen {
        let place = match Wanted::of(&lock, atom) {
            None => (None, folder_of(&atom.place, &work_tree), Outcome::Local),
            Some(Wanted { nar, .. }) => {
                let outcome = match there.next() {
                    Some(Place::Taken) => Outcome::Present,
                    _ => Outcome::New,
                };
                (Some(nar), shelf.path(nar), outcome)
            }
        };
        let (nar, path, outcome) = place;
        report.atoms.push(Fetched {
            id: atom.id.clone(),
            version: atom.version.clone(),
            nar,
            path,
            outcome,
        });
    }
    Ok(report)
}

/// Where the content of an atom lies that is not published.
fn folder_of(place: &lock::Place, work_tree: &Path) -> PathBuf {
    match place {
        lock::Place::Local { path } => work_tree.join(path.as_str()),
        lock::Place::Patched(it) => PathBuf::from(it.from.to_string()),
        lock::Place::Published { .. } => unreachable!("a lock declares the sets that it names"),
    }
}

/// Refuses a lock that does not answer its manifest.
fn current(opened: &Opened, scene: &mut Scene<'_>, locking: Locking) -> Result<(), Error> {
    let changes = opened.changes(scene)?;
    match locking {
        Locking::Locked { by } => Ok(must_be_current(scene.ctx, opened, by, changes)?),
        Locking::Free if changes.is_empty() => Ok(()),
        Locking::Free => {
            let path = opened.lock_path();
            Err(FetchError::OutOfDate { path, changes }.into())
        }
    }
}

/// The atoms and the pins that are meant, in the order of the lock.
fn chosen<'a>(
    lock: &'a Lock,
    request: &Request,
) -> Result<(Vec<&'a LockedAtom>, Vec<&'a LockedPin>), Error> {
    let all = request.ids.is_empty() && request.pins.is_empty();
    let an_atom = |id: &Id| lock.atoms.iter().any(|it| it.id == *id);
    let a_pin = |id: &Id| lock.pins.iter().any(|it| it.name.as_str() == id.as_str());
    if let Some(id) = request.ids.iter().find(|it| !an_atom(it) && !a_pin(it)) {
        let mut known: Vec<Id> = lock.atoms.iter().map(|it| it.id.clone()).collect();
        known.dedup();
        let id = id.clone();
        return Err(FetchError::NotLocked { id, known }.into());
    }
    let mut pins = pins::chosen(lock, &request.pins)?;
    let by_id = |it: &&LockedPin| {
        let named = |id: &&Id| id.as_str() == it.name.as_str() && !an_atom(id);
        all || request.ids.iter().any(|id| named(&id))
    };
    pins.extend(lock.pins.iter().filter(by_id));
    pins.sort_by_key(|it| &it.name);
    pins.dedup();
    let atoms = lock.atoms.iter();
    let atoms = atoms.filter(|it| all || request.ids.contains(&it.id));
    Ok((atoms.collect(), pins))
}

/// Puts contents on the shelf: from the store where it has them, else from remotes.
fn bring_missing<'w>(
    ctx: &Context<'_>,
    (shelf, stored): (&Shelf, &Stored<'_>),
    missing: impl Iterator<Item = Wanted<'w>>,
) -> Result<(), Error> {
    let mut to_bring = Vec::new();
    for it in missing {
        if !stored.restore(shelf, &Source::Tree(it.nar))? {
            to_bring.push(it);
        }
    }
    if to_bring.is_empty() {
        return Ok(());
    }
    bring_and_put(ctx, shelf, &to_bring)
}

fn bring_and_put(ctx: &Context<'_>, shelf: &Shelf, missing: &[Wanted<'_>]) -> Result<(), Error> {
    let remotes = Remotes::open(ctx)?;
    let trees = checked(ctx, &remotes, missing, Look::IfMissing)?;
    let task = ctx.task("writing the contents", Some(missing.len() as u64));
    let pairs: Vec<_> = missing.iter().zip(trees).collect();
    let cache = remotes.cache();
    on_all_cores(ctx, &pairs, |(it, tree)| {
        let objects: Objects = cache.objects();
        shelf
            .put(&objects, *tree, it.nar)
            .map_err(FetchError::from)?;
        task.advance(1);
        Ok(())
    })?;
    Ok(())
}

/// Brings contents into the cache, and passes them where all claims of the lock and of the commits
/// hold. Objects that the cache held damaged are thrown out and brought again.
pub(crate) fn checked(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    wanted: &[Wanted<'_>],
    look: Look,
) -> Result<Vec<GuardedTree>, Error> {
    let progress = |it: atom_git::crawl::Progress<'_>| tell(ctx, &it);
    let mut bringer = Bringer::new(ctx, remotes, &progress);
    let examiner = Examiner::new(ctx, remotes.cache());
    let task = ctx.task("checking the contents", Some(wanted.len() as u64));
    let shown = bringer.bring(wanted, Need::Content, look)?;
    let mut trees = Vec::new();
    for (it, shown) in wanted.iter().zip(shown) {
        ctx.check_interrupt()?;
        let mut subject = shown.subject(*it);
        let mut seen = examiner.examine(&subject);
        if !seen.holds() && !examiner.rehash(&subject)? {
            remotes.cache().forget(&[it.rev, it.spec])?;
            let again = bringer.bring(&[*it], Need::Content, look)?;
            for shown in again {
                subject = shown.subject(*it);
            }
            seen = examiner.examine(&subject);
        }
        match (seen.tree, seen.holds()) {
            (Some(tree), true) => trees.push(tree),
            _ => return Err(seen.lie().expect("a claim does not hold").into()),
        }
        if shown_nowhere(&shown) {
            let (atom, locked) = (it.name(), it.rev);
            ctx.warn(Gone { atom, locked });
        }
        task.advance(1);
    }
    Ok(trees)
}

/// A version that is gone, while its objects could be had.
#[derive(Debug, Error, Diagnostic)]
#[error("no remote shows `{atom}` any more; its commit {locked} is there still")]
#[diagnostic(
    severity(warning),
    code(eka::fetch::gone),
    help("a published version is not taken away: ask the set's owner what happened")
)]
struct Gone {
    atom: String,
    locked: ObjectId,
}

const fn shown_nowhere(shown: &Shown) -> bool {
    shown.at.is_none() && !shown.absent_at.is_empty()
}

/// Runs `work` on each item, on all cores; the first error in the order of the items counts.
fn on_all_cores<T: Sync, R: Send>(
    ctx: &Context<'_>,
    items: &[T],
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..n_threads().min(items.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = ctx
                        .check_interrupt()
                        .map_err(Error::from)
                        .and_then(|()| work(item));
                    let failed = result.is_err();
                    done.lock()
                        .unwrap_or_else(|it| it.into_inner())
                        .push((at, result));
                    if failed {
                        break;
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|it| it.into_inner());
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

pub(crate) fn n_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl FetchError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::OutOfDate { .. } => Exit::OutOfDate,
            Self::Shelf(ShelfError::Changed { .. }) => Exit::Integrity,
            Self::NotLocked { .. } | Self::Shelf(_) => Exit::No,
        }
    }
}

fn lines(changes: &[Change]) -> String {
    changes.iter().map(|it| format!("\n    {it}")).collect()
}

fn names(ids: &[Id]) -> String {
    if ids.is_empty() {
        return "nothing".to_owned();
    }
    let ids: Vec<String> = ids.iter().map(|it| format!("`{it}`")).collect();
    ids.join(", ")
}
