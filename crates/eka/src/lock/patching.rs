//! An atom's lock while patches are active: the one in `.eka/patched` is read and written in the
//! place of the committed one.

use std::path::PathBuf;

use atom::lock::diff::Change;
use atom::lock::{Lock, LockedAtom};

use crate::context::Context;
use crate::error::Error;
use crate::files::{FilesError, Folder, Texts};
use crate::patches::{self, Beside};

/// Where the lock lies, and what it was made from.
#[derive(Debug)]
pub(super) struct Patching {
    beside: Beside,
    /// The text that lies there.
    text: Option<String>,
    /// Whether the committed lock is another than the one that it was made from.
    rebased: bool,
    /// The committed lock.
    committed: Option<Lock>,
}

/// What to do about a lock beside that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is an error.
    Refused,
    /// It is written anew.
    Ignored,
}

impl Patching {
    /// The lock to go by, and where it lies. Without patches that is the committed one, and what
    /// is left of earlier patches goes where the lock may be written.
    pub(super) fn of(
        ctx: &Context<'_>,
        folder: &Folder,
        texts: &Texts,
        committed: Option<Lock>,
        unread: Unread,
    ) -> Result<(Option<Lock>, Option<Self>), Error> {
        let beside = || Beside::of(ctx, folder.path());
        if !ctx.patches.is_active() {
            if unread == Unread::Ignored {
                // It is in nobody's way.
                drop(beside().forget());
            }
            return Ok((committed, None));
        }
        patches::tell(ctx)?;
        let mut patching = Self {
            beside: beside(),
            text: None,
            rebased: false,
            committed: committed.clone(),
        };
        let Some(found) = patching.beside.load()? else {
            return Ok((committed, Some(patching)));
        };
        match (patching.beside.parse(&found.text), unread) {
            (Ok(lock), _) => {
                patching.rebased = found.base != texts.lock;
                patching.text = Some(found.text);
                Ok((Some(lock), Some(patching)))
            }
            (Err(FilesError::Lock(_)), Unread::Ignored) => Ok((committed, Some(patching))),
            (Err(error), _) => Err(error.into()),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.beside.path()
    }

    /// The text that lies there.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What the patches say that the lock does not, which need not be the one that lies there.
    pub(super) fn changes(&self, ctx: &Context<'_>, lock: &Lock) -> Vec<Change> {
        let mut changes = patches::changes(ctx, lock);
        changes.extend(self.rebased.then_some(Change::Rebased));
        changes
    }

    /// What a resolution begins with: the lock that lies there, and where the committed one was
    /// changed since, first of all that.
    pub(super) fn preferences(&self, lock: Option<&Lock>) -> Option<Lock> {
        let (Some(committed), Some(lock), true) = (&self.committed, lock, self.rebased) else {
            return lock.cloned();
        };
        let mut preferred = committed.clone();
        let known = |it: &&LockedAtom| {
            let mut atoms = committed.atoms.iter();
            atoms.any(|other| (&other.id, other.set()) == (&it.id, it.set()))
        };
        let more = lock.atoms.iter().filter(|it| !known(it));
        let more = more.map(|it| LockedAtom {
            deps: Vec::new(),
            ..it.clone()
        });
        preferred.atoms.extend(more);
        let sets = lock.sets.iter();
        let sets = sets.filter(|it| committed.set(&it.root).is_none());
        preferred.sets.extend(sets.cloned());
        Some(preferred)
    }

    /// Writes the lock, or removes it where there is nothing to lock; whether that changed nothing.
    pub(super) fn save(
        &self,
        text: Option<&str>,
        committed: Option<&str>,
    ) -> Result<bool, FilesError> {
        if text == self.text() && !self.rebased {
            return Ok(true);
        }
        match text {
            Some(text) => self.beside.save(text, committed)?,
            None => self.beside.forget()?,
        }
        Ok(false)
    }
}
