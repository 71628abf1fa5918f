//! Where the next base name stands in bytes, and whether they end before that is known.

use core::ops::Range;

use memchr::memchr2;
use memchr::memmem::Finder;

use crate::spec::{NAME_MAX, StoreSpec};

/// A spec, ready to look for its path.
pub(super) struct Locator<'s> {
    spec: StoreSpec<'s>,
    path: Finder<'s>,
}

/// An occurrence of the path to the store, and the base name after it.
pub(super) struct Located {
    /// Where the path begins.
    pub(super) path_start: usize,
    pub(super) name: Range<usize>,
}

/// What comes next.
pub(super) enum Next {
    Name(Located),
    /// More bytes may make a name of what begins at this offset, or a longer one.
    Open(usize),
    Nothing,
}

/// Whether bytes follow those at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Final,
    Open,
}

/// What an occurrence of the path is.
enum Shape {
    Name(Range<usize>),
    Open,
    Other,
}

impl<'s> Locator<'s> {
    pub(super) fn new(spec: &StoreSpec<'s>) -> Self {
        Self {
            spec: *spec,
            path: Finder::new(spec.path_to_store()),
        }
    }

    /// The most bytes, from the start of a path, that decide what it is.
    pub(super) fn reach(&self) -> usize {
        self.spec.path_to_store().len() + 1 + NAME_MAX
    }

    /// Finds the first name whose path begins in `starts`.
    pub(super) fn next(&self, bytes: &[u8], starts: Range<usize>, end: End) -> Next {
        let mut from = starts.start;
        while let Some(path_start) = self.path_start(bytes, from..starts.end) {
            match self.shape(bytes, path_start, end) {
                Shape::Name(name) => return Next::Name(Located { path_start, name }),
                Shape::Open => return Next::Open(path_start),
                Shape::Other => from = path_start + 1,
            }
        }
        match end {
            End::Final => Next::Nothing,
            End::Open => self.begun(bytes, from..starts.end),
        }
    }

    /// Where the path begins the next time; a separator is not yet looked for.
    fn path_start(&self, bytes: &[u8], starts: Range<usize>) -> Option<usize> {
        let path = self.spec.path_to_store();
        // Separators are what is rare where the path is empty.
        let end = starts.end.saturating_add(path.len().saturating_sub(1));
        let window = bytes.get(starts.start..end.min(bytes.len()))?;
        let at = if path.is_empty() {
            memchr2(b'/', b'\\', window)
        } else {
            self.path.find(window)
        };
        Some(starts.start + at?)
    }

    fn shape(&self, bytes: &[u8], path_start: usize, end: End) -> Shape {
        let separator = path_start + self.spec.path_to_store().len();
        match bytes.get(separator) {
            None if end == End::Open => return Shape::Open,
            Some(b'/' | b'\\') => {}
            _ => return Shape::Other,
        }
        let name = &bytes[separator + 1..];
        let name = &name[..name.len().min(NAME_MAX)];
        let hash = &name[..name.len().min(self.spec.hash_len())];
        if !hash.iter().all(|&byte| self.spec.hash().contains(byte)) {
            return Shape::Other;
        }
        let is_last = separator + 1 + name.len() == bytes.len() && name.len() < NAME_MAX;
        if hash.len() < self.spec.hash_len() {
            return if end == End::Open {
                Shape::Open
            } else {
                Shape::Other
            };
        }
        let rest = &name[hash.len()..];
        let n_rest = rest
            .iter()
            .take_while(|&&byte| self.spec.rest().contains(byte));
        let length = hash.len() + n_rest.count();
        if length == name.len() && is_last && end == End::Open {
            return Shape::Open;
        }
        Shape::Name(separator + 1..separator + 1 + length)
    }

    /// Where a path has begun that the bytes end within.
    fn begun(&self, bytes: &[u8], starts: Range<usize>) -> Next {
        let path = self.spec.path_to_store();
        let least = bytes.len().saturating_sub(path.len().saturating_sub(1));
        let begun = (least.max(starts.start)..bytes.len().min(starts.end))
            .find(|&at| path.starts_with(&bytes[at..]));
        begun.map_or(Next::Nothing, Next::Open)
    }
}
