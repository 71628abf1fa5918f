//! Candidates in bytes that come in pieces.

use alloc::vec::Vec;
use core::fmt;

use super::{Candidates, Hit};
use crate::runs::Walk;

/// Finds candidates in a stream that is fed in pieces, wherever it is cut.
///
/// Between pieces it keeps one byte less than a hash part has.
///
/// ```
/// use refscan::{Candidates, StoreSpec};
///
/// let candidates = Candidates::new(&StoreSpec::NIX, ["0123456789abcdfghijklmnpqrsvwxyz"])?;
/// let mut search = candidates.search();
/// let mut found = Vec::new();
/// for piece in ["...0123456789abcdfghi", "jklmnpqrsvw", "xyz-name"] {
///     search.feed(piece.as_bytes(), |hit| found.push((hit.offset, hit.candidate)));
/// }
/// assert_eq!(found, [(3, 0)]);
/// # Ok::<(), refscan::CandidateError>(())
/// ```
pub struct Search<'c> {
    candidates: &'c Candidates,
    /// The end of what was fed.
    carry: Vec<u8>,
    /// How many bytes were fed.
    n_fed: u64,
}

impl fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Search");
        shown.field("n_fed", &self.n_fed).finish_non_exhaustive()
    }
}

impl<'c> Search<'c> {
    pub(super) fn new(candidates: &'c Candidates) -> Self {
        Self {
            candidates,
            carry: Vec::new(),
            n_fed: 0,
        }
    }

    /// Searches the next piece, and hands each occurrence that ends in it to `found`, in order.
    pub fn feed(&mut self, piece: &[u8], mut found: impl FnMut(Hit)) {
        let n_kept = self.candidates.length() - 1;
        let n_carried = self.carry.len();
        let n_taken = piece.len().min(n_kept);
        if n_carried > 0 {
            // A hash part that begins in the carry ends within as many bytes of the piece.
            self.carry.extend_from_slice(&piece[..n_taken]);
            let base = self.n_fed - n_carried as u64;
            self.candidates.scan(&self.carry, base, &mut found);
        }
        self.candidates.scan(piece, self.n_fed, &mut found);
        self.n_fed += piece.len() as u64;
        if n_carried == 0 || n_taken == n_kept {
            self.carry.clear();
            self.carry
                .extend_from_slice(&piece[piece.len() - n_taken..]);
        } else {
            let n_over = self.carry.len().saturating_sub(n_kept);
            drop(self.carry.drain(..n_over));
        }
    }
}

impl Candidates {
    fn scan(&self, bytes: &[u8], base: u64, found: &mut impl FnMut(Hit)) {
        let (mut walk, mut starts) = (Walk::default(), None);
        while let Some((at, candidate)) = self.next(bytes, &mut walk, &mut starts) {
            found(Hit {
                offset: base + at as u64,
                candidate,
            });
        }
    }
}
