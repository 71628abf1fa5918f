//! How a large blob is kept: its bytes, then enough of BLAKE3's tree to verify any part alone.
//!
//! BLAKE3 hashes chunks of 1 KiB and joins two and two up to the root. Of that tree are kept the
//! values of every *group* of 64 KiB, and, where there is more than one *span* of 1,024 groups,
//! those of every span. Spans are held to the digest, the groups of a span to the span, and bytes
//! to their group: a part costs the reading of its groups and, once a span, of 32 KiB.
//!
//! A blob of at most [`WHOLE`] bytes is kept as it is, and verified as a whole. No two sizes are
//! kept in files of one length, so the length of the file tells the size of the blob.

use blake3::hazmat::{
    ChainingValue, HasherExt as _, Mode, left_subtree_len, merge_subtrees_non_root,
    merge_subtrees_root,
};

use crate::Digest;

/// The largest blob that is kept as it is, in bytes.
pub(crate) const WHOLE: u64 = 1 << 20;
/// The bytes that are verified together.
pub(crate) const GROUP: u64 = 1 << 16;
/// The bytes whose groups are verified together.
pub(crate) const SPAN: u64 = GROUP << 10;
/// The bytes of one value of the tree.
pub(crate) const VALUE: u64 = 32;

/// Returns how long the file of a blob is; `None` where that is no `u64`.
pub(crate) const fn file_len(size: u64) -> Option<u64> {
    if size <= WHOLE {
        return Some(size);
    }
    let values = n_groups(size) + n_spans(size);
    // At most a 1,024th of the size.
    size.checked_add(values * VALUE)
}

/// Returns the size of the blob whose file is this long; `None` where no blob's is.
pub(crate) fn size_of(file_len: u64) -> Option<u64> {
    if file_len <= WHOLE {
        return Some(file_len);
    }
    let (mut low, mut high) = (WHOLE, file_len);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        match self::file_len(middle) {
            Some(len) if len <= file_len => low = middle,
            _ => high = middle - 1,
        }
    }
    (self::file_len(low) == Some(file_len)).then_some(low)
}

const fn n_groups(size: u64) -> u64 {
    size.div_ceil(GROUP)
}

/// How many spans have values: none where one holds all, whose value is the digest.
const fn n_spans(size: u64) -> u64 {
    match size.div_ceil(SPAN) {
        1 => 0,
        many => many,
    }
}

/// What of a large blob was verified: its spans.
#[derive(Debug)]
pub(crate) struct Spans {
    digest: Digest,
    size: u64,
    values: Vec<ChainingValue>,
}

/// The verified groups of one span.
#[derive(Debug)]
pub(crate) struct Groups {
    span: u64,
    values: Vec<ChainingValue>,
}

/// A part of a file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) at: u64,
    pub(crate) len: u64,
}

impl Spans {
    /// Where the values of a blob's spans stand in its file.
    pub(crate) const fn part(size: u64) -> Part {
        Part {
            at: size + n_groups(size) * VALUE,
            len: n_spans(size) * VALUE,
        }
    }

    /// Takes the values of the spans; `None` where they are not the blob's.
    pub(crate) fn verify(digest: Digest, size: u64, bytes: &[u8]) -> Option<Self> {
        let values = values(bytes, Self::part(size))?;
        let made = Self {
            digest,
            size,
            values,
        };
        let sound = made.values.is_empty() || root(&made.values, size, SPAN) == digest;
        sound.then_some(made)
    }

    /// Where the values of the groups stand that the span at an offset has.
    pub(crate) fn groups_part(&self, offset: u64) -> Part {
        let first = offset / SPAN * (SPAN / GROUP);
        Part {
            at: self.size + first * VALUE,
            len: n_groups(self.span_len(offset / SPAN)) * VALUE,
        }
    }

    const fn span_len(&self, span: u64) -> u64 {
        let rest = self.size - span * SPAN;
        if rest < SPAN { rest } else { SPAN }
    }

    /// Takes the values of the groups of the span at an offset; `None` where they are not its.
    pub(crate) fn groups(&self, offset: u64, bytes: &[u8]) -> Option<Groups> {
        let (span, values) = (offset / SPAN, values(bytes, self.groups_part(offset))?);
        let sound = match usize::try_from(span)
            .ok()
            .and_then(|it| self.values.get(it))
        {
            Some(value) => inner(&values, self.span_len(span), GROUP) == *value,
            None => root(&values, self.size, GROUP) == self.digest,
        };
        sound.then_some(Groups { span, values })
    }
}

impl Groups {
    /// Whether these are of the span at an offset.
    pub(crate) const fn hold(&self, offset: u64) -> bool {
        self.span == offset / SPAN
    }

    /// The end of the span, if the blob goes on that far.
    pub(crate) const fn end(&self) -> u64 {
        (self.span + 1).saturating_mul(SPAN)
    }

    /// Whether these bytes, that begin a group and end one, are the blob's at this offset.
    pub(crate) fn verify(&self, offset: u64, bytes: &[u8]) -> bool {
        let first = (offset / GROUP) % (SPAN / GROUP);
        let values = self
            .values
            .iter()
            .skip(usize::try_from(first).expect("at most 1,023"));
        let mut pieces = pieces(offset, bytes);
        let held = values
            .zip(&mut pieces)
            .all(|(value, piece)| *value == piece);
        held && pieces.next().is_none()
    }
}

/// The tree of a blob larger than [`WHOLE`] that is being written.
#[derive(Debug, Default)]
pub(crate) struct Growing {
    size: u64,
    groups: Vec<ChainingValue>,
}

impl Growing {
    /// Takes bytes; but for the last, whole groups.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        debug_assert!(
            self.size.is_multiple_of(GROUP),
            "whole groups but for the last"
        );
        self.groups.extend(pieces(self.size, bytes));
        self.size += bytes.len() as u64;
    }

    /// Returns the digest, and what stands behind the blob's bytes.
    pub(crate) fn finish(&self) -> (Digest, Vec<u8>) {
        debug_assert!(self.size > WHOLE, "smaller ones are kept as they are");
        let per_span = usize::try_from(SPAN / GROUP).expect("it is 1,024");
        let spans = (0..).zip(self.groups.chunks(per_span));
        let span = |(at, groups): (u64, &[ChainingValue])| {
            let len = (self.size - at * SPAN).min(SPAN);
            inner(groups, len, GROUP)
        };
        let mut tail = self.groups.concat();
        if n_spans(self.size) == 0 {
            return (root(&self.groups, self.size, GROUP), tail);
        }
        let spans: Vec<_> = spans.map(span).collect();
        tail.extend(spans.concat());
        (root(&spans, self.size, SPAN), tail)
    }
}

/// The values of the groups that bytes at an offset make.
fn pieces(offset: u64, bytes: &[u8]) -> impl Iterator<Item = ChainingValue> + '_ {
    let len = usize::try_from(GROUP).expect("it is 65,536");
    (0..).zip(bytes.chunks(len)).map(move |(at, piece)| {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(offset + at * GROUP).update(piece);
        hasher.finalize_non_root()
    })
}

/// The values that stand in a part; `None` where it is cut short.
fn values(bytes: &[u8], part: Part) -> Option<Vec<ChainingValue>> {
    let (values, _) = bytes.as_chunks();
    (bytes.len() as u64 == part.len).then(|| values.to_vec())
}

/// The value of a subtree of `len` bytes, of the values of its leaves of `leaf` bytes each.
fn inner(values: &[ChainingValue], len: u64, leaf: u64) -> ChainingValue {
    if len <= leaf {
        return values[0];
    }
    let (left, right) = sides(values, len, leaf);
    merge_subtrees_non_root(&left, &right, Mode::Hash)
}

/// The digest of a blob of `len` bytes, more than one leaf.
fn root(values: &[ChainingValue], len: u64, leaf: u64) -> Digest {
    let (left, right) = sides(values, len, leaf);
    Digest(*merge_subtrees_root(&left, &right, Mode::Hash).as_bytes())
}

fn sides(values: &[ChainingValue], len: u64, leaf: u64) -> (ChainingValue, ChainingValue) {
    let left = left_subtree_len(len);
    let n_left = usize::try_from(left / leaf).expect("no more than there are values");
    let (before, behind) = values.split_at(n_left);
    (inner(before, left, leaf), inner(behind, len - left, leaf))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes whose groups all differ: 251 divides no group.
    fn bytes(len: u64) -> Vec<u8> {
        let len = usize::try_from(len).unwrap();
        let mut bytes = (0..=250).collect::<Vec<u8>>().repeat(len / 251 + 1);
        bytes.truncate(len);
        bytes
    }

    #[test]
    fn the_tree_is_that_of_blake3_and_verifies_each_part() {
        for size in [
            WHOLE + 1,
            WHOLE + GROUP,
            SPAN - 1,
            SPAN,
            SPAN + 1,
            2 * SPAN + GROUP + 5,
        ] {
            let bytes = bytes(size);
            let mut growing = Growing::default();
            for piece in bytes.chunks(3 * 65536) {
                growing.add(piece);
            }
            let (digest, tail) = growing.finish();
            assert_eq!(digest, Digest::of(&bytes), "{size}");
            let file = [bytes, tail].concat();
            assert_eq!(file_len(size), Some(file.len() as u64), "{size}");
            let read = |part: Part| {
                let from = usize::try_from(part.at).unwrap();
                &file[from..from + usize::try_from(part.len).unwrap()]
            };
            let spans = Spans::verify(digest, size, read(Spans::part(size))).unwrap();
            for at in [0, GROUP, size - 1, size / 2] {
                let at = at / GROUP * GROUP;
                let part = spans.groups_part(at);
                let groups = spans.groups(at, read(part)).unwrap();
                assert!(groups.hold(at));
                let end = (at + 2 * GROUP).min(size).min(groups.end());
                let part = read(Part { at, len: end - at });
                assert!(groups.verify(at, part), "{size} {at}");
                assert!(!groups.verify(at, &[part, &[0]].concat()), "{size} {at}");
                let mut flipped = part.to_vec();
                *flipped.last_mut().unwrap() ^= 1;
                assert!(!groups.verify(at, &flipped), "{size} {at}");
            }
            assert!(
                spans
                    .groups(0, read(spans.groups_part(0)).split_last().unwrap().1)
                    .is_none()
            );
            // What a span would say of its groups is held to the digest.
            for part in [Spans::part(size), spans.groups_part(size - 1)] {
                let mut flipped = read(part).to_vec();
                let Some(byte) = flipped.last_mut() else {
                    continue;
                };
                *byte ^= 1;
                let is_spans = part == Spans::part(size);
                let taken = match is_spans {
                    true => Spans::verify(digest, size, &flipped).is_some(),
                    false => spans.groups(size - 1, &flipped).is_some(),
                };
                assert!(!taken, "{size} {part:?}");
            }
        }
    }

    #[test]
    fn bytes_behind_the_last_group_are_no_part() {
        let size = WHOLE + 1;
        let mut growing = Growing::default();
        growing.add(&bytes(size));
        let (digest, tail) = growing.finish();
        let spans = Spans::verify(digest, size, &[]).unwrap();
        let groups = spans.groups(0, &tail).unwrap();
        let last = WHOLE / GROUP * GROUP;
        let at = usize::try_from(last).unwrap();
        assert!(groups.verify(last, &bytes(size)[at..]));
        let more = [&bytes(size)[at..], &vec![0; 1 << 16]].concat();
        assert!(!groups.verify(last, &more));
    }

    proptest! {
        #[test]
        fn the_length_of_a_file_tells_the_size(
            size in prop_oneof![0..4 * WHOLE, 0..9 * SPAN, any::<u64>()],
            more in 0..200u64,
        ) {
            if let Some(len) = file_len(size) {
                prop_assert_eq!(size_of(len), Some(size));
                if let Some(len) = len.checked_add(more)
                    && let Some(other) = size_of(len)
                {
                    prop_assert_eq!(file_len(other), Some(len));
                }
            }
        }
    }
}
