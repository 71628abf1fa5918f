//! Which of known hashes occur, whatever precedes them.

mod table;
mod hits;
mod search;

use core::error::Error;
use core::fmt;

pub use hits::{HitMut, Hits, HitsMut};
pub use search::Search;

use crate::runs::{Runs, Starts, Walk};
use crate::spec::StoreSpec;
use table::Table;

/// Hash parts that are looked for, ready for any number of searches.
///
/// As many as there are: what they cost is memory, about 45 bytes and one length each.
///
/// ```
/// use refscan::{Candidates, StoreSpec};
///
/// let inputs = [
///     "0123456789abcdfghijklmnpqrsvwxyz",
///     "zyxwvsrqpnmlkjihgfdcba9876543210",
/// ];
/// let candidates = Candidates::new(&StoreSpec::NIX, inputs)?;
/// let bytes = b"\x7fELF\0=zyxwvsrqpnmlkjihgfdcba9876543210-lib\0";
/// let hit = candidates.hits(bytes).next().expect("it is there");
/// assert_eq!((hit.offset, hit.candidate), (6, 1));
/// # Ok::<(), refscan::CandidateError>(())
/// ```
pub struct Candidates {
    runs: Runs,
    table: Table,
}

/// One occurrence of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Where the hash part begins, in bytes from the start.
    pub offset: u64,
    /// Which candidate, counted from zero as they were given; of equal ones the first.
    pub candidate: usize,
}

/// Why hash parts cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CandidateError {
    /// A candidate is not as long as hash parts are.
    Length {
        /// Which one, from zero.
        candidate: usize,
        /// Its length in bytes.
        length: usize,
        /// What the spec asks for, in bytes.
        expected: usize,
    },
    /// A candidate has a byte that hash parts do not have.
    Byte {
        /// Which one, from zero.
        candidate: usize,
        /// The first such byte.
        byte: u8,
    },
    /// There are more than 2³² − 1.
    TooMany,
}

impl fmt::Display for CandidateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length {
                candidate,
                length,
                expected,
            } => write!(
                f,
                "candidate {candidate} has {length} bytes where a hash part has {expected}"
            ),
            Self::Byte { candidate, byte } => write!(
                f,
                "candidate {candidate} has `{}`, which no hash part has",
                byte.escape_ascii()
            ),
            Self::TooMany => f.write_str("more than 2^32 - 1 candidates"),
        }
    }
}

impl Error for CandidateError {}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Candidates");
        shown.field("n_candidates", &self.table.len());
        shown.finish_non_exhaustive()
    }
}

impl Candidates {
    /// Takes hash parts as the spec shapes them; the path to the store does not matter.
    ///
    /// # Errors
    ///
    /// [`CandidateError`] for the first that is no hash part, or where there are too many.
    pub fn new<H: AsRef<[u8]>>(
        spec: &StoreSpec<'_>,
        hashes: impl IntoIterator<Item = H>,
    ) -> Result<Self, CandidateError> {
        let mut table = table::Builder::new(spec.hash_len());
        for (candidate, hash) in hashes.into_iter().enumerate() {
            let hash = hash.as_ref();
            if hash.len() != spec.hash_len() {
                return Err(CandidateError::Length {
                    candidate,
                    length: hash.len(),
                    expected: spec.hash_len(),
                });
            }
            if let Some(&byte) = hash.iter().find(|&&byte| !spec.hash().contains(byte)) {
                return Err(CandidateError::Byte { candidate, byte });
            }
            table.push(hash).ok_or(CandidateError::TooMany)?;
        }
        Ok(Self {
            runs: Runs::new(spec.hash(), spec.hash_len()),
            table: table.finish(),
        })
    }

    /// Returns every occurrence in `bytes`, in order; they may overlap.
    #[must_use]
    pub fn hits<'a>(&'a self, bytes: &'a [u8]) -> Hits<'a> {
        Hits::new(self, bytes)
    }

    /// Returns occurrences in `bytes` to be rewritten in place, leftmost first; where two overlap,
    /// the later is passed over.
    ///
    /// ```
    /// # use refscan::{Candidates, StoreSpec};
    /// let own = "0123456789abcdfghijklmnpqrsvwxyz";
    /// let candidates = Candidates::new(&StoreSpec::NIX, [own])?;
    /// let mut bytes = format!("<{own}>").into_bytes();
    /// for hit in candidates.hits_mut(&mut bytes) {
    ///     hit.hash.fill(b'0');
    /// }
    /// assert_eq!(bytes, b"<00000000000000000000000000000000>");
    /// # Ok::<(), refscan::CandidateError>(())
    /// ```
    #[must_use]
    pub fn hits_mut<'a>(&'a self, bytes: &'a mut [u8]) -> HitsMut<'a> {
        HitsMut::new(self, bytes)
    }

    /// Begins a search of a stream that is fed in pieces.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search::new(self)
    }

    /// The length of each hash part, in bytes.
    fn length(&self) -> usize {
        self.runs.length()
    }

    /// Finds the next candidate; what `walk` and `starts` hold is of the same bytes, and of `starts`
    /// those are left that passed the filter.
    fn next(
        &self,
        bytes: &[u8],
        walk: &mut Walk,
        starts: &mut Option<Starts>,
    ) -> Option<(usize, usize)> {
        if self.table.len() == 0 {
            return None;
        }
        loop {
            while let Some(Starts { base, bits }) = starts
                && *bits != 0
            {
                let at = *base + bits.trailing_zeros() as usize;
                *bits &= *bits - 1;
                if let Some(candidate) = self.table.find(&bytes[at..]) {
                    return Some((at, candidate));
                }
            }
            let Starts { base, bits } = self.runs.next(bytes, walk)?;
            let bits = self.table.may_begin(&bytes[base..], bits);
            *starts = Some(Starts { base, bits });
        }
    }
}
