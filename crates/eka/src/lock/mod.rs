//! `eka lock`: makes the lock answer the manifest; with `--locked`, says whether it does.

mod error;
mod scene;
mod told;
mod check;
mod merge;
mod patching;

pub use check::{CheckError, check};
pub use error::LockError;
pub(crate) use error::how_to_lock;
pub use merge::{MergeError, Three, merge_files};
use patching::{Patching, Unread};
pub(crate) use scene::Scene;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use atom::lock::diff::{self, Change};
use atom::lock::duplicates;
pub use atom::lock::duplicates::{Duplicate, Wanted, Wanter};
use atom::lock::moves::{self, Move};
use atom::lock::{Lock, Remains};
use atom::manifest::{Dep, Manifest};

use crate::context::Context;
use crate::error::Error;
use crate::files::{Access, FilesError, Folder, LOCK, MANIFEST, Texts};
use crate::patches;
use crate::project;
pub use crate::resolve::Yanked;
use crate::resolve::{Held, Options, Top, quoted};
pub use resolver::Order;

/// What to lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Which atoms.
    pub scope: Scope,
    /// Whether locks may change.
    pub locking: Locking,
    /// Which versions are taken.
    pub choosing: Choosing,
}

/// Which of several answers a resolution takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choosing {
    /// Which versions come first, where the lock holds none that fits.
    pub order: Order,
    /// Whether yanked versions may be taken that no lock holds.
    pub yanked: Yanked,
}

/// Which atoms are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The one around the current folder.
    Here,
    /// All of the repository, in one solve.
    All,
}

/// Whether locks may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// Yes.
    Free,
    /// No.
    Locked {
        /// The flag or the variable that says so, such as `--locked`.
        by: &'static str,
    },
}

/// What became of each lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One entry an atom, by folder.
    pub locks: Vec<Locked>,
}

/// What became of one lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The lock's file.
    pub path: PathBuf,
    /// How many atoms it holds.
    pub n_atoms: usize,
    /// How many pins it holds.
    pub n_pins: usize,
    /// Whether it was written.
    pub outcome: Outcome,
    /// The atoms of which it holds several versions.
    pub duplicates: Vec<Duplicate>,
}

/// Whether a lock was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It answers the manifest as it is.
    Current,
    /// It was written, or removed where nothing is to be locked any more.
    Written {
        /// What is other than before.
        moves: Vec<Move>,
    },
}

/// An atom's folder, its texts, and what they say.
pub(crate) struct Opened {
    pub(crate) folder: Folder,
    pub(crate) texts: Texts,
    pub(crate) manifest: Manifest,
    pub(crate) lock: Option<Lock>,
    /// What is left of a lock that is not valid; then `lock` is its upper side.
    remains: Option<Remains>,
    /// Where the lock lies while patches are active; then `lock` is that one, if there is one yet.
    patching: Option<Patching>,
}

impl Opened {
    /// Opens an atom's folder and reads both files.
    pub(crate) fn open(ctx: &Context<'_>, folder: &Path, access: Access) -> Result<Self, Error> {
        let folder = Folder::open(folder, access, ctx.patience())?;
        let texts = folder.load()?;
        let manifest = folder.manifest(&texts)?;
        let lock = folder.lock(&texts)?;
        let (lock, patching) = Patching::of(ctx, &folder, &texts, lock, Unread::Refused)?;
        Ok(Self {
            folder,
            texts,
            manifest,
            lock,
            remains: None,
            patching,
        })
    }

    /// The same, to write the lock anew: one that is not valid is read as far as it can be.
    fn open_to_lock(ctx: &Context<'_>, folder: &Path) -> Result<Self, Error> {
        let folder = Folder::open(folder, Access::Write, ctx.patience())?;
        let texts = folder.load()?;
        let manifest = folder.manifest(&texts)?;
        let (lock, remains) = match folder.lock(&texts) {
            Ok(lock) => (lock, None),
            Err(FilesError::Lock(faults)) => {
                let path = folder.path().join(LOCK);
                let text = texts.lock.as_deref().unwrap_or_default();
                let found = merge::remains(ctx, &path, text, *faults);
                let found = found.map_err(|it| FilesError::Lock(Box::new(it)))?;
                (Some(found.ours.clone()), Some(found))
            }
            Err(error) => return Err(error.into()),
        };
        let (lock, patching) = Patching::of(ctx, &folder, &texts, lock, Unread::Ignored)?;
        Ok(Self {
            folder,
            texts,
            manifest,
            lock,
            remains,
            patching,
        })
    }

    /// The lock's path.
    pub(crate) fn lock_path(&self) -> PathBuf {
        match &self.patching {
            Some(patching) => patching.path(),
            None => self.folder.path().join(LOCK),
        }
    }

    /// What keeps the lock from answering the manifest, without asking anybody.
    pub(crate) fn changes(&self, scene: &mut Scene<'_>) -> Result<Vec<Change>, Error> {
        let empty = Lock::default();
        let lock = self.lock.as_ref().unwrap_or(&empty);
        self.changes_of(scene, &self.manifest, lock)
    }

    /// The same of another manifest and another lock, which are on the way to their files.
    pub(crate) fn changes_of(
        &self,
        scene: &mut Scene<'_>,
        manifest: &Manifest,
        lock: &Lock,
    ) -> Result<Vec<Change>, Error> {
        let mut changes = diff::of_manifest(manifest, lock);
        changes.extend(scene.local_changes(lock)?);
        if let Some(patching) = &self.patching {
            changes.extend(patching.changes(scene.ctx, lock));
        }
        Ok(changes)
    }

    pub(crate) fn top(&self) -> Top {
        let path = self.folder.path().join(MANIFEST);
        Top {
            name: path.to_string_lossy().into_owned(),
            text: self.texts.manifest.clone(),
            manifest: self.manifest.clone(),
            lock: match &self.remains {
                Some(remains) => Some(remains.preferences(&self.manifest)),
                None => match &self.patching {
                    Some(patching) => patching.preferences(self.lock.as_ref()),
                    None => self.lock.clone(),
                },
            },
            held: match &self.remains {
                Some(_) => Held::Sides,
                None => Held::Answer,
            },
            unsaved: BTreeSet::new(),
            at: String::new(),
        }
    }

    /// The same, with another text in place of the file's.
    pub(crate) fn edited(&self, text: String, manifest: Manifest) -> Top {
        let saved = |it: &Dep| {
            self.manifest
                .deps
                .iter()
                .any(|dep| (&dep.set, &dep.id) == (&it.set, &it.id))
        };
        let deps = manifest.deps.iter().enumerate();
        let unsaved = deps.filter(|(_, it)| !saved(it)).map(|(at, _)| at);
        Top {
            unsaved: unsaved.collect(),
            text,
            manifest,
            ..self.top()
        }
    }

    /// What writing a lock would come to.
    pub(crate) fn planned(&self, lock: &Lock) -> Outcome {
        let text = match &self.patching {
            Some(patching) => patching.text(),
            None => self.texts.lock.as_deref(),
        };
        if lock_text(lock).as_deref() == text {
            return Outcome::Current;
        }
        self.written(lock)
    }

    /// Writes a lock, with the manifest as it was or with another text of it: both or neither.
    pub(crate) fn replace(&self, manifest: Option<String>, lock: &Lock) -> Result<Outcome, Error> {
        let text = lock_text(lock);
        let same = match &self.patching {
            Some(patching) => patching.save(text.as_deref(), self.texts.lock.as_deref())?,
            None => text == self.texts.lock,
        };
        let new = Texts {
            manifest: manifest.unwrap_or_else(|| self.texts.manifest.clone()),
            lock: match &self.patching {
                Some(_) => self.texts.lock.clone(),
                None => text,
            },
        };
        if same && new == self.texts {
            return Ok(Outcome::Current);
        }
        self.folder.replace(&self.texts, &new)?;
        Ok(self.written(lock))
    }

    fn written(&self, lock: &Lock) -> Outcome {
        let before = self.lock.clone().unwrap_or_default();
        Outcome::Written {
            moves: moves::between(&before, lock),
        }
    }
}

/// What stands in a lock's file; none where there is nothing to lock.
fn lock_text(lock: &Lock) -> Option<String> {
    let empty = lock.requires.is_empty() && lock.pins.is_empty();
    (!empty).then(|| lock.print())
}

/// Locks one atom, or all of the repository.
///
/// A lock that answers its manifest stays as it is, and no remote is asked.
///
/// # Errors
///
/// [`LockError::OutOfDate`] where a lock would have to change and may not; what a resolution and
/// the files may fail with. Nothing is written then.
pub fn lock(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let folders = folders(&mut scene, request.scope)?;
    let mut opened = Vec::new();
    for folder in &folders {
        opened.push(match request.locking {
            Locking::Free => Opened::open_to_lock(ctx, folder)?,
            Locking::Locked { .. } => Opened::open(ctx, folder, Access::Read)?,
        });
    }
    let mut stale = false;
    for it in &opened {
        let changes = it.changes(&mut scene)?;
        stale |= !changes.is_empty() || it.remains.is_some();
        if let Locking::Locked { by } = request.locking {
            must_be_current(ctx, it, by, changes)?;
        }
    }
    let locks = if stale {
        solve(&mut scene, &opened, request.choosing)?
    } else {
        opened
            .iter()
            .map(|it| it.lock.clone().unwrap_or_default())
            .collect()
    };
    if !stale {
        let manifests = opened.iter().map(|it| &it.manifest);
        patches::tell_unused(ctx, manifests.zip(&locks));
    }
    let mut report = Report { locks: Vec::new() };
    for (it, lock) in opened.iter().zip(&locks) {
        let outcome = match request.locking {
            Locking::Free => it.replace(None, lock)?,
            Locking::Locked { .. } => Outcome::Current,
        };
        report.locks.push(Locked::of(it, lock, outcome));
    }
    Ok(report)
}

/// The folders of the atoms in question.
pub(crate) fn folders(scene: &mut Scene<'_>, scope: Scope) -> Result<Vec<PathBuf>, Error> {
    match scope {
        Scope::Here => Ok(vec![project::find_atom(&scene.ctx.dir)?]),
        Scope::All => scene.folders(),
    }
}

/// Refuses where a lock would have to change and may not.
pub(crate) fn must_be_current(
    ctx: &Context<'_>,
    opened: &Opened,
    by: &'static str,
    changes: Vec<Change>,
) -> Result<(), LockError> {
    ctx.patches.refuse(error::given(by))?;
    if changes.is_empty() {
        return Ok(());
    }
    Err(LockError::OutOfDate {
        path: opened.lock_path(),
        by,
        changes,
    })
}

/// Solves for all of them at once.
fn solve(scene: &mut Scene<'_>, opened: &[Opened], choosing: Choosing) -> Result<Vec<Lock>, Error> {
    let all = if opened.len() > 1 { " --all" } else { "" };
    let options = choosing.options(format!("eka lock{all}"));
    scene.resolve(tops(scene.ctx, opened), &options)
}

/// What they ask, each with the folder that a command about it is given in where there are several.
pub(crate) fn tops(ctx: &Context<'_>, opened: &[Opened]) -> Vec<Top> {
    let mut tops: Vec<Top> = opened.iter().map(Opened::top).collect();
    if let [_, _, ..] = opened {
        for (top, it) in tops.iter_mut().zip(opened) {
            let folder = it.folder.path();
            let folder = folder.strip_prefix(&ctx.dir).unwrap_or(folder);
            if !folder.as_os_str().is_empty() {
                top.at = format!(" -C {}", quoted(&folder.to_string_lossy()));
            }
        }
    }
    tops
}

/// Solves for an atom whose manifest has another text now, and writes both.
pub(crate) fn relock(
    scene: &mut Scene<'_>,
    opened: &Opened,
    text: String,
    (locking, options): (Locking, &Options),
) -> Result<Locked, Error> {
    let manifest = scene.edited(opened, &text)?;
    let top = opened.edited(text.clone(), manifest);
    if let Locking::Locked { by } = locking {
        let lock = opened.lock.clone().unwrap_or_default();
        must_be_current(
            scene.ctx,
            opened,
            by,
            diff::of_manifest(&top.manifest, &lock),
        )?;
    }
    let locks = scene.resolve(vec![top], options)?;
    let [lock] = &locks[..] else {
        unreachable!("one top has one lock");
    };
    let outcome = opened.replace(Some(text), lock)?;
    Ok(Locked::of(opened, lock, outcome))
}

impl Choosing {
    /// The same for a resolution that `command` asks for.
    pub(crate) fn options(self, command: String) -> Options {
        let flag = match self.order {
            Order::Newest => "",
            Order::Minimal => " --minimal-versions",
            Order::DirectMinimal => " --direct-minimal",
        };
        Options {
            order: self.order,
            yanked: self.yanked,
            command: format!("{command}{flag}"),
            ..Options::default()
        }
    }
}

impl Locked {
    pub(crate) fn of(opened: &Opened, lock: &Lock, outcome: Outcome) -> Self {
        Self {
            path: opened.lock_path(),
            n_atoms: lock.atoms.len(),
            n_pins: lock.pins.len(),
            outcome,
            duplicates: duplicates::of(lock),
        }
    }
}
