//! Two texts, line by line.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::Text;

/// The largest file whose lines are compared, in bytes.
pub const MAX_TEXT_BYTES: u64 = 4 << 20;

/// The most lines of a file that is compared: the time grows with them.
pub const MAX_LINES: usize = 200_000;

/// How many equal lines stand around what differs.
const CONTEXT: u32 = 3;

/// A part of two texts that is shown: lines of the first, and the lines of the second that stand
/// in their place, some equal lines around them included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// Which lines of the first text, from 0.
    pub(crate) old: Range<u32>,
    /// Which lines of the second text, from 0.
    pub(crate) new: Range<u32>,
    /// What differs between them, in order.
    pub(crate) edits: Vec<(Range<u32>, Range<u32>)>,
}

/// How many bytes tell whether a file is text.
pub(super) const PROBE_BYTES: usize = 8000;

/// Whether bytes are no text, as git tells it: a NUL is among the first of them.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(PROBE_BYTES).any(|it| *it == 0)
}

/// Whether bytes are more than is compared.
pub(super) fn is_large(bytes: &[u8]) -> bool {
    bytes.len() as u64 > MAX_TEXT_BYTES || lines(bytes).nth(MAX_LINES).is_some()
}

/// Compares the lines of two texts, none of which [`is_large`].
pub(super) fn compare(bytes: [Vec<u8>; 2]) -> Text {
    let edits = edits(&bytes[0], &bytes[1]);
    let count = |it: &Range<u32>| it.len();
    Text {
        n_added: edits.iter().map(|(_, new)| count(new)).sum(),
        n_removed: edits.iter().map(|(old, _)| count(old)).sum(),
        hunks: hunks(edits, n_lines(&bytes[0])),
        bytes,
    }
}

/// What must be replaced by what, by line numbers from 0.
fn edits(old: &[u8], new: &[u8]) -> Vec<(Range<u32>, Range<u32>)> {
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    diff.hunks().map(|it| (it.before, it.after)).collect()
}

/// Joins edits that have no more than twice the context between them, and puts context around
/// them. `n_old` is how many lines the first text has.
fn hunks(edits: Vec<(Range<u32>, Range<u32>)>, n_old: u32) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for (old, new) in edits {
        match hunks.last_mut() {
            Some(last) if old.start - last.old.end <= 2 * CONTEXT => {
                last.old.end = old.end;
                last.new.end = new.end;
                last.edits.push((old, new));
            }
            _ => hunks.push(Hunk {
                old: old.clone(),
                new: new.clone(),
                edits: vec![(old, new)],
            }),
        }
    }
    for it in &mut hunks {
        let before = it.old.start.min(CONTEXT);
        let after = (n_old - it.old.end).min(CONTEXT);
        it.old = it.old.start - before..it.old.end + after;
        it.new = it.new.start - before..it.new.end + after;
    }
    hunks
}

/// The lines of a text, each with its line feed.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|it| *it == b'\n')
}

fn n_lines(bytes: &[u8]) -> u32 {
    u32::try_from(lines(bytes).count()).expect("a text is no larger than 4 MiB")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn shown(old: &str, new: &str) -> Vec<(Range<u32>, Range<u32>)> {
        let text = compare([old.into(), new.into()]);
        text.hunks.into_iter().map(|it| (it.old, it.new)).collect()
    }

    #[test]
    fn what_is_near_is_shown_together() {
        let old = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(shown(old, old), []);
        assert_eq!(shown(old, &old.replace('4', "x")), [(1..8, 1..8)]);
        // Six equal lines between two changes join them, seven do not.
        assert_eq!(shown(old, &old.replace(['1', '8'], "x")), [(0..10, 0..10)]);
        let apart = old.replace(['1', '9'], "x");
        assert_eq!(shown(old, &apart), [(0..5, 0..5), (6..10, 6..10)]);
        assert_eq!(shown("", "a\nb\n"), [(0..0, 0..2)]);
        assert_eq!(shown("a\nb", ""), [(0..2, 0..0)]);
        assert_eq!(shown("a\n", "a"), [(0..1, 0..1)]);
    }

    proptest! {
        #[test]
        fn edits_lead_from_one_text_to_the_other(old in "[abc\n]{0,60}", new in "[abc\n]{0,60}") {
            let [a, b] = [&old, &new].map(|it| lines(it.as_bytes()).collect::<Vec<_>>());
            let mut made: Vec<&[u8]> = Vec::new();
            let mut at = 0;
            for (before, after) in edits(old.as_bytes(), new.as_bytes()) {
                made.extend(&a[at..before.start as usize]);
                made.extend(&b[after.start as usize..after.end as usize]);
                at = before.end as usize;
            }
            made.extend(&a[at..]);
            prop_assert_eq!(made, b);
        }
    }

    /// Texts that make a plain search for the fewest edits quadratic.
    #[test]
    fn hostile_texts_end_soon() {
        let n_lines = MAX_LINES;
        let repeat = |text: &str, times: usize| text.repeat(times).into_bytes();
        let shuffled = |seed: u64| {
            let mut state = seed;
            let mut text = Vec::new();
            for _ in 0..n_lines {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.extend(format!("{:02}\n", (state >> 33) % 90).into_bytes());
            }
            text
        };
        let numbered = |from: usize| -> Vec<u8> {
            let lines = (from..from + n_lines / 2).map(|it| format!("{it:x}\n"));
            lines.collect::<String>().into_bytes()
        };
        let cases = [
            [repeat("\n", n_lines), repeat("x\n", n_lines)],
            [
                repeat("a\nb\n", n_lines / 2),
                repeat("b\na\nb\nc\n", n_lines / 4),
            ],
            [shuffled(1), shuffled(2)],
            [numbered(0), numbered(n_lines)],
        ];
        for case in cases {
            assert!(case.iter().all(|it| !is_large(it)));
            let since = Instant::now();
            compare(case);
            let took = since.elapsed();
            assert!(took < Duration::from_secs(60), "{took:?}");
        }
    }
}
