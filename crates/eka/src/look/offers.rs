//! What the origins of a lock's sets have now.

use std::collections::BTreeMap;

use atom::lock::Lock;
use atom::source::Sourced;
use atom::url::RepoUrl;
use atom::{AtomId, Root, Version};
use atom_git::crawl::Progress;
use miette::Diagnostic;
use thiserror::Error;

use crate::error::Error;
use crate::fetch::tell;
use crate::lock::Scene;
use crate::resolve::{Listed, Marks, Remote, listed};

/// An origin that is another set now.
#[derive(Debug, Error, Diagnostic)]
#[error("`{url}` is not the set that the lock knows: its root is {now}, and was {locked}")]
#[diagnostic(
    severity(warning),
    code(eka::look::other_set),
    help("nothing of it is shown; ask its owner what happened")
)]
struct OtherSet {
    url: RepoUrl,
    locked: Root,
    now: Root,
}

/// The versions of locked atoms, as their origins have them.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    listed: Listed,
}

impl Offers {
    /// Lists the origins of these atoms, all at once; offline what was last seen counts.
    ///
    /// # Errors
    ///
    /// Where nothing is known of any set: why the first gave no answer. Of others it is told.
    pub(crate) fn list(scene: &mut Scene<'_>, lock: &Lock, atoms: &[usize]) -> Result<Self, Error> {
        let ctx = scene.ctx;
        let remotes = scene.remotes()?;
        let _task = ctx.task("listing", None);
        let progress = |it: Progress<'_>| tell(ctx, &it);
        let mut remote = Remote::new(ctx, remotes, &progress, [lock]);
        let mut listed = listed(lock, atoms, &mut remote);
        ctx.check_interrupt()?;
        let mut failures = std::mem::take(&mut listed.failures).into_iter();
        listed.n_degraded += failures.len() + listed.strangers.len();
        if listed.atoms.is_empty()
            && let Some(error) = failures.next()
        {
            // It is about a remote, and points into no text.
            return Err(Error::Resolve(Box::new(Sourced::new(error, "", ""))));
        }
        failures.for_each(|it| ctx.warn(it));
        for (url, locked, now) in listed.strangers.drain(..) {
            ctx.warn(OtherSet { url, locked, now });
        }
        Ok(Self { listed })
    }

    /// Of how many sets no newer version can be known.
    pub(crate) const fn n_silent(&self) -> usize {
        self.listed.n_degraded
    }

    /// The versions of an atom that exist, ascending; none where nothing is known of its set.
    pub(crate) fn of(&self, atom: &AtomId) -> Option<&BTreeMap<Version, Marks>> {
        self.listed.atoms.get(atom)
    }
}
