//! The solver against a search that tries everything.

use std::collections::BTreeMap;

use atom::{AtomId, Requirement, Version};
use proptest::prelude::*;
use resolver::{Candidate, Outcome, Spec};

use crate::language::Problem;
use crate::random::problem;

/// Whether any choice of versions satisfies the wants at the end of the list.
fn is_solvable<'a>(
    problem: &'a Problem,
    chosen: &mut BTreeMap<&'a AtomId, &'a Version>,
    wants: &[(&'a AtomId, &'a Requirement)],
) -> bool {
    let Some(((atom, req), rest)) = wants.split_first() else {
        return true;
    };
    if let Some(version) = chosen.get(atom) {
        return req.matches(version) && is_solvable(problem, chosen, rest);
    }
    let listed = problem.universe.versions(atom).unwrap();
    for (version, candidate) in listed.iter().filter(|(it, _)| req.matches(it)) {
        let is_locked = problem.request.locked.get(*atom) == Some(version);
        let Some(needs) = needs(candidate, is_locked) else {
            continue;
        };
        let mut wants = rest.to_vec();
        wants.extend(needs);
        chosen.insert(atom, version);
        if is_solvable(problem, chosen, &wants) {
            return true;
        }
        chosen.remove(atom);
    }
    false
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_answer_is_found_where_there_is_one(problem in problem()) {
        let wants: Vec<_> = problem.request.roots.iter().map(|it| (&it.atom, &it.req)).collect();
        let expected = is_solvable(&problem, &mut BTreeMap::new(), &wants);
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
}
