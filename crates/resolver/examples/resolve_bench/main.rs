//! Times a solve from memory against the bare solver and against pubgrub on the same problems, and
//! prints the ratios.
//!
//! `cargo run --release -p resolver --example resolve_bench`, or `cargo xtask bench resolve`. Ours
//! starts from a universe and draws the edges of its answer; the others have all that they look up
//! in tables made beforehand, and their answers are lists.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads a clock and prints"
)]

mod bare;
mod peer;
mod problems;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use resolver::{Duplicates, Outcome, Request, Universe, Verdict, choose, solve};

use bare::Tables;
use peer::Peer;
use problems::Problems;

/// Goals: what ours may take of the bare solver's time, and of the clock for 1,000 atoms of 20.
const MOST_OF_BARE: f64 = 1.2;
const MOST_MS: f64 = 300.0;

fn main() {
    println!("                          ours    resolvo  ratio    pubgrub  ratio    choose");
    for problems in [problems::random(), problems::thousand()] {
        measure(&problems);
    }
    println!("goals: {MOST_OF_BARE} of resolvo; 1,000 atoms of 20 in {MOST_MS} ms");
    println!("choose: with the answer as the lock, verified by solving once more");
}

fn measure(problems: &Problems) {
    let universe = &problems.universe;
    let (tables, peer) = (Tables::new(universe), Peer::new(universe));
    let mut sums = [Duration::ZERO; 4];
    for request in &problems.requests {
        let locked = relocked(universe, request);
        let runs: [&dyn Fn() -> _; 4] = [
            &|| ours(universe, request),
            &|| bare::solve(&tables, request),
            &|| peer.solve(request),
            &|| chosen(universe, &locked),
        ];
        let times = best(problems.n_rounds, runs);
        for (sum, time) in sums.iter_mut().zip(times) {
            *sum += time;
        }
    }
    let [ours, bare, peer, chosen] = sums.map(|it| it.as_secs_f64() * 1e3);
    println!(
        "{:<20} {ours:>7.2} ms {bare:>7.2} ms  {:>5.2} {peer:>7.2} ms  {:>5.2} {chosen:>6.2} ms",
        problems.name,
        ours / bare,
        ours / peer,
    );
}

/// The least time of several runs of each, turn by turn, so that a busy machine slows all.
fn best<const N: usize>(n_rounds: usize, runs: [&dyn Fn() -> Option<usize>; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..n_rounds {
        let mut answers = Vec::new();
        for (best, run) in best.iter_mut().zip(runs) {
            let start = Instant::now();
            answers.push(black_box(run()));
            *best = start.elapsed().min(*best);
        }
        assert_eq!(answers[0], answers[1], "ours is the bare solver's answer");
        let found = |it: &Option<usize>| it.is_some() == answers[0].is_some();
        assert!(
            answers.iter().all(found),
            "all find an answer, or none does"
        );
    }
    best
}

fn ours(universe: &Universe, request: &Request) -> Option<usize> {
    match solve(universe, request) {
        Outcome::Solved(resolution) => Some(resolution.len()),
        _ => None,
    }
}

fn chosen(universe: &Universe, request: &Request) -> Option<usize> {
    let solve = &mut |request: &Request| Ok::<Verdict, Infallible>(settled(universe, request));
    let Ok(choice) = choose(request, Duplicates::Deny, &BTreeSet::new(), solve);
    choice.ok().map(|it| it.resolution.len())
}

fn settled(universe: &Universe, request: &Request) -> Verdict {
    match solve(universe, request) {
        Outcome::Solved(resolution) => Ok(resolution),
        Outcome::Conflict(conflict) => Err(conflict),
        Outcome::Missing(missing) => unreachable!("all is known: {missing:?}"),
    }
}

/// The request with its answer as the lock.
fn relocked(universe: &Universe, request: &Request) -> Request {
    let locked = match solve(universe, request) {
        Outcome::Solved(resolution) => resolution.as_lock(),
        _ => BTreeMap::new(),
    };
    Request {
        locked,
        ..request.clone()
    }
}
