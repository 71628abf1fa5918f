//! The solver against a search that tries everything, one version of each atom and several majors.

use std::collections::{BTreeMap, BTreeSet};

use atom::{AtomId, Bucket, Requirement, Version};
use proptest::prelude::*;
use resolver::{Candidate, Duplicates, Outcome, Request, Resolution, Spec};

use crate::language::Problem;
use crate::random::problem;

/// What may be chosen once.
type Name<'a> = (&'a AtomId, Option<Bucket>);

/// A search for any choice of versions.
struct Search<'a> {
    problem: &'a Problem,
    duplicates: Duplicates,
    chosen: BTreeMap<Name<'a>, &'a Version>,
}

impl<'a> Search<'a> {
    fn run(problem: &'a Problem, duplicates: Duplicates) -> bool {
        let roots = problem.request.roots.iter();
        let wants: Vec<_> = roots.map(|it| (&it.atom, &it.req)).collect();
        let mut search = Self {
            problem,
            duplicates,
            chosen: BTreeMap::new(),
        };
        search.is_solvable(&wants)
    }

    /// Whether any choice satisfies the wants at the end of the list too.
    fn is_solvable(&mut self, wants: &[(&'a AtomId, &'a Requirement)]) -> bool {
        let Some(((atom, req), rest)) = wants.split_first() else {
            return true;
        };
        let mut chosen = self.chosen.iter();
        if chosen.any(|((it, _), version)| it == atom && req.matches(version)) {
            return self.is_solvable(rest);
        }
        let problem = self.problem;
        let listed = problem.universe.versions(atom).unwrap();
        for (version, candidate) in listed.iter().filter(|(it, _)| req.matches(it)) {
            let bucket = (self.duplicates == Duplicates::Allow).then(|| Bucket::of(version));
            let is_locked = problem.request.locks(atom, version);
            let Some(needs) = needs(candidate, is_locked) else {
                continue;
            };
            if self.chosen.contains_key(&(*atom, bucket)) {
                continue;
            }
            let mut wants = rest.to_vec();
            wants.extend(needs);
            self.chosen.insert((atom, bucket), version);
            if self.is_solvable(&wants) {
                return true;
            }
            self.chosen.remove(&(*atom, bucket));
        }
        false
    }
}

fn needs(
    candidate: &Candidate,
    is_locked: bool,
) -> Option<impl Iterator<Item = (&AtomId, &Requirement)>> {
    match &candidate.spec {
        Spec::Known(needs) if candidate.excluded.is_none() || is_locked => {
            Some(needs.iter().map(|it| (&it.atom, &it.req)))
        }
        _ => None,
    }
}

/// The atoms of which a version was chosen that the lock does not hold.
fn moved<'a>(request: &Request, resolution: &'a Resolution) -> BTreeSet<&'a AtomId> {
    let chosen = resolution.atoms();
    let moved = chosen.filter(|(atom, version)| {
        request.locked.contains_key(*atom) && !request.locks(atom, version)
    });
    moved.map(|(atom, _)| atom).collect()
}

const BOTH: [Duplicates; 2] = [Duplicates::Allow, Duplicates::Deny];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_answer_is_found_where_there_is_one(problem in problem()) {
        let expected = Search::run(&problem, Duplicates::Deny);
        match problem.solve() {
            Outcome::Solved(_) => prop_assert!(expected),
            Outcome::Conflict(conflict) => {
                prop_assert!(!expected, "{conflict}");
                prop_assert!(conflict.is_settled());
                prop_assert!(!conflict.roots.is_empty());
                prop_assert!(!conflict.tree.is_empty());
            }
            Outcome::Missing(missing) => prop_assert!(false, "{missing:?}"),
        }
    }

    #[test]
    fn the_order_of_root_requirements_changes_nothing(problem in problem()) {
        let mut turned = Problem { universe: problem.universe.clone(), request: problem.request.clone() };
        turned.request.roots.reverse();
        prop_assert_eq!(problem.solve(), turned.solve());
    }

    #[test]
    fn a_choice_is_found_where_there_is_one(problem in problem()) {
        let alone = Search::run(&problem, Duplicates::Deny);
        for duplicates in BOTH {
            let expected = Search::run(&problem, duplicates);
            match problem.choose(duplicates, &BTreeSet::new()) {
                Ok(choice) => {
                    prop_assert!(expected);
                    prop_assert!(choice.duplicates.is_empty() || !alone);
                    let twice: BTreeSet<_> = choice.duplicates.iter().map(|it| it.atom.clone()).collect();
                    prop_assert_eq!(&choice.request.split, &twice, "split for nothing");
                }
                Err(conflict) => prop_assert!(!expected, "{conflict}"),
            }
        }
    }

    #[test]
    fn no_atom_is_split_that_need_not_be(problem in problem()) {
        let Ok(choice) = problem.choose(Duplicates::Allow, &BTreeSet::new()) else {
            return Ok(());
        };
        for atom in &choice.request.split {
            let mut fewer = choice.request.clone();
            fewer.split.remove(atom);
            prop_assert!(problem.settle(&fewer).is_err(), "{} is split for nothing", atom.id);
        }
    }

    #[test]
    fn the_answer_as_the_lock_is_the_answer_again(problem in problem()) {
        for duplicates in BOTH {
            let Ok(choice) = problem.choose(duplicates, &BTreeSet::new()) else {
                continue;
            };
            let mut again = Problem { universe: problem.universe.clone(), request: problem.request.clone() };
            again.request.locked = choice.resolution.as_lock();
            let found = again.choose(duplicates, &BTreeSet::new());
            prop_assert_eq!(found.unwrap().resolution, choice.resolution);
        }
    }

    #[test]
    fn a_lock_is_left_no_further_than_the_solver_alone_would(problem in problem()) {
        for duplicates in BOTH {
            let Ok(choice) = problem.choose(duplicates, &BTreeSet::new()) else {
                continue;
            };
            let plain = problem.settle(&choice.request).unwrap();
            let (ours, its) = (moved(&problem.request, &choice.resolution), moved(&problem.request, &plain));
            prop_assert!(ours.len() <= its.len(), "{ours:?} against {its:?}");
            // None of those that moved can be held where it was.
            for atom in ours.iter().copied() {
                let mut held = choice.request.clone();
                let kept = held.locked.keys().filter(|it| *it == atom || !ours.contains(it));
                held.held = kept.cloned().collect();
                prop_assert!(problem.settle(&held).is_err(), "{} might have stayed", atom.id);
            }
        }
    }
}
