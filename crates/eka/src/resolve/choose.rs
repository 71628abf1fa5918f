//! One question, asked once or several times with other options: what was brought for one answer
//! serves the next.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, Place, SetRef};
use atom::manifest::{Manifest, Set, SetPlace};
use atom::url::RepoUrl;
use atom::{AtomId, Id, Requirement, Root};
use resolver::{Conflict, Duplicates, Request, Resolution, RootRequirement, Suggestion, Verdict};

use super::answer::Answer;
use super::clock::Clock;
use super::crawl::{ListWant, Source, Wish, crawl, hinted};
use super::knowledge::{DepPlace, Knowledge, OwnRoot, SpecDep};
use super::origins::{self, Claim, Origin, Origins};
use super::reach::Reach;
use super::settle::Loop;
use super::unsolvable::Unsolvable;
use super::{Answered, Held, Options, Question, ResolveError, Top, Yanked, notices, patch};
use crate::exit::Exit;

/// A question under way.
pub(crate) struct Inquiry<'a> {
    tops: &'a [Top],
    it: Loop<'a>,
    /// Where the top manifests say that sets lie.
    origins: Origins,
}

impl<'a> Inquiry<'a> {
    /// Brings what the question leads to.
    ///
    /// # Errors
    ///
    /// [`ResolveError`]: a set of the manifests that cannot be asked, two that are the same.
    pub(crate) fn open(
        question: &'a Question,
        source: &'a mut dyn Source,
        interrupted: &'a dyn Fn() -> bool,
    ) -> Result<Self, ResolveError> {
        let known = Knowledge {
            locals: question.locals.clone(),
            own: question.own_root.map_or(OwnRoot::Unposted, OwnRoot::Posted),
            ..Knowledge::default()
        };
        let tops = &question.tops;
        let near = reachable_locals(&known, tops)?;
        let clock = Clock::new(question.bounds.solving, interrupted);
        let reach = Reach::new(question.bounds.sets);
        let mut it = Loop::new(known, source, clock, reach);
        let sets = tops.iter().flat_map(|it| it.manifest.sets.values());
        it.reach.need(sets.filter_map(|it| it.place.origin()))?;
        let mut wishes = first_wishes(tops, &it.known, &near);
        wishes.extend(patch::wishes(&question.patches));
        for (key, facts) in it.source.foresee(&wishes, &mut it.reach) {
            it.known.learn(key, facts);
        }
        crawl(&mut it.known, it.source, &mut it.reach, wishes);
        let unlisted = unlisted_sets(tops, &it.known);
        for (key, facts) in it.source.list(unlisted) {
            it.known.learn(key, facts);
        }
        let origins = top_origins(tops, &mut it)?;
        it.known.patches = patch::settle(&question.patches, tops, &mut it)?;
        Ok(Self { tops, it, origins })
    }

    /// Resolves under these options.
    ///
    /// # Errors
    ///
    /// [`ResolveError`]: unsolvable, a remote that could not be asked, a claim that does not hold.
    pub(crate) fn answer(&mut self, options: &Options) -> Result<Answered, ResolveError> {
        let (mut request, fresh) = self.request(options);
        let mut duplicates = self.duplicates();
        loop {
            match self.chosen(&request, duplicates, &fresh)? {
                Ok(graph) => {
                    let answered = self.answered(&graph)?;
                    if duplicates == Duplicates::Deny || options.unmet(&answered.locks).is_none() {
                        return Ok(answered);
                    }
                    // What is forced came beside what is needed: it must take its place.
                    duplicates = Duplicates::Deny;
                    for (atom, _) in &options.forced {
                        request.split.remove(atom);
                    }
                }
                Err(conflict) if self.lift(options, &conflict) => {}
                Err(conflict) => {
                    return Err(self.unsolvable(conflict, (&request, duplicates), options));
                }
            }
        }
    }

    /// The answer that changes least of what the locks hold.
    fn chosen(
        &mut self,
        request: &Request,
        duplicates: Duplicates,
        fresh: &BTreeSet<AtomId>,
    ) -> Result<Verdict, ResolveError> {
        let (origins, it) = (&self.origins, &mut self.it);
        let mut solve = |request: &Request| it.settled(origins, request);
        match resolver::choose(request, duplicates, fresh, &mut solve)? {
            Ok(choice) => Ok(Ok(joined(request, choice.resolution, &mut solve)?)),
            Err(conflict) => Ok(Err(conflict)),
        }
    }

    /// The request that the manifests and their locks amount to, and the atoms that are to move.
    fn request(&self, options: &Options) -> (Request, BTreeSet<AtomId>) {
        let own = self.it.known.own.root();
        let mut request = Request {
            order: options.order,
            ..Request::default()
        };
        let mut fresh = BTreeSet::new();
        let mut token = 0;
        for top in self.tops {
            for dep in SpecDep::of(&top.manifest) {
                if let Some(root) = self.it.known.root_of(&dep.place, own) {
                    request.roots.push(RootRequirement {
                        atom: AtomId::new(root, dep.id),
                        req: dep.req,
                        token,
                    });
                }
                token += 1;
            }
            for atom in top.lock.iter().flat_map(|it| &it.atoms) {
                let root = match &atom.place {
                    Place::Published { root, .. } => *root,
                    Place::Patched(patched) => patched.root,
                    Place::Local { .. } => continue,
                };
                let atom_id = AtomId::new(root, atom.id.clone());
                let patched = matches!(atom.place, Place::Patched(_));
                if patched != self.it.known.patches.contains_key(&atom_id) {
                    // Of what stood here before no version counts.
                    continue;
                }
                if options.moving.moves(&atom_id) {
                    fresh.insert(atom_id.clone());
                }
                let versions = request.locked.entry(atom_id).or_default();
                versions.insert(atom.version.clone());
            }
        }
        if self.duplicates() == Duplicates::Allow {
            request.split = &self.several() - &fresh;
        }
        for (atom, req) in &options.forced {
            let (atom, req) = (atom.clone(), req.clone());
            request.roots.push(RootRequirement { atom, req, token });
        }
        (request, fresh)
    }

    /// The atoms of which a lock holds several majors: they stay so until something moves.
    fn several(&self) -> BTreeSet<AtomId> {
        let mut several = BTreeSet::new();
        for top in self.tops.iter().filter(|it| it.held == Held::Answer) {
            let mut seen = BTreeSet::new();
            for atom in top.lock.iter().flat_map(|it| &it.atoms) {
                if let Place::Published { root, .. } = &atom.place {
                    let atom = AtomId::new(*root, atom.id.clone());
                    if !seen.insert(atom.clone()) {
                        several.insert(atom);
                    }
                }
            }
        }
        several
    }

    /// Whether several majors of one atom may be taken: no manifest forbids it.
    fn duplicates(&self) -> Duplicates {
        match self.tops.iter().any(Top::denies_duplicates) {
            true => Duplicates::Deny,
            false => Duplicates::Allow,
        }
    }

    /// Lets in the yanked versions that stand in the way of an answer, where they may be; returns
    /// whether there was one that was not let in before.
    fn lift(&mut self, options: &Options, conflict: &Conflict) -> bool {
        options.yanked == Yanked::Allowed && self.it.known.lift(conflict.yanked())
    }

    fn answered(&mut self, graph: &Resolution) -> Result<Answered, ResolveError> {
        let origins = self.it.origins_of(graph);
        let origins = origins.expect("a chosen answer was settled").clone();
        let answer = Answer {
            known: &self.it.known,
            origins: &origins,
            graph,
        };
        let locks = self.tops.iter();
        let locks = locks.map(|top| answer.lock(&top.manifest, top.lock.as_ref()));
        let locks = locks.collect::<Result<_, _>>()?;
        let marks = notices::of_answer(&self.it.known, self.it.source, &origins, graph);
        Ok(Answered { locks, marks })
    }

    /// What people call the sets of a conflict.
    fn set_names(&self) -> BTreeMap<Root, String> {
        let named = self.it.stuck.iter();
        named.map(|(root, it)| (*root, short(&it.url))).collect()
    }

    /// A conflict with all that helps, unless a remote that could not be asked may be the cause.
    fn unsolvable(
        &mut self,
        conflict: Box<Conflict>,
        (request, duplicates): (&Request, Duplicates),
        options: &Options,
    ) -> ResolveError {
        let degraded = self.it.known.sets.values();
        let degraded = degraded.filter_map(|it| it.degraded.clone()).next();
        if let Some(url) = degraded
            && let Some(failure) = self.it.source.failure(&url)
        {
            return failure;
        }
        let (origins, it) = (&self.origins, &mut self.it);
        let mut solve = |request: &Request| it.settled(origins, request);
        let improved = resolver::improve(conflict.clone(), request, duplicates, &mut solve);
        let conflict = match improved {
            Ok(conflict) => conflict,
            Err(error) if error.exit() == Exit::Interrupted => return error,
            // That there is no answer is known; only the telling of it is poorer.
            Err(_) => conflict,
        };
        let conflict = self.without_beside(conflict, options);
        let yanked = conflict.yanked();
        let it = &mut self.it;
        let reasons = notices::of_yanked(&it.known, it.source, &it.stuck, &yanked);
        let conflict = conflict.with_reasons(&reasons).with_sets(self.set_names());
        Unsolvable::new(conflict.into(), self.tops, options).into()
    }
}

impl Options {
    /// The first of what is forced that no lock holds: the manifests themselves do not lead to it.
    pub(crate) fn unmet(&self, locks: &[Lock]) -> Option<&(AtomId, Requirement)> {
        let holds = |(atom, req): &&(AtomId, Requirement)| {
            let atoms = locks.iter().flat_map(|it| &it.atoms);
            let mut alike = atoms.filter(|it| it.id == atom.id && req.matches(&it.version));
            alike.any(|it| it.set() == SetRef::Root(atom.root))
        };
        self.forced.iter().find(|it| !holds(it))
    }
}

impl Inquiry<'_> {
    /// A conflict without the advice to take several majors, where it is no help: what is forced
    /// may not stand beside what is needed, whatever the manifests allow.
    fn without_beside(&self, mut conflict: Box<Conflict>, options: &Options) -> Box<Conflict> {
        let forced = |it: &AtomId| options.forced.iter().any(|(atom, _)| atom == it);
        let denied = self.duplicates() == Duplicates::Deny;
        conflict.suggestions.retain(|it| match it {
            Suggestion::AllowDuplicates { atoms } => {
                options.forced.is_empty() || denied && !atoms.iter().any(forced)
            }
            _ => true,
        });
        conflict
    }
}

/// An answer without the second majors that a lock held and that nothing needs any more.
fn joined(
    request: &Request,
    mut graph: Resolution,
    solve: &mut dyn FnMut(&Request) -> Result<Verdict, ResolveError>,
) -> Result<Resolution, ResolveError> {
    for atom in &request.split {
        if graph.versions(atom).count() < 2 {
            continue;
        }
        let mut fewer = request.clone();
        fewer.locked = graph.as_lock();
        fewer.held = fewer.locked.keys().cloned().collect();
        fewer.split = graph.several();
        fewer.split.remove(atom);
        if let Ok(joined) = solve(&fewer)? {
            graph = joined;
        }
    }
    Ok(graph)
}

/// `owner/repo` at the hosts that everybody knows, else host and path.
fn short(url: &RepoUrl) -> String {
    let url = url.public();
    let path = url.path().trim_matches('/').trim_end_matches(".git");
    match url.host() {
        Some("github.com" | "gitlab.com" | "codeberg.org") => path.to_owned(),
        Some(host) if !host.is_empty() => format!("{host}/{path}"),
        _ => url.to_string(),
    }
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

/// What the manifests ask for, and what their locks and the work tree lead to.
fn first_wishes(tops: &[Top], known: &Knowledge, near: &BTreeSet<Id>) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = Vec::new();
    let manifests = tops.iter().map(|it| &it.manifest);
    let locals = near.iter().filter_map(|it| known.locals.get(it));
    for manifest in manifests.chain(locals.map(|it| &it.manifest)) {
        wishes.extend(SpecDep::of(manifest).iter().filter_map(Wish::elsewhere));
    }
    wishes.extend(
        tops.iter()
            .filter_map(|it| it.lock.as_ref())
            .flat_map(hinted),
    );
    wishes
}

/// The sets of the top manifests that nothing led to: each may be named to settle where a set
/// of others' dependencies lies.
fn unlisted_sets(tops: &[Top], known: &Knowledge) -> Vec<ListWant> {
    let sets = tops.iter().flat_map(|it| it.manifest.sets.values());
    let want = |set: &Set| {
        Some(ListWant {
            url: set.place.origin()?.clone(),
            mirrors: set.place.mirrors().to_vec(),
            ids: BTreeSet::new(),
        })
    };
    sets.filter_map(want)
        .filter(|it| known.root_at(&it.url).is_none())
        .collect()
}

/// Where the top manifests say that sets lie. One that nothing is asked of need not be a set.
fn top_origins(tops: &[Top], it: &mut Loop<'_>) -> Result<Origins, ResolveError> {
    let mut claims = Vec::new();
    for top in tops {
        for (name, set) in &top.manifest.sets {
            let SetPlace::At { origin, mirrors } = &set.place else {
                continue;
            };
            let used = top.manifest.deps.iter().any(|it| it.set == *name);
            let root = match it.root_at(origin) {
                Err(ResolveError::NoSet { .. }) if !used => continue,
                root => root?,
            };
            if it.known.own == OwnRoot::Posted(root) {
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
