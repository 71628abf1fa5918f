//! Runs by looking at every `length`-th byte, as Nix does, and at none twice.

use super::{Runs, Starts, Walk};

/// Looks from the right end of a window to its left: a byte that is not allowed ends every window
/// that holds it. What was seen to be allowed is remembered, so that dense bytes cost no more.
pub(super) fn next(runs: &Runs, bytes: &[u8], walk: &mut Walk) -> Option<Starts> {
    let is_allowed = |byte: u8| runs.allowed[usize::from(byte)];
    loop {
        let end = walk.at.checked_add(runs.length)?;
        let window = bytes.get(walk.at..end)?;
        let known = walk.good.saturating_sub(walk.at).min(runs.length);
        let unseen = &window[known..];
        if let Some(bad) = unseen.iter().rposition(|&byte| !is_allowed(byte)) {
            walk.at += known + bad + 1;
            walk.good = end;
            continue;
        }
        let more = bytes[end..].iter().take(63);
        let n_more = more.take_while(|&&byte| is_allowed(byte)).count();
        let starts = Starts {
            base: walk.at,
            bits: u64::MAX >> (63 - n_more),
        };
        walk.at += n_more + 1;
        walk.good = end + n_more;
        return Some(starts);
    }
}
