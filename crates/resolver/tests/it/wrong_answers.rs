//! Answers that do not hold, and what the verifier says of them.

use std::collections::{BTreeMap, BTreeSet};

use resolver::{Resolution, verify};

use crate::language::{Problem, atom, version};

/// Reads `a 1.0.0 -> b 1.0.0, c 1.0.0`, one chosen version a line.
fn answer(text: &str) -> Resolution {
    let node = |text: &str| {
        let (name, it) = text.trim().split_once(' ').unwrap();
        (atom(name), version(it))
    };
    let mut nodes = BTreeMap::new();
    for line in text.lines() {
        let (chosen, needs) = line.split_once("->").unwrap_or((line, ""));
        let needs = needs.split(',').filter(|it| !it.trim().is_empty());
        nodes.insert(node(chosen), needs.map(node).collect::<BTreeSet<_>>());
    }
    Resolution::new(&nodes)
}

fn check(problem: &str, chosen: &str, expected: &[&str]) {
    let Problem { universe, request } = Problem::read(problem);
    let violations = verify(&universe, &request, &answer(chosen))
        .err()
        .unwrap_or_default();
    let texts: Vec<_> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected);
}

const CHAIN: &str = "a 1.0.0: b ^1\na 2.0.0\nb 1.0.0\nb 2.0.0\nwant a ^1\n";

#[test]
fn what_holds_is_accepted() {
    check(CHAIN, "a 1.0.0 -> b 1.0.0\nb 1.0.0", &[]);
}

#[test]
fn requirements_must_hold() {
    check(
        CHAIN,
        "a 2.0.0",
        &[
            "nothing chosen satisfies `a ^1`, which the manifest requires",
            "nothing needs `a@2.0.0`",
        ],
    );
    check(
        CHAIN,
        "a 1.0.0 -> b 2.0.0\nb 2.0.0",
        &[
            "nothing chosen satisfies `b ^1`, which `a@1.0.0` requires",
            "the edges of `a@1.0.0` are not its dependencies",
            "nothing needs `b@2.0.0`",
        ],
    );
}

#[test]
fn edges_must_be_those_of_the_spec() {
    check(
        CHAIN,
        "a 1.0.0\nb 1.0.0",
        &["the edges of `a@1.0.0` are not its dependencies"],
    );
}

#[test]
fn nothing_superfluous_is_chosen() {
    check(
        &format!("{CHAIN}c 1.0.0: c ^1"),
        "a 1.0.0 -> b 1.0.0\nb 1.0.0\nc 1.0.0 -> c 1.0.0",
        &["nothing needs `c@1.0.0`"],
    );
}

#[test]
fn one_version_of_each_atom() {
    check(
        "a 1.0.0\na 2.0.0\nwant a ^1, a ^2",
        "a 1.0.0\na 2.0.0",
        &["both `a@1.0.0` and `@2.0.0` were chosen"],
    );
}

#[test]
fn one_version_of_each_bucket_where_an_atom_is_split() {
    let split = "a 1.0.0\na 1.1.0\na 2.0.0\nsplit a\n";
    check(&format!("{split}want a ^1, a ^2"), "a 1.1.0\na 2.0.0", &[]);
    check(
        &format!("{split}want a =1.0.0, a =1.1.0"),
        "a 1.0.0\na 1.1.0",
        &["both `a@1.0.0` and `@1.1.0` were chosen"],
    );
}

#[test]
fn the_newest_that_satisfies_a_requirement_is_its_edge() {
    let split = "a 1.0.0\na 2.0.0\nb 1.0.0: a *, a =1.0.0\nsplit a\nwant b *, a ^2";
    check(split, "b 1.0.0 -> a 1.0.0, a 2.0.0\na 1.0.0\na 2.0.0", &[]);
    check(
        split,
        "b 1.0.0 -> a 1.0.0\na 1.0.0\na 2.0.0",
        &["the edges of `b@1.0.0` are not its dependencies"],
    );
}

#[test]
fn what_is_held_stays() {
    let held = "a 1.0.0\na 1.1.0\nlock a 1.0.0\nhold a\nwant a ^1";
    check(held, "a 1.0.0", &[]);
    check(
        held,
        "a 1.1.0",
        &["`a@1.1.0` was chosen, and the locked version is held"],
    );
}

#[test]
fn only_what_exists_and_is_known_is_chosen() {
    check(
        "a 1.0.0 unknown\nwant a ^1",
        "a 1.0.0",
        &["the spec of `a@1.0.0` is not known"],
    );
    check(
        "a none\nwant a ^1",
        "a 1.0.0",
        &["`a@1.0.0` does not exist"],
    );
}

#[test]
fn nothing_excluded_is_chosen() {
    let yanked = "a 1.0.0 yanked\nwant a ^1\n";
    check(yanked, "a 1.0.0", &["`a@1.0.0` is excluded: yanked"]);
    check(&format!("{yanked}lock a 1.0.0"), "a 1.0.0", &[]);
    check(&format!("{yanked}allow yanked"), "a 1.0.0", &[]);
    check(
        "a 1.0.0 unreadable\nwant a ^1\nlock a 1.0.0",
        "a 1.0.0",
        &["`a@1.0.0` is excluded: unreadable: no `[atom]` table"],
    );
}
