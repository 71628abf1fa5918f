//! Candidates in a slice, to be read or to be rewritten in place.

use core::fmt;
use core::iter::FusedIterator;

use super::{Candidates, Hit};
use crate::runs::{Starts, Walk};

/// Every occurrence in a slice; made by [`Candidates::hits`].
pub struct Hits<'a> {
    candidates: &'a Candidates,
    bytes: &'a [u8],
    walk: Walk,
    starts: Option<Starts>,
}

impl<'a> Hits<'a> {
    pub(super) fn new(candidates: &'a Candidates, bytes: &'a [u8]) -> Self {
        Self {
            candidates,
            bytes,
            walk: Walk::default(),
            starts: None,
        }
    }
}

impl fmt::Debug for Hits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hits").finish_non_exhaustive()
    }
}

impl Iterator for Hits<'_> {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        let found = self
            .candidates
            .next(self.bytes, &mut self.walk, &mut self.starts);
        let (at, candidate) = found?;
        Some(Hit {
            offset: at as u64,
            candidate,
        })
    }
}

impl FusedIterator for Hits<'_> {}

/// One occurrence of a candidate that may be rewritten.
#[derive(Debug, PartialEq, Eq)]
pub struct HitMut<'a> {
    /// Where the hash part begins, in bytes from the start.
    pub offset: u64,
    /// Which candidate, counted from zero as they were given; of equal ones the first.
    pub candidate: usize,
    /// The hash part itself.
    pub hash: &'a mut [u8],
}

/// Occurrences in a slice that may be rewritten; made by [`Candidates::hits_mut`].
pub struct HitsMut<'a> {
    candidates: &'a Candidates,
    /// What follows the last hash part that was handed out.
    rest: &'a mut [u8],
    /// Where `rest` begins.
    offset: u64,
}

impl<'a> HitsMut<'a> {
    pub(super) fn new(candidates: &'a Candidates, bytes: &'a mut [u8]) -> Self {
        Self {
            candidates,
            rest: bytes,
            offset: 0,
        }
    }
}

impl fmt::Debug for HitsMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HitsMut").finish_non_exhaustive()
    }
}

impl<'a> Iterator for HitsMut<'a> {
    type Item = HitMut<'a>;

    fn next(&mut self) -> Option<HitMut<'a>> {
        let bytes = core::mem::take(&mut self.rest);
        let (mut walk, mut starts) = (Walk::default(), None);
        let found = self.candidates.next(bytes, &mut walk, &mut starts);
        let (at, candidate) = found?;
        let (head, rest) = bytes.split_at_mut(at + self.candidates.length());
        let offset = self.offset + at as u64;
        self.offset = offset + self.candidates.length() as u64;
        self.rest = rest;
        Some(HitMut {
            offset,
            candidate,
            hash: &mut head[at..],
        })
    }
}

impl FusedIterator for HitsMut<'_> {}
