//! References in bytes that come in pieces.

use alloc::vec::Vec;
use core::fmt;

use super::locate::{End, Located, Locator, Next};
use crate::spec::StoreSpec;

/// Finds references in a stream that is fed in pieces, wherever it is cut.
///
/// Between pieces it keeps what may become a name: at most the path to the store, a separator and
/// 255 bytes.
///
/// ```
/// use refscan::{ReferenceFeed, StoreSpec};
///
/// let mut found = Vec::new();
/// let mut feed = ReferenceFeed::new(&StoreSpec::NIX);
/// for piece in ["see /nix/st", "ore/00000000000000000000000000000000-", "a b"] {
///     feed.feed(piece.as_bytes(), |offset, name| found.push((offset, name.to_vec())));
/// }
/// feed.finish(|offset, name| found.push((offset, name.to_vec())));
/// assert_eq!(found, [(15, b"00000000000000000000000000000000-a".to_vec())]);
/// ```
pub struct ReferenceFeed<'s> {
    locator: Locator<'s>,
    /// The end of what was fed, from where it is not decided.
    carry: Vec<u8>,
    /// Where `carry` begins in the stream.
    offset: u64,
}

impl fmt::Debug for ReferenceFeed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ReferenceFeed");
        shown.field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl<'s> ReferenceFeed<'s> {
    /// Begins a stream.
    #[must_use]
    pub fn new(spec: &StoreSpec<'s>) -> Self {
        Self {
            locator: Locator::new(spec),
            carry: Vec::new(),
            offset: 0,
        }
    }

    /// Searches the next piece, and hands each base name that is decided to `found`, with its
    /// offset in the stream in bytes, in order.
    pub fn feed(&mut self, piece: &[u8], mut found: impl FnMut(u64, &[u8])) {
        let n_carried = self.carry.len();
        let n_taken = match n_carried {
            0 => 0,
            _ => piece.len().min(self.locator.reach()),
        };
        self.carry.extend_from_slice(&piece[..n_taken]);
        let starts = if n_taken == piece.len() {
            self.carry.len()
        } else {
            n_carried
        };
        let seam = self
            .locator
            .run(&self.carry, starts, End::Open, |at, name| {
                found(self.offset + at as u64, name);
            });
        if n_taken == piece.len() {
            self.keep_carry_from(seam.unwrap_or(self.carry.len()));
            return;
        }
        // What begins in the carry is decided by the bytes taken.
        self.carry.clear();
        self.offset += n_carried as u64;
        let open = self.locator.run(piece, piece.len(), End::Open, |at, name| {
            found(self.offset + at as u64, name);
        });
        let open = open.unwrap_or(piece.len());
        self.offset += open as u64;
        self.carry.extend_from_slice(&piece[open..]);
    }

    /// Ends the stream: what reaches to its end is a name now, or none.
    pub fn finish(self, mut found: impl FnMut(u64, &[u8])) {
        let n_carried = self.carry.len();
        let rest = self
            .locator
            .run(&self.carry, n_carried, End::Final, |at, name| {
                found(self.offset + at as u64, name);
            });
        debug_assert_eq!(rest, None, "nothing is open at the end");
    }

    fn keep_carry_from(&mut self, at: usize) {
        drop(self.carry.drain(..at));
        self.offset += at as u64;
    }
}

impl Locator<'_> {
    /// Hands out each name whose path begins before `until`, and returns where what is open begins.
    fn run(
        &self,
        bytes: &[u8],
        until: usize,
        end: End,
        mut found: impl FnMut(usize, &[u8]),
    ) -> Option<usize> {
        let mut from = 0;
        loop {
            match self.next(bytes, from..until, end) {
                Next::Name(Located { path_start, name }) => {
                    found(name.start, &bytes[name]);
                    from = path_start + 1;
                }
                Next::Open(at) => return Some(at),
                Next::Nothing => return None,
            }
        }
    }
}
