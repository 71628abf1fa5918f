//! Where runs of allowed bytes are long enough to be a hash, fast.
//!
//! In most bytes there is none, so the ways to look differ in how fast they pass over bytes, and
//! agree in what they find. None looks at a byte more than a few times, however dense the runs are.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::mask::Mask;

/// Looks for runs of `length` bytes that a mask allows.
pub(crate) struct Runs {
    length: usize,
    allowed: [bool; 256],
    engine: Engine,
}

/// A way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Portable,
    /// With the proof that the processor can.
    #[cfg(target_arch = "x86_64")]
    X86(x86::Engine),
}

/// How far one went through bytes; starts at its default.
#[derive(Default)]
pub(crate) struct Walk {
    /// What comes next: the start of a run, or of a block of 64 bytes.
    at: usize,
    /// The end of the bytes from `at` on that are known to be allowed.
    good: usize,
    /// Which bytes of the block before `at` are allowed.
    flags: u64,
    /// Whether those hold 16 aligned ones, without which there is no long run.
    is_dense: bool,
}

/// Where runs begin: at `base` and the 63 bytes after it, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Starts {
    pub(crate) base: usize,
    /// The lowest bit is `base`; some bit is set when they are found.
    pub(crate) bits: u64,
}

impl Runs {
    /// Takes the fastest way that the processor has.
    pub(crate) fn new(mask: Mask, length: usize) -> Self {
        let fastest = Engine::all(mask, length).next();
        Self::with(mask, length, fastest.unwrap_or(Engine::Portable))
    }

    pub(crate) fn with(mask: Mask, length: usize, engine: Engine) -> Self {
        Self {
            length,
            allowed: core::array::from_fn(|byte| {
                u8::try_from(byte).is_ok_and(|byte| mask.contains(byte))
            }),
            engine,
        }
    }

    /// The length of a run, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Finds the next starts of runs; `walk` is of the same bytes.
    ///
    /// Each start is found once, in order.
    pub(crate) fn next(&self, bytes: &[u8], walk: &mut Walk) -> Option<Starts> {
        match &self.engine {
            Engine::Portable => portable::next(self, bytes, walk),
            #[cfg(target_arch = "x86_64")]
            Engine::X86(engine) => engine.next(self.length, bytes, walk),
        }
    }
}

impl Engine {
    /// Returns the ways that are there, the fastest first.
    pub(crate) fn all(mask: Mask, length: usize) -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let vectors = x86::Engine::all(mask, length).map(Self::X86);
        #[cfg(not(target_arch = "x86_64"))]
        let vectors = {
            let _ = (mask, length);
            core::iter::empty()
        };
        vectors.chain([Self::Portable])
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{Engine, Runs, Walk};
    use crate::mask::Mask;
    use crate::spec::StoreSpec;

    fn starts(mask: Mask, length: usize, engine: Engine, bytes: &[u8]) -> Vec<usize> {
        let (runs, mut walk) = (Runs::with(mask, length, engine), Walk::default());
        let mut found = Vec::new();
        while let Some(starts) = runs.next(bytes, &mut walk) {
            assert_ne!(starts.bits, 0);
            let bits = (0..64).filter(|bit| starts.bits >> bit & 1 == 1);
            found.extend(bits.map(|bit| starts.base + bit));
        }
        found
    }

    fn check(mask: Mask, length: usize, bytes: &[u8]) {
        let all_allowed = |it: &[u8]| it.iter().all(|&byte| mask.contains(byte));
        let windows = bytes.windows(length).enumerate();
        let plain: Vec<_> = windows
            .filter(|(_, window)| all_allowed(window))
            .map(|(at, _)| at)
            .collect();
        for engine in Engine::all(mask, length) {
            let found = starts(mask, length, engine, bytes);
            assert_eq!(found, plain, "{engine:?}, runs of {length}");
        }
    }

    #[test]
    fn every_place_and_length_of_one_run() {
        let mask = StoreSpec::NIX.hash();
        let most = if cfg!(miri) { 1 } else { 130 };
        for before in 0..most {
            for length in [30, 31, 32, 33, 63, 64, 65, 127, 128] {
                let mut bytes = alloc::vec![b'-'; before + length];
                bytes[before..].fill(b'z');
                check(mask, 32, &bytes);
                bytes.push(b'-');
                check(mask, 32, &bytes);
                check(mask, 31, &bytes);
                check(mask, 64, &bytes);
            }
        }
    }

    #[test]
    fn every_byte_is_classified_as_the_mask_says() {
        for mask in [StoreSpec::NIX.hash(), StoreSpec::YZIX.rest()] {
            for byte in (0..=u8::MAX).step_by(if cfg!(miri) { 17 } else { 1 }) {
                check(mask, 31, &[byte; 64]);
            }
        }
    }

    proptest! {
        #[test]
        fn all_ways_find_what_the_plain_one_finds(
            runs in prop::collection::vec((0_usize..100, any::<u8>()), 0..20),
            length in 1_usize..70,
        ) {
            let mut bytes = Vec::new();
            for (n_allowed, byte) in runs {
                bytes.extend(core::iter::repeat_n(b'a' + byte % 4, n_allowed));
                bytes.push(byte);
            }
            check(StoreSpec::NIX.hash(), length, &bytes);
        }
    }
}
