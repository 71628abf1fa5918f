//! `atom.lock`, typed.

mod error;
mod parse;
mod print;
mod names;
pub mod diff;
pub mod moves;
pub mod duplicates;
mod graph;
mod remains;
pub mod merge;

pub use error::{LockFault, LockFaults, LockValueError};
pub use graph::Graph;
pub use names::Names;
pub use remains::Remains;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::commit::AtomPath;
use crate::download::{DownloadUrl, FileHash};
use crate::object_id::ObjectIdError;
use crate::url::RepoUrl;
use crate::{Digest, Id, Name, NarHash, ObjectId, Requirement, Root, Version};

/// What a resolution answered, and to what question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// What the manifest asked for.
    pub requires: Vec<Require>,
    /// The sets of the atoms that do not lie in the work tree.
    pub sets: Vec<LockedSet>,
    /// Every atom of the resolution.
    pub atoms: Vec<LockedAtom>,
    /// The manifest's own pins.
    pub pins: Vec<LockedPin>,
}

/// Which set: this repository, or the one that a root names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetRef {
    /// `::`.
    Here,
    /// Another repository.
    Root(Root),
}

/// One `[[require]]`: a requirement of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// The atom.
    pub id: Id,
    /// The versions that will do.
    pub req: Requirement,
    /// Its set.
    pub set: SetRef,
}

/// One `[[set]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedSet {
    /// The commit that names it.
    pub root: Root,
    /// What the manifest calls it; empty where only dependencies know it.
    pub names: Vec<Name>,
    /// The URL that may introduce versions.
    pub origin: RepoUrl,
    /// The URLs that only serve them, in the order of the manifest that settles the origin.
    pub mirrors: Vec<RepoUrl>,
}

/// One `[[atom]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedAtom {
    /// Its id.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// Where its content is.
    pub place: Place,
    /// The atoms that it depends on.
    pub deps: Vec<DepRef>,
}

/// Where a locked atom's content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In its set's repository.
    Published {
        /// The set.
        root: Root,
        /// The digest of (root, id).
        digest: Digest,
        /// The atom commit.
        rev: ObjectId,
        /// The spec commit.
        spec: ObjectId,
        /// The SHA-256 of the content tree's NAR.
        nar: NarHash,
    },
    /// Whatever the work tree holds.
    Local {
        /// The folder from the repository's top.
        path: AtomPath,
    },
    /// Elsewhere for a while, as a person's patch says: never in a lock that is committed.
    Patched(Box<Patched>),
}

/// What stands in for an atom of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patched {
    /// The set that it stands in for.
    pub root: Root,
    /// The digest of (root, id).
    pub digest: Digest,
    /// Where its content is.
    pub from: PatchedFrom,
}

/// Where the content of a patched atom is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "the whole of it is boxed")]
pub enum PatchedFrom {
    /// Whatever a folder holds.
    Folder {
        /// The folder, absolute.
        path: String,
    },
    /// In another repository.
    Repository {
        /// That repository as a set, without names and mirrors.
        set: LockedSet,
        /// The atom commit.
        rev: ObjectId,
        /// The spec commit.
        spec: ObjectId,
        /// The SHA-256 of the content tree's NAR.
        nar: NarHash,
    },
}

/// How one `[[atom]]` names another: `<id>@<version>`, and `#<first 8 of digest>` where two atoms
/// of the lock share both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DepRef {
    /// Its id.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// The first 8 characters of its digest.
    pub short: Option<String>,
}

/// One `[[pin]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPin {
    /// The manifest's name for it.
    pub name: Name,
    /// What it was locked to.
    pub source: LockedPinSource,
}

/// What a pin was locked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockedPinSource {
    /// A commit.
    Git {
        /// The repository.
        git: RepoUrl,
        /// What was asked.
        asked: GitAsked,
        /// The commit.
        rev: ObjectId,
        /// The SHA-256 of its tree's NAR.
        nar: NarHash,
    },
    /// An archive, unpacked.
    Tar {
        /// Its URL.
        tar: DownloadUrl,
        /// The SHA-256 of the unpacked tree's NAR.
        nar: NarHash,
    },
    /// A file as it is.
    Url {
        /// Its URL.
        url: DownloadUrl,
        /// The SHA-256 of the file.
        hash: FileHash,
    },
}

/// What a git pin asked for, beside the commit that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitAsked {
    /// The commit itself, or whatever `HEAD` was.
    Commit,
    /// A ref.
    Ref(String),
    /// A version among the tags.
    Version(Requirement),
}

impl Lock {
    /// The `version` that this code reads and writes.
    pub const VERSION: i64 = 1;

    /// Reads a lock: any TOML of the shape that `docs/reference/formats.md`, section 6, gives.
    ///
    /// # Errors
    ///
    /// Every fault of the text, in its order.
    pub fn parse(text: &str) -> Result<Self, LockFaults> {
        parse::parse(text)
    }

    /// Reads a lock that may hold patched atoms, as one does that is not committed.
    ///
    /// # Errors
    ///
    /// As [`Lock::parse`], but for [`LockFault::Patched`].
    pub fn parse_patched(text: &str) -> Result<Self, LockFaults> {
        parse::parse_patched(text)
    }

    /// Returns the one canonical text of the lock, in whatever order its parts are.
    #[must_use]
    pub fn print(&self) -> String {
        print::print(self)
    }

    /// Puts every part in its canonical order, and every dependency in its canonical spelling.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        self.requires
            .sort_by_cached_key(|it| (it.id.clone(), it.set, it.req.to_string()));
        self.sets.sort_by_key(|it| it.root);
        self.pins.sort_by(|a, b| a.name.cmp(&b.name));
        for set in &mut self.sets {
            set.names.sort();
            set.names.dedup();
        }
        self.atoms.sort_by(LockedAtom::canonical_order);
        let names = Names::of(&self.atoms);
        let spelled: Vec<_> = self.atoms.iter().map(|it| spelled(it, &names)).collect();
        for (atom, deps) in self.atoms.iter_mut().zip(spelled) {
            atom.deps = deps;
        }
        self
    }

    /// Returns how other atoms of this lock name `atom`. For many, see [`Names`].
    #[must_use]
    pub fn dep_ref(&self, atom: &LockedAtom) -> DepRef {
        Names::of(&self.atoms).dep_ref(atom)
    }

    /// Finds the atom that `dep` names; none where there is none, or more than one. For many, see
    /// [`Names`].
    #[must_use]
    pub fn atom(&self, dep: &DepRef) -> Option<&LockedAtom> {
        Names::of(&self.atoms).find(dep)
    }

    /// Finds a set by its root.
    #[must_use]
    pub fn set(&self, root: &Root) -> Option<&LockedSet> {
        self.sets.iter().find(|it| it.root == *root)
    }
}

/// The dependencies of an atom in their canonical spelling and order.
fn spelled(atom: &LockedAtom, names: &Names<'_>) -> Vec<DepRef> {
    let spell = |it: &DepRef| {
        let found = names.find(it);
        found.map_or_else(|| it.clone(), |it| names.dep_ref(it))
    };
    let mut deps: Vec<DepRef> = atom.deps.iter().map(spell).collect();
    deps.sort_by_cached_key(ToString::to_string);
    deps.dedup();
    deps
}

impl LockedAtom {
    /// `<id>@<version>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// The digest; none where the atom is local.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match &self.place {
            Place::Published { digest, .. } => Some(digest),
            Place::Patched(it) => Some(&it.digest),
            Place::Local { .. } => None,
        }
    }

    /// The set.
    #[must_use]
    pub fn set(&self) -> SetRef {
        match &self.place {
            Place::Published { root, .. } => SetRef::Root(*root),
            Place::Patched(it) => SetRef::Root(it.root),
            Place::Local { .. } => SetRef::Here,
        }
    }

    /// The order of `[[atom]]`: by id, then version, then the printed digest; local ones first.
    #[must_use]
    pub fn canonical_order(&self, other: &Self) -> Ordering {
        // Base32hex keeps the order of the bytes, so the digests need no printing.
        let key = |it: &Self| it.digest().copied();
        self.id
            .cmp(&other.id)
            .then_with(|| self.version.cmp(&other.version))
            .then_with(|| key(self).cmp(&key(other)))
    }
}

impl PartialOrd for SetRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SetRef {
    /// By the printed text: a `:` sorts after every digit and before every letter.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Root(a), Self::Root(b)) => a.cmp(b),
            (a, b) => a.to_string().cmp(&b.to_string()),
        }
    }
}

impl FromStr for SetRef {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "::" => Ok(Self::Here),
            root => root.parse().map(Self::Root),
        }
    }
}

impl fmt::Display for SetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("::"),
            Self::Root(root) => root.fmt(f),
        }
    }
}

impl fmt::Display for PatchedFrom {
    /// The folder, or the repository's URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path } => f.write_str(path),
            Self::Repository { set, .. } => set.origin.fmt(f),
        }
    }
}

impl fmt::Display for DepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)?;
        self.short.iter().try_for_each(|it| write!(f, "#{it}"))
    }
}
