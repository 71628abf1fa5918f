//! Who asks for a locked atom, and for which versions of it: as the manifests and specs say.

use std::collections::BTreeSet;

use atom::lock::{Graph, LockedAtom, Place, SetRef};
use atom::manifest::{Manifest, SetPlace};
use atom::{Id, Requirement, Version};

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch::{Bringer, Look, Need, Wanted, tell};
use crate::lock::Scene;

/// A requirement on an atom of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who has it.
    pub by: Asker,
    /// The versions that will do; not known where the asker's spec is not here, and no remote is
    /// asked.
    pub req: Option<Requirement>,
}

/// Who has a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The manifest itself.
    Manifest,
    /// An atom of the lock.
    Atom {
        /// Its number in the lock.
        at: usize,
        /// Its id.
        id: Id,
        /// Its version.
        version: Version,
    },
}

impl Ask {
    /// Whether a version will do; one of which nothing is known is not in the way.
    #[must_use]
    pub fn allows(&self, version: &Version) -> bool {
        self.req.as_ref().is_none_or(|it| it.matches(version))
    }
}

/// What the askers' manifests say.
pub(crate) struct Asks<'a> {
    graph: &'a Graph<'a>,
    /// Of each atom of the lock that others are needed by; none where it cannot be read.
    manifests: Vec<Option<Manifest>>,
}

impl<'a> Asks<'a> {
    /// Reads the manifests of those that need one of `atoms`. Specs that are not in the cache are
    /// brought.
    ///
    /// # Errors
    ///
    /// What is wrong with a lock that its remotes contradict. That remotes do not answer is only
    /// told.
    pub(crate) fn read(
        scene: &mut Scene<'_>,
        graph: &'a Graph<'a>,
        atoms: impl IntoIterator<Item = usize>,
    ) -> Result<Self, Error> {
        let needed_by = |at| graph.needed_by(at).iter().copied();
        let askers: BTreeSet<usize> = atoms.into_iter().flat_map(needed_by).collect();
        let mut manifests = vec![None; graph.atoms().len()];
        let mut published = Vec::new();
        for at in askers {
            let atom = &graph.atoms()[at];
            if let Place::Local { .. } = &atom.place {
                let local = scene.locals()?.get(&atom.id);
                manifests[at] = local.map(|it| it.manifest.clone());
            }
            published.extend(Wanted::of(graph.lock(), atom).map(|it| (at, it)));
        }
        if !published.is_empty() {
            let ctx = scene.ctx;
            let remotes = scene.remotes()?;
            let wanted: Vec<Wanted<'_>> = published.iter().map(|it| it.1).collect();
            bring(ctx, remotes, &wanted)?;
            for (at, wanted) in published {
                manifests[at] = manifest(remotes, &wanted);
            }
        }
        Ok(Self { graph, manifests })
    }

    /// Who asks for an atom: the manifest first, then atoms in the order of the lock.
    pub(crate) fn of(&self, at: usize) -> Vec<Ask> {
        let asked = self.graph.asked(at).iter().map(|it| Ask {
            by: Asker::Manifest,
            req: Some(it.req.clone()),
        });
        let by = |by: usize| {
            let atom = &self.graph.atoms()[by];
            let asker = Asker::Atom {
                at: by,
                id: atom.id.clone(),
                version: atom.version.clone(),
            };
            let req = self.requirement(by, at);
            Ask { by: asker, req }
        };
        asked
            .chain(self.graph.needed_by(at).iter().map(|it| by(*it)))
            .collect()
    }

    /// What one atom of the lock asks of another.
    fn requirement(&self, by: usize, at: usize) -> Option<Requirement> {
        let (asker, atom) = (&self.graph.atoms()[by], &self.graph.atoms()[at]);
        let manifest = self.manifests[by].as_ref()?;
        let deps = || manifest.deps.iter().filter(|it| it.id == atom.id);
        let fits = |place: &SetPlace| self.may_be_at(place, asker, atom);
        let found = deps().find(|it| manifest.set_of(it).is_some_and(|set| fits(&set.place)));
        // A set that is settled nearer to the top lies elsewhere than this manifest says.
        let found = found.or_else(|| deps().find(|it| it.req.matches(&atom.version)));
        found.map(|it| it.req.clone())
    }

    /// Whether an atom of the lock is of the set that its asker's manifest places there.
    fn may_be_at(&self, place: &SetPlace, asker: &LockedAtom, atom: &LockedAtom) -> bool {
        match (place, atom.set()) {
            (SetPlace::Here, _) => asker.set() == atom.set(),
            (SetPlace::At { .. }, SetRef::Here) => false,
            (SetPlace::At { origin, .. }, SetRef::Root(root)) => {
                let set = self.graph.lock().set(&root);
                set.is_some_and(|it| it.origin.key() == origin.key())
            }
        }
    }
}

/// Brings specs; where remotes do not answer, what they say stays unknown.
fn bring(
    ctx: &Context<'_>,
    remotes: &crate::remotes::Remotes<'_>,
    wanted: &[Wanted<'_>],
) -> Result<(), Error> {
    let progress = |it: atom_git::crawl::Progress<'_>| tell(ctx, &it);
    let mut bringer = Bringer::new(ctx, remotes, &progress);
    match bringer.bring(wanted, Need::Spec, Look::IfMissing) {
        Err(error) if error.exit() == Exit::Network => {
            ctx.warn(error);
            Ok(())
        }
        brought => brought.map(drop),
    }
}

fn manifest(remotes: &crate::remotes::Remotes<'_>, wanted: &Wanted<'_>) -> Option<Manifest> {
    let spec = remotes.cache().spec(wanted.spec).ok()??;
    let same = spec.commit.atom.id == *wanted.id && spec.commit.version == *wanted.version;
    same.then_some(spec.manifest)
}
