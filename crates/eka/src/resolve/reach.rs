//! How many repositories one resolution may ask: a stranger's manifest names as many as it likes.

use std::collections::BTreeSet;

use atom::url::{RepoKey, RepoUrl};

use super::ResolveError;

/// Counts the repositories of a resolution.
///
/// What is asked early, in case that it is needed, ends quietly at the limit: it changes no answer.
/// What an answer is made of, or a solve lacks, is counted by itself, and too much of it is told.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    limit: usize,
    asked: BTreeSet<RepoKey>,
    needed: BTreeSet<RepoKey>,
}

impl Reach {
    /// At most `limit` repositories of either kind.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            asked: BTreeSet::new(),
            needed: BTreeSet::new(),
        }
    }

    /// Whether a repository may be asked, which then counts.
    pub(super) fn may_ask(&mut self, url: &RepoUrl) -> bool {
        let key = url.key();
        if self.needed.contains(&key) || self.asked.contains(&key) {
            return true;
        }
        self.asked.len() < self.limit && self.asked.insert(key)
    }

    /// Notes what a solve needs.
    ///
    /// # Errors
    ///
    /// [`ResolveError::TooManySets`].
    pub(super) fn need<'a>(
        &mut self,
        urls: impl IntoIterator<Item = &'a RepoUrl>,
    ) -> Result<(), ResolveError> {
        self.needed.extend(urls.into_iter().map(RepoUrl::key));
        match self.needed.len() > self.limit {
            true => Err(ResolveError::TooManySets { limit: self.limit }),
            false => Ok(()),
        }
    }
}
