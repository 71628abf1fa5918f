//! Problems of every kind that have an answer, and their answers.

use crate::language::{Problem, text};

fn check(problem: &str, expected: &str) {
    let outcome = Problem::read(problem).solve();
    assert_eq!(text(&outcome).trim_end(), expected);
}

#[test]
fn the_newest_that_fits_is_chosen() {
    check("a 1.0.0\na 1.1.0\na 2.0.0\nwant a ^1", "a 1.1.0");
}
