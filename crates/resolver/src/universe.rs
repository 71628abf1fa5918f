//! What is known: which versions exist, and what each of them needs; placeholders for the rest.

use std::collections::BTreeMap;
use std::fmt;

use atom::{AtomId, Requirement, Version};

/// All that the crawl has brought so far, as a value.
///
/// An atom is either unknown (never listed) or listed with *all* of its versions; a listing
/// without versions says that its set has no such atom. Each version's spec is known, excluded,
/// or yet to come. What is unknown relaxes a solve and never constrains it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Universe {
    atoms: BTreeMap<AtomId, BTreeMap<Version, Candidate>>,
}

/// One version of an atom, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Why the listing alone rules this version out: a yank, a cooldown.
    ///
    /// What only the spec tells belongs into [`Spec::Excluded`]: a solve hears of it when it
    /// reads the spec, so that a warmer cache does not change its course.
    pub excluded: Option<Exclusion>,
    /// What the version needs.
    pub spec: Spec,
}

/// What is known of a version's own requirements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Spec {
    /// The spec was not fetched yet: taken as without dependencies, and reported as missing.
    #[default]
    Unknown,
    /// The spec is here, but names a set whose root is not known until its URL is listed:
    /// treated as [`Spec::Unknown`].
    Pending,
    /// The spec's dependencies.
    Known(Vec<Dependency>),
    /// The spec was fetched, and rules the version out.
    Excluded(Exclusion),
}

/// What one version asks of another atom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// The atom.
    pub atom: AtomId,
    /// The versions that will do.
    pub req: Requirement,
}

/// Why a version that exists may not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Exclusion {
    /// Its publisher withdrew it. A locked version stays selectable. The publisher's reason is
    /// brought where it is told of: [`crate::Conflict::with_reasons`].
    Yanked,
    /// It was first seen more recently than the cooldown allows. A locked version stays selectable.
    TooNew,
    /// Its spec does not parse, or breaks a rule.
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Its spec has a format that this version of eka does not know.
    UnknownFormat,
    /// Its signature is missing or wrong where one is demanded.
    BadSignature,
}

impl Universe {
    /// A universe of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records all versions of `atom` that its origin lists; none says that there is no such atom.
    ///
    /// Replaces an earlier listing. Specs and exclusions of versions that stay are kept.
    pub fn list(&mut self, atom: AtomId, versions: impl IntoIterator<Item = Version>) {
        let mut old = self.atoms.remove(&atom).unwrap_or_default();
        let listed = versions
            .into_iter()
            .map(|version| {
                let candidate = old.remove(&version).unwrap_or_default();
                (version, candidate)
            })
            .collect();
        self.atoms.insert(atom, listed);
    }

    /// Rules a listed version out, by what its listing says; returns whether it is listed.
    pub fn exclude(&mut self, atom: &AtomId, version: &Version, why: Exclusion) -> bool {
        let Some(candidate) = self.candidate_mut(atom, version) else {
            return false;
        };
        candidate.excluded = Some(why);
        true
    }

    /// Records what is known of a listed version's spec; returns whether it is listed.
    ///
    /// Dependencies are put in order, so that a manifest's own order changes nothing.
    pub fn set_spec(&mut self, atom: &AtomId, version: &Version, spec: Spec) -> bool {
        let Some(candidate) = self.candidate_mut(atom, version) else {
            return false;
        };
        candidate.spec = match spec {
            Spec::Known(mut dependencies) => {
                dependencies.sort_by_cached_key(|it| (it.atom.clone(), it.req.to_string()));
                dependencies.dedup();
                Spec::Known(dependencies)
            }
            other => other,
        };
        true
    }

    /// All versions of `atom`, oldest first; nothing where it was never listed.
    #[must_use]
    pub fn versions(&self, atom: &AtomId) -> Option<&BTreeMap<Version, Candidate>> {
        self.atoms.get(atom)
    }

    /// What is known of one version.
    #[must_use]
    pub fn candidate(&self, atom: &AtomId, version: &Version) -> Option<&Candidate> {
        self.atoms.get(atom)?.get(version)
    }

    /// All atoms that were listed, in order.
    pub fn atoms(&self) -> impl Iterator<Item = (&AtomId, &BTreeMap<Version, Candidate>)> {
        self.atoms.iter()
    }

    fn candidate_mut(&mut self, atom: &AtomId, version: &Version) -> Option<&mut Candidate> {
        self.atoms.get_mut(atom)?.get_mut(version)
    }
}

impl Candidate {
    /// The dependencies, where they are known.
    #[must_use]
    pub fn dependencies(&self) -> Option<&[Dependency]> {
        match &self.spec {
            Spec::Known(dependencies) => Some(dependencies),
            Spec::Unknown | Spec::Pending | Spec::Excluded(_) => None,
        }
    }
}

impl Exclusion {
    /// Whether a version that the lock already holds may stay all the same.
    #[must_use]
    pub const fn spares_locked(&self) -> bool {
        matches!(self, Self::Yanked | Self::TooNew)
    }
}

/// Reads after "is".
impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yanked => f.write_str("yanked"),
            Self::TooNew => f.write_str("newer than the cooldown allows"),
            Self::Unreadable { reason } => write!(f, "unreadable: {reason}"),
            Self::UnknownFormat => f.write_str("of a format that this eka does not know"),
            Self::BadSignature => f.write_str("without a valid signature"),
        }
    }
}
