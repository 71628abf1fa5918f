//! `eka update`: moves what the lock holds to newer versions, and changes nothing else than it must.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, LockedAtom, Names, SetRef};
use atom::{AtomId, Digest, Name, Requirement, Version, VersionError};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::diff;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Access;
use crate::lock::{Choosing, Locked, Locking, Opened, Scene, Scope, folders, tops};
use crate::pins::Fresh;
use crate::resolve::{Moving, Options, quoted};

/// What to move.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which locks.
    pub scope: Scope,
    /// Atoms of the lock: an id, `<set>.<id>`, or `<id>#<first 8 of digest>`; pins whose name no
    /// atom has; none for all that the lock holds.
    pub ids: Vec<String>,
    /// The one version to move the one atom to.
    pub to: Option<String>,
    /// Whether what these atoms need moves too.
    pub reach: Reach,
    /// Whether anything is written.
    pub writing: Writing,
    /// Whether the lock may change.
    pub locking: Locking,
    /// Which versions are taken.
    pub choosing: Choosing,
    /// Whether the sources of what moves are compared.
    pub sources: Sources,
}

/// Whether sources are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources {
    /// No.
    Unseen,
    /// Those before and after, brought and checked before anything is written.
    Compared,
}

/// How far an update goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The atoms named, and of the others those that must.
    Named,
    /// What they need as well.
    Recursive,
}

/// Whether an update is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Yes.
    Done,
    /// No: it is only told.
    DryRun,
}

/// What moved.
#[derive(Debug)]
pub struct Report {
    /// Whether it was written.
    pub writing: Writing,
    /// What became of each lock, or would have; by folder.
    pub locks: Vec<Locked>,
    /// What the sources of each atom that moved have that they had not, where that was asked for.
    pub diffs: Vec<diff::Report>,
}

/// Why nothing moved.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum UpdateError {
    /// The lock has no such atom.
    #[error("the lock holds no atom `{id}`")]
    #[diagnostic(code(eka::update::not_locked), help("{}", near_help(near.as_deref())))]
    NotLocked {
        /// What was given.
        id: String,
        /// The id that is most like it.
        near: Option<String>,
    },
    /// Several atoms of the lock have that id.
    #[error("the lock holds several atoms `{id}`")]
    #[diagnostic(code(eka::update::ambiguous), help("name one of {}", list(names)))]
    Ambiguous {
        /// What was given.
        id: String,
        /// What it may mean.
        names: Vec<String>,
    },
    /// The atom lies in the work tree.
    #[error("`{id}` is an atom of the work tree")]
    #[diagnostic(
        code(eka::update::local),
        help("its version is the one in its `atom.toml`: change it there, and run `eka lock`")
    )]
    Local {
        /// The atom.
        id: String,
    },
    /// `--to` without exactly one atom.
    #[error("`--to` moves one atom, and {n_ids} are named")]
    #[diagnostic(
        code(eka::update::to_one),
        help("name the atom: `eka update <id> --to <version>`")
    )]
    ToOne {
        /// How many.
        n_ids: usize,
    },
    /// What follows `--to` is no version.
    #[error("`{text}` is no version to move to")]
    #[diagnostic(
        code(eka::update::to_version),
        help("write it in full, such as `1.2.3`")
    )]
    ToVersion {
        /// What was given.
        text: String,
        /// Why not.
        #[source]
        source: VersionError,
    },
    /// The lock may not change, and that is all that an update does.
    #[error("an update changes the lock, and `{by}` forbids it")]
    #[diagnostic(
        code(eka::update::locked),
        help("run it without `{by}`, or see by `--dry-run` what would move")
    )]
    Locked {
        /// The flag or the variable.
        by: &'static str,
    },
    /// The version is there, and nothing of the manifest leads to it.
    #[error("nothing requires `{id}@{version}`")]
    #[diagnostic(
        code(eka::update::not_needed),
        help("the lock would hold it beside what is required; add it to the manifest to have it")
    )]
    NotNeeded {
        /// The atom.
        id: String,
        /// The version.
        version: Version,
    },
}

impl UpdateError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NotLocked { .. } | Self::Ambiguous { .. } => Exit::No,
            Self::Local { .. } | Self::NotNeeded { .. } => Exit::No,
            Self::ToOne { .. } | Self::ToVersion { .. } | Self::Locked { .. } => Exit::Usage,
        }
    }
}

/// Moves atoms of the lock to other versions: to the newest that all requirements allow, or to the
/// one that is asked for.
///
/// # Errors
///
/// [`UpdateError`], and what a resolution and the files may fail with; the lock stays as it was
/// then.
pub fn update(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    if let (Locking::Locked { by }, Writing::Done) = (request.locking, request.writing) {
        return Err(UpdateError::Locked { by }.into());
    }
    let mut scene = Scene::new(ctx)?;
    let access = match request.writing {
        Writing::Done => Access::Write,
        Writing::DryRun => Access::Read,
    };
    let mut opened = Vec::new();
    for folder in folders(&mut scene, request.scope)? {
        opened.push(Opened::open(ctx, &folder, access)?);
    }
    let none = Lock::default();
    let locks: Vec<&Lock> = opened
        .iter()
        .map(|it| it.lock.as_ref().unwrap_or(&none))
        .collect();
    let is_pin = |name: &Name| opened.iter().any(|it| it.manifest.pins.contains_key(name));
    let options = options(request, &locks, is_pin)?;
    let after = scene.resolve(tops(ctx, &opened), &options)?;
    if let Some((atom, req)) = options.unmet(&after) {
        return Err(not_needed(atom, req).into());
    }
    let diffs = match request.sources {
        Sources::Unseen => Vec::new(),
        Sources::Compared => diff::moved(ctx, locks.iter().copied().zip(&after))?,
    };
    let mut report = Report {
        writing: request.writing,
        locks: Vec::new(),
        diffs,
    };
    for (it, after) in opened.iter().zip(&after) {
        let outcome = match request.writing {
            Writing::Done => it.replace(None, after)?,
            Writing::DryRun => it.planned(after),
        };
        report.locks.push(Locked::of(it, after, outcome));
    }
    Ok(report)
}

/// What is to be resolved: which atoms move, and where to.
fn options(
    request: &Request,
    locks: &[&Lock],
    is_pin: impl Fn(&Name) -> bool,
) -> Result<Options, UpdateError> {
    let (mut named, mut pins) = (BTreeSet::new(), BTreeSet::new());
    for id in &request.ids {
        let pin = id.parse().ok().filter(&is_pin);
        match (find(id, locks), pin) {
            (Err(UpdateError::NotLocked { .. }), Some(pin)) => {
                pins.insert(pin);
            }
            (found, _) => {
                named.insert(found?);
            }
        }
    }
    let mut moving = match (request.ids.is_empty(), request.reach) {
        (true, _) => Moving::All,
        (false, Reach::Named) => Moving::Only(named.clone()),
        (false, Reach::Recursive) => Moving::Only(closure(named.clone(), locks)),
    };
    let mut forced = Vec::new();
    if let Some(text) = &request.to {
        let n_ids = named.len();
        let (Some(atom), 1) = (named.first(), n_ids) else {
            return Err(UpdateError::ToOne { n_ids });
        };
        // It goes where it is told to; another major of it stays where it is.
        if let Moving::Only(atoms) = &mut moving {
            atoms.remove(atom);
        }
        let version: Result<Version, _> = text.parse();
        let version = version.map_err(|source| UpdateError::ToVersion {
            text: text.clone(),
            source,
        })?;
        forced.push((atom.clone(), exactly(&version)));
    }
    let ids = request.ids.iter().map(|it| format!(" {}", quoted(it)));
    let to = request.to.iter().map(|it| format!(" --to {}", quoted(it)));
    let recursive = match request.reach {
        Reach::Named => "",
        Reach::Recursive => " --recursive",
    };
    let all = match request.scope {
        Scope::Here => "",
        Scope::All => " --all",
    };
    let arguments: String = ids.chain(to).collect();
    let command = format!("eka update{arguments}{recursive}{all}");
    let pins = match request.ids.is_empty() {
        true => Fresh::All,
        false => Fresh::Named(pins),
    };
    Ok(Options {
        moving,
        forced,
        pins,
        ..request.choosing.options(command)
    })
}

/// The requirement that this version alone satisfies.
pub(crate) fn exactly(version: &Version) -> Requirement {
    let mut text = format!("={}.{}.{}", version.major, version.minor, version.patch);
    if !version.pre.is_empty() {
        text.push_str(&format!("-{}", version.pre));
    }
    text.parse().expect("`=` and a version is a requirement")
}

/// The one atom of the locks that a name means.
fn find(name: &str, locks: &[&Lock]) -> Result<AtomId, UpdateError> {
    let (id, short) = name
        .split_once('#')
        .map_or((name, None), |(id, it)| (id, Some(it)));
    let (set, id) = id
        .rsplit_once('.')
        .map_or((None, id), |(set, id)| (Some(set), id));
    let mut found: BTreeMap<AtomId, String> = BTreeMap::new();
    let mut local = false;
    for lock in locks {
        for atom in lock.atoms.iter().filter(|it| it.id.as_str() == id) {
            let (SetRef::Root(root), Some(digest)) = (atom.set(), atom.digest()) else {
                local = true;
                continue;
            };
            let names = lock.set(&root).map_or(&[][..], |it| &it.names);
            let fits = set.is_none_or(|set| names.iter().any(|it| it.as_str() == set))
                && short.is_none_or(|it| digest.short() == it);
            if fits {
                let full = full_name(atom, digest, names);
                found.insert(AtomId::new(root, atom.id.clone()), full);
            }
        }
    }
    let id = || name.to_owned();
    let mut atoms = found.keys();
    match (atoms.next(), atoms.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(UpdateError::Ambiguous {
            id: id(),
            names: found.into_values().collect(),
        }),
        (None, _) if local => Err(UpdateError::Local { id: id() }),
        (None, _) => {
            let known = locks.iter().flat_map(|it| &it.atoms);
            let near = atom::near::nearest(name, known.map(|it| it.id.as_str()));
            Err(UpdateError::NotLocked {
                id: id(),
                near: near.map(str::to_owned),
            })
        }
    }
}

/// A name that means one atom alone, of a set that has these names.
pub(crate) fn full_name(atom: &LockedAtom, digest: &Digest, sets: &[Name]) -> String {
    match sets.first() {
        Some(set) => format!("{set}.{}", atom.id),
        None => format!("{}#{}", atom.id, digest.short()),
    }
}

/// These atoms, and all that the locks say they need.
fn closure(mut atoms: BTreeSet<AtomId>, locks: &[&Lock]) -> BTreeSet<AtomId> {
    for lock in locks {
        let names = Names::of(&lock.atoms);
        let id_of = |it: &LockedAtom| match it.set() {
            SetRef::Root(root) => Some(AtomId::new(root, it.id.clone())),
            SetRef::Here => None,
        };
        let begun = |it: &&LockedAtom| id_of(it).is_some_and(|it| atoms.contains(&it));
        let mut todo: Vec<&LockedAtom> = lock.atoms.iter().filter(begun).collect();
        let mut seen = BTreeSet::new();
        while let Some(atom) = todo.pop() {
            if seen.insert((id_of(atom), &atom.version)) {
                atoms.extend(id_of(atom));
                todo.extend(atom.deps.iter().filter_map(|it| names.find(it)));
            }
        }
    }
    atoms
}

fn not_needed(atom: &AtomId, req: &Requirement) -> UpdateError {
    let version = req.to_string();
    let version = version.trim_start_matches('=').parse();
    UpdateError::NotNeeded {
        id: atom.id.to_string(),
        version: version.expect("it was made of a version"),
    }
}

fn near_help(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("`{near}` is near; `eka tree` shows all that it holds"),
        None => "`eka tree` shows all that it holds; `eka add` takes a new one".to_owned(),
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    names.join(", ")
}
