//! What the origins of a lock's sets have now.

use std::collections::{BTreeMap, BTreeSet};

use atom::lock::{Lock, LockedSet, Place};
use atom::url::RepoUrl;
use atom::{Id, Root, Version};
use atom_git::crawl::{Crawler, Progress};
use atom_git::remote::{AtomListing, Listing, RemoteError, VersionRefs, atoms};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::{Context, Network};
use crate::error::Error;
use crate::fetch::tell;
use crate::here;
use crate::remotes::Remotes;

/// An origin that gave no answer.
#[derive(Debug, Error, Diagnostic)]
#[error("`{url}` did not answer, so what it has now is not known")]
#[diagnostic(severity(warning), code(eka::look::dead_origin))]
struct DeadOrigin {
    url: RepoUrl,
    #[source]
    #[diagnostic_source]
    source: RemoteError,
}

/// An origin that is another set now.
#[derive(Debug, Error, Diagnostic)]
#[error("`{url}` is not the set {locked} of the lock: {now}")]
#[diagnostic(
    severity(warning),
    code(eka::look::other_set),
    help("nothing of it is shown; ask its owner what happened")
)]
struct OtherSet {
    url: RepoUrl,
    locked: Root,
    now: String,
}

/// The versions of the locked atoms, by set.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    listings: BTreeMap<Root, AtomListing>,
    /// Of how many sets nothing is known.
    pub(crate) n_silent: usize,
}

impl Offers {
    /// Lists the origins, all at once; offline what was last seen counts.
    ///
    /// # Errors
    ///
    /// Where no origin at all gave an answer: why the first did not. That some did not is told.
    pub(crate) fn list(
        ctx: &Context<'_>,
        remotes: &Remotes<'_>,
        lock: &Lock,
    ) -> Result<Self, Error> {
        let mut asks: BTreeMap<Root, (&LockedSet, BTreeSet<Id>)> = BTreeMap::new();
        for atom in &lock.atoms {
            if let Place::Published { root, .. } = &atom.place
                && let Some(set) = lock.set(root)
            {
                let ids = &mut asks.entry(*root).or_insert((set, BTreeSet::new())).1;
                ids.insert(atom.id.clone());
            }
        }
        let prefixes = asks
            .values()
            .map(|(set, ids)| (set.origin.clone(), atoms::prefixes(ids)));
        let mut listed = match ctx.network {
            Network::Online => online(ctx, remotes, prefixes.collect()),
            Network::Offline { .. } => offline(remotes, prefixes.collect())?,
        };
        let mut offers = Self::default();
        let mut dead = Vec::new();
        for (root, (set, _)) in asks {
            let url = set.origin.clone();
            match listed.remove(&url) {
                Some(Ok(listing)) => offers.take(ctx, root, url, &listing),
                Some(Err(source)) => dead.push((url, source)),
                None => {}
            }
        }
        offers.n_silent += dead.len();
        let mut dead = dead.into_iter();
        if offers.listings.is_empty()
            && let Some((_, source)) = dead.next()
        {
            return Err(source.into());
        }
        for (url, source) in dead {
            ctx.warn(DeadOrigin { url, source });
        }
        Ok(offers)
    }

    /// Takes a listing, where it is one of the set that is locked.
    fn take(&mut self, ctx: &Context<'_>, locked: Root, url: RepoUrl, listing: &Listing) {
        let listing = AtomListing::read(listing);
        if listing.root == Some(locked) {
            self.listings.insert(locked, listing);
            return;
        }
        self.n_silent += 1;
        let now = listing.root.map_or_else(
            || "it has no `refs/eka/root`".to_owned(),
            |it| format!("its root is {it}"),
        );
        ctx.warn(OtherSet { url, locked, now });
    }

    /// The versions of an atom that exist, ascending; none where its origin gave no answer.
    pub(crate) fn of(&self, root: Root, id: &Id) -> Option<Vec<(&Version, &VersionRefs)>> {
        let listing = self.listings.get(&root)?;
        Some(listing.existing(id).collect())
    }
}

type Listed = BTreeMap<RepoUrl, Result<Listing, RemoteError>>;

fn online(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    prefixes: BTreeMap<RepoUrl, Vec<String>>,
) -> Listed {
    let _task = ctx.task("listing", None);
    let progress = |it: Progress<'_>| tell(ctx, &it);
    let crawler = Crawler::new(remotes.cache(), remotes.options().clone()).with_progress(&progress);
    let listed = crawler.list_all(prefixes.clone());
    for (url, listing) in &listed {
        if let (Ok(listing), Some(prefixes)) = (listing, prefixes.get(url)) {
            let now = here::seconds(ctx.now);
            if let Err(error) = remotes.cache().remember(url, prefixes, listing, now) {
                // What is remembered helps later; the answer is here.
                ctx.warn(error);
            }
        }
    }
    listed
}

/// What was last seen; a remote that never was is an error, as it is for every command.
fn offline(
    remotes: &Remotes<'_>,
    prefixes: BTreeMap<RepoUrl, Vec<String>>,
) -> Result<Listed, Error> {
    let mut listed = Listed::new();
    for (url, prefixes) in prefixes {
        let seen = remotes.at(url.clone()).list(&prefixes)?;
        listed.insert(url, Ok(seen.listing));
    }
    Ok(listed)
}
