//! Solves until nothing unknown was touched: brings what a solve lacked, and repeats until the
//! origins that it used are those that its graph names.

use std::collections::{BTreeMap, BTreeSet};

use atom::url::RepoUrl;
use atom::{AtomId, Id, Root, Version};
use resolver::{Missing, Outcome, Request, Resolution, Universe, Verdict};

use super::ResolveError;
use super::clock::Clock;
use super::crawl::{Source, Which, Wish, crawl};
use super::knowledge::{DepPlace, Knowledge, SpecDep, SpecFacts};
use super::origins::{self, Claim, Origin, Origins};
use super::reach::Reach;
use crate::exit::Exit;

/// What has been brought, and whom to ask for more.
pub(super) struct Loop<'a> {
    pub(super) known: Knowledge,
    pub(super) source: &'a mut dyn Source,
    pub(super) clock: Clock<'a>,
    pub(super) reach: Reach,
    /// How often a solve missed a spec of an atom.
    misses: BTreeMap<AtomId, usize>,
    /// The answers so far, each with the origins that it used and names.
    answers: Vec<(Resolution, Origins)>,
    /// The origins under which there was no answer: of what a conflict names.
    pub(super) stuck: Origins,
    /// The universe of the last solve: many solves follow each other over the same one.
    universe: Option<(Origins, usize, Universe)>,
}

impl<'a> Loop<'a> {
    pub(super) fn new(
        known: Knowledge,
        source: &'a mut dyn Source,
        clock: Clock<'a>,
        reach: Reach,
    ) -> Self {
        Self {
            known,
            source,
            clock,
            reach,
            misses: BTreeMap::new(),
            answers: Vec::new(),
            stuck: Origins::new(),
            universe: None,
        }
    }

    /// Solves until the origins that a solve used are those that its graph names, beginning with
    /// those that the top manifests name.
    pub(super) fn settled(
        &mut self,
        top: &Origins,
        request: &Request,
    ) -> Result<Verdict, ResolveError> {
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
            self.reach.need(origins.values().map(|it| &it.url))?;
            let graph = match self.solve(&origins, request)? {
                Ok(graph) => graph,
                Err(conflict) => {
                    for (root, origin) in origins {
                        self.stuck.entry(root).or_insert(origin);
                    }
                    return Ok(Err(conflict));
                }
            };
            let roots = request.roots.iter().map(|it| it.atom.clone());
            let named = origins::settle(top, roots, &graph, |atom, version| {
                self.claims(&origins, atom, version)
            })?;
            if named == origins {
                if self.origins_of(&graph).is_none() {
                    self.answers.push((graph.clone(), origins));
                }
                return Ok(Ok(graph));
            }
            origins = named;
        }
    }

    /// The origins that an answer of [`Loop::settled`] used.
    pub(super) fn origins_of(&self, graph: &Resolution) -> Option<&Origins> {
        let found = self.answers.iter().find(|(it, _)| it == graph);
        found.map(|(_, origins)| origins)
    }

    /// The root behind a URL; why not, where it is not known by now.
    pub(super) fn root_at(&mut self, url: &RepoUrl) -> Result<Root, ResolveError> {
        if let Some(root) = self.known.root_at(url) {
            return Ok(root);
        }
        Err(self
            .source
            .failure(url)
            .unwrap_or_else(|| ResolveError::NoSet { url: url.clone() }))
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
        let patch = self.known.set_of_patch(atom).map(|(root, url)| Claim {
            root,
            origin: Origin {
                url,
                mirrors: Vec::new(),
            },
            by: format!("the patch of {}", atom.id),
        });
        deps.into_iter().filter_map(claim).chain(patch).collect()
    }

    /// Solves under an assignment of origins, bringing what is missing, until nothing is.
    fn solve(&mut self, origins: &Origins, request: &Request) -> Result<Verdict, ResolveError> {
        loop {
            let universe = self.universe(origins);
            let outcome = self
                .clock
                .run(|stopped| resolver::solve_until(&universe, request, stopped))?;
            let checked = match &outcome {
                Outcome::Solved(graph) => resolver::verify(&universe, request, graph),
                _ => Ok(()),
            };
            self.universe = Some((origins.clone(), self.known.n_facts(), universe));
            checked.map_err(resolver::WrongAnswer::new)?;
            match outcome {
                Outcome::Solved(graph) => return Ok(Ok(graph)),
                Outcome::Missing(missing) => self.bring(origins, &missing)?,
                Outcome::Conflict(conflict) if conflict.missing.is_empty() => {
                    return Ok(Err(conflict));
                }
                Outcome::Conflict(conflict) => match self.bring(origins, &conflict.missing) {
                    Ok(()) => {}
                    // The conflict holds whatever the unknown is: only its telling may be poorer.
                    Err(error) if error.exit() == Exit::Network => return Ok(Err(conflict)),
                    Err(error) => return Err(error),
                },
            }
        }
    }

    /// The universe of all that is known, as it was left by the solve before, where nothing new
    /// has come since.
    fn universe(&mut self, origins: &Origins) -> Universe {
        let last = self.universe.take();
        match last {
            Some((of, n_facts, universe)) if of == *origins && n_facts == self.known.n_facts() => {
                universe
            }
            _ => self.known.universe(origins),
        }
    }

    /// Brings what a solve lacked; what cannot be had ends the resolution.
    fn bring(&mut self, origins: &Origins, missing: &Missing) -> Result<(), ResolveError> {
        let mut wishes = Vec::new();
        for atom in &missing.packages {
            let origin = self.known.origin_of(origins, atom);
            let newest = Which::Newest("*".to_owned());
            wishes.extend(origin.map(|origin| wish(&origin, &atom.id, newest)));
        }
        for (atom, version) in &missing.specs {
            let times = self.misses.entry(atom.clone()).or_default();
            *times += 1;
            let which = if *times > 2 {
                Which::All
            } else {
                Which::Exactly(version.clone())
            };
            let Some(origin) = self.known.origin_of(origins, atom) else {
                continue;
            };
            wishes.push(wish(&origin, &atom.id, which));
            let deps = self.known.asks(origins, atom, version).unwrap_or_default();
            wishes.extend(deps.iter().filter_map(Wish::elsewhere));
        }
        self.reach.need(wishes.iter().map(|it| &it.url))?;
        crawl(&mut self.known, self.source, &mut self.reach, wishes);
        self.all_brought(origins, missing)
    }

    fn all_brought(&mut self, origins: &Origins, missing: &Missing) -> Result<(), ResolveError> {
        for atom in &missing.packages {
            let Some(origin) = self.known.origin_of(origins, atom) else {
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
                self.reach.need([&url])?;
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
        let origin = self.known.origin_of(origins, atom);
        let url = origin.expect("a version that is known has an origin").url;
        let named = self.known.identity(atom);
        let Some(spec) = self.known.specs.get(&facts.spec) else {
            let failure = self.source.failure(&url);
            return Err(failure.unwrap_or(ResolveError::NoSpec {
                id: atom.id.clone(),
                version: version.clone(),
                url,
            }));
        };
        match spec {
            SpecFacts::Bad(_) => Ok(Vec::new()),
            SpecFacts::Broken(reason) => Err(ResolveError::Broken {
                id: atom.id.clone(),
                version: version.clone(),
                reason: reason.clone(),
            }),
            SpecFacts::Good(good) if facts.fits(&named, version, &good.commit) => {
                Ok(good.deps.clone())
            }
            SpecFacts::Good(_) => Err(ResolveError::Forged {
                id: atom.id.clone(),
                version: version.clone(),
                spec: facts.spec,
                url,
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
