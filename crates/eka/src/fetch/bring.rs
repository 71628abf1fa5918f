//! Brings what locked atoms need into the cache: from the origin, else from a mirror.

use std::collections::BTreeMap;

use atom::ObjectId;
use atom::url::RepoUrl;
use atom_git::crawl::{Ask, Crawler, Progress};
use atom_git::remote::{AtomListing, RemoteError, VersionRefs};
use miette::Diagnostic;
use thiserror::Error;

use super::claims::Subject;
use super::lie::Lie;
use super::wanted::Wanted;
use crate::context::Context;
use crate::error::Error;
use crate::event::Event;
use crate::remotes::{ObjectsError, Remotes};

/// A remote that gave no answer, where another did.
#[derive(Debug, Error, Diagnostic)]
#[error("cannot use the {role} `{}`: {}{}", error.remote, error.fault, instead(used))]
#[diagnostic(
    severity(warning),
    code(eka::fetch::dead_remote),
    help(
        "it is asked again the next time; if it is gone for good, take it out of `[sets]`, or out of `[mirrors]` in your configuration"
    )
)]
struct DeadRemote {
    role: &'static str,
    error: RemoteError,
    used: Option<RepoUrl>,
}

/// A mirror that shows another commit than the lock has.
#[derive(Debug, Error, Diagnostic)]
#[error("the mirror `{url}` shows {now} for `{atom}`, and the lock has {locked}")]
#[diagnostic(
    severity(warning),
    code(eka::fetch::odd_mirror),
    help("what the lock has was asked for by its id; tell whoever keeps the mirror")
)]
struct OddMirror {
    url: RepoUrl,
    atom: String,
    locked: ObjectId,
    now: ObjectId,
}

/// A spec of the lock that nobody has: what it says of the content, the content said itself.
#[derive(Debug, Error, Diagnostic)]
#[error("no remote has the spec {locked}, which the lock names for `{atom}`")]
#[diagnostic(
    severity(warning),
    code(eka::fetch::lost_spec),
    help("the spec {now} was read instead; see who changed the lock, and how")
)]
struct LostSpec {
    atom: String,
    locked: ObjectId,
    now: ObjectId,
}

/// Which objects are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The content and the spec.
    Content,
    /// The spec alone.
    Spec,
}

/// Whose refs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Those of atoms whose objects are not here.
    IfMissing,
    /// Those of all atoms: each must be shown by somebody, and the lock's spec be had.
    Always,
}

/// What came of one atom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// Who shows the locked commit, and what else; none where nobody was asked, or nobody does.
    pub(crate) at: Option<(RepoUrl, VersionRefs)>,
    /// Who answered without showing the version at all.
    pub(crate) absent_at: Vec<RepoUrl>,
    /// The spec to go by: the lock's, or the one shown where nobody has the lock's.
    pub(crate) spec: Option<ObjectId>,
}

impl Shown {
    /// What there is to examine.
    pub(crate) fn subject<'w>(&self, wanted: Wanted<'w>) -> Subject<'w> {
        let spec = self.spec.unwrap_or(wanted.spec);
        let refs = self.at.as_ref().map(|(_, refs)| *refs);
        let mut refs = refs.unwrap_or_default();
        if refs.spec != Some(spec) {
            // Its `src` belongs to the other spec.
            refs.src = None;
        }
        Subject::locked(wanted, spec, refs)
    }
}

/// Brings objects, and remembers which remotes failed.
pub(crate) struct Bringer<'a> {
    ctx: &'a Context<'a>,
    remotes: &'a Remotes<'a>,
    crawler: Crawler<'a>,
    failed: BTreeMap<RepoUrl, RemoteError>,
    /// What a remote that failed is to those who name it, and what was used in its place.
    instead: BTreeMap<RepoUrl, (&'static str, Option<RepoUrl>)>,
    voice: Voice,
}

/// Whether failures that stop nothing are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// As warnings.
    Aloud,
    /// Not at all: another will meet the same remotes, and tell.
    Silent,
}

impl<'a> Bringer<'a> {
    pub(crate) fn new(
        ctx: &'a Context<'a>,
        remotes: &'a Remotes<'a>,
        progress: &'a (dyn Fn(Progress<'_>) + Sync),
    ) -> Self {
        let options = remotes.options().clone();
        Self {
            ctx,
            remotes,
            crawler: Crawler::new(remotes.cache(), options).with_progress(progress),
            failed: BTreeMap::new(),
            instead: BTreeMap::new(),
            voice: Voice::Aloud,
        }
    }

    pub(crate) fn with_voice(mut self, voice: Voice) -> Self {
        self.voice = voice;
        self
    }

    /// Brings what is missing. One conversation a remote: its refs, then its objects.
    ///
    /// # Errors
    ///
    /// [`Lie::Moved`] where the origin shows another commit, [`Lie::Vanished`], [`Lie::LostSpec`]
    /// and [`ObjectsError::Lost`] for what nobody shows or has, [`Error::Remote`] where the origin is
    /// dead and no mirror serves in its place, [`Error::Context`] offline.
    pub(crate) fn bring(
        &mut self,
        wanted: &[Wanted<'_>],
        need: Need,
        look: Look,
    ) -> Result<Vec<Shown>, Error> {
        let mut shown = vec![Shown::default(); wanted.len()];
        let mut pending: Vec<usize> = (0..wanted.len())
            .filter(|&at| look == Look::Always || !self.lacks(&wanted[at], need).is_empty())
            .collect();
        if let Some(&first) = pending.first() {
            let what = format!("fetching `{}`", wanted[first].name());
            self.ctx.online(what)?;
        }
        let places: Vec<_> = wanted.iter().map(|it| it.places(self.ctx)).collect();
        for turn in 0.. {
            self.ctx.check_interrupt()?;
            let asked: Vec<(usize, &RepoUrl)> = pending
                .iter()
                .filter_map(|&at| Some((at, places[at].get(turn)?)))
                .collect();
            if asked.is_empty() {
                break;
            }
            let listings = self.ask(wanted, need, &asked);
            for (at, url) in asked {
                if let Some(listing) = listings.get(url) {
                    self.compare(&wanted[at], url, listing, &mut shown[at])?;
                }
            }
            pending
                .retain(|&at| shown[at].at.is_none() || !self.lacks(&wanted[at], need).is_empty());
        }
        self.note_used(wanted, &places, &shown);
        for (it, shown) in wanted.iter().zip(&mut shown) {
            self.settle(it, need, look, shown)?;
        }
        self.tell_failures();
        Ok(shown)
    }

    /// Remembers of each remote that failed what it is to those who name it, and what was used in
    /// its place.
    fn note_used(&mut self, wanted: &[Wanted<'_>], places: &[Vec<RepoUrl>], shown: &[Shown]) {
        for url in self.failed.keys() {
            let named = |at: &usize| places[*at].contains(url);
            let Some(at) = (0..wanted.len()).find(named) else {
                continue;
            };
            let role = match wanted[at].set.origin == *url {
                true => "origin",
                false => "mirror",
            };
            let used = shown[at].at.as_ref().map(|(used, _)| used.clone());
            self.instead.insert(url.clone(), (role, used));
        }
    }

    /// Asks each atom's remote of this turn: for its refs, and for the objects that are not here.
    fn ask(
        &mut self,
        wanted: &[Wanted<'_>],
        need: Need,
        asked: &[(usize, &RepoUrl)],
    ) -> BTreeMap<RepoUrl, AtomListing> {
        let mut asks: BTreeMap<RepoUrl, Ask> = BTreeMap::new();
        for &(at, url) in asked {
            if self.failed.contains_key(url) {
                continue;
            }
            let ask = asks.entry(url.clone()).or_default();
            ask.prefixes.push(wanted[at].prefix());
            ask.wants.extend(self.lacks(&wanted[at], need));
        }
        for ask in asks.values_mut() {
            ask.prefixes.sort_unstable();
            ask.prefixes.dedup();
        }
        let mut listings = BTreeMap::new();
        for (url, told) in self.crawler.round(asks) {
            match told.listing {
                Some(Ok(listing)) => {
                    listings.insert(url.clone(), AtomListing::read(&listing));
                }
                Some(Err(error)) => {
                    self.failed.insert(url.clone(), error);
                }
                None => {}
            }
            if let Some(Err(error)) = told.fetched {
                self.failed.insert(url, error);
            }
        }
        listings
    }

    /// Compares what a remote shows with the lock. A mirror that shows another commit is passed by;
    /// an origin that does has moved a version.
    fn compare(
        &self,
        it: &Wanted<'_>,
        url: &RepoUrl,
        listing: &AtomListing,
        shown: &mut Shown,
    ) -> Result<(), Error> {
        let versions = listing.versions.get(it.id);
        let refs = versions.and_then(|all| all.get(it.version)).copied();
        let refs = refs.unwrap_or_default();
        match refs.atom {
            Some(now) if now == it.rev => {
                shown.at.get_or_insert((url.clone(), refs));
            }
            Some(now) if *url == it.set.origin => return Err(moved(it, url, now).into()),
            Some(now) => self.ctx.warn(OddMirror {
                url: url.clone(),
                atom: it.name(),
                locked: it.rev,
                now,
            }),
            None => shown.absent_at.push(url.clone()),
        }
        Ok(())
    }

    /// Says what came of an atom, or why nothing did.
    fn settle(
        &mut self,
        it: &Wanted<'_>,
        need: Need,
        look: Look,
        shown: &mut Shown,
    ) -> Result<(), Error> {
        let cache = self.remotes.cache();
        shown.spec = Some(it.spec);
        let lacks = self.lacks(it, need);
        if lacks == [it.spec] {
            // Who published the same atom elsewhere made a spec of his own.
            if let Some((url, refs)) = shown.at.clone()
                && let Some(other) = refs.spec
            {
                let wants = BTreeMap::from([(url.clone(), vec![other])]);
                drop(self.crawler.fetch_all(wants));
                if cache.missing([other]).is_empty() {
                    shown.spec = Some(other);
                    return self.lost_spec(it, &url, other, look);
                }
            }
        }
        let unseen = look == Look::Always && shown.at.is_none();
        if lacks.is_empty() && !unseen {
            return Ok(());
        }
        if let Some(error) = self.failed.remove(&it.set.origin) {
            self.tell_failures();
            return Err(error.into());
        }
        self.tell_failures();
        match (&shown.at, lacks.first()) {
            (Some((url, _)), Some(&commit)) => {
                let url = url.clone();
                Err(ObjectsError::Lost { url, commit }.into())
            }
            _ => Err(vanished(it).into()),
        }
    }

    /// Says that nobody has the lock's spec, where all were asked and answered.
    fn lost_spec(
        &self,
        it: &Wanted<'_>,
        url: &RepoUrl,
        now: ObjectId,
        look: Look,
    ) -> Result<(), Error> {
        let places = it.places(self.ctx);
        if places.iter().any(|it| self.failed.contains_key(it)) {
            // One that does not answer may have it.
            return Ok(());
        }
        match look {
            Look::Always => Err(Lie::LostSpec {
                id: it.id.clone(),
                version: it.version.clone(),
                locked: it.spec,
                url: url.to_string(),
                now,
            }
            .into()),
            Look::IfMissing => {
                self.ctx.warn(LostSpec {
                    atom: it.name(),
                    locked: it.spec,
                    now,
                });
                Ok(())
            }
        }
    }

    /// Warns of remotes that failed, where that was no error.
    fn tell_failures(&mut self) {
        for (url, error) in std::mem::take(&mut self.failed) {
            let (role, used) = self.instead.remove(&url).unwrap_or(("remote", None));
            if self.voice == Voice::Aloud {
                self.ctx.warn(DeadRemote { role, error, used });
            }
        }
    }

    /// What of an atom the cache does not hold.
    fn lacks(&self, it: &Wanted<'_>, need: Need) -> Vec<ObjectId> {
        let wants = match need {
            Need::Content => vec![it.rev, it.spec],
            Need::Spec => vec![it.spec],
        };
        self.remotes.cache().missing(wants)
    }
}

fn instead(used: &Option<RepoUrl>) -> String {
    used.as_ref()
        .map_or_else(String::new, |it| format!("; used `{it}`"))
}

/// What a crawl tells, for those who ask by `-v`.
pub(crate) fn tell(ctx: &Context<'_>, progress: &Progress<'_>) {
    let text = match progress {
        Progress::Listing { remote } => format!("listing `{remote}`"),
        Progress::Fetching { remote, wants } => {
            format!("fetching {wants} commits from `{remote}`")
        }
        Progress::Fetched { remote, bytes } => format!("{bytes} bytes from `{remote}`"),
        _ => return,
    };
    ctx.events.emit(Event::Detail(text));
}

pub(crate) fn vanished(it: &Wanted<'_>) -> Lie {
    Lie::Vanished {
        id: it.id.clone(),
        version: it.version.clone(),
        locked: it.rev,
        url: it.set.origin.to_string(),
    }
}

fn moved(it: &Wanted<'_>, url: &RepoUrl, now: ObjectId) -> Lie {
    Lie::Moved {
        id: it.id.clone(),
        version: it.version.clone(),
        locked: it.rev,
        url: url.to_string(),
        now,
    }
}
