//! Where a resolution takes place: the repository, its atoms, the remotes; each opened once, and
//! only where it is needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atom::lock::diff::{self, Change};
use atom::lock::{Lock, LockedPin, PatchedFrom, Place};
use atom::manifest::{Manifest, SetPlace};
use atom::source::Sourced;
use atom::{Id, Requirement};
use atom_git::crawl::Progress;
use atom_git::repo::Repo;

use super::{LockError, Opened, told};
use crate::context::Context;
use crate::error::Error;
use crate::event::Event;
use crate::files::{FilesError, MANIFEST};
use crate::here;
use crate::local;
use crate::patches;
use crate::pins::Pins;
use crate::remotes::Remotes;
use crate::resolve::{Bounds, Inquiry, LocalAtom, Options, Question, Remote, ResolveError, Top};

/// The surroundings of a resolution.
pub(crate) struct Scene<'a> {
    pub(crate) ctx: &'a Context<'a>,
    repo: Option<Repo>,
    locals: Option<BTreeMap<Id, LocalAtom>>,
    remotes: Option<Remotes<'a>>,
}

impl<'a> Scene<'a> {
    /// Finds the repository, if there is one.
    pub(crate) fn new(ctx: &'a Context<'a>) -> Result<Self, Error> {
        Ok(Self {
            ctx,
            repo: here::repository(&ctx.dir)?,
            locals: None,
            remotes: None,
        })
    }

    /// The folders of all atoms of the work tree that depend on something, pin something, or have a lock.
    pub(crate) fn folders(&mut self) -> Result<Vec<PathBuf>, Error> {
        let Some(top) = self
            .repo
            .as_ref()
            .and_then(Repo::work_dir)
            .map(PathBuf::from)
        else {
            return Err(LockError::NoWorkTree.into());
        };
        let mut folders: Vec<PathBuf> = self
            .locals()?
            .values()
            .map(|it| (top.join(it.path.as_str()), it))
            .filter(|(folder, it)| {
                !it.manifest.deps.is_empty()
                    || !it.manifest.pins.is_empty()
                    || folder.join(crate::files::LOCK).exists()
            })
            .map(|(folder, _)| folder)
            .collect();
        folders.sort();
        Ok(folders)
    }

    /// The atoms of the work tree.
    pub(crate) fn locals(&mut self) -> Result<&BTreeMap<Id, LocalAtom>, Error> {
        if self.locals.is_none() {
            let found = match &self.repo {
                Some(repo) => local::atoms(self.ctx, repo)?,
                None => BTreeMap::new(),
            };
            self.locals = Some(found);
        }
        Ok(self.locals.get_or_insert_default())
    }

    /// The cache, and how to talk to remotes.
    pub(crate) fn remotes(&mut self) -> Result<&Remotes<'a>, Error> {
        if self.remotes.is_none() {
            self.remotes = Some(Remotes::open(self.ctx)?);
        }
        Ok(self.remotes.as_ref().expect("it was opened above"))
    }

    /// What the atoms of the work tree say that the lock does not.
    pub(crate) fn local_changes(&mut self, lock: &Lock) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for atom in &lock.atoms {
            let path = match &atom.place {
                Place::Local { path } => path,
                Place::Patched(patched) => {
                    if let PatchedFrom::Folder { path } = &patched.from {
                        let manifest = patches::manifest(self.ctx, Path::new(path))?;
                        changes.extend(diff::of_local(&manifest, atom, lock));
                    }
                    continue;
                }
                Place::Published { .. } => continue,
            };
            match self.locals()?.get(&atom.id) {
                Some(local) if local.path == *path => {
                    changes.extend(diff::of_local(&local.manifest, atom, lock));
                }
                _ => changes.push(Change::Unmet {
                    id: atom.id.clone(),
                    req: format!("={}", atom.version)
                        .parse()
                        .unwrap_or_else(|_| Requirement::any()),
                }),
            }
        }
        Ok(changes)
    }

    /// Reads an edited manifest, whose faults point into the edited text.
    pub(crate) fn edited(&self, opened: &Opened, text: &str) -> Result<Manifest, Error> {
        Manifest::parse_own(text).map_err(|error| {
            let text = opened.folder.source(MANIFEST, text);
            FilesError::Manifest(Box::new(Sourced { error, text })).into()
        })
    }

    /// Resolves, tells what is odd about the answer, and returns a lock for each top.
    pub(crate) fn resolve(
        &mut self,
        tops: Vec<Top>,
        options: &Options,
    ) -> Result<Vec<Lock>, Error> {
        let pinned: Vec<(Manifest, Vec<LockedPin>)> = tops
            .iter()
            .map(|it| {
                let old = it.lock.as_ref().map_or(&[][..], |it| &it.pins);
                (it.manifest.clone(), old.to_vec())
            })
            .collect();
        let mut answered = self.inquire(tops, |it| it.answer(options))?;
        told::answered(self.ctx, &answered);
        let manifests = pinned.iter().map(|it| &it.0);
        patches::tell_unused(self.ctx, manifests.zip(&answered.locks));
        let mut pins = Pins::new(self.ctx, self.remotes()?);
        for (lock, (manifest, old)) in answered.locks.iter_mut().zip(&pinned) {
            lock.pins = pins.settle(manifest, old, &options.pins)?;
        }
        Ok(answered.locks)
    }

    /// Asks a question about these tops, or several: what was brought for one answer serves the
    /// next. Nothing is written.
    pub(crate) fn inquire<T>(
        &mut self,
        tops: Vec<Top>,
        ask: impl FnOnce(&mut Inquiry<'_>) -> Result<T, ResolveError>,
    ) -> Result<T, Error> {
        let question = self.question(tops)?;
        let remotes = self.remotes.as_ref().expect("the question opened them");
        let task = self.ctx.task("resolving", None);
        let progress = |it: Progress<'_>| {
            if let Some(text) = detail(&it) {
                self.ctx.events.emit(Event::Detail(text));
            }
            task.advance(1);
        };
        let tops = &question.tops;
        let locks = tops.iter().filter_map(|it| it.lock.as_ref());
        let mut remote = Remote::new(self.ctx, remotes, &progress, locks);
        let interrupted = || self.ctx.check_interrupt().is_err();
        let opened = Inquiry::open(&question, &mut remote, &interrupted);
        let answer = opened.and_then(|mut it| ask(&mut it));
        answer.map_err(|error| {
            let top = question.tops.get(error.top());
            let bound = top.map(|it| (it.name.clone(), it.text.clone()));
            let (name, text) = bound.unwrap_or_default();
            Error::Resolve(Box::new(Sourced::new(error, name, text)))
        })
    }

    fn question(&mut self, tops: Vec<Top>) -> Result<Question, Error> {
        let elsewhere = |it: &Top| {
            let used = it
                .manifest
                .deps
                .iter()
                .filter_map(|dep| it.manifest.set_of(dep));
            used.into_iter().any(|set| set.place != SetPlace::Here)
        };
        let foreign = tops.iter().any(elsewhere) || !self.locals()?.is_empty();
        self.remotes()?;
        let locals = self.locals()?.clone();
        let remotes = self.remotes.as_ref().expect("it was opened above");
        let own_root = match &self.repo {
            Some(repo) if foreign => here::own_root(remotes, self.ctx, repo),
            _ => None,
        };
        let count = |section, name| self.ctx.config.count(section, name);
        let sets = count("limits", "sets").unwrap_or(u64::MAX);
        Ok(Question {
            tops,
            locals,
            own_root,
            patches: patches::settled(self.ctx)?,
            bounds: Bounds {
                solving: Duration::from_secs(count("resolve", "timeout").unwrap_or(u64::MAX)),
                sets: usize::try_from(sets).unwrap_or(usize::MAX),
            },
        })
    }
}

fn detail(progress: &Progress<'_>) -> Option<String> {
    match progress {
        Progress::Listing { remote } => Some(format!("listing `{remote}`")),
        Progress::Fetching { remote, wants } => {
            Some(format!("fetching {wants} specs from `{remote}`"))
        }
        _ => None,
    }
}
