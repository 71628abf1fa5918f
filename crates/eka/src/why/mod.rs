//! `eka why`: who asks for a locked atom, and why it is not a newer one.

mod trial;

pub(crate) use trial::told;

use std::path::PathBuf;

use atom::lock::{Graph, Lock, Place};
use atom::{AtomId, Id, Requirement, Version};

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Access;
use crate::lock::{Opened, Scene};
use crate::look::{self, Ask, Asker, Asks, Offers, Selector};
use crate::outdated::Range;
use crate::project;
use crate::resolve::{Inquiry, Moving, Options, ResolveError, Unsolvable};
use crate::update::{exactly, full_name};

/// What to explain.
#[derive(Debug, Clone)]
pub struct Request {
    /// The atom: an id, with or without a requirement, `<set>.<id>`, `<id>#<first 8 of digest>`, or
    /// a URI.
    pub atom: String,
}

/// Why a lock holds what it holds.
#[derive(Debug)]
pub struct Report {
    /// The atom that the lock belongs to.
    pub id: Id,
    /// The lock's file.
    pub path: PathBuf,
    /// One entry for each locked version that is meant.
    pub atoms: Vec<Why>,
}

/// Why one version is locked.
#[derive(Debug)]
pub struct Why {
    /// The atom.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// Where it comes from, in a few words.
    pub origin: String,
    /// Who asks for it; never none in a lock that answers its manifest.
    pub asked: Vec<Asked>,
    /// Why it is not a newer one.
    pub newer: Newer,
}

/// Somebody who asks for an atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who, and for which versions.
    pub ask: Ask,
    /// How the manifest leads to who asks: ids and versions, who asks last. Of several ways the
    /// shortest; empty where it is the manifest itself.
    pub path: Vec<(Id, Version)>,
}

/// Why a version is not a newer one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Newer {
    /// It is whatever the work tree holds.
    Local,
    /// It is whatever a patch puts in its place.
    Patched,
    /// What there is could not be asked for.
    Unknown,
    /// There is no newer one.
    None,
    /// There is a newer one, and nothing is in its way.
    Free {
        /// The newest.
        newest: Version,
        /// The command that moves there.
        command: String,
    },
    /// There is a newer one that cannot be had.
    Held {
        /// The newest.
        newest: Version,
        /// The newest that can be had, and the command that moves there.
        instead: Option<(Version, String)>,
        /// Why the newest cannot be had.
        why: Box<Hold>,
    },
}

/// What keeps a version from being had.
#[derive(Debug)]
pub enum Hold {
    /// There is no answer with it.
    Unsolvable(Refusal),
    /// It could be had beside an older version, which these ask for all the same.
    Beside(Vec<Ask>),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The heart of it, then a tree.
    pub lines: Vec<String>,
    /// What would help, one line each.
    pub help: Vec<String>,
}

/// Explains why a lock holds an atom, in the versions that it does.
///
/// That a newer version cannot be had is found by resolving again with it; nothing is written.
///
/// # Errors
///
/// [`look::LookError::NotLocked`]; what makes manifest and lock unreadable, and what a resolution
/// may fail with.
pub fn why(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let selector = Selector::parse(&request.atom, &ctx.aliases)?;
    let mut scene = Scene::new(ctx)?;
    let folder = project::find_atom(&ctx.dir)?;
    let opened = Opened::open(ctx, &folder, Access::Read)?;
    look::warn_if_stale(ctx, &mut scene, &opened)?;
    let path = opened.lock_path();
    let lock = opened.lock.clone().unwrap_or_default();
    let graph = Graph::of(&lock);
    let found = selector.find(&graph);
    if found.is_empty() {
        let known = lock.atoms.iter().map(|it| it.id.clone()).collect();
        return Err(selector.not_locked(known).into());
    }
    let offers = offers(&mut scene, &lock, &found)?;
    let asks = Asks::read(&mut scene, &graph, found.iter().copied())?;
    let through = graph.nearest();
    let mut atoms = Vec::new();
    for at in found {
        let atom = &lock.atoms[at];
        let asked = asks.of(at).into_iter();
        let asked: Vec<Asked> = asked.map(|it| Asked::of(it, &graph, &through)).collect();
        let range = Range::of(&lock, at, &offers);
        let newer = match (&atom.place, &range) {
            (Place::Local { .. }, _) => Newer::Local,
            (Place::Patched(_), _) => Newer::Patched,
            (_, None) => Newer::Unknown,
            (_, Some(range)) if !range.is_behind() => Newer::None,
            (Place::Published { root, .. }, Some(range)) => {
                let case = Case {
                    atom: AtomId::new(*root, atom.id.clone()),
                    name: unambiguous(&lock, at),
                    locked: &atom.version,
                    newest: range.newest(),
                    lock: &lock,
                    asked: &asked,
                };
                case.tried(&mut scene, &opened)?
            }
        };
        atoms.push(Why {
            id: atom.id.clone(),
            version: atom.version.clone(),
            origin: look::origin(&lock, &atom.place),
            asked,
            newer,
        });
    }
    Ok(Report {
        id: opened.manifest.id,
        path,
        atoms,
    })
}

/// What the origins of these atoms have; nothing where they do not answer: who asks is told all
/// the same.
fn offers(scene: &mut Scene<'_>, lock: &Lock, atoms: &[usize]) -> Result<Offers, Error> {
    match Offers::list(scene, lock, atoms) {
        Err(error) if error.exit() == Exit::Network => {
            scene.ctx.warn(error);
            Ok(Offers::default())
        }
        offers => offers,
    }
}

/// A locked version, and the newest there is.
struct Case<'a> {
    atom: AtomId,
    /// What `eka update` calls the atom.
    name: String,
    locked: &'a Version,
    newest: &'a Version,
    lock: &'a Lock,
    asked: &'a [Asked],
}

impl Case<'_> {
    /// Resolves with the newest, and as `eka update` would.
    fn tried(&self, scene: &mut Scene<'_>, opened: &Opened) -> Result<Newer, Error> {
        let tried = scene.inquire(vec![opened.top()], |inquiry| {
            let forced = self.answered(inquiry, vec![(self.atom.clone(), exactly(self.newest))])?;
            let moved = match &forced {
                Ok(it) if self.is_free(it) => None,
                _ => self.answered(inquiry, Vec::new())?.ok(),
            };
            Ok((forced, moved))
        });
        let (forced, moved) = match tried {
            Err(error) if error.exit() == Exit::Network => {
                scene.ctx.warn(error);
                return Ok(Newer::Unknown);
            }
            tried => tried?,
        };
        let newest = self.newest.clone();
        let why = match forced {
            Ok(it) if self.is_free(&it) => {
                let command = format!("eka update {}", self.name);
                return Ok(Newer::Free { newest, command });
            }
            Ok(_) => Hold::Beside(self.in_the_way()),
            Err(unsolvable) => Hold::Unsolvable(Refusal {
                lines: unsolvable.to_string().lines().map(str::to_owned).collect(),
                help: unsolvable.help,
            }),
        };
        let before = self.versions(self.lock);
        // Of several versions one moves where those who ask for it go along.
        let takes_its_place = |it: &Version| {
            let allowed = self.asked.iter().all(|asked| asked.ask.allows(it));
            it > self.locked && !before.contains(it) && (before.len() == 1 || allowed)
        };
        let instead = moved.unwrap_or_default().into_iter();
        let instead = instead.filter(takes_its_place).max();
        let command = |it: &Version| match it == self.newest {
            true => format!("eka update {} --to {it}", self.name),
            false => format!("eka update {}", self.name),
        };
        Ok(Newer::Held {
            newest,
            instead: instead.map(|it| (it.clone(), command(&it))),
            why: Box::new(why),
        })
    }

    /// Whether the newest takes the place of the locked version, and brings no further one along.
    fn is_free(&self, after: &[Version]) -> bool {
        let before = self.versions(self.lock).len();
        !after.contains(self.locked) && after.contains(self.newest) && after.len() <= before
    }

    /// The versions of the atom in an answer in which it may move, or why there is none.
    fn answered(
        &self,
        inquiry: &mut Inquiry<'_>,
        forced: Vec<(AtomId, Requirement)>,
    ) -> Result<Result<Vec<Version>, Unsolvable>, ResolveError> {
        let options = Options {
            moving: Moving::Only([self.atom.clone()].into()),
            forced,
            command: format!("eka update {}", self.name),
            ..Options::default()
        };
        match inquiry.answer(&options) {
            Ok(answered) => Ok(Ok(answered
                .locks
                .iter()
                .flat_map(|it| self.versions(it))
                .collect())),
            Err(ResolveError::Unsolvable(unsolvable)) => Ok(Err(unsolvable)),
            Err(error) => Err(error),
        }
    }

    /// The versions of the atom that a lock holds.
    fn versions(&self, lock: &Lock) -> Vec<Version> {
        let is_it = |place: &Place| matches!(place, Place::Published { root, .. } if *root == self.atom.root);
        let atoms = lock
            .atoms
            .iter()
            .filter(|it| it.id == self.atom.id && is_it(&it.place));
        atoms.map(|it| it.version.clone()).collect()
    }

    /// Who does not allow the newest.
    fn in_the_way(&self) -> Vec<Ask> {
        let asks = self.asked.iter().map(|it| &it.ask);
        asks.filter(|it| !it.allows(self.newest)).cloned().collect()
    }
}

/// What `eka update` takes for an atom: its id, and what it is of where others share that.
fn unambiguous(lock: &Lock, at: usize) -> String {
    let atom = &lock.atoms[at];
    let stranger = |it: &atom::lock::LockedAtom| it.id == atom.id && it.set() != atom.set();
    if !lock.atoms.iter().any(stranger) {
        return atom.id.to_string();
    }
    let Place::Published { root, digest, .. } = &atom.place else {
        return atom.id.to_string();
    };
    let names = lock.set(root).map_or(&[][..], |it| &it.names);
    full_name(atom, digest, names)
}

impl Asked {
    fn of(ask: Ask, graph: &Graph<'_>, through: &[Option<usize>]) -> Self {
        let mut path = Vec::new();
        let mut next = match &ask.by {
            Asker::Atom { at, .. } => Some(*at),
            Asker::Manifest => None,
        };
        while let Some(at) = next {
            let atom = &graph.atoms()[at];
            path.push((atom.id.clone(), atom.version.clone()));
            next = through[at].filter(|it| *it != at);
        }
        path.reverse();
        Self { ask, path }
    }
}
