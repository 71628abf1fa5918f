//! What was known beforehand, and in which order the rest came, changes neither answer nor error.

use std::collections::BTreeSet;
use std::convert::Infallible;

use atom::{AtomId, Version};
use proptest::prelude::*;
use resolver::{
    Candidate, Choice, Duplicates, Missing, Outcome, Request, Spec, Universe, choose, improve,
    solve,
};

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

/// What is known at some time; grows as it is asked.
struct Crawl<'a> {
    problem: &'a Problem,
    known: Universe,
    dice: Vec<u8>,
    at: usize,
}

impl<'a> Crawl<'a> {
    fn new(problem: &'a Problem, dice: &[u8]) -> Self {
        Self {
            problem,
            known: Universe::new(),
            dice: dice.to_vec(),
            at: 0,
        }
    }

    /// Crawls and solves until a solve touched nothing unknown.
    fn settle(&mut self, request: &Request) -> Outcome {
        let full = &self.problem.universe;
        loop {
            let start = self.at.min(self.dice.len());
            let mut dice = self.dice[start..].iter().copied().inspect(|_| self.at += 1);
            luck(&mut self.known, full, &mut dice);
            let outcome = solve(&self.known, request);
            let missing = match &outcome {
                Outcome::Missing(missing) => missing,
                Outcome::Conflict(conflict) if !conflict.is_settled() => {
                    let is_final = matches!(solve(full, request), Outcome::Conflict(_));
                    assert!(is_final, "placeholders constrained a solve: {conflict}");
                    &conflict.missing
                }
                Outcome::Conflict(_) | Outcome::Solved(_) => return outcome,
            };
            assert!(!missing.is_empty());
            bring(&mut self.known, full, missing);
        }
    }

    /// Chooses, and explains where there is nothing to choose.
    fn choose(&mut self, request: &Request, duplicates: Duplicates) -> Result<Choice, String> {
        let solve = &mut |request: &Request| {
            Ok::<_, Infallible>(match self.settle(request) {
                Outcome::Solved(resolution) => Ok(resolution),
                Outcome::Conflict(conflict) => Err(conflict),
                Outcome::Missing(_) => unreachable!("it crawled until nothing was"),
            })
        };
        let Ok(choice) = choose(request, duplicates, &BTreeSet::new(), solve);
        choice.map_err(|conflict| {
            let Ok(conflict) = improve(conflict, request, duplicates, solve);
            format!("{conflict}{:?}", conflict.roots)
        })
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
        let crawled = Crawl::new(&problem, &dice).settle(&problem.request);
        prop_assert_eq!(&crawled, &full);
        if let (Outcome::Conflict(crawled), Outcome::Conflict(full)) = (crawled, full) {
            prop_assert_eq!(crawled.to_string(), full.to_string());
        }
    }

    #[test]
    fn a_choice_and_its_explanation_equal_those_of_full_knowledge(
        problem in problem(),
        dice in prop::collection::vec(any::<u8>(), 0..400),
        turn in any::<prop::sample::Index>(),
    ) {
        for duplicates in [Duplicates::Allow, Duplicates::Deny] {
            let full = problem.explained(duplicates);
            let full = full.map_err(|it| format!("{it}{:?}", it.roots));
            let mut request = problem.request.clone();
            let by = turn.index(request.roots.len());
            request.roots.rotate_left(by);
            let crawled = Crawl::new(&problem, &dice).choose(&request, duplicates);
            prop_assert_eq!(crawled.as_ref().err(), full.as_ref().err());
            let resolution = |it: Result<Choice, String>| it.ok().map(|it| (it.resolution, it.duplicates));
            prop_assert_eq!(resolution(crawled), resolution(full));
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
