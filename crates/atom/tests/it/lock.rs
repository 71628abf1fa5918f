//! Locks: one canonical text each, and what is wrong with the others.

use atom::lock::Lock;

const EXAMPLE: &str = include_str!("../../../../tests/vectors/lock/canonical/example.lock");

#[test]
fn the_canonical_text_is_printed_back() {
    let lock = Lock::parse(EXAMPLE).unwrap_or_else(|it| panic!("{it:#?}"));
    assert_eq!(lock.print(), EXAMPLE);
}
