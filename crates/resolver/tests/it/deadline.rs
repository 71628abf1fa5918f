//! Problems that would take for ever, and conflicts of thousands of parts: the hook stops the one,
//! and the other is told in time.

#![expect(
    clippy::disallowed_methods,
    reason = "how soon a hook stops a solve shows on a clock alone"
)]

use std::cell::Cell;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use resolver::{Cancelled, Outcome, solve, solve_until};

use crate::language::Problem;

/// How long a problem is worked on before the hook asks to stop.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long a solve may go on without asking the hook: 100 ms on a machine that has time for it,
/// and more here, where others build and test beside.
const LONGEST_GAP: Duration = Duration::from_millis(1000);

/// More pigeons than holes: each hole takes one, and no clever argument is to be had.
fn pigeons(n_holes: usize) -> String {
    let mut text = String::new();
    for pigeon in 0..=n_holes {
        for hole in 0..n_holes {
            writeln!(text, "p{pigeon} 1.{hole}.0: h{hole} =1.{pigeon}.0").unwrap();
            writeln!(text, "h{hole} 1.{pigeon}.0").unwrap();
        }
        writeln!(text, "want p{pigeon} *").unwrap();
    }
    text
}

/// Atoms whose every version rules out a third of two others: too many to hold together.
fn quarrel(n_atoms: u64) -> String {
    let mut text = String::new();
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
    let mut roll = |n_sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % n_sides
    };
    for atom in 0..n_atoms {
        for version in 0..3 {
            write!(text, "a{atom} 1.{version}.0: ").unwrap();
            for _ in 0..3 {
                let (other, low) = (roll(n_atoms), roll(2));
                let comma = if text.ends_with(": ") { "" } else { ", " };
                write!(text, "{comma}a{other} >=1.{low}.0, <1.{}.0", low + 2).unwrap();
            }
            writeln!(text).unwrap();
        }
        writeln!(text, "want a{atom} *").unwrap();
    }
    text
}

/// A chain of atoms, the last of which does not exist.
fn chain(n_atoms: usize, n_versions: usize) -> String {
    let mut text = String::new();
    for atom in 0..n_atoms {
        for version in 0..n_versions {
            writeln!(text, "a{atom} 1.{version}.0: a{} *", atom + 1).unwrap();
        }
    }
    write!(text, "a{n_atoms} none\nwant a0 *").unwrap();
    text
}

#[test]
fn the_hook_stops_what_would_take_for_ever() {
    for (name, problem) in [
        ("pigeons", pigeons(14)),
        ("quarrel", quarrel(400)),
        ("chain", chain(200, 20)),
    ] {
        let problem = Problem::read(&problem);
        let start = Instant::now();
        let (last, gap) = (Cell::new(start), Cell::new(Duration::ZERO));
        let hook = || {
            let now = Instant::now();
            gap.set(gap.get().max(now - last.replace(now)));
            (now - start > PATIENCE).then_some(Cancelled::Deadline)
        };
        let outcome = solve_until(&problem.universe, &problem.request, &hook);
        assert_eq!(outcome, Err(Cancelled::Deadline), "{name} ended by itself");
        assert!(gap.get() < LONGEST_GAP, "{name}: {:?}", gap.get());
        assert!(start.elapsed() < PATIENCE + LONGEST_GAP, "{name}");
    }
}

#[test]
fn the_hooks_cause_comes_back() {
    let problem = Problem::read("a 1.0.0\nwant a ^1");
    for cause in [Cancelled::Interrupted, Cancelled::Deadline] {
        let outcome = solve_until(&problem.universe, &problem.request, &|| Some(cause));
        assert_eq!(outcome, Err(cause));
    }
    assert!(solve_until(&problem.universe, &problem.request, &|| None).is_ok());
}

#[test]
fn a_conflict_of_thousands_of_parts_is_told() {
    for (n_atoms, n_versions) in [(3000, 1), (60, 20)] {
        let problem = Problem::read(&chain(n_atoms, n_versions));
        let Outcome::Conflict(conflict) = solve(&problem.universe, &problem.request) else {
            panic!("the last atom does not exist");
        };
        let text = conflict.text();
        assert!(text.lines().count() < 65, "{text}");
        assert!(
            text.starts_with(&format!("there is no atom `a{n_atoms}`")),
            "{text}"
        );
    }
}
