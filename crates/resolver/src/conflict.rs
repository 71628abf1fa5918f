//! Why there is no answer: plain values.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Requirement, Root, Version};

use crate::names::{Names, Ranges};
use crate::solve::Missing;
use crate::universe::Exclusion;

/// A conflict, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The heart of it.
    pub headline: Headline,
    /// The root requirements that take part, the headline's first: the caller's token, and what to
    /// write at its place.
    pub roots: Vec<(usize, String)>,
    /// What the request asks, as far as it takes part, and why each part of it fails.
    pub tree: Vec<Want>,
    /// What would help, as [`crate::improve`] found; the least change first.
    pub suggestions: Vec<Suggestion>,
    /// What this solve touched and the universe lacks. The verdict is final all the same; but only
    /// where this is empty is the explanation the one that full knowledge gives.
    pub missing: Missing,
    pub(crate) involved: Involved,
    pub(crate) names: Names,
}

/// The heart of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Headline {
    /// Two requirements on one atom that no version satisfies at once.
    Clash(Box<Clash>),
    /// A requirement on an atom that does not exist in its set.
    NoSuchAtom {
        /// Who requires it.
        by: Wanter,
        /// What does not exist.
        atom: AtomId,
    },
    /// A requirement that no existing version satisfies.
    NothingFits {
        /// Who requires it.
        by: Wanter,
        /// The atom.
        atom: AtomId,
        /// What is required of it.
        req: Requirement,
    },
    /// A requirement whose every fitting version is excluded.
    AllExcluded {
        /// Who requires it.
        by: Wanter,
        /// The atom.
        atom: AtomId,
        /// What is required of it.
        req: Requirement,
    },
    /// No two requirements collide by themselves, but all of those in the tree do.
    Together,
}

/// Two requirements on one atom that no version satisfies at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The atom that both require.
    pub atom: AtomId,
    /// Who requires it, and how.
    pub one: (Wanter, Requirement),
    /// Who else requires it, and how.
    pub other: (Wanter, Requirement),
}

/// Who requires something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanter {
    /// The request itself: what the manifest asks for.
    Request,
    /// Versions of an atom.
    Versions {
        /// The atom.
        atom: AtomId,
        /// Which of its versions.
        versions: Ranges,
    },
}

/// A requirement in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The atom.
    pub atom: AtomId,
    /// What is required of it.
    pub req: Requirement,
    /// What there is for it.
    pub found: Found,
}

/// What there is for a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Its set has no such atom.
    NoSuchAtom,
    /// No version fits that may be chosen.
    Nothing(Listing),
    /// These versions fit, but none of them will do.
    Versions(Vec<Branch>),
    /// The same requirement was explained before.
    Shown,
    /// It lies too deep to be told.
    Omitted,
}

/// The versions that exist where none fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Those that may be chosen, oldest first.
    pub existing: Vec<Version>,
    /// Of those the nearest: one older and one newer, as far as they exist.
    pub nearest: Vec<Version>,
    /// Those that fit and may not be chosen; where there are none, all that may not be chosen.
    /// Oldest first.
    pub excluded: Vec<Excluded>,
}

/// A version that may not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excluded {
    /// The version.
    pub version: Version,
    /// Why not.
    pub why: Exclusion,
    /// Its publisher's words: one line of at most 100 characters.
    pub reason: Option<String>,
}

/// Fitting versions that fail for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The versions.
    pub versions: Ranges,
    /// Why none of them will do.
    pub why: Why,
}

/// Why fitting versions will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// They may not be chosen.
    Excluded(Vec<Excluded>),
    /// They need something that fails.
    Needs(Vec<Want>),
    /// They are required by what another version of the same atom leads to.
    Rival {
        /// That version.
        versions: Ranges,
    },
    /// Others require other versions of the atom.
    Collides {
        /// Who, and how.
        with: Vec<(Wanter, Requirement)>,
    },
}

/// Something that would help.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suggestion {
    /// A root requirement could be this one.
    Require {
        /// The root requirement, by the caller's token.
        token: usize,
        /// Its atom.
        atom: AtomId,
        /// What to require; names a pre-release where only that would do.
        req: Requirement,
    },
    /// A yanked version would do.
    AllowYanked {
        /// The atom.
        atom: AtomId,
        /// Which version.
        version: Version,
    },
    /// A version would do that is newer than the cooldown allows.
    AllowNew {
        /// The atom.
        atom: AtomId,
        /// Which version.
        version: Version,
    },
    /// Several majors of these atoms would do.
    AllowDuplicates {
        /// The atoms.
        atoms: Vec<AtomId>,
    },
    /// Without a root requirement there is an answer.
    Drop {
        /// The root requirement, by the caller's token.
        token: usize,
        /// Its atom.
        atom: AtomId,
    },
}

/// What further solves need to know of a conflict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Involved {
    /// All atoms that take part.
    pub(crate) atoms: BTreeSet<AtomId>,
    /// Those of them that might be split, and are not.
    pub(crate) splittable: BTreeSet<AtomId>,
    /// Those of these of which one version rules another out.
    pub(crate) contested: BTreeSet<AtomId>,
    /// What was split when the conflict was found.
    pub(crate) split: BTreeSet<AtomId>,
    /// The pre-releases of the atoms that root requirements name, oldest first.
    pub(crate) prereleases: BTreeMap<AtomId, Vec<Version>>,
    /// The versions that may not be chosen, oldest first.
    pub(crate) excluded: BTreeMap<AtomId, Vec<(Version, Exclusion)>>,
}

impl Conflict {
    /// Whether the explanation is the one that full knowledge gives.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.missing.is_empty()
    }

    /// The atoms that take part.
    #[must_use]
    pub const fn atoms(&self) -> &BTreeSet<AtomId> {
        &self.involved.atoms
    }

    /// The yanked versions that the explanation names, for [`Conflict::with_reasons`].
    #[must_use]
    pub fn yanked(&self) -> BTreeSet<(AtomId, Version)> {
        let mut found = BTreeSet::new();
        visit(&self.tree, &mut |atom, excluded| {
            if excluded.why == Exclusion::Yanked {
                found.insert((atom.clone(), excluded.version.clone()));
            }
        });
        found
    }

    /// The same with the publishers' words on versions that they withdrew: the first line of each,
    /// cut at 100 characters.
    #[must_use]
    pub fn with_reasons(mut self, reasons: &BTreeMap<(AtomId, Version), String>) -> Self {
        visit_mut(&mut self.tree, &mut |atom, excluded| {
            let key = (atom.clone(), excluded.version.clone());
            if let Some(reason) = reasons.get(&key).and_then(|it| one_line(it)) {
                excluded.reason = Some(reason);
            }
        });
        self
    }

    /// The same with words for sets, such as `our-company/atoms`: where versions were found.
    #[must_use]
    pub fn with_sets(mut self, sets: BTreeMap<Root, String>) -> Self {
        self.names.sets = sets;
        self
    }

    /// What the explanation calls an atom: its id, with the digest's first 8 characters where two
    /// atoms in it share the id.
    #[must_use]
    pub fn name(&self, atom: &AtomId) -> String {
        self.names.of(atom)
    }
}

/// The longest reason that is told, in characters.
const MAX_REASON: usize = 100;

fn one_line(text: &str) -> Option<String> {
    let line = text.trim().lines().next()?.trim_end();
    let cut = line.char_indices().nth(MAX_REASON).map(|it| it.0);
    Some(match cut {
        Some(at) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    })
}

fn visit(tree: &[Want], take: &mut dyn FnMut(&AtomId, &Excluded)) {
    for want in tree {
        match &want.found {
            Found::Nothing(listing) => {
                listing.excluded.iter().for_each(|it| take(&want.atom, it));
            }
            Found::Versions(branches) => {
                for branch in branches {
                    match &branch.why {
                        Why::Excluded(excluded) => {
                            excluded.iter().for_each(|it| take(&want.atom, it));
                        }
                        Why::Needs(wants) => visit(wants, take),
                        Why::Rival { .. } | Why::Collides { .. } => {}
                    }
                }
            }
            Found::NoSuchAtom | Found::Shown | Found::Omitted => {}
        }
    }
}

fn visit_mut(tree: &mut [Want], change: &mut dyn FnMut(&AtomId, &mut Excluded)) {
    for want in tree {
        let atom = &want.atom;
        match &mut want.found {
            Found::Nothing(listing) => {
                listing.excluded.iter_mut().for_each(|it| change(atom, it));
            }
            Found::Versions(branches) => {
                for branch in branches {
                    match &mut branch.why {
                        Why::Excluded(excluded) => {
                            excluded.iter_mut().for_each(|it| change(atom, it));
                        }
                        Why::Needs(wants) => visit_mut(wants, change),
                        Why::Rival { .. } | Why::Collides { .. } => {}
                    }
                }
            }
            Found::NoSuchAtom | Found::Shown | Found::Omitted => {}
        }
    }
}
