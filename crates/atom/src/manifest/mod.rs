//! `atom.toml`, typed.

mod error;
mod parse;
mod inputs;
mod check;
mod license;
mod value;
mod edit;

pub use edit::{EditError, add_dep, add_local_dep, add_pin, remove_dep, remove_pin, template};
pub use error::{ManifestFault, ManifestFaults};
pub use parse::is_atom;
pub use value::Value;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::download::{DownloadUrl, FileHash};
use crate::url::RepoUrl;
use crate::{Id, Name, ObjectId, Requirement, Version};

/// A manifest that passed every check of its kind: one's own, or a foreign one.
///
/// Two manifests are equal where they say the same, wherever in their texts they say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// `[atom] id`.
    pub id: Id,
    /// `[atom] version`.
    pub version: Version,
    /// `[atom] description`: one line for people.
    pub description: Option<String>,
    /// `[atom] license`: an SPDX expression, checked for its form alone.
    pub license: Option<String>,
    /// `[atom] homepage`: an `http` or `https` URL.
    pub homepage: Option<String>,
    /// `[atom] tags`, in the order of the text.
    pub tags: Vec<String>,
    /// `[atom] duplicates`.
    pub duplicates: Duplicates,
    /// `[atom] publish`.
    pub publish: Publish,
    /// `[sets]`: where the atoms that this one depends on come from.
    pub sets: BTreeMap<Name, Set>,
    /// `[deps.<set>]`: by set, then id.
    pub deps: Vec<Dep>,
    /// `[pins.<name>]`: inputs that are not atoms.
    pub pins: BTreeMap<Name, Pin>,
    /// `[build]`: how the atom becomes a derivation; absent where it is source alone.
    pub build: Option<Build>,
}

/// Whether a resolution may hold two majors of one atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// Where there is no answer without.
    #[default]
    Allow,
    /// Never.
    Deny,
}

/// Whether `publish --all` takes the atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Publish {
    /// It is an atom like any other.
    #[default]
    Yes,
    /// It is passed by (fixtures, examples), and is content of the atom around it.
    No,
}

/// One entry of `[sets]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Where the set lies.
    pub place: SetPlace,
    /// The public keys that may sign its versions, as OpenSSH writes them.
    pub keys: Vec<String>,
}

/// Where a set lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetPlace {
    /// `::`, the repository of the manifest itself.
    Here,
    /// A repository of its own.
    At {
        /// The URL that may introduce versions.
        origin: RepoUrl,
        /// The URLs that only serve them, in the order of the text.
        mirrors: Vec<RepoUrl>,
    },
}

/// One dependency: `[deps.<set>] <id> = <requirement>`.
#[derive(Debug, Clone)]
pub struct Dep {
    /// The set's name in `[sets]`.
    pub set: Name,
    /// The atom.
    pub id: Id,
    /// The versions that will do.
    pub req: Requirement,
    /// Where the requirement stands in the text, in bytes.
    pub span: Range<usize>,
}

impl PartialEq for Dep {
    fn eq(&self, other: &Self) -> bool {
        (&self.set, &self.id, &self.req) == (&other.set, &other.id, &other.req)
    }
}

impl Eq for Dep {}

/// One entry of `[pins]`: an input that is not an atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Where it comes from.
    pub source: PinSource,
    /// The file of it that an evaluator enters, relative to its top.
    pub entry: Option<String>,
    /// What that file is called with.
    pub args: BTreeMap<String, Value>,
}

/// Where a pin comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinSource {
    /// A git repository.
    Git {
        /// Its URL.
        url: RepoUrl,
        /// The revision of it.
        at: GitAt,
    },
    /// An archive, unpacked.
    Tar {
        /// Its URL.
        url: DownloadUrl,
    },
    /// A file as it is.
    Url {
        /// Its URL.
        url: DownloadUrl,
    },
}

/// Which revision of a git repository a pin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitAt {
    /// Whatever the remote's `HEAD` is when the lock is made.
    Head,
    /// `ref`: a branch, a tag or a full ref name.
    Ref(String),
    /// `rev`: one commit.
    Rev(ObjectId),
    /// `version`: the newest tag that is a version and matches.
    Version(Requirement),
}

/// `[build]`: how an atom becomes a derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Build {
    /// A derivation, written out.
    Recipe(Recipe),
    /// An evaluator makes it.
    Evaluated(Evaluated),
}

/// A derivation, written out in `[build]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The program that builds.
    pub builder: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The outputs; `out` alone where the text names none.
    pub outputs: Vec<String>,
    /// The systems it builds on; empty means the building machine's.
    pub systems: Vec<String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Files to download before.
    pub fetch: BTreeMap<Name, Fetch>,
}

/// A file that a recipe needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Where it may be had, in the order to try.
    pub urls: Vec<DownloadUrl>,
    /// What it hashes to.
    pub hash: FileHash,
}

/// A `[build]` that an evaluator reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// Its name, such as `nix`.
    pub evaluator: Name,
    /// The file that it enters, relative to the atom's folder.
    pub entry: Option<String>,
    /// What it is configured with.
    pub config: BTreeMap<String, Value>,
}

impl SetPlace {
    /// The origin, where the set lies elsewhere.
    #[must_use]
    pub const fn origin(&self) -> Option<&RepoUrl> {
        match self {
            Self::Here => None,
            Self::At { origin, .. } => Some(origin),
        }
    }

    /// The mirrors, in the order of the text.
    #[must_use]
    pub fn mirrors(&self) -> &[RepoUrl] {
        match self {
            Self::Here => &[],
            Self::At { mirrors, .. } => mirrors,
        }
    }
}

impl Manifest {
    /// Reads a manifest of one's own: unknown keys are faults, ids are held to the full rule, sets
    /// may lie anywhere.
    ///
    /// # Errors
    ///
    /// Every fault of the text, in its order.
    pub fn parse_own(text: &str) -> Result<Self, ManifestFaults> {
        parse::parse(text, parse::Rules::OWN)
    }

    /// Reads a manifest out of somebody's repository: unknown keys are ignored, ids are held to
    /// the reader's rule, sets lie at `https`, at `ssh` or are `::`.
    ///
    /// # Errors
    ///
    /// Every fault of the text, in its order.
    pub fn parse_foreign(text: &str) -> Result<Self, ManifestFaults> {
        parse::parse(text, parse::Rules::FOREIGN)
    }

    /// Reads a manifest that is about to be published: as [`Manifest::parse_own`], and refuses
    /// what [`Manifest::parse_foreign`] would.
    ///
    /// # Errors
    ///
    /// Every fault of the text, in its order.
    pub fn parse_for_publish(text: &str) -> Result<Self, ManifestFaults> {
        parse::parse(text, parse::Rules::PUBLISH)
    }

    /// The set that a dependency names.
    #[must_use]
    pub fn set_of(&self, dep: &Dep) -> Option<&Set> {
        self.sets.get(&dep.set)
    }
}

impl FromStr for Duplicates {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Duplicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}
