//! What publishers say of marked versions, for those that an answer or a message names.
//!
//! Read once the answer is known, which it does not change.

use std::collections::{BTreeMap, BTreeSet};

use atom::url::RepoKey;
use atom::{AtomId, ObjectId, Version};
use resolver::Resolution;

use super::crawl::{Source, SpecWant};
use super::knowledge::{Knowledge, VersionFacts};
use super::origins::{Origin, Origins};
use crate::notice::Notice;

/// A mark on a chosen version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The atom.
    pub(crate) atom: AtomId,
    /// The version.
    pub(crate) version: Version,
    /// Which mark.
    pub(crate) kind: Kind,
    /// What its publisher says of it.
    pub(crate) notice: Notice,
}

/// Which mark a version bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was taken back.
    Yanked,
    /// Its owner advises another.
    Deprecated,
}

/// A version that bears a mark, and the commit under the mark's ref.
struct Marked<'a> {
    atom: &'a AtomId,
    version: &'a Version,
    facts: &'a VersionFacts,
    origin: &'a Origin,
    kind: Kind,
    commit: ObjectId,
}

/// The marks on the versions of an answer.
pub(super) fn of_answer(
    known: &Knowledge,
    source: &mut dyn Source,
    origins: &Origins,
    graph: &Resolution,
) -> Vec<Mark> {
    let marked: Vec<_> = graph
        .atoms()
        .flat_map(|(atom, version)| marks(known, origins, atom, version))
        .collect();
    let bytes = bring(source, &marked);
    let mark = |it: &Marked<'_>| Mark {
        atom: it.atom.clone(),
        version: it.version.clone(),
        kind: it.kind,
        notice: it.notice(&bytes),
    };
    marked.iter().map(mark).collect()
}

/// Why these versions were yanked, as far as it is known; each on one line.
pub(super) fn of_yanked(
    known: &Knowledge,
    source: &mut dyn Source,
    origins: &Origins,
    versions: &BTreeSet<(AtomId, Version)>,
) -> BTreeMap<(AtomId, Version), String> {
    let marked: Vec<_> = versions
        .iter()
        .flat_map(|(atom, version)| marks(known, origins, atom, version))
        .filter(|it| it.kind == Kind::Yanked)
        .collect();
    let bytes = bring(source, &marked);
    let reason = |it: &Marked<'_>| {
        let version = (it.atom.clone(), it.version.clone());
        Some((version, it.notice(&bytes).short()?))
    };
    marked.iter().filter_map(reason).collect()
}

fn marks<'a>(
    known: &'a Knowledge,
    origins: &'a Origins,
    atom: &'a AtomId,
    version: &'a Version,
) -> impl Iterator<Item = Marked<'a>> {
    let own = known.local(atom).is_none() && !known.patches.contains_key(atom);
    let facts = own.then_some(());
    let facts = facts.and_then(|()| known.version(origins, atom, version));
    let marks = facts.into_iter().flat_map(|facts| {
        [
            (Kind::Yanked, facts.yank),
            (Kind::Deprecated, facts.deprecate),
        ]
        .map(|(kind, commit)| (facts, kind, commit))
    });
    marks.filter_map(move |(facts, kind, commit)| {
        Some(Marked {
            atom,
            version,
            facts,
            origin: origins.get(&atom.root)?,
            kind,
            commit: commit?,
        })
    })
}

/// The commits under the marks' refs, as far as they can be had.
fn bring(source: &mut dyn Source, marked: &[Marked<'_>]) -> BTreeMap<ObjectId, Vec<u8>> {
    let mut wants: BTreeMap<RepoKey, SpecWant> = BTreeMap::new();
    for it in marked {
        let want = wants
            .entry(it.origin.url.key())
            .or_insert_with(|| SpecWant {
                url: it.origin.url.clone(),
                mirrors: it.origin.mirrors.clone(),
                commits: BTreeSet::new(),
            });
        want.commits.insert(it.commit);
    }
    if wants.is_empty() {
        return BTreeMap::new();
    }
    source.notices(wants.into_values().collect())
}

impl Marked<'_> {
    fn notice(&self, bytes: &BTreeMap<ObjectId, Vec<u8>>) -> Notice {
        let Some(bytes) = bytes.get(&self.commit) else {
            return Notice::default();
        };
        match self.kind {
            Kind::Yanked => Notice::of_yank(bytes, self.facts.atom),
            Kind::Deprecated => Notice::of_deprecation(bytes, self.facts.atom, &self.origin.url),
        }
    }
}
