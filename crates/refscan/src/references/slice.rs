//! References in a slice, to be read or to be rewritten in place.

use alloc::collections::VecDeque;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

use super::locate::{End, Located, Locator, Next};
use crate::spec::StoreSpec;

/// Returns the base names in `input`, in order, repeated ones as often as they occur.
///
/// `input` is a `&[u8]` or a `&mut [u8]`; the names are slices of it. Those of a `&mut [u8]` may be
/// rewritten; what counts as a name was decided on the bytes as they were.
///
/// ```
/// use refscan::{StoreSpec, references};
///
/// let text = b"exec /nix/store/00000000000000000000000000000000-bash-5.1/bin/bash";
/// let found: Vec<&[u8]> = references(&text[..], &StoreSpec::NIX).collect();
/// assert_eq!(found, [b"00000000000000000000000000000000-bash-5.1"]);
///
/// let mut text = *text;
/// for name in references(&mut text[..], &StoreSpec::NIX) {
///     name[..32].fill(b'1');
/// }
/// assert_eq!(&text[16..48], &[b'1'; 32]);
/// ```
pub fn references<'s, I: Input>(input: I, spec: &StoreSpec<'s>) -> References<'s, I> {
    References {
        locator: Locator::new(spec),
        rest: input,
        offset: 0,
        decided: 0,
        ahead: VecDeque::new(),
    }
}

/// Bytes that can be searched: `&[u8]` and `&mut [u8]`.
pub trait Input: AsRef<[u8]> + Default + sealed::Split {}

impl Input for &[u8] {}

impl Input for &mut [u8] {}

mod sealed {
    //! Cutting a slice, whether it is shared or not.

    #[expect(unnameable_types, reason = "nobody else is to implement it")]
    pub trait Split: Sized {
        fn split(self, at: usize) -> (Self, Self);
    }

    impl Split for &[u8] {
        fn split(self, at: usize) -> (Self, Self) {
            self.split_at(at)
        }
    }

    impl Split for &mut [u8] {
        fn split(self, at: usize) -> (Self, Self) {
            self.split_at_mut(at)
        }
    }
}

/// The base names in a slice; made by [`references`].
pub struct References<'s, I> {
    locator: Locator<'s>,
    /// What follows the last name that was handed out.
    rest: I,
    /// Where `rest` begins in the input.
    offset: usize,
    /// Paths that begin before this offset of `rest` are done with, or stand in `ahead`.
    decided: usize,
    /// Names whose paths began within the name before them, by their place in `rest`.
    ahead: VecDeque<Range<usize>>,
}

impl<I> fmt::Debug for References<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("References");
        shown.field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl<'s, I: Input> References<'s, I> {
    /// Returns each name with its offset in the input, in bytes.
    pub fn with_offsets(self) -> Offsets<'s, I> {
        Offsets(self)
    }

    fn locate(&mut self, until: usize) -> Option<Range<usize>> {
        let bytes = self.rest.as_ref();
        match self.locator.next(bytes, self.decided..until, End::Final) {
            Next::Name(Located { path_start, name }) => {
                self.decided = path_start + 1;
                Some(name)
            }
            Next::Open(_) | Next::Nothing => {
                self.decided = until;
                None
            }
        }
    }

    fn advance(&mut self) -> Option<(usize, I)> {
        let ahead = self.ahead.pop_front();
        let name = ahead.or_else(|| self.locate(usize::MAX))?;
        // After the cut nothing can look back into the name.
        while self.decided < name.end
            && let Some(next) = self.locate(name.end)
        {
            self.ahead.push_back(next);
        }
        let (head, rest) = core::mem::take(&mut self.rest).split(name.end);
        let (_, found) = head.split(name.start);
        let start = self.offset + name.start;
        self.rest = rest;
        self.offset += name.end;
        self.decided -= name.end;
        for range in &mut self.ahead {
            *range = range.start - name.end..range.end - name.end;
        }
        Some((start, found))
    }
}

impl<I: Input> Iterator for References<'_, I> {
    type Item = I;

    fn next(&mut self) -> Option<I> {
        self.advance().map(|(_, name)| name)
    }
}

impl<I: Input> FusedIterator for References<'_, I> {}

/// The base names in a slice with their offsets; made by [`References::with_offsets`].
#[derive(Debug)]
pub struct Offsets<'s, I>(References<'s, I>);

impl<I: Input> Iterator for Offsets<'_, I> {
    type Item = (usize, I);

    fn next(&mut self) -> Option<(usize, I)> {
        self.0.advance()
    }
}

impl<I: Input> FusedIterator for Offsets<'_, I> {}
