//! Known answers for known hashes.

use refscan::{CandidateError, Candidates, StoreSpec};

const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

fn found(candidates: &Candidates, bytes: &[u8]) -> Vec<(u64, usize)> {
    let hits = candidates.hits(bytes);
    hits.map(|hit| (hit.offset, hit.candidate)).collect()
}

#[test]
fn whatever_stands_around_a_hash_does_not_matter() {
    let candidates = Candidates::new(&StoreSpec::NIX, [HASH]).unwrap();
    for (before, after) in [
        ("", ""),
        ("a", "0"),
        ("\0", "\u{e9}"),
        ("/nix/store/", "-x"),
    ] {
        let text = format!("{before}{HASH}{after}");
        let expected = [(before.len() as u64, 0)];
        assert_eq!(found(&candidates, text.as_bytes()), expected, "{text:?}");
    }
    assert_eq!(found(&candidates, &HASH.as_bytes()[1..]), []);
}

#[test]
fn overlapping_and_equal_candidates_are_told_apart() {
    let hashes = ["00", "01", "00"].map(|it| it.repeat(16));
    let candidates = Candidates::new(&StoreSpec::NIX, &hashes).unwrap();
    let text = "0".repeat(34);
    assert_eq!(
        found(&candidates, text.as_bytes()),
        [(0, 0), (1, 0), (2, 0)]
    );
    let text = format!("{}{}", &hashes[1], "0".repeat(31));
    assert_eq!(found(&candidates, text.as_bytes()), [(0, 1)]);
}

#[test]
fn no_candidate_is_never_found() {
    let none: [&str; 0] = [];
    let candidates = Candidates::new(&StoreSpec::NIX, none).unwrap();
    assert_eq!(found(&candidates, HASH.as_bytes()), []);
    let mut search = candidates.search();
    search.feed(HASH.as_bytes(), |hit| panic!("{hit:?}"));
}

#[test]
fn what_is_no_hash_part_is_refused() {
    let check = |hash: &str, expected: CandidateError| {
        let refused = Candidates::new(&StoreSpec::NIX, [HASH, hash]).unwrap_err();
        assert_eq!(refused, expected);
    };
    let length = |length| CandidateError::Length {
        candidate: 1,
        length,
        expected: 32,
    };
    check("", length(0));
    check(&HASH[1..], length(31));
    check(&format!("{HASH}-a"), length(34));
    let byte = CandidateError::Byte {
        candidate: 1,
        byte: b'e',
    };
    check(&HASH.replace('z', "e"), byte);
    assert_eq!(
        byte.to_string(),
        "candidate 1 has `e`, which no hash part has"
    );
}

#[test]
fn many_candidates_of_one_prefix_are_found() {
    let n_candidates: u32 = if cfg!(miri) { 300 } else { 100_000 };
    let hash = |number: u32| format!("{:032}", u64::from(number) * 7);
    let candidates = Candidates::new(&StoreSpec::NIX, (0..n_candidates).map(hash)).unwrap();
    for number in (0..n_candidates).step_by(997) {
        let expected = [(1, usize::try_from(number).unwrap())];
        let text = format!("-{}-", hash(number));
        assert_eq!(found(&candidates, text.as_bytes()), expected);
    }
    assert_eq!(found(&candidates, format!("{:032}", 8).as_bytes()), []);
}
