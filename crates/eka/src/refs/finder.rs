//! What is looked for, and what was found of it.

use std::collections::BTreeMap;

use refscan::{Candidates, ReferenceFeed, Search, StoreSpec};

use super::{MAX_PLACES, Place, Places, Reference};

/// What is looked for.
pub(super) enum Finder<'s> {
    /// Names by their hashes.
    Known {
        candidates: Box<Candidates>,
        names: Vec<String>,
    },
    /// All names of a store.
    Any(StoreSpec<'s>),
}

/// One stream of bytes under way.
pub(super) enum Feed<'f> {
    Known(Search<'f>, &'f [String]),
    Any(Box<ReferenceFeed<'f>>),
}

/// What was found so far.
pub(super) struct Tally {
    places: Places,
    found: BTreeMap<String, Reference>,
}

impl<'s> Finder<'s> {
    /// Looks for names, each under its hash part.
    pub(super) fn known(spec: &StoreSpec<'_>, names: BTreeMap<String, String>) -> Self {
        let candidates = Candidates::new(spec, names.keys()).expect("hash parts of the spec");
        Self::Known {
            candidates: Box::new(candidates),
            names: names.into_values().collect(),
        }
    }

    /// Looks for all that follows the path to the store.
    pub(super) const fn any(spec: StoreSpec<'s>) -> Self {
        Self::Any(spec)
    }

    /// Begins a stream.
    pub(super) fn begin(&self) -> Feed<'_> {
        match self {
            Self::Known { candidates, names } => Feed::Known(candidates.search(), names),
            Self::Any(spec) => Feed::Any(Box::new(ReferenceFeed::new(spec))),
        }
    }
}

impl Feed<'_> {
    /// Scans the next piece; `place` makes a place of an offset.
    pub(super) fn feed(&mut self, piece: &[u8], tally: &mut Tally, place: impl Fn(u64) -> Place) {
        match self {
            Self::Known(search, names) => search.feed(piece, |hit| {
                tally.add(&names[hit.candidate], || place(hit.offset));
            }),
            Self::Any(feed) => feed.feed(piece, |offset, name| {
                tally.add(&String::from_utf8_lossy(name), || place(offset));
            }),
        }
    }

    /// Ends the stream.
    pub(super) fn finish(self, tally: &mut Tally, place: impl Fn(u64) -> Place) {
        if let Self::Any(feed) = self {
            feed.finish(|offset, name| {
                tally.add(&String::from_utf8_lossy(name), || place(offset));
            });
        }
    }
}

impl Tally {
    pub(super) const fn new(places: Places) -> Self {
        Self {
            places,
            found: BTreeMap::new(),
        }
    }

    fn add(&mut self, name: &str, place: impl FnOnce() -> Place) {
        if !self.found.contains_key(name) {
            let new = Reference {
                name: name.to_owned(),
                n_hits: 0,
                places: Vec::new(),
            };
            self.found.insert(name.to_owned(), new);
        }
        let Some(reference) = self.found.get_mut(name) else {
            return;
        };
        reference.n_hits += 1;
        if self.places == Places::Kept && reference.places.len() < MAX_PLACES {
            reference.places.push(place());
        }
    }

    /// By their names.
    pub(super) fn references(self) -> Vec<Reference> {
        self.found.into_values().collect()
    }
}
