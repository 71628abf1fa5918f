//! What the crawl has brought so far, by URL and by spec commit; and the universe it amounts to.

use std::collections::{BTreeMap, BTreeSet};

use atom::commit::SpecCommit;
use atom::manifest::{Manifest, SetPlace};
use atom::url::{RepoKey, RepoUrl};
use atom::{AtomId, AtomPath, Id, ObjectId, Requirement, Root, Version};
use resolver::{Dependency, Exclusion, Spec, Universe};

use super::origins::Origins;
use super::patch::{Patches, StandIn};

/// Facts, never decisions: what each remote lists, what each spec says, what the work tree holds.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// What each repository lists, by its key.
    pub(super) sets: BTreeMap<RepoKey, SetFacts>,
    /// What each spec commit says.
    pub(super) specs: BTreeMap<ObjectId, SpecFacts>,
    /// The atoms of the work tree.
    pub(super) locals: BTreeMap<Id, LocalAtom>,
    /// The root of the repository one works in; a stand-in where it was never posted.
    pub(super) own: OwnRoot,
    /// What stands in for atoms of sets.
    pub(super) patches: Patches,
    /// The yanked versions that were let in for this once.
    pub(super) lifted: BTreeSet<(AtomId, Version)>,
}

/// The root under which the atoms of the work tree stand in a universe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum OwnRoot {
    /// As the publish remote shows it.
    Posted(Root),
    /// None is known: the work tree is a set of its own that nobody else can name.
    #[default]
    Unposted,
}

/// What one repository lists.
#[derive(Debug, Clone)]
pub(crate) struct SetFacts {
    /// The set's root.
    pub(super) root: Root,
    /// The origin, where it could not be asked and a mirror answered in its place: then only what
    /// the lock holds already counts.
    pub(super) degraded: Option<RepoUrl>,
    /// The versions of each id that was asked for; empty says that there are none.
    pub(super) atoms: BTreeMap<Id, BTreeMap<Version, VersionFacts>>,
}

/// The refs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionFacts {
    /// The atom commit.
    pub(super) atom: ObjectId,
    /// The spec commit.
    pub(super) spec: ObjectId,
    /// The commit of the `yank` ref beside them, if there is one.
    pub(super) yank: Option<ObjectId>,
    /// The commit of the `deprecate` ref beside them, if there is one.
    pub(super) deprecate: Option<ObjectId>,
}

impl VersionFacts {
    /// Whether a spec is that of this version: what its headers claim is what the refs say.
    pub(super) fn fits(&self, atom: &AtomId, version: &Version, spec: &SpecCommit) -> bool {
        spec.atom == *atom && spec.version == *version && spec.atom_commit == self.atom
    }
}

/// What a spec commit says, as far as a resolution cares.
#[derive(Debug, Clone)]
pub(crate) enum SpecFacts {
    /// It is well formed.
    Good(Box<GoodSpec>),
    /// It rules its version out.
    Bad(Exclusion),
    /// It contradicts itself: whoever needs it is told so.
    Broken(String),
}

/// A well-formed spec.
#[derive(Debug, Clone)]
pub(crate) struct GoodSpec {
    /// Its commit.
    pub(super) commit: SpecCommit,
    /// What its manifest asks for.
    pub(super) deps: Vec<SpecDep>,
    /// The text of its publisher's lock: a hint of what to ask for early, never a fact. Only a few
    /// are worth reading.
    pub(super) hint: Option<String>,
}

/// One dependency as a manifest words it: by URL, since its root is not known yet.
#[derive(Debug, Clone)]
pub(crate) struct SpecDep {
    /// The set.
    pub(super) place: DepPlace,
    /// The atom.
    pub(super) id: Id,
    /// The versions that will do.
    pub(super) req: Requirement,
}

/// Where a dependency's set lies.
#[derive(Debug, Clone)]
pub(crate) enum DepPlace {
    /// In the set of the atom that asks.
    Same,
    /// In a repository of its own.
    At {
        /// The origin that the manifest names.
        origin: RepoUrl,
        /// The mirrors that it names.
        mirrors: Vec<RepoUrl>,
    },
}

/// An atom of the work tree.
#[derive(Debug, Clone)]
pub(crate) struct LocalAtom {
    /// Its version.
    pub(crate) version: Version,
    /// Its folder.
    pub(crate) path: AtomPath,
    /// Its manifest.
    pub(crate) manifest: Manifest,
}

impl OwnRoot {
    /// The root to use in a universe; all zeros where none was posted, which no commit has.
    pub(super) const fn root(self) -> Root {
        match self {
            Self::Posted(root) => root,
            Self::Unposted => Root(ObjectId::new([0; 20])),
        }
    }
}

impl SpecDep {
    /// The dependencies of a manifest, in its order.
    pub(super) fn of(manifest: &Manifest) -> Vec<Self> {
        let place = |place: &SetPlace| match place {
            SetPlace::Here => DepPlace::Same,
            SetPlace::At { origin, mirrors } => DepPlace::At {
                origin: origin.clone(),
                mirrors: mirrors.clone(),
            },
        };
        let dep = |dep: &atom::manifest::Dep| {
            Some(Self {
                place: place(&manifest.set_of(dep)?.place),
                id: dep.id.clone(),
                req: dep.req.clone(),
            })
        };
        manifest.deps.iter().filter_map(dep).collect()
    }
}

impl Knowledge {
    /// Takes what a repository lists, beside what it listed before.
    pub(super) fn learn(&mut self, key: RepoKey, facts: SetFacts) {
        match self.sets.get_mut(&key) {
            Some(before) => before.atoms.extend(facts.atoms),
            None => {
                self.sets.insert(key, facts);
            }
        }
    }

    /// Lets yanked versions in; returns whether one of them was not in before.
    pub(super) fn lift(&mut self, versions: BTreeSet<(AtomId, Version)>) -> bool {
        let before = self.lifted.len();
        self.lifted.extend(versions);
        self.lifted.len() > before
    }

    /// How much is known; it only grows.
    pub(super) fn n_facts(&self) -> usize {
        let listed: usize = self.sets.values().map(|it| it.atoms.len()).sum();
        self.sets.len() + listed + self.specs.len() + self.lifted.len()
    }

    /// The root behind a URL, once it was listed.
    pub(super) fn root_at(&self, url: &RepoUrl) -> Option<Root> {
        self.sets.get(&url.key()).map(|it| it.root)
    }

    /// The root of the set that `place` names, seen from an atom of `asker`.
    pub(super) fn root_of(&self, place: &DepPlace, asker: Root) -> Option<Root> {
        match place {
            DepPlace::Same => Some(asker),
            DepPlace::At { origin, .. } => self.root_at(origin),
        }
    }

    /// The atom of the work tree, or of a folder that is patched in, that stands for `atom`, if
    /// one does.
    pub(super) fn local(&self, atom: &AtomId) -> Option<&LocalAtom> {
        if let Some(StandIn::Folder { atom, .. }) = self.patches.get(atom) {
            return Some(atom);
        }
        (atom.root == self.own.root())
            .then(|| self.locals.get(&atom.id))
            .flatten()
    }

    /// The refs of a published version, at the origin of its set.
    pub(super) fn version(
        &self,
        origins: &Origins,
        atom: &AtomId,
        version: &Version,
    ) -> Option<&VersionFacts> {
        let origin = self.origin_of(origins, atom)?;
        let facts = self.sets.get(&origin.url.key())?;
        facts.atoms.get(&atom.id)?.get(version)
    }

    /// What a version asks for; nothing where it is not known.
    pub(super) fn asks(
        &self,
        origins: &Origins,
        atom: &AtomId,
        version: &Version,
    ) -> Option<Vec<SpecDep>> {
        if let Some(local) = self.local(atom) {
            return Some(SpecDep::of(&local.manifest));
        }
        let facts = self.version(origins, atom, version)?;
        Some(self.good(facts)?.deps.clone())
    }

    /// The spec of a version, where it was fetched and is well formed.
    pub(super) fn good(&self, facts: &VersionFacts) -> Option<&GoodSpec> {
        match self.specs.get(&facts.spec)? {
            SpecFacts::Good(good) => Some(good),
            SpecFacts::Bad(_) | SpecFacts::Broken(_) => None,
        }
    }

    /// The URLs that `deps` name and that were never listed.
    pub(super) fn unlisted(&self, deps: &[SpecDep]) -> BTreeSet<RepoUrl> {
        let origins = deps.iter().filter_map(|it| match &it.place {
            DepPlace::Same => None,
            DepPlace::At { origin, .. } => Some(origin),
        });
        origins
            .filter(|it| self.root_at(it).is_none())
            .cloned()
            .collect()
    }

    /// The universe under an assignment of origins.
    ///
    /// A dependency on a set whose origin is not assigned yet is left out: that only relaxes the
    /// problem, and the loop comes back once the graph tells who is nearest.
    pub(super) fn universe(&self, origins: &Origins) -> Universe {
        let mut universe = Universe::new();
        for (id, local) in &self.locals {
            let atom = AtomId::new(self.own.root(), id.clone());
            let deps = SpecDep::of(&local.manifest);
            universe.list(atom.clone(), [local.version.clone()]);
            universe.set_spec(&atom, &local.version, self.spec(origins, &atom, &deps));
        }
        for (root, origin) in origins {
            let Some(facts) = self.sets.get(&origin.url.key()) else {
                continue;
            };
            for (id, versions) in &facts.atoms {
                let atom = AtomId::new(*root, id.clone());
                if self.local(&atom).is_none() && !self.patches.contains_key(&atom) {
                    self.put(&mut universe, origins, &atom, versions);
                }
            }
        }
        for (atom, by) in &self.patches {
            if let StandIn::Folder { atom: local, .. } = by {
                let deps = SpecDep::of(&local.manifest);
                universe.list(atom.clone(), [local.version.clone()]);
                universe.set_spec(atom, &local.version, self.spec(origins, atom, &deps));
            } else if let Some(versions) = self.versions_of_patch(atom) {
                self.put(&mut universe, origins, atom, versions);
            }
        }
        universe
    }

    fn put(
        &self,
        universe: &mut Universe,
        origins: &Origins,
        atom: &AtomId,
        versions: &BTreeMap<Version, VersionFacts>,
    ) {
        let named = self.identity(atom);
        universe.list(atom.clone(), versions.keys().cloned());
        for (version, facts) in versions {
            let lifted = || self.lifted.contains(&(atom.clone(), version.clone()));
            if facts.yank.is_some() && !lifted() {
                universe.exclude(atom, version, Exclusion::Yanked);
            }
            let spec = match self.specs.get(&facts.spec) {
                None | Some(SpecFacts::Broken(_)) => Spec::Unknown,
                Some(SpecFacts::Bad(why)) => Spec::Excluded(why.clone()),
                // Whoever asks for a spec that does not fit is told so: see `Fault::Forged`.
                Some(SpecFacts::Good(good)) if !facts.fits(&named, version, &good.commit) => {
                    Spec::Unknown
                }
                Some(SpecFacts::Good(good)) => self.spec(origins, atom, &good.deps),
            };
            universe.set_spec(atom, version, spec);
        }
    }

    fn spec(&self, origins: &Origins, asker: &AtomId, deps: &[SpecDep]) -> Spec {
        let mut known = Vec::new();
        let own = self.identity(asker).root;
        for dep in deps {
            let Some(root) = self.root_of(&dep.place, own) else {
                return Spec::Pending;
            };
            let atom = AtomId::new(root, dep.id.clone());
            if self.local(&atom).is_some() || origins.contains_key(&root) {
                known.push(Dependency {
                    atom,
                    req: dep.req.clone(),
                });
            }
        }
        Spec::Known(known)
    }
}
