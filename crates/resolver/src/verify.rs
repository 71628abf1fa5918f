//! An independent check of every answer: shares no code with the provider or the solver.

use std::collections::BTreeSet;

use atom::{AtomId, Bucket, Requirement, Version};
use thiserror::Error;

use crate::request::Request;
use crate::resolution::Resolution;
use crate::universe::{Candidate, Exclusion, Spec, Universe};

/// A rule that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// A root requirement or a dependency has no chosen version that fits.
    #[error("nothing chosen satisfies `{} {req}`, which {by} requires", atom.id)]
    Unsatisfied {
        /// The dependant as `id@version`, or `the manifest`.
        by: String,
        /// What it requires.
        atom: AtomId,
        /// Which versions would do.
        req: Requirement,
    },
    /// A version was chosen that is not listed.
    #[error("`{}@{version}` does not exist", atom.id)]
    NotListed {
        /// The atom.
        atom: AtomId,
        /// The version.
        version: Version,
    },
    /// A version was chosen whose spec is not known.
    #[error("the spec of `{}@{version}` is not known", atom.id)]
    SpecUnknown {
        /// The atom.
        atom: AtomId,
        /// The version.
        version: Version,
    },
    /// A version was chosen that is excluded.
    #[error("`{}@{version}` is excluded: {why}", atom.id)]
    Excluded {
        /// The atom.
        atom: AtomId,
        /// The version.
        version: Version,
        /// Why it is.
        why: Exclusion,
    },
    /// Two versions of one atom were chosen; of an atom that is split, two of one bucket.
    #[error("both `{}@{version}` and `@{other}` were chosen", atom.id)]
    Twice {
        /// The atom.
        atom: AtomId,
        /// The older version.
        version: Version,
        /// The newer version.
        other: Version,
    },
    /// A version was chosen that the lock does not hold, of an atom whose locked ones are the only
    /// choice.
    #[error("`{}@{version}` was chosen, and the locked version is held", atom.id)]
    NotHeld {
        /// The atom.
        atom: AtomId,
        /// The version.
        version: Version,
    },
    /// A version was chosen that nothing needs.
    #[error("nothing needs `{}@{version}`", atom.id)]
    Unreachable {
        /// The atom.
        atom: AtomId,
        /// The version.
        version: Version,
    },
    /// The recorded dependencies of a version are not those that its spec asks for.
    #[error("the edges of `{}@{version}` are not its dependencies", atom.id)]
    WrongEdges {
        /// The atom.
        atom: AtomId,
        /// The version.
        version: Version,
    },
}

/// Checks that requirements hold, that everything chosen exists, may be chosen and is needed, and
/// that there is one version of each atom, or of each bucket of a split one.
///
/// # Errors
///
/// Everything that does not hold.
pub fn verify(
    universe: &Universe,
    request: &Request,
    resolution: &Resolution,
) -> Result<(), Vec<Violation>> {
    let mut violations = Vec::new();
    for root in &request.roots {
        if pick(resolution, &root.atom, &root.req).is_none() {
            violations.push(Violation::Unsatisfied {
                by: "the manifest".to_owned(),
                atom: root.atom.clone(),
                req: root.req.clone(),
            });
        }
    }
    for (atom, version) in resolution.atoms() {
        check_one(
            universe,
            request,
            resolution,
            (atom, version),
            &mut violations,
        );
    }
    check_duplicates(request, resolution, &mut violations);
    check_reachable(universe, request, resolution, &mut violations);
    if violations.is_empty() {
        Ok(())
    } else {
        Err(violations)
    }
}

type Node<'a> = (&'a AtomId, &'a Version);

fn check_one(
    universe: &Universe,
    request: &Request,
    resolution: &Resolution,
    (atom, version): Node<'_>,
    violations: &mut Vec<Violation>,
) {
    let own = || (atom.clone(), version.clone());
    let Some(candidate) = universe.versions(atom).and_then(|it| it.get(version)) else {
        let (atom, version) = own();
        violations.push(Violation::NotListed { atom, version });
        return;
    };
    let is_locked = request
        .locked
        .get(atom)
        .is_some_and(|it| it.contains(version));
    if request.held.contains(atom) && !is_locked {
        let (atom, version) = own();
        violations.push(Violation::NotHeld { atom, version });
    }
    if let Some(why) = exclusion(candidate, request, is_locked) {
        let (atom, version) = own();
        let why = why.clone();
        violations.push(Violation::Excluded { atom, version, why });
    }
    let dependencies = match &candidate.spec {
        Spec::Known(dependencies) => dependencies,
        Spec::Excluded(_) => return,
        Spec::Unknown | Spec::Pending => {
            let (atom, version) = own();
            violations.push(Violation::SpecUnknown { atom, version });
            return;
        }
    };
    let mut edges = BTreeSet::new();
    for dependency in dependencies {
        match pick(resolution, &dependency.atom, &dependency.req) {
            Some(edge) => drop(edges.insert(edge)),
            None => violations.push(Violation::Unsatisfied {
                by: format!("`{}@{version}`", atom.id),
                atom: dependency.atom.clone(),
                req: dependency.req.clone(),
            }),
        }
    }
    if !resolution.dependencies(atom, version).eq(edges) {
        let (atom, version) = own();
        violations.push(Violation::WrongEdges { atom, version });
    }
}

fn check_duplicates(request: &Request, resolution: &Resolution, violations: &mut Vec<Violation>) {
    let mut last: Option<Node<'_>> = None;
    for (atom, version) in resolution.atoms() {
        let is_split = request.split.contains(atom);
        let rivals = |older| !is_split || Bucket::of(older) == Bucket::of(version);
        if let Some((_, older)) = last.filter(|(it, older)| *it == atom && rivals(older)) {
            violations.push(Violation::Twice {
                atom: atom.clone(),
                version: older.clone(),
                other: version.clone(),
            });
        }
        last = Some((atom, version));
    }
}

fn check_reachable(
    universe: &Universe,
    request: &Request,
    resolution: &Resolution,
    violations: &mut Vec<Violation>,
) {
    let mut reached = BTreeSet::new();
    let mut todo: Vec<Node<'_>> = request
        .roots
        .iter()
        .filter_map(|it| pick(resolution, &it.atom, &it.req))
        .collect();
    while let Some((atom, version)) = todo.pop() {
        if !reached.insert((atom, version)) {
            continue;
        }
        let candidate = universe.versions(atom).and_then(|it| it.get(version));
        if let Some(Spec::Known(dependencies)) = candidate.map(|it| &it.spec) {
            let needed = dependencies
                .iter()
                .filter_map(|it| pick(resolution, &it.atom, &it.req));
            todo.extend(needed);
        }
    }
    for (atom, version) in resolution.atoms() {
        if !reached.contains(&(atom, version)) {
            violations.push(Violation::Unreachable {
                atom: atom.clone(),
                version: version.clone(),
            });
        }
    }
}

/// The chosen version that satisfies a requirement, the newest of several.
fn pick<'a>(resolution: &'a Resolution, atom: &'a AtomId, req: &Requirement) -> Option<Node<'a>> {
    let versions = resolution.versions(atom);
    Some((atom, versions.filter(|it| req.matches(it)).last()?))
}

fn exclusion<'a>(
    candidate: &'a Candidate,
    request: &Request,
    is_locked: bool,
) -> Option<&'a Exclusion> {
    if let Spec::Excluded(why) = &candidate.spec {
        return Some(why);
    }
    let why = candidate.excluded.as_ref()?;
    let spared = match why {
        Exclusion::Yanked => is_locked || request.allow_yanked,
        Exclusion::TooNew => is_locked,
        _ => false,
    };
    (!spared).then_some(why)
}
