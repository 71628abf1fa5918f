//! Problems of every kind that have an answer, and their answers.

use crate::language::{Problem, text};

fn check(problem: &str, expected: &str) {
    let outcome = Problem::read(problem).solve();
    assert_eq!(text(&outcome).trim_end(), expected);
}

#[test]
fn the_newest_that_fits_is_chosen() {
    check("a 1.0.0\na 1.1.0\na 2.0.0\nwant a ^1", "a 1.1.0");
    check("a 1.0.0+1\na 1.0.0+2\nwant a ^1", "a 1.0.0+2");
}

#[test]
fn nothing_wanted_needs_nothing() {
    check("a 1.0.0", "");
}

#[test]
fn dependencies_come_along_and_nothing_else_does() {
    check(
        "a 1.0.0: b ^1\nb 1.0.0: c ^1\nc 1.0.0\nd 1.0.0: c ^1\nwant a ^1",
        "a 1.0.0, b 1.0.0, c 1.0.0",
    );
}

#[test]
fn a_diamond_meets_in_a_version_that_both_sides_accept() {
    check(
        "a 1.0.0: shared >=2, <4\nb 1.0.0: shared >=3, <5
         shared 2.0.0\nshared 3.0.0\nshared 3.6.9\nshared 4.0.0\nshared 5.0.0
         want a ^1, b ^1",
        "a 1.0.0, b 1.0.0, shared 3.6.9",
    );
}

#[test]
fn a_shared_dependency_takes_its_own_dependants_down_with_it() {
    check(
        "foo 1.0.0\nfoo 1.0.1: bang ^1\nfoo 1.0.2: whoop ^1\nfoo 1.0.3: zoop ^1
         bar 1.0.0: foo <=1.0.1\nbang 1.0.0\nwhoop 1.0.0\nzoop 1.0.0
         want foo <=1.0.2, bar =1.0.0",
        "bang 1.0.0, bar 1.0.0, foo 1.0.1",
    );
}

#[test]
fn an_older_version_is_taken_where_the_newest_leads_nowhere() {
    check(
        "a 1.0.0\na 2.0.0: b =1.0.0\nb 1.0.0: c ^9\nb 2.0.0\nc 1.0.0\nwant a *, b *",
        "a 1.0.0, b 2.0.0",
    );
}

#[test]
fn leaves_are_rolled_back_first() {
    check(
        "a 1.0.0: b *\na 2.0.0: b *\nb 1.0.0\nb 2.0.0: c =1.0.0\nc 2.0.0\nwant a *",
        "a 2.0.0, b 1.0.0",
    );
}

#[test]
fn a_choice_far_back_is_undone_past_those_that_do_not_matter() {
    check(
        "a 1.0.0: x ^1\na 2.0.0: x ^2\nx 1.0.0\nx 2.0.0
         b 1.0.0\nb 2.0.0\nc 1.0.0\nc 2.0.0\nd 1.0.0\nd 2.0.0\nz 1.0.0: x ^1
         want a *, b *, c *, d *, z *",
        "a 1.0.0, b 2.0.0, c 2.0.0, d 2.0.0, x 1.0.0, z 1.0.0",
    );
}

#[test]
fn a_cycle_is_an_answer_like_any_other() {
    check(
        "a 1.0.0: b ^1\nb 1.0.0: a ^1\nwant a ^1",
        "a 1.0.0, b 1.0.0",
    );
    check("a 1.0.0: a ^1\nwant a ^1", "a 1.0.0");
    check(
        "a 1.0.0\na 2.0.0: b ^1\nb 1.0.0: a ^1\nwant b *",
        "a 1.0.0, b 1.0.0",
    );
}

#[test]
fn a_version_that_does_not_accept_itself_is_passed_by() {
    check("a 1.0.0\na 1.1.0: a =1.0.0\nwant a ^1", "a 1.0.0");
}

#[test]
fn prereleases_count_only_where_a_requirement_names_one() {
    let versions = "a 1.0.0\na 1.1.0-rc.1\na 1.1.0-rc.2\n";
    check(&format!("{versions}want a ^1"), "a 1.0.0");
    check(&format!("{versions}want a >=1.1.0-rc.1"), "a 1.1.0-rc.2");
    check(&format!("{versions}want a *"), "a 1.0.0");
    check(
        "a 1.0.0\na 1.1.0-rc.1\na 1.1.0\nwant a >=1.1.0-rc.1",
        "a 1.1.0",
    );
}

#[test]
fn a_yanked_version_is_passed_by_unless_it_is_locked() {
    let versions = "a 1.0.0\na 1.1.0 yanked\na 1.2.0 yanked\nwant a ^1\n";
    check(versions, "a 1.0.0");
    check(&format!("{versions}lock a 1.1.0"), "a 1.1.0");
}

#[test]
fn an_unreadable_version_is_passed_by_even_if_it_is_locked() {
    let versions = "a 1.0.0\na 1.1.0 unreadable\nwant a ^1\n";
    check(versions, "a 1.0.0");
    check(&format!("{versions}lock a 1.1.0"), "a 1.0.0");
}

#[test]
fn the_locked_version_stays_as_long_as_it_fits() {
    let versions = "a 1.0.0: b *\na 1.1.0: b *\na 2.0.0: b *\nb 1.0.0\nb 2.0.0\n";
    let lock = "lock a 1.0.0\nlock b 1.0.0\n";
    check(&format!("{versions}{lock}want a *"), "a 1.0.0, b 1.0.0");
    check(&format!("{versions}{lock}want a >=1.1"), "a 2.0.0, b 1.0.0");
    check(
        &format!("{versions}{lock}want a *, b ^2"),
        "a 1.0.0, b 2.0.0",
    );
    check(
        &format!("{versions}lock a 7.0.0\nwant a *"),
        "a 2.0.0, b 2.0.0",
    );
}

#[test]
fn orders_turn_what_is_tried_first() {
    let versions = "a 1.0.0: b ^1\na 1.1.0: b ^1\nb 1.0.0\nb 1.1.0\nwant a ^1\n";
    check(versions, "a 1.1.0, b 1.1.0");
    check(&format!("{versions}order minimal"), "a 1.0.0, b 1.0.0");
    check(
        &format!("{versions}order direct-minimal"),
        "a 1.0.0, b 1.1.0",
    );
}

#[test]
fn several_requirements_on_one_atom_all_hold() {
    check(
        "a 1.0.0\na 1.5.0\na 1.9.0\nwant a ^1, a <1.9, a *",
        "a 1.5.0",
    );
}

#[test]
fn what_a_solve_touched_and_did_not_know_is_missing() {
    check("want a ^1, b ^1", "missing a\nmissing b");
    check(
        "a 1.0.0 unknown\na 1.1.0 unknown\nwant a ^1",
        "missing a 1.1.0",
    );
    check(
        "a 1.0.0: b ^1\na 1.1.0: c ^1\nc 1.0.0 unknown\nwant a ^1",
        "missing c 1.0.0",
    );
}

#[test]
fn what_a_solve_touched_on_the_way_is_missing_too() {
    // The answer alone would be `a 1.0.0`; but the spec of `b` decides whether it is reached.
    check(
        "a 1.0.0\na 2.0.0: b ^1, c ^1\nb 1.0.0 unknown\nc 1.0.0: x ^1\nx none\nwant a *",
        "missing b 1.0.0",
    );
}
