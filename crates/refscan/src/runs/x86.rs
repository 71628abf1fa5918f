//! Runs by classifying 64 bytes at a time, with the vectors of x86-64.
//!
//! A run of 31 or more bytes holds 16 that begin at a multiple of 16. Blocks without such a lane of
//! allowed bytes are passed over; only beside one that has it are the starts of runs worked out.

#![expect(
    unsafe_code,
    reason = "vectors: a load and a call each, with their proofs"
)]

use core::arch::x86_64::{
    __m128i, __m256i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8,
    _mm_set1_epi8, _mm_setzero_si128, _mm_shuffle_epi8, _mm_srli_epi16, _mm256_and_si256,
    _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::{Starts, Walk};
use crate::mask::Mask;

/// The bytes that are classified at a time.
const BLOCK: usize = 64;

/// The lengths of runs that this finds: shorter ones need hold no whole lane, the starts of longer
/// ones are not seen from two blocks.
const LENGTHS: core::ops::RangeInclusive<usize> = 31..=64;

/// The high halves of bytes below 0x80, a bit for each; none for bytes from 0x80 on.
const HIGH: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Vectors that the processor has, and a mask as they take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Engine {
    /// Made only after it was asked for.
    vectors: Vectors,
    /// For each low half of a byte, the high halves with which it is allowed, a bit for each.
    low: [u8; 16],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vectors {
    Ssse3,
    Avx2,
}

impl Engine {
    /// Returns those that the processor has and that find runs of `length`, the fastest first.
    pub(super) fn all(mask: Mask, length: usize) -> impl Iterator<Item = Self> {
        let low = core::array::from_fn(|low| {
            let high = (0..8).filter(|high| mask.contains(high << 4 | low as u8));
            high.fold(0, |bits, high| bits | 1 << high)
        });
        [Vectors::Avx2, Vectors::Ssse3]
            .into_iter()
            .filter(move |it| LENGTHS.contains(&length) && it.are_here())
            .map(move |vectors| Self { vectors, low })
    }

    pub(super) fn next(&self, length: usize, bytes: &[u8], walk: &mut Walk) -> Option<Starts> {
        match self.vectors {
            // SAFETY: `Engine::all`, which alone makes engines, saw that the processor has AVX2.
            Vectors::Avx2 => unsafe { next_avx2(&self.low, length, bytes, walk) },
            // SAFETY: likewise SSSE3.
            Vectors::Ssse3 => unsafe { next_ssse3(&self.low, length, bytes, walk) },
        }
    }
}

impl Vectors {
    #[cfg(feature = "std")]
    fn are_here(self) -> bool {
        match self {
            Self::Ssse3 => std::arch::is_x86_feature_detected!("ssse3"),
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
        }
    }

    #[cfg(not(feature = "std"))]
    fn are_here(self) -> bool {
        match self {
            Self::Ssse3 => cfg!(target_feature = "ssse3"),
            Self::Avx2 => cfg!(target_feature = "avx2"),
        }
    }
}

#[target_feature(enable = "avx2")]
fn next_avx2(low: &[u8; 16], length: usize, bytes: &[u8], walk: &mut Walk) -> Option<Starts> {
    let low = _mm256_broadcastsi128_si256(load_16(low));
    let high = _mm256_broadcastsi128_si256(load_16(&HIGH));
    next(length, bytes, walk, |block| {
        let [first, last] = split(block);
        let first = flags_avx2(low, high, load_32(first));
        let last = flags_avx2(low, high, load_32(last));
        u64::from(last) << 32 | u64::from(first)
    })
}

/// Which of 32 bytes are allowed: those whose low half goes with their high half.
#[target_feature(enable = "avx2")]
#[inline]
fn flags_avx2(low: __m256i, high: __m256i, bytes: __m256i) -> u32 {
    let half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
    // A byte from 0x80 on takes zero from `low`, and so from both.
    let both = _mm256_and_si256(
        _mm256_shuffle_epi8(low, bytes),
        _mm256_shuffle_epi8(high, half),
    );
    let none = _mm256_cmpeq_epi8(both, _mm256_setzero_si256());
    !_mm256_movemask_epi8(none).cast_unsigned()
}

#[target_feature(enable = "ssse3")]
fn next_ssse3(low: &[u8; 16], length: usize, bytes: &[u8], walk: &mut Walk) -> Option<Starts> {
    let low = load_16(low);
    let high = load_16(&HIGH);
    next(length, bytes, walk, |block| {
        let (lanes, _) = block.as_chunks::<16>();
        let mut flags = 0;
        for (at, lane) in lanes.iter().enumerate() {
            flags |= u64::from(flags_ssse3(low, high, load_16(lane))) << (16 * at);
        }
        flags
    })
}

/// Which of 16 bytes are allowed.
#[target_feature(enable = "ssse3")]
#[inline]
fn flags_ssse3(low: __m128i, high: __m128i, bytes: __m128i) -> u16 {
    let half = _mm_and_si128(_mm_srli_epi16::<4>(bytes), _mm_set1_epi8(0x0f));
    let both = _mm_and_si128(_mm_shuffle_epi8(low, bytes), _mm_shuffle_epi8(high, half));
    let none = _mm_cmpeq_epi8(both, _mm_setzero_si128());
    // 16 bytes give 16 bits.
    !_mm_movemask_epi8(none) as u16
}

#[target_feature(enable = "sse2")]
#[inline]
fn load_16(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: 16 bytes are read, just those of the array; the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx")]
#[inline]
fn load_32(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are read, just those of the array; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline(always)]
fn split(block: &[u8; BLOCK]) -> [&[u8; 32]; 2] {
    let (halves, _) = block.as_chunks::<32>();
    [&halves[0], &halves[1]]
}

/// Goes on until a block, or the one after it, has starts of runs.
///
/// `flags` tells which bytes of a block are allowed; it and this are inlined where the vectors are.
#[inline(always)]
fn next(
    length: usize,
    bytes: &[u8],
    walk: &mut Walk,
    flags: impl Fn(&[u8; BLOCK]) -> u64,
) -> Option<Starts> {
    // Starts in the last block are seen with the one after it, which has no bytes.
    while walk.at < bytes.len().saturating_add(BLOCK) {
        let rest = bytes.get(walk.at..).unwrap_or_default();
        if !walk.is_dense {
            pass_over(rest, walk, &flags);
        }
        let rest = bytes.get(walk.at..).unwrap_or_default();
        let here = match rest.first_chunk() {
            Some(block) => flags(block),
            None => flags(&padded(rest)),
        };
        let before = core::mem::replace(&mut walk.flags, here);
        let was_dense = core::mem::replace(&mut walk.is_dense, has_lane(here));
        let base = walk.at.wrapping_sub(BLOCK);
        walk.at += BLOCK;
        if was_dense || walk.is_dense {
            let bits = starts(before, here, length);
            // Before the first block there is none, whose flags are zero.
            if bits != 0 {
                return Some(Starts { base, bits });
            }
        }
    }
    None
}

/// Passes over blocks that have no lane.
#[inline(always)]
fn pass_over(rest: &[u8], walk: &mut Walk, flags: &impl Fn(&[u8; BLOCK]) -> u64) {
    let (pairs, _) = rest.as_chunks::<{ 2 * BLOCK }>();
    let (mut n_passed, mut before) = (0, walk.flags);
    for pair in pairs {
        let (blocks, _) = pair.as_chunks::<BLOCK>();
        let [first, last] = [flags(&blocks[0]), flags(&blocks[1])];
        if has_lane(first) || has_lane(last) {
            break;
        }
        before = last;
        n_passed += 1;
    }
    walk.at += n_passed * 2 * BLOCK;
    walk.flags = before;
}

/// What is left, filled up with NUL, which no mask allows.
#[cold]
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}

/// Whether one of the four lanes of 16 bits has all of them set.
#[inline(always)]
fn has_lane(flags: u64) -> bool {
    const ONES: u64 = 0x0001_0001_0001_0001;
    // The usual test for a zero among the lanes of the complement.
    (!flags).wrapping_sub(ONES) & flags & (ONES << 15) != 0
}

/// Which bits of `before` begin `length` set bits, that may go on in `here`.
fn starts(before: u64, here: u64, length: usize) -> u64 {
    let mut runs = u128::from(here) << 64 | u128::from(before);
    let mut n_known = 1;
    while n_known * 2 <= length {
        runs &= runs >> n_known;
        n_known *= 2;
    }
    runs &= runs >> (length - n_known);
    // The lower half is the block before.
    runs as u64
}
