//! pubgrub on the same problems: packages and versions are numbers, requirements are ranges of
//! them, all made beforehand.

use std::collections::BTreeMap;
use std::convert::Infallible;

use atom::{AtomId, Requirement, Version};
use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, OfflineDependencyProvider,
    PackageResolutionStatistics, Ranges,
};
use resolver::{Request, Universe};

type Range = Ranges<u32>;
type Index = OfflineDependencyProvider<u32, Range>;

/// The package that stands for the request.
const ROOT: u32 = u32::MAX;

/// An index as pubgrub takes it.
pub(crate) struct Peer {
    index: Index,
    ids: BTreeMap<AtomId, u32>,
    versions: Vec<Vec<Version>>,
}

/// An index with a request.
struct Asked<'a> {
    peer: &'a Peer,
    roots: DependencyConstraints<u32, Range>,
}

impl Peer {
    pub(crate) fn new(universe: &Universe) -> Self {
        let atoms = universe.atoms().map(|(atom, _)| atom.clone());
        let mut peer = Self {
            index: Index::new(),
            ids: atoms.zip(0..).collect(),
            versions: universe
                .atoms()
                .map(|(_, versions)| versions.keys().cloned().collect())
                .collect(),
        };
        for (package, (_, versions)) in (0..).zip(universe.atoms()) {
            for (version, candidate) in (0_u32..).zip(versions.values()) {
                let needs = candidate.dependencies().unwrap_or_default().iter();
                let needs: Vec<_> = needs.map(|it| peer.need(&it.atom, &it.req)).collect();
                peer.index.add_dependencies(package, version, joined(needs));
            }
        }
        peer
    }

    /// How many versions pubgrub chooses.
    pub(crate) fn solve(&self, request: &Request) -> Option<usize> {
        let roots = request.roots.iter();
        let roots = roots.map(|it| self.need(&it.atom, &it.req)).collect();
        let asked = Asked {
            peer: self,
            roots: joined(roots).into_iter().collect(),
        };
        let answer = pubgrub::resolve(&asked, ROOT, 0_u32);
        answer.ok().map(|it| it.iter().count() - 1)
    }

    fn need(&self, atom: &AtomId, req: &Requirement) -> (u32, Range) {
        let package = self.ids[atom];
        let versions = (0..).zip(&self.versions[package as usize]);
        let fitting = versions.filter(|(_, it)| req.matches(it));
        let range = fitting.fold(Range::empty(), |range, (at, _)| {
            range.union(&Range::between(at, at + 1_u32))
        });
        (package, range)
    }
}

/// A package that is needed twice is needed in what is common to both.
fn joined(needs: Vec<(u32, Range)>) -> BTreeMap<u32, Range> {
    let mut joined: BTreeMap<u32, Range> = BTreeMap::new();
    for (package, range) in needs {
        let known = joined.entry(package).or_insert_with(Range::full);
        *known = known.intersection(&range);
    }
    joined
}

impl DependencyProvider for Asked<'_> {
    type P = u32;
    type V = u32;
    type VS = Range;
    type M = String;
    type Err = Infallible;
    type Priority = <Index as DependencyProvider>::Priority;

    fn prioritize(
        &self,
        package: &u32,
        range: &Range,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        self.peer.index.prioritize(package, range, statistics)
    }

    fn choose_version(&self, package: &u32, range: &Range) -> Result<Option<u32>, Infallible> {
        if *package == ROOT {
            return Ok(Some(0));
        }
        self.peer.index.choose_version(package, range)
    }

    fn get_dependencies(
        &self,
        package: &u32,
        version: &u32,
    ) -> Result<Dependencies<u32, Range, String>, Infallible> {
        if *package == ROOT {
            return Ok(Dependencies::Available(self.roots.clone()));
        }
        self.peer.index.get_dependencies(package, version)
    }
}
