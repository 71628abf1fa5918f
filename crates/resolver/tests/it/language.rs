//! A small language for problems: one line a version, a requirement or an expectation.
//!
//! ```text
//! a 1.0.0: b ^1, c =2.0.0      a version and its dependencies
//! b 1.1.0 yanked               not selectable unless locked
//! b 1.2.0 unreadable           its spec does not parse
//! b 1.3.0 unknown              its spec was not fetched
//! c none                       listed, and has no version
//! lock b 1.1.0                 the lock holds it
//! hold b                       its locked versions are the only choice
//! split b                      one version of each bucket may be chosen
//! allow yanked                 yanked versions count as any other
//! want a ^1                    a root requirement
//! order minimal                or `direct-minimal`; `newest` otherwise
//! ```
//!
//! Atoms that stand nowhere on the left of a line were never listed.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::{self, Write as _};

use atom::{AtomId, Requirement, Version};
use resolver::{
    Choice, Conflict, Dependency, Duplicates, Exclusion, Order, Outcome, Request, Resolution,
    RootRequirement, Spec, Universe, Verdict, choose, improve, solve, verify,
};

/// A problem as read.
#[derive(Clone)]
pub(crate) struct Problem {
    pub(crate) universe: Universe,
    pub(crate) request: Request,
}

/// The atom of one shared test set that bears this name.
pub(crate) fn atom(name: &str) -> AtomId {
    let root = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
    AtomId::new(root.parse().unwrap(), name.parse().unwrap())
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().unwrap()
}

pub(crate) fn req(text: &str) -> Requirement {
    text.parse().unwrap()
}

/// Reads `a ^1, b >=1, <2`: a name begins a dependency, all else continues its requirement.
fn dependencies(text: &str) -> Vec<Dependency> {
    let mut found: Vec<(String, String)> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        match part.split_once(' ') {
            Some((name, rest)) if name.starts_with(char::is_alphabetic) => {
                found.push((name.to_owned(), rest.trim().to_owned()));
            }
            _ => {
                let (_, req) = found.last_mut().expect("a requirement follows a name");
                write!(req, ", {part}").unwrap();
            }
        }
    }
    found
        .into_iter()
        .map(|(name, text)| Dependency {
            atom: atom(&name),
            req: req(&text),
        })
        .collect()
}

impl Problem {
    pub(crate) fn read(text: &str) -> Self {
        let mut versions: BTreeMap<AtomId, BTreeMap<Version, (Spec, bool)>> = BTreeMap::new();
        let mut request = Request::default();
        for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
            let (head, deps) = line.split_once(':').unwrap_or((line, ""));
            let words: Vec<_> = head.split_whitespace().collect();
            match words.as_slice() {
                ["want", ..] => {
                    for Dependency { atom, req } in dependencies(&line["want".len()..]) {
                        let token = request.roots.len();
                        request.roots.push(RootRequirement { atom, req, token });
                    }
                }
                ["lock", name, it] => {
                    let locked = request.locked.entry(atom(name)).or_default();
                    locked.insert(version(it));
                }
                ["hold", name] => drop(request.held.insert(atom(name))),
                ["split", name] => drop(request.split.insert(atom(name))),
                ["allow", "yanked"] => request.allow_yanked = true,
                ["order", "minimal"] => request.order = Order::Minimal,
                ["order", "direct-minimal"] => request.order = Order::DirectMinimal,
                [name, "none"] => drop(versions.entry(atom(name)).or_default()),
                [name, it, rest @ ..] => {
                    let spec = match rest.last() {
                        Some(&"unknown") => Spec::Unknown,
                        Some(&"unreadable") => Spec::Excluded(Exclusion::Unreadable {
                            reason: "no `[atom]` table".to_owned(),
                        }),
                        _ => Spec::Known(dependencies(deps)),
                    };
                    let is_yanked = rest.first() == Some(&"yanked");
                    let listed = versions.entry(atom(name)).or_default();
                    listed.insert(version(it), (spec, is_yanked));
                }
                _ => panic!("not a line of a problem: `{line}`"),
            }
        }
        Self {
            universe: universe(versions),
            request,
        }
    }

    /// Solves with everything known, as often as it is asked; an answer must pass the verifier.
    pub(crate) fn settle(&self, request: &Request) -> Verdict {
        match solve(&self.universe, request) {
            Outcome::Solved(resolution) => {
                verify(&self.universe, request, &resolution).unwrap();
                Ok(resolution)
            }
            Outcome::Conflict(conflict) if conflict.is_settled() => Err(conflict),
            outcome => panic!("not all is known: {outcome:?}"),
        }
    }

    /// Chooses; the answer must pass the verifier.
    pub(crate) fn choose(
        &self,
        duplicates: Duplicates,
        fresh: &BTreeSet<AtomId>,
    ) -> Result<Choice, Box<Conflict>> {
        let solve = &mut |request: &Request| Ok::<_, Infallible>(self.settle(request));
        let Ok(choice) = choose(&self.request, duplicates, fresh, solve);
        if let Ok(choice) = &choice {
            verify(&self.universe, &choice.request, &choice.resolution).unwrap();
        }
        choice
    }

    /// Chooses; where there is no answer, its explanation with what would help.
    pub(crate) fn explained(&self, duplicates: Duplicates) -> Result<Choice, Box<Conflict>> {
        let solve = &mut |request: &Request| Ok::<_, Infallible>(self.settle(request));
        self.choose(duplicates, &BTreeSet::new())
            .map_err(|conflict| {
                let Ok(conflict) = improve(conflict, &self.request, duplicates, solve);
                conflict
            })
    }

    /// Solves; an answer must pass the verifier.
    pub(crate) fn solve(&self) -> Outcome {
        let outcome = solve(&self.universe, &self.request);
        if let Outcome::Solved(resolution) = &outcome {
            verify(&self.universe, &self.request, resolution).unwrap();
        }
        outcome
    }
}

/// Prints the problem in its language, so that a failing random one can be kept.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (atom, versions) in self.universe.atoms() {
            if versions.is_empty() {
                writeln!(f, "{} none", atom.id)?;
            }
            for (version, candidate) in versions {
                let is_yanked = candidate.excluded.is_some();
                let yanked = if is_yanked { " yanked" } else { "" };
                let rest = match &candidate.spec {
                    Spec::Known(dependencies) => {
                        let texts = dependencies.iter().map(|it| (&it.atom, &it.req));
                        format!(": {}", list(texts))
                    }
                    Spec::Excluded(_) => " unreadable".to_owned(),
                    Spec::Unknown | Spec::Pending => " unknown".to_owned(),
                };
                writeln!(f, "{} {version}{yanked}{rest}", atom.id)?;
            }
        }
        for (atom, versions) in &self.request.locked {
            for version in versions {
                writeln!(f, "lock {} {version}", atom.id)?;
            }
        }
        for atom in &self.request.split {
            writeln!(f, "split {}", atom.id)?;
        }
        let roots = self.request.roots.iter().map(|it| (&it.atom, &it.req));
        writeln!(f, "want {}", list(roots))?;
        match self.request.order {
            Order::Newest => Ok(()),
            Order::Minimal => writeln!(f, "order minimal"),
            Order::DirectMinimal => writeln!(f, "order direct-minimal"),
        }
    }
}

fn list<'a>(needs: impl Iterator<Item = (&'a AtomId, &'a Requirement)>) -> String {
    let needs: Vec<_> = needs
        .map(|(atom, req)| format!("{} {req}", atom.id))
        .collect();
    needs.join(", ")
}

fn universe(versions: BTreeMap<AtomId, BTreeMap<Version, (Spec, bool)>>) -> Universe {
    let mut universe = Universe::new();
    for (atom, versions) in versions {
        universe.list(atom.clone(), versions.keys().cloned());
        for (version, (spec, is_yanked)) in versions {
            universe.set_spec(&atom, &version, spec);
            if is_yanked {
                universe.exclude(&atom, &version, Exclusion::Yanked);
            }
        }
    }
    universe
}

/// `a 1.0.0, b 2.0.0`, by name.
pub(crate) fn print(resolution: &Resolution) -> String {
    let atoms: Vec<_> = resolution
        .atoms()
        .map(|(atom, version)| format!("{} {version}", atom.id))
        .collect();
    atoms.join(", ")
}

/// The answer, the explanation, or what is missing, as text.
pub(crate) fn text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Solved(resolution) => print(resolution),
        Outcome::Conflict(conflict) => conflict.to_string(),
        Outcome::Missing(missing) => {
            let mut lines = String::new();
            for atom in &missing.packages {
                writeln!(lines, "missing {}", atom.id).unwrap();
            }
            for (atom, version) in &missing.specs {
                writeln!(lines, "missing {} {version}", atom.id).unwrap();
            }
            lines
        }
    }
}
