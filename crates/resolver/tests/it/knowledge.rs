//! What was known beforehand, and in which order the rest came, changes neither answer nor error.

use atom::{AtomId, Version};
use proptest::prelude::*;
use resolver::{Candidate, Missing, Outcome, Spec, Universe, solve};

use crate::language::Problem;
use crate::random::problem;

/// Reveals one atom's listing, its specs still unknown.
fn list(known: &mut Universe, full: &Universe, atom: &AtomId) {
    let versions = full.versions(atom).unwrap();
    known.list(atom.clone(), versions.keys().cloned());
    for (version, candidate) in versions {
        if let Some(why) = &candidate.excluded {
            known.exclude(atom, version, why.clone());
        }
    }
}

fn reveal(known: &mut Universe, full: &Universe, atom: &AtomId, version: &Version) {
    if known.versions(atom).is_none() {
        list(known, full, atom);
    }
    let Candidate { spec, .. } = full.candidate(atom, version).unwrap();
    known.set_spec(atom, version, spec.clone());
}

fn bring(known: &mut Universe, full: &Universe, missing: &Missing) {
    for atom in &missing.packages {
        list(known, full, atom);
    }
    for (atom, version) in &missing.specs {
        reveal(known, full, atom, version);
    }
}

/// Reveals what the dice say, as a cache or a hint would.
fn luck(known: &mut Universe, full: &Universe, dice: &mut impl Iterator<Item = u8>) {
    let mut found = Vec::new();
    for (atom, versions) in full.atoms() {
        if known.versions(atom).is_none() && dice.next().unwrap_or(255) < 40 {
            found.push((atom, None));
        }
        for version in versions.keys() {
            if dice.next().unwrap_or(255) < 20 {
                found.push((atom, Some(version)));
            }
        }
    }
    for (atom, version) in found {
        match version {
            Some(version) => reveal(known, full, atom, version),
            None => list(known, full, atom),
        }
    }
}

/// Crawls and solves until a solve touched nothing unknown.
fn crawl(problem: &Problem, dice: &[u8]) -> Outcome {
    let full = &problem.universe;
    let mut dice = dice.iter().copied();
    let mut known = Universe::new();
    loop {
        luck(&mut known, full, &mut dice);
        let outcome = solve(&known, &problem.request);
        let missing = match &outcome {
            Outcome::Missing(missing) => missing,
            Outcome::Conflict(conflict) if !conflict.is_settled() => {
                let is_final = matches!(problem.solve(), Outcome::Conflict(_));
                assert!(is_final, "placeholders constrained a solve: {conflict}");
                &conflict.missing
            }
            Outcome::Conflict(_) | Outcome::Solved(_) => return outcome,
        };
        assert!(!missing.is_empty());
        bring(&mut known, full, missing);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_last_solve_equals_full_knowledge(
        problem in problem(),
        dice in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let full = problem.solve();
        let crawled = crawl(&problem, &dice);
        prop_assert_eq!(&crawled, &full);
        if let (Outcome::Conflict(crawled), Outcome::Conflict(full)) = (crawled, full) {
            prop_assert_eq!(crawled.to_string(), full.to_string());
        }
    }

    #[test]
    fn a_pending_spec_is_as_good_as_an_unknown_one(problem in problem()) {
        let mut pending = problem.universe.clone();
        let mut unknown = problem.universe.clone();
        for (atom, versions) in problem.universe.atoms() {
            for version in versions.keys().step_by(2) {
                pending.set_spec(atom, version, Spec::Pending);
                unknown.set_spec(atom, version, Spec::Unknown);
            }
        }
        prop_assert_eq!(solve(&pending, &problem.request), solve(&unknown, &problem.request));
    }
}
