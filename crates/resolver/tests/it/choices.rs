//! Which of several answers is chosen: near the lock, with few majors, and moved as was asked.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Write as _;

use resolver::{Choice, Duplicates, Request, Resolution, Who, choose};

use crate::language::{Problem, atom, print, version};

fn chosen(duplicates: Duplicates, problem: &str, fresh: &str) -> Choice {
    let fresh = fresh.split_whitespace().map(atom).collect();
    let problem = Problem::read(problem);
    problem.choose(duplicates, &fresh).unwrap()
}

/// What is chosen with these atoms to move.
fn check(problem: &str, fresh: &str, expected: &str) {
    let choice = chosen(Duplicates::Allow, problem, fresh);
    assert_eq!(print(&choice.resolution), expected);
}

#[test]
fn what_is_asked_to_move_moves_alone() {
    let problem = "a 1.0.0\na 1.1.0\na 2.0.0\nb 1.0.0\nb 1.1.0
        lock a 1.0.0\nlock b 1.0.0\nwant a ^1, b ^1";
    check(problem, "", "a 1.0.0, b 1.0.0");
    check(problem, "a", "a 1.1.0, b 1.0.0");
    check(problem, "a b", "a 1.1.0, b 1.1.0");
    check(problem, "other", "a 1.0.0, b 1.0.0");
}

#[test]
fn what_is_asked_to_move_takes_along_what_it_must() {
    check(
        "a 1.0.0: b ^1\na 1.1.0: b ^1.1\nb 1.0.0: c *\nb 1.1.0: c *\nb 1.2.0: c *\nc 1.0.0\nc 1.1.0
         lock a 1.0.0\nlock b 1.0.0\nlock c 1.0.0\nwant a *, b *, c *",
        "a",
        "a 1.1.0, b 1.2.0, c 1.0.0",
    );
}

#[test]
fn what_is_asked_to_move_is_not_held_back_by_what_is_chosen_before_it() {
    check(
        "z 1.0.0: b ^1\nz 1.1.0: b ^1\nz 2.0.0: b ^2\nb 1.0.0\nb 2.0.0\nc 1.0.0\nc 2.0.0
         lock z 1.0.0\nlock b 1.0.0\nlock c 1.0.0\nwant z *, b *, c *",
        "z",
        "b 2.0.0, c 1.0.0, z 2.0.0",
    );
}

#[test]
fn what_is_asked_to_move_does_not_fall_back() {
    // Everything at its newest would take `z` back: `b 2.0.0` comes first, and needs the old one.
    check(
        "z 1.0.0\nz 1.1.0\nz 2.0.0\nb 1.0.0\nb 2.0.0: z ^1\nlock z 2.0.0\nlock b 1.0.0
         want b *, z >=1",
        "z",
        "b 1.0.0, z 2.0.0",
    );
}

#[test]
fn a_yanked_version_may_stay_even_where_it_is_asked_to_move() {
    let problem = "a 1.0.0 yanked\na 0.9.0\nlock a 1.0.0\nwant a ^1";
    check(problem, "a", "a 1.0.0");
    check(
        "a 1.0.0\na 1.1.0 yanked\na 1.2.0\nlock a 1.1.0\nwant a *",
        "a",
        "a 1.2.0",
    );
}

#[test]
fn a_lock_of_two_majors_stays() {
    let problem = "l 1.0.0: x ^1\nr 1.0.0: x ^2\nm 1.0.0: x >=1
        x 1.0.0\nx 1.1.0\nx 2.0.0\nx 2.1.0\nx 3.0.0\nwant l *, r *, m *";
    check(
        &format!("{problem}\nlock x 1.0.0\nlock x 2.0.0"),
        "",
        "l 1.0.0, m 1.0.0, r 1.0.0, x 1.0.0, x 2.0.0",
    );
    check(
        &format!("{problem}\nlock x 1.0.0\nlock x 2.0.0"),
        "x",
        "l 1.0.0, m 1.0.0, r 1.0.0, x 1.1.0, x 2.1.0",
    );
    check(problem, "", "l 1.0.0, m 1.0.0, r 1.0.0, x 1.1.0, x 2.1.0");
}

#[test]
fn two_majors_become_one_where_one_will_do() {
    check(
        "l 1.0.0: x ^1\nl 1.1.0: x ^2\nr 1.0.0: x ^2\nx 1.0.0\nx 2.0.0
         lock l 1.0.0\nlock x 1.0.0\nlock x 2.0.0\nwant l *, r *",
        "",
        "l 1.1.0, r 1.0.0, x 2.0.0",
    );
}

#[test]
fn a_spanning_requirement_takes_the_newest_bucket() {
    let two = "l 1.0.0: x ^1\nr 1.0.0: x ^2\nm 1.0.0: x <4\nx 1.0.0\nx 2.0.0\nx 3.0.0\nx 4.0.0";
    // One that is chosen anyway will do as well as the newest.
    check(
        &format!("{two}\nwant l *, r *, m *"),
        "",
        "l 1.0.0, m 1.0.0, r 1.0.0, x 1.0.0, x 2.0.0",
    );
}

#[test]
fn the_oldest_are_chosen_in_each_major_where_that_is_asked() {
    check(
        "l 1.0.0: x ^1\nr 1.0.0: x ^2\nx 1.0.0\nx 1.1.0\nx 2.0.0\nx 2.1.0\norder minimal
         want l *, r *",
        "",
        "l 1.0.0, r 1.0.0, x 1.0.0, x 2.0.0",
    );
}

#[test]
fn duplicates_are_told_with_those_who_want_them() {
    let problem = "l 1.0.0: x ^1\nx 1.0.0\nx 2.0.0\nwant l *, x ^2";
    let choice = chosen(Duplicates::Allow, problem, "");
    let [duplicate] = choice.duplicates.as_slice() else {
        panic!("{:?}", choice.duplicates);
    };
    assert_eq!(duplicate.atom, atom("x"));
    let by = Who::Chosen(atom("l"), version("1.0.0"));
    let expected = [
        (version("1.0.0"), vec![by]),
        (version("2.0.0"), vec![Who::Root(1)]),
    ];
    assert_eq!(duplicate.versions, expected.into());
    assert_eq!(choice.request.split, BTreeSet::from([atom("x")]));
    let denied = Problem::read(problem).choose(Duplicates::Deny, &BTreeSet::new());
    assert!(denied.is_err());
}

#[test]
fn those_who_want_duplicates_are_told_in_one_order() {
    let mut problem = Problem::read("a 0.1.0\na 1.2.0\nwant a ^0.1, a ^1, a *");
    let duplicates = |it: &Problem| {
        it.choose(Duplicates::Allow, &BTreeSet::new())
            .unwrap()
            .duplicates
    };
    let expected = duplicates(&problem);
    problem.request.roots.reverse();
    assert_eq!(duplicates(&problem), expected);
}

/// The atoms of which a version was chosen that the lock does not hold.
fn moved(problem: &Problem, resolution: &Resolution) -> Vec<String> {
    let moved = resolution.atoms().filter(|(atom, version)| {
        let is_locked = problem.request.locked.contains_key(*atom);
        is_locked && !problem.request.locks(atom, version)
    });
    moved.map(|(atom, _)| atom.id.to_string()).collect()
}

#[test]
fn a_few_solves_leave_a_large_lock_nearly_as_it_was() {
    // The newest of a new root would move `core` a major on, and with it all 120 others; an older
    // one moves it a little, and with it the two that accept no other version.
    let mut problem = String::from(
        "core 1.0.0\ncore 1.1.0\ncore 2.0.0\nadd 1.0.0: core ^1.1\nadd 2.0.0: core ^2
         lock core 1.0.0\nwant add *\n",
    );
    for at in 0..120 {
        let old = if at < 2 { "=1.0.0" } else { "^1" };
        let next = (at + 1) % 120;
        writeln!(problem, "x{at:03} 1.0.0: core {old}, x{next:03} ^1").unwrap();
        writeln!(problem, "x{at:03} 1.1.0: core >=1.1, x{next:03} ^1").unwrap();
        writeln!(problem, "lock x{at:03} 1.0.0\nwant x{at:03} *").unwrap();
    }
    let problem = Problem::read(&problem);
    let alone = problem.settle(&problem.request).unwrap();
    assert!(
        moved(&problem, &alone).len() > 100,
        "the solver does it alone"
    );
    let n_solves = Cell::new(0);
    let solve = &mut |request: &Request| {
        n_solves.set(n_solves.get() + 1);
        Ok::<_, Infallible>(problem.settle(request))
    };
    let Ok(choice) = choose(&problem.request, Duplicates::Allow, &BTreeSet::new(), solve);
    let resolution = choice.unwrap().resolution;
    assert_eq!(moved(&problem, &resolution), ["core", "x000", "x001"]);
    assert!(n_solves.get() <= 9, "{} solves", n_solves.get());
}

/// How far an atom could go does not matter where the oldest is asked for.
#[test]
fn what_moves_to_the_oldest_is_not_tried_without_the_lock() {
    let problem = "x 1.0.0\nx 1.1.0\nx 1.2.0\nlock x 1.1.0\nwant x *\n";
    let count = |order: &str| {
        let problem = Problem::read(&format!("{problem}{order}"));
        let n_solves = Cell::new(0);
        let solve = &mut |request: &Request| {
            n_solves.set(n_solves.get() + 1);
            Ok::<_, Infallible>(problem.settle(request))
        };
        let fresh = BTreeSet::from([atom("x")]);
        let Ok(choice) = choose(&problem.request, Duplicates::Allow, &fresh, solve);
        let resolution = choice.unwrap().resolution;
        (
            resolution.versions(&atom("x")).cloned().collect(),
            n_solves.get(),
        )
    };
    assert_eq!(count("order minimal"), (vec![version("1.0.0")], 1));
    assert_eq!(count(""), (vec![version("1.2.0")], 2));
}

#[test]
fn holding_back_never_costs_more_than_it_saves() {
    let problem = Problem::read(
        "n 1.0.0: p =2.0.0\nn 1.1.0: q =2.0.0\np 1.0.0\nq 1.0.0\nlock p 1.0.0\nlock q 1.0.0
         lock z 1.0.0\nwant n *",
    );
    let conflict = problem.settle(&problem.request).unwrap_err();
    let answer = |text: &str| {
        let node = |it: &str| {
            let (name, text) = it.trim().split_once(' ').unwrap();
            ((atom(name), version(text)), BTreeSet::new())
        };
        Resolution::new(&text.split(',').map(node).collect())
    };
    let first = answer("p 1.0.0, q 1.0.0, z 2.0.0");
    let worse = answer("p 2.0.0, q 2.0.0, z 1.0.0");
    // A solver that moves two atoms to spare the one that it had moved.
    let solve = &mut |request: &Request| {
        let held: Vec<_> = request.held.iter().map(|it| it.id.to_string()).collect();
        Ok::<_, Infallible>(match held.join(" ").as_str() {
            "" => Ok(first.clone()),
            "z" => Ok(worse.clone()),
            _ => Err(conflict.clone()),
        })
    };
    let Ok(choice) = choose(&problem.request, Duplicates::Deny, &BTreeSet::new(), solve);
    assert_eq!(choice.unwrap().resolution, first);
}
