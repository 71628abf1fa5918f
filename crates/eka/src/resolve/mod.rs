//! The loop between the crawl and the solver: bring what the solver touched and lacked, solve
//! again, until nothing unknown was touched.
//!
//! The last solve equals the one with full knowledge, so the answer depends on manifests, the old
//! lock and the remotes alone: not on the cache, nor on the order in which anybody answered.

mod answer;
mod crawl;
mod error;
mod knowledge;
mod network;
mod origins;

#[cfg(test)]
mod tests;

pub(crate) use crawl::Source;
pub use error::ResolveError;
pub(crate) use knowledge::LocalAtom;
pub(crate) use network::Remote;
pub use origins::TwoOrigins;

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, Place};
use atom::manifest::{Manifest, Set, SetPlace};
use atom::{AtomId, Id, Root, Version};
use resolver::{
    Cancelled, Missing, Order, Outcome, Request, Resolution, RootRequirement, Universe,
};

use crate::exit::Exit;
use answer::Answer;
use atom::url::RepoUrl;
use crawl::{ListWant, Which, Wish, crawl, hinted};
use knowledge::{DepPlace, Knowledge, OwnRoot, SpecDep};
use origins::{Claim, Origin, Origins};

/// One manifest to resolve for.
pub(crate) struct Top {
    /// What it is called in messages, such as `atom.toml`.
    pub(crate) name: String,
    /// Its text, which errors point into.
    pub(crate) text: String,
    /// What it says.
    pub(crate) manifest: Manifest,
    /// The lock that stands beside it: its versions are kept where they still fit.
    pub(crate) lock: Option<Lock>,
}

/// All that a resolution depends on, beside the remotes.
pub(crate) struct Question {
    /// The manifests; all are solved in one.
    pub(crate) tops: Vec<Top>,
    /// The atoms of the work tree.
    pub(crate) locals: BTreeMap<Id, LocalAtom>,
    /// The root of the repository, where it is known.
    pub(crate) own_root: Option<Root>,
    /// Which versions come first.
    pub(crate) order: Order,
}

struct Loop<'a> {
    known: Knowledge,
    source: &'a mut dyn Source,
    tops: &'a [Top],
    request: Request,
    /// How often a solve missed a spec of an atom.
    misses: BTreeMap<AtomId, usize>,
    cancelled: &'a dyn Fn() -> bool,
}

/// Resolves, and returns the lock of each top, in their order.
///
/// # Errors
///
/// [`ResolveError`]: unsolvable, a remote that could not be asked, a claim that does not hold.
pub(crate) fn resolve(
    question: Question,
    remotes: &mut dyn Source,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Lock>, ResolveError> {
    let known = Knowledge {
        locals: question.locals,
        own: question.own_root.map_or(OwnRoot::Unposted, OwnRoot::Posted),
        ..Knowledge::default()
    };
    let near = reachable_locals(&known, &question.tops)?;
    let mut it = Loop {
        known,
        source: remotes,
        tops: &question.tops,
        request: Request {
            order: question.order,
            ..Request::default()
        },
        misses: BTreeMap::new(),
        cancelled,
    };
    let wishes = it.first_wishes(&near);
    for (key, facts) in it.source.foresee(&wishes) {
        it.known.learn(key, facts);
    }
    crawl(&mut it.known, it.source, wishes);
    for (key, facts) in it.source.list(it.unlisted_sets()) {
        it.known.learn(key, facts);
    }
    let top = it.top_origins()?;
    it.ask();
    let (origins, graph) = it.settle(&top)?;
    let answer = Answer {
        known: &it.known,
        origins: &origins,
        graph: &graph,
    };
    question
        .tops
        .iter()
        .map(|top| answer.lock(&top.manifest, top.lock.as_ref()))
        .collect()
}

/// The atoms of the work tree that the tops lead to by `::`; each such dependency names one.
fn reachable_locals(known: &Knowledge, tops: &[Top]) -> Result<BTreeSet<Id>, ResolveError> {
    let tops = tops.iter().map(|it| (it.name.as_str(), &it.manifest));
    let mut todo: Vec<(&str, &Manifest)> = tops.collect();
    let mut seen = BTreeSet::new();
    while let Some((name, manifest)) = todo.pop() {
        for dep in SpecDep::of(manifest) {
            if !matches!(dep.place, DepPlace::Same) {
                continue;
            }
            let Some((id, local)) = known.locals.get_key_value(&dep.id) else {
                return Err(ResolveError::NoLocal {
                    id: dep.id,
                    by: name.to_owned(),
                    known: known.locals.keys().cloned().collect(),
                });
            };
            if seen.insert(id.clone()) {
                todo.push((id.as_str(), &local.manifest));
            }
        }
    }
    Ok(seen)
}

impl Loop<'_> {
    /// What the manifests ask for, and what their locks and the work tree lead to.
    fn first_wishes(&self, near: &BTreeSet<Id>) -> Vec<Wish> {
        let mut wishes: Vec<Wish> = Vec::new();
        let manifests = self.tops.iter().map(|it| &it.manifest);
        let locals = near.iter().filter_map(|it| self.known.locals.get(it));
        for manifest in manifests.chain(locals.map(|it| &it.manifest)) {
            wishes.extend(SpecDep::of(manifest).into_iter().filter_map(|dep| {
                let DepPlace::At { origin, mirrors } = dep.place else {
                    return None;
                };
                Some(Wish {
                    url: origin,
                    mirrors,
                    id: dep.id,
                    which: Which::Newest(dep.req.to_string()),
                })
            }));
        }
        wishes.extend(
            self.tops
                .iter()
                .filter_map(|it| it.lock.as_ref())
                .flat_map(hinted),
        );
        wishes
    }

    /// The sets of the top manifests that nothing led to: each may be named to settle where a set
    /// of others' dependencies lies.
    fn unlisted_sets(&self) -> Vec<ListWant> {
        let sets = self.tops.iter().flat_map(|it| it.manifest.sets.values());
        let want = |set: &Set| {
            Some(ListWant {
                url: set.place.origin()?.clone(),
                mirrors: set.place.mirrors().to_vec(),
                ids: BTreeSet::new(),
            })
        };
        sets.filter_map(want)
            .filter(|it| self.known.root_at(&it.url).is_none())
            .collect()
    }

    /// Where the top manifests say that sets lie. One that nothing is asked of need not be a set.
    fn top_origins(&mut self) -> Result<Origins, ResolveError> {
        let mut claims = Vec::new();
        for top in self.tops {
            for (name, set) in &top.manifest.sets {
                let SetPlace::At { origin, mirrors } = &set.place else {
                    continue;
                };
                let used = top.manifest.deps.iter().any(|it| it.set == *name);
                let root = match self.root_at(origin) {
                    Err(ResolveError::NoSet { .. }) if !used => continue,
                    root => root?,
                };
                if self.known.own == OwnRoot::Posted(root) {
                    return Err(ResolveError::OwnSet { name: name.clone() });
                }
                claims.push(Claim {
                    root,
                    origin: Origin {
                        url: origin.clone(),
                        mirrors: mirrors.clone(),
                    },
                    by: format!("[sets] {name}"),
                });
            }
        }
        Ok(origins::join(claims)?)
    }

    fn root_at(&mut self, url: &RepoUrl) -> Result<Root, ResolveError> {
        if let Some(root) = self.known.root_at(url) {
            return Ok(root);
        }
        Err(self
            .source
            .failure(url)
            .unwrap_or_else(|| ResolveError::NoSet { url: url.clone() }))
    }

    /// Words the request, now that the roots of the top sets are known.
    fn ask(&mut self) {
        let own = self.known.own.root();
        let mut token = 0;
        for top in self.tops {
            for dep in SpecDep::of(&top.manifest) {
                if let Some(root) = self.known.root_of(&dep.place, own) {
                    self.request.roots.push(RootRequirement {
                        atom: AtomId::new(root, dep.id),
                        req: dep.req,
                        token,
                    });
                }
                token += 1;
            }
            for atom in top.lock.iter().flat_map(|it| &it.atoms) {
                if let Place::Published { root, .. } = &atom.place {
                    let atom_id = AtomId::new(*root, atom.id.clone());
                    let locked = self.request.locked.entry(atom_id).or_default();
                    locked.insert(atom.version.clone());
                }
            }
        }
    }

    /// Solves until the origins that a solve used are those that its graph names.
    fn settle(&mut self, top: &Origins) -> Result<(Origins, Resolution), ResolveError> {
        let mut origins = top.clone();
        let mut tried = BTreeSet::new();
        loop {
            if !tried.insert(origins.clone()) {
                return Err(ResolveError::Restless {
                    found: origins
                        .into_keys()
                        .filter(|it| !top.contains_key(it))
                        .collect(),
                });
            }
            let graph = self.solve(&origins)?;
            let roots = self.request.roots.iter().map(|it| it.atom.clone());
            let named = origins::settle(top, roots, &graph, |atom, version| {
                self.claims(&origins, atom, version)
            })?;
            if named == origins {
                return Ok((origins, graph));
            }
            origins = named;
        }
    }

    /// Where the manifest of a chosen version says that sets lie.
    fn claims(&self, origins: &Origins, atom: &AtomId, version: &Version) -> Vec<Claim> {
        let deps = self.known.asks(origins, atom, version).unwrap_or_default();
        let claim = |dep: SpecDep| {
            let DepPlace::At { origin, mirrors } = dep.place else {
                return None;
            };
            Some(Claim {
                root: self.known.root_at(&origin)?,
                origin: Origin {
                    url: origin,
                    mirrors,
                },
                by: format!("{}@{version}", atom.id),
            })
        };
        deps.into_iter().filter_map(claim).collect()
    }

    /// Solves under an assignment of origins, bringing what is missing, until nothing is.
    fn solve(&mut self, origins: &Origins) -> Result<Resolution, ResolveError> {
        loop {
            let universe = self.known.universe(origins);
            let stopped = || (self.cancelled)().then_some(Cancelled::Interrupted);
            match resolver::solve_until(&universe, &self.request, &stopped)? {
                Outcome::Solved(graph) => {
                    self.check(&universe, &graph)?;
                    return Ok(graph);
                }
                Outcome::Missing(missing) => self.bring(origins, &missing)?,
                Outcome::Conflict(conflict) if conflict.missing.is_empty() => {
                    return Err(self.unsolvable(*conflict));
                }
                Outcome::Conflict(conflict) => match self.bring(origins, &conflict.missing) {
                    Ok(()) => {}
                    // The conflict holds whatever the unknown is: only its telling may be poorer.
                    Err(error) if error.exit() == Exit::Network => {
                        return Err(self.unsolvable(*conflict));
                    }
                    Err(error) => return Err(error),
                },
            }
        }
    }

    fn check(&self, universe: &Universe, graph: &Resolution) -> Result<(), ResolveError> {
        resolver::verify(universe, &self.request, graph)
            .map_err(|violations| resolver::WrongAnswer::new(violations).into())
    }

    /// A conflict, unless a remote that could not be asked may be the cause.
    fn unsolvable(&mut self, conflict: resolver::Conflict) -> ResolveError {
        let degraded = self.known.sets.values().find_map(|it| it.degraded.clone());
        if let Some(url) = degraded
            && let Some(failure) = self.source.failure(&url)
        {
            return failure;
        }
        let deps: Vec<_> = self.tops.iter().flat_map(|it| &it.manifest.deps).collect();
        // Spans are of one text: with several manifests there is none to draw.
        let one = self.tops.len() == 1;
        let span = |token: usize| deps.get(token).filter(|_| one).map(|it| it.span.clone());
        ResolveError::Unsolvable(resolver::Unsolvable::new(conflict, span))
    }

    /// Brings what a solve lacked; what cannot be had ends the resolution.
    fn bring(&mut self, origins: &Origins, missing: &Missing) -> Result<(), ResolveError> {
        let mut wishes = Vec::new();
        for atom in &missing.packages {
            wishes.extend(
                origins
                    .get(&atom.root)
                    .map(|origin| wish(origin, &atom.id, Which::Newest("*".to_owned()))),
            );
        }
        for (atom, version) in &missing.specs {
            let times = self.misses.entry(atom.clone()).or_default();
            *times += 1;
            let which = if *times > 2 {
                Which::All
            } else {
                Which::Exactly(version.clone())
            };
            let Some(origin) = origins.get(&atom.root) else {
                continue;
            };
            wishes.push(wish(origin, &atom.id, which));
            let deps = self.known.asks(origins, atom, version).unwrap_or_default();
            wishes.extend(deps.into_iter().filter_map(|dep| match dep.place {
                DepPlace::Same => None,
                DepPlace::At { origin, mirrors } => Some(Wish {
                    url: origin,
                    mirrors,
                    id: dep.id,
                    which: Which::Newest(dep.req.to_string()),
                }),
            }));
        }
        crawl(&mut self.known, self.source, wishes);
        self.all_brought(origins, missing)
    }

    fn all_brought(&mut self, origins: &Origins, missing: &Missing) -> Result<(), ResolveError> {
        for atom in &missing.packages {
            let Some(origin) = origins.get(&atom.root).cloned() else {
                continue;
            };
            let facts = self.known.sets.get(&origin.url.key());
            if !facts.is_some_and(|it| it.atoms.contains_key(&atom.id)) {
                self.root_at(&origin.url)?;
                return Err(self.failed(&origin, &atom.id));
            }
        }
        for (atom, version) in &missing.specs {
            let deps = match self.known.local(atom) {
                Some(local) => SpecDep::of(&local.manifest),
                None => self.spec_deps(origins, atom, version)?,
            };
            for url in self.known.unlisted(&deps) {
                self.root_at(&url)?;
            }
        }
        Ok(())
    }

    /// The dependencies of a published version, whose spec must be here by now and fit.
    fn spec_deps(
        &mut self,
        origins: &Origins,
        atom: &AtomId,
        version: &Version,
    ) -> Result<Vec<SpecDep>, ResolveError> {
        let Some(facts) = self.known.version(origins, atom, version) else {
            return Ok(Vec::new());
        };
        let Some(spec) = self.known.specs.get(&facts.spec) else {
            let origin = origins[&atom.root].clone();
            return Err(self
                .source
                .failure(&origin.url)
                .unwrap_or(ResolveError::NoSpec {
                    id: atom.id.clone(),
                    version: version.clone(),
                    url: origin.url,
                }));
        };
        match spec {
            knowledge::SpecFacts::Bad(_) => Ok(Vec::new()),
            knowledge::SpecFacts::Broken(reason) => Err(ResolveError::Broken {
                id: atom.id.clone(),
                version: version.clone(),
                reason: reason.clone(),
            }),
            knowledge::SpecFacts::Good(good) if facts.fits(atom, version, &good.commit) => {
                Ok(good.deps.clone())
            }
            knowledge::SpecFacts::Good(_) => Err(ResolveError::Forged {
                id: atom.id.clone(),
                version: version.clone(),
                spec: facts.spec,
                url: origins[&atom.root].url.clone(),
            }),
        }
    }

    fn failed(&mut self, origin: &Origin, id: &Id) -> ResolveError {
        self.source
            .failure(&origin.url)
            .unwrap_or_else(|| ResolveError::NotListed {
                id: id.clone(),
                url: origin.url.clone(),
            })
    }
}

fn wish(origin: &Origin, id: &Id, which: Which) -> Wish {
    Wish {
        url: origin.url.clone(),
        mirrors: origin.mirrors.clone(),
        id: id.clone(),
        which,
    }
}
