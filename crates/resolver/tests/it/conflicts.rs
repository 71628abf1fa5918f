//! Problems without an answer, and what is said of them.

use resolver::Outcome;

use crate::language::{Problem, text};

fn check(problem: &str, expected: &str) {
    let outcome = Problem::read(problem).solve();
    assert!(
        matches!(outcome, Outcome::Conflict(_)),
        "{}",
        text(&outcome)
    );
    assert_eq!(text(&outcome).trim_end(), expected.trim_end());
}

#[test]
fn two_requirements_on_one_atom() {
    check(
        "a 1.0.0\na 2.0.0\nwant a ^1, a ^2",
        "\
the manifest requires `a ^1`, but also `a ^2`
├─ the manifest requires `a ^1`
│  └─ `a@1.0.0` would do, but the manifest requires `^2`
└─ the manifest requires `a ^2`
   └─ `a@2.0.0` would do, but the manifest requires `^1`
",
    );
}

#[test]
fn two_dependants_of_one_atom() {
    check(
        "foo 1.0.0: shared <=2.0.0\nbar 1.0.0: shared >3.0.0\nshared 2.0.0\nshared 4.0.0
         want foo =1.0.0, bar =1.0.0",
        "\
`foo@1.0.0` requires `shared <=2.0.0`, but `bar@1.0.0` requires `shared >3.0.0`
├─ the manifest requires `bar =1.0.0`
│  └─ `bar@1.0.0` requires `shared >3.0.0`
│     └─ `shared@4.0.0` would do, but `foo@1.0.0` requires `<=2.0.0`
└─ the manifest requires `foo =1.0.0`
   └─ `foo@1.0.0` requires `shared <=2.0.0`
      └─ `shared@2.0.0` would do, but `bar@1.0.0` requires `>3.0.0`
",
    );
}

#[test]
fn versions_that_fail_alike_are_merged() {
    check(
        "app 1.0.0: lib ^2\napp 1.1.0: lib ^2\napp 1.1.1: lib ^2\napp 1.2.0: lib ^3
         lib 1.0.0\nlib 2.0.0: core ^2\nlib 2.1.0: core ^2\nlib 3.0.0: core ^3
         core 1.0.0\ncore 2.0.0\ncore 3.0.0\nwant app ^1, core ^1",
        "\
the manifest requires `app ^1` and `core ^1`, which do not hold together
├─ the manifest requires `app ^1`
│  ├─ `app@1.2.0` requires `lib ^3`
│  │  └─ `lib@3.0.0` requires `core ^3`
│  │     └─ `core@3.0.0` would do, but the manifest requires `^1`
│  └─ `app@1.0.0 to 1.1.1` require `lib ^2`
│     └─ `lib@2.0.0, 2.1.0` require `core ^2`
│        └─ `core@2.0.0` would do, but the manifest requires `^1`
└─ the manifest requires `core ^1`
   └─ `core@1.0.0` would do, but `lib@2.0.0, 2.1.0` require `^2`, `lib@3.0.0` requires `^3`
",
    );
}

#[test]
fn nothing_fits() {
    check(
        "a 1.0.0\na 1.1.0\na 1.4.0\na 3.0.0\nwant a ^2",
        "\
no version of `a` matches `^2`
found 1.0.0, 1.1.0, 1.4.0, 3.0.0
",
    );
    check(
        "a 0.1.0\na 0.2.0\na 1.0.0\na 1.1.0\na 1.4.0\na 3.0.0\na 4.0.0\nwant a ^2",
        "\
no version of `a` matches `^2`
found 7 versions from 0.1.0 to 4.0.0, the nearest is 1.4.0 or 3.0.0
",
    );
    check(
        "a 2.0.0-rc.1\nwant a ^2",
        "\
no version of `a` matches `^2`
found 2.0.0-rc.1; pre-releases count only where a requirement names one
",
    );
}

#[test]
fn nothing_fits_further_down() {
    check(
        "a 1.0.0: b ^2\nb 1.0.0\nwant a ^1",
        "\
no version of `b` matches `^2`, which `a@1.0.0` requires
└─ the manifest requires `a ^1`
   └─ `a@1.0.0` requires `b ^2`: none matches, found 1.0.0
",
    );
}

#[test]
fn an_absent_atom() {
    check(
        "a none\nwant a ^1",
        "\
there is no atom `a` in its set
",
    );
}

#[test]
fn excluded_versions_are_named_with_their_reasons() {
    check(
        "a 1.0.0 yanked\na 1.0.1 yanked\na 1.1.0 unreadable\nb 1.0.0\nwant a ^1, b *",
        "\
no version of `a` matches `^1`
found none that may be chosen (2 are yanked: 1.0.0, 1.0.1; 1.1.0 is unreadable: no `[atom]` table)
",
    );
}

#[test]
fn a_cycle_that_closes_on_another_version() {
    check(
        "a 1.0.0: b ^1\nb 1.0.0: a ^2\na 2.0.0: b ^2\nwant a ^1",
        "\
the manifest requires `a ^1`, but `b@1.0.0` requires `a ^2`
└─ the manifest requires `a ^1`
   └─ `a@1.0.0` requires `b ^1`
      └─ `b@1.0.0` requires `a ^2`
         └─ `a@2.0.0` would do, but `a@1.0.0` leads here
",
    );
}

#[test]
fn a_requirement_is_explained_once() {
    check(
        "a 1.0.0: x ^1\nb 1.0.0: x ^1\nc 1.0.0: a *, b *\nx 1.0.0: y ^2\ny 1.0.0: x ^1\nwant c *",
        "\
no version of `y` matches `^2`, which `x@1.0.0` requires
└─ the manifest requires `c *`
   └─ `c@1.0.0` requires `b *`
      └─ `b@1.0.0` requires `x ^1`
         └─ `x@1.0.0` requires `y ^2`: none matches, found 1.0.0
",
    );
}

#[test]
fn the_unknown_never_makes_a_conflict_and_never_hides_one() {
    let problem = Problem::read("a 1.0.0: b ^1\na 2.0.0 unknown\nwant a ^1, a =1.5.0, c *");
    let Outcome::Conflict(conflict) = problem.solve() else {
        panic!("nothing of what is unknown could help");
    };
    assert_eq!(conflict.headline(), "no version of `a` matches `=1.5.0`");
}

#[test]
fn a_conflict_points_at_the_requirements_that_lead_to_it() {
    let problem = Problem::read(
        "foo 1.0.0: shared ^1\nbar 1.0.0: shared ^2\nshared 1.0.0\nshared 2.0.0\nother 1.0.0
         want other ^1\nwant foo ^1\nwant bar ^1",
    );
    let Outcome::Conflict(conflict) = problem.solve() else {
        panic!("`shared` cannot be both");
    };
    let expected = [
        (1, "leads to `shared ^1`".to_owned()),
        (2, "leads to `shared ^2`".to_owned()),
    ];
    assert_eq!(conflict.roots, expected);
}

#[test]
fn atoms_of_one_id_are_told_apart_by_their_digests() {
    let mut problem = Problem::read("a 1.0.0: x ^1\nx 1.0.0\nwant a *, x ^2\nx 2.0.0");
    let root = "68b63bd131acd23bdfd57983fe85ba7c092ce02f".parse().unwrap();
    let other = atom::AtomId::new(root, "a".parse().unwrap());
    let needs = Problem::read("want x ^2").request.roots.remove(0);
    problem
        .universe
        .list(other.clone(), ["1.0.0".parse().unwrap()]);
    problem.universe.set_spec(
        &other,
        &"1.0.0".parse().unwrap(),
        resolver::Spec::Known(vec![resolver::Dependency {
            atom: needs.atom,
            req: needs.req,
        }]),
    );
    problem.request.roots[1].atom = other;
    problem.request.roots[1].req = "*".parse().unwrap();
    let text = text(&problem.solve());
    let headline = text.lines().next().unwrap();
    assert_eq!(
        headline,
        "`a@1.0.0#4ait5q0j` requires `x ^1`, but `a@1.0.0#qjln8hkr` requires `x ^2`"
    );
}
