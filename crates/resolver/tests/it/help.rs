//! What is said once a conflict is made small and help was looked for.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use resolver::{Conflict, Duplicates, Suggestion};

use crate::language::{Problem, atom, version};
use crate::random::problem;

fn check(duplicates: Duplicates, problem: &str, expected: &str) {
    let conflict = Problem::read(problem).explained(duplicates).unwrap_err();
    assert_eq!(conflict.to_string().trim_end(), expected.trim_end());
}

#[test]
fn nothing_fits_a_root() {
    check(
        Duplicates::Allow,
        "auth 1.4.0\nauth 1.5.2\nauth 2.0.0 yanked\nauth 2.0.1 yanked\nother 1.0.0
         want auth ^2, other *",
        "\
no version of `auth` matches `^2`
found 1.4.0, 1.5.2 (2 more are yanked: 2.0.0, 2.0.1)
help: require `auth ^1.5`
help: allow `auth@2.0.1`, which is yanked
",
    );
}

#[test]
fn reasons_and_sets_are_told() {
    let problem =
        Problem::read("auth 1.4.0\nauth 1.5.2\nauth 2.0.0 yanked\nauth 2.0.1 yanked\nwant auth ^2");
    let conflict = problem.explained(Duplicates::Allow).unwrap_err();
    let yanked = [
        (atom("auth"), version("2.0.0")),
        (atom("auth"), version("2.0.1")),
    ];
    assert_eq!(conflict.yanked(), yanked.clone().into());
    assert_eq!(conflict.roots, [(0, "wants 2.x".to_owned())]);
    let [first, second] = yanked;
    let reasons = BTreeMap::from([
        (first, "leaks tokens".to_owned()),
        (second, format!("same\n{}", "x".repeat(1000))),
    ]);
    let sets = BTreeMap::from([(atom("auth").root, "our-company/atoms".to_owned())]);
    let conflict = conflict.with_reasons(&reasons).with_sets(sets);
    assert_eq!(
        conflict.text(),
        "no version of `auth` matches `^2`\nfound 1.4.0, 1.5.2 in our-company/atoms \
         (2 more are yanked: 2.0.0 \"leaks tokens\", 2.0.1 \"same\")\n"
    );
}

#[test]
fn prereleases() {
    check(
        Duplicates::Allow,
        "a 1.0.0-dev\na 1.9.0-dev\nwant a <2",
        "\
no version of `a` matches `<2`
found 1.0.0-dev, 1.9.0-dev; pre-releases count only where a requirement names one
help: require `a ^1.9.0-dev`
",
    );
}

#[test]
fn two_parties() {
    check(
        Duplicates::Deny,
        "foo 1.0.0: shared <=2.0.0\nfoo 1.1.0: shared *\nbar 1.0.0: shared >3.0.0\nshared 2.0.0\nshared 4.0.0
         other 1.0.0\nwant foo =1.0.0, bar =1.0.0, other *",
        "\
`foo@1.0.0` requires `shared <=2.0.0`, but `bar@1.0.0` requires `shared >3.0.0`
├─ the manifest requires `bar =1.0.0`
│  └─ `bar@1.0.0` requires `shared >3.0.0`
│     └─ `shared@4.0.0` would do, but `foo@1.0.0` requires `<=2.0.0`
└─ the manifest requires `foo =1.0.0`
   └─ `foo@1.0.0` requires `shared <=2.0.0`
      └─ `shared@2.0.0` would do, but `bar@1.0.0` requires `>3.0.0`
help: require `foo ^1.1`
help: allow several majors of `shared`
help: do without `bar`
",
    );
}

#[test]
fn only_the_core_is_told() {
    check(
        Duplicates::Allow,
        "a 1.0.0: x =1.0.0\nb 1.0.0: x =1.1.0\nc 1.0.0: x *, a *\nx 1.0.0\nx 1.1.0\nwant a *, b *, c *",
        "\
`a@1.0.0` requires `x =1.0.0`, but `b@1.0.0` requires `x =1.1.0`
├─ the manifest requires `a *`
│  └─ `a@1.0.0` requires `x =1.0.0`
│     └─ `x@1.0.0` would do, but `b@1.0.0` requires `=1.1.0`
└─ the manifest requires `b *`
   └─ `b@1.0.0` requires `x =1.1.0`
      └─ `x@1.1.0` would do, but `a@1.0.0` requires `=1.0.0`
help: do without `b`
",
    );
}

#[test]
fn of_two_conflicts_each_has_its_help() {
    check(
        Duplicates::Allow,
        "a 1.0.0\nb 1.0.0\nwant a ^2, b ^2, c *\nc none",
        "\
no version of `a` matches `^2`
found 1.0.0
help: require `a ^1.0`
",
    );
}

#[test]
fn a_yanked_version_deep_down() {
    check(
        Duplicates::Allow,
        "a 1.0.0: b ^1\nb 1.0.0 yanked\nb 0.9.0\nwant a *",
        "\
no version of `b` matches `^1`, which `a@1.0.0` requires
└─ the manifest requires `a *`
   └─ `a@1.0.0` requires `b ^1`: none matches, found 0.9.0 (1 more is yanked: 1.0.0)
help: allow `b@1.0.0`, which is yanked
",
    );
}

#[test]
fn a_second_major_does_not_help_where_there_is_another_conflict() {
    check(
        Duplicates::Allow,
        "a 1.0.0: x ^1\nb 1.0.0: x ^2\nx 1.0.0\nx 2.0.0: y ^9\ny 1.0.0\nwant a *, b *",
        "\
no version of `y` matches `^9`, which `x@2.0.0` requires
└─ the manifest requires `b *`
   └─ `b@1.0.0` requires `x ^2`
      └─ `x@2.0.0` requires `y ^9`: none matches, found 1.0.0
help: do without `b`
",
    );
}

/// The problem with what is suggested.
fn helped(problem: &Problem, suggestion: &Suggestion) -> (Problem, Option<Duplicates>) {
    let mut helped = problem.clone();
    let roots = &mut helped.request.roots;
    let meant = |token: usize| {
        let root = problem.request.roots.iter().find(|it| it.token == token);
        let root = root.unwrap();
        (root.atom.clone(), root.req.clone())
    };
    match suggestion {
        Suggestion::Require { token, req, .. } => {
            let meant = meant(*token);
            for root in roots.iter_mut() {
                if (root.atom.clone(), root.req.clone()) == meant {
                    root.req = req.clone();
                }
            }
        }
        Suggestion::Drop { token, .. } => {
            let meant = meant(*token);
            roots.retain(|it| (it.atom.clone(), it.req.clone()) != meant);
        }
        Suggestion::AllowYanked { .. } => helped.request.allow_yanked = true,
        Suggestion::AllowDuplicates { .. } => return (helped, Some(Duplicates::Allow)),
        other => panic!("nothing here is too new: {other:?}"),
    }
    (helped, None)
}

fn tokens(conflict: &Conflict) -> Vec<usize> {
    conflict.roots.iter().map(|(token, _)| *token).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_told_is_needed_for_the_conflict(problem in problem()) {
        for duplicates in [Duplicates::Allow, Duplicates::Deny] {
            let Err(conflict) = problem.explained(duplicates) else { continue };
            let tokens = tokens(&conflict);
            prop_assert!(!tokens.is_empty());
            let mut core = problem.clone();
            core.request.roots.retain(|it| tokens.contains(&it.token));
            prop_assert!(core.choose(duplicates, &BTreeSet::new()).is_err());
            for token in tokens {
                let mut less = core.clone();
                less.request.roots.retain(|it| it.token != token);
                prop_assert!(less.choose(duplicates, &BTreeSet::new()).is_ok(), "{conflict}");
            }
        }
    }

    #[test]
    fn what_is_said_to_help_does(problem in problem()) {
        for duplicates in [Duplicates::Allow, Duplicates::Deny] {
            let Err(conflict) = problem.explained(duplicates) else { continue };
            let tokens = tokens(&conflict);
            let mut others = problem.clone();
            others.request.roots.retain(|it| !tokens.contains(&it.token));
            let is_one_conflict = others.choose(duplicates, &BTreeSet::new()).is_ok();
            if !is_one_conflict {
                others.request.roots.clear();
            }
            for suggestion in &conflict.suggestions {
                let (mut helped, other) = helped(&problem, suggestion);
                if !is_one_conflict {
                    helped.request.roots.retain(|it| tokens.contains(&it.token));
                }
                let duplicates = other.unwrap_or(duplicates);
                let choice = helped.choose(duplicates, &BTreeSet::new());
                prop_assert!(choice.is_ok(), "{suggestion:?} does not help: {conflict}");
                if let (Suggestion::AllowDuplicates { atoms }, Ok(choice)) = (suggestion, choice) {
                    let found: Vec<_> = choice.duplicates.into_iter().map(|it| it.atom).collect();
                    prop_assert!(!is_one_conflict || *atoms == found);
                }
            }
        }
    }
}
