//! `eka verify`: recomputes all that versions claim.

mod deep;

use atom::uri::{Uri, Wanted as Asked};
use atom::url::RepoUrl;
use atom::{Id, ObjectId, Root, Version};
use atom_git::remote::{AtomListing, VersionRefs, atoms};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch::{Bringer, Claim, Examined, Examiner, Lie, Look, Need, Subject, Wanted, tell};
use crate::files::Access;
use crate::lock::Opened;
use crate::pins;
use crate::project;
use crate::remotes::{Remote, Remotes};
use crate::target;
use crate::versions::{VersionsError, one, read};

/// What to verify.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which versions.
    pub what: What,
    /// How far.
    pub extent: Extent,
}

/// Which versions are verified.
#[derive(Debug, Clone)]
pub enum What {
    /// Those that a URI names; the whole set of this repository where there is none.
    Uri(Option<String>),
    /// Those that the lock around the current folder holds.
    Lock,
}

/// How far one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// At refs, commits and content.
    Plain,
    /// At the source commits and their history too.
    Deep,
}

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// One entry a version.
    pub versions: Vec<Verified>,
    /// One entry a pin of the lock, where that is what was verified.
    pub pins: Vec<pins::Verified>,
}

/// One version, and what became of its claims, in their order. Those that rest on one that does
/// not hold are left out.
#[derive(Debug)]
pub struct Verified {
    /// The atom.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// Its set.
    pub root: Root,
    /// Who shows it.
    pub remote: RepoUrl,
    /// Each claim, and why it does not hold.
    pub claims: Vec<(Claim, Result<(), Lie>)>,
}

/// Why nothing is verified, or what does not hold.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum VerifyError {
    /// Claims do not hold.
    #[error("{} of {n_claims} claims do not hold", lies.len())]
    #[diagnostic(code(eka::verify::lies))]
    Lies {
        /// How many claims were looked at.
        n_claims: usize,
        /// Those that do not hold.
        #[related]
        lies: Vec<Lie>,
    },
    /// A plain git ref claims nothing.
    #[error("`{text}` names a git ref")]
    #[diagnostic(
        code(eka::verify::git_ref),
        help("name an atom, as `gh:owner/repo::atom`, or a repository, as `gh:owner/repo`")
    )]
    GitRef {
        /// What was given.
        text: String,
    },
}

/// A version that was taken up, with all that is known of where it is.
struct Case<'a> {
    subject: Subject<'a>,
    remote: RepoUrl,
    seen: Examined,
}

/// Recomputes what versions claim. Claims that do not hold are in the report, not an error.
///
/// # Errors
///
/// [`VersionsError`] where there is no such version, [`Lie::Moved`] and [`Lie::Vanished`] for a
/// lock whose version is not what its refs show, and what keeps remotes from answering.
pub fn verify(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    match &request.what {
        What::Uri(uri) => by_uri(ctx, uri.as_deref().unwrap_or("::"), request.extent),
        What::Lock => by_lock(ctx, request.extent),
    }
}

fn by_uri(ctx: &Context<'_>, text: &str, extent: Extent) -> Result<Report, Error> {
    let remotes = Remotes::open(ctx)?;
    let (url, asked) = if text == "::" {
        (
            target::url_of(ctx, &atom::uri::Repository::Here)?,
            Asked::Set,
        )
    } else {
        let uri = Uri::parse(text, &ctx.aliases)?;
        (target::url_of(ctx, &uri.repository)?, uri.wanted)
    };
    let prefixes = match &asked {
        Asked::Set => atoms::all_prefixes(),
        Asked::Atom { id, .. } => atoms::prefixes([id]),
        Asked::Ref(_) => {
            let text = text.to_owned();
            return Err(VerifyError::GitRef { text }.into());
        }
    };
    let mut remote = remotes.at(url.clone());
    let seen = remote.list(&prefixes)?;
    let listing = read(ctx, &url, &seen.listing);
    let no_set = || VersionsError::NoSet { url: url.clone() };
    let root = listing.root.ok_or_else(no_set)?;
    let chosen = chosen(&listing, root, &url, &asked)?;
    let mut subjects: Vec<Subject<'_>> = Vec::new();
    for (id, version, refs) in &chosen {
        let (Some(rev), Some(spec)) = (refs.atom, refs.spec) else {
            continue;
        };
        subjects.push(Subject {
            id,
            version,
            root,
            rev,
            spec,
            refs: *refs,
            locked: None,
        });
    }
    let cases = examine(ctx, &remotes, &mut remote, subjects)?;
    finish(ctx, &remotes, cases, extent)
}

/// The versions that are meant.
fn chosen(
    listing: &AtomListing,
    root: Root,
    url: &RepoUrl,
    asked: &Asked,
) -> Result<Vec<(Id, Version, VersionRefs)>, Error> {
    let mut chosen = Vec::new();
    if let Asked::Atom { id, req } = asked {
        let atom = one(listing, root, url, id, req.as_ref())?;
        let versions = atom.versions.into_iter().rev();
        chosen.extend(versions.map(|it| (id.clone(), it.version, it.refs)));
        return Ok(chosen);
    }
    for id in listing.versions.keys() {
        let versions = listing.existing(id);
        chosen.extend(versions.map(|(version, refs)| (id.clone(), version.clone(), *refs)));
    }
    Ok(chosen)
}

/// Brings versions of one remote and looks at each.
fn examine<'s>(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    remote: &mut Remote<'_>,
    subjects: Vec<Subject<'s>>,
) -> Result<Vec<Case<'s>>, Error> {
    let commits = subjects.iter().flat_map(|it| [it.rev, it.spec]);
    bring(remote, &commits.collect::<Vec<_>>())?;
    let task = ctx.task("verifying", Some(subjects.len() as u64));
    let mut cases = Vec::new();
    for subject in subjects {
        ctx.check_interrupt()?;
        let again = |_: &Subject<'_>| bring(remote, &[subject.rev, subject.spec]);
        let seen = surely(ctx, remotes, &subject, again)?;
        cases.push(Case {
            subject,
            remote: remote.url().clone(),
            seen,
        });
        task.advance(1);
    }
    Ok(cases)
}

/// Brings commits; what the remote does not have shows when it is looked at.
pub(crate) fn bring(remote: &mut Remote<'_>, commits: &[ObjectId]) -> Result<(), Error> {
    match remote.fetch(commits) {
        Err(Error::Objects(_)) => Ok(()),
        fetched => fetched,
    }
}

/// Looks at a version, and once more with objects brought anew where the cache held damaged ones.
pub(crate) fn surely(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    subject: &Subject<'_>,
    again: impl FnOnce(&Subject<'_>) -> Result<(), Error>,
) -> Result<Examined, Error> {
    let examiner = Examiner::new(ctx, remotes.cache());
    let seen = examiner.examine(subject);
    if seen.holds() || examiner.rehash(subject)? {
        return Ok(seen);
    }
    remotes.cache().forget(&[subject.rev, subject.spec])?;
    again(subject)?;
    Ok(examiner.examine(subject))
}

fn by_lock(ctx: &Context<'_>, extent: Extent) -> Result<Report, Error> {
    let folder = project::find_atom(&ctx.dir)?;
    let opened = Opened::open(ctx, &folder, Access::Read)?;
    let lock = opened.lock.unwrap_or_default();
    let remotes = Remotes::open(ctx)?;
    let pins = pins::verify(ctx, &remotes, &opened.manifest, &lock)?;
    let wanted = Wanted::all(&lock);
    let progress = |it: atom_git::crawl::Progress<'_>| tell(ctx, &it);
    let mut bringer = Bringer::new(ctx, &remotes, &progress);
    let shown = bringer.bring(&wanted, Need::Content, Look::Always)?;
    let task = ctx.task("verifying", Some(wanted.len() as u64));
    let mut cases = Vec::new();
    for (it, shown) in wanted.iter().zip(shown) {
        ctx.check_interrupt()?;
        let subject = shown.subject(*it);
        let again = |_: &Subject<'_>| {
            let brought = bringer.bring(&[*it], Need::Content, Look::Always);
            brought.map(drop)
        };
        let seen = surely(ctx, &remotes, &subject, again)?;
        let remote = shown
            .at
            .map_or_else(|| it.set.origin.clone(), |(url, _)| url);
        cases.push(Case {
            subject,
            remote,
            seen,
        });
        task.advance(1);
    }
    let report = finish(ctx, &remotes, cases, extent)?;
    Ok(Report { pins, ..report })
}

/// Looks deeper where that was asked for, and reports.
fn finish(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    mut cases: Vec<Case<'_>>,
    extent: Extent,
) -> Result<Report, Error> {
    if extent == Extent::Deep {
        deep::look(ctx, remotes, &mut cases)?;
    }
    let versions = cases.into_iter().map(|case| Verified {
        id: case.subject.id.clone(),
        version: case.subject.version.clone(),
        root: case.subject.root,
        remote: case.remote,
        claims: case.seen.claims,
    });
    Ok(Report {
        versions: versions.collect(),
        pins: Vec::new(),
    })
}

impl Report {
    /// How many claims were looked at.
    #[must_use]
    pub fn n_claims(&self) -> usize {
        let of_versions = self.versions.iter().map(|it| it.claims.len());
        let of_pins = self.pins.iter().map(|it| it.claims.len());
        of_versions.chain(of_pins).sum()
    }

    /// What does not hold, as an error.
    #[must_use]
    pub fn into_error(self) -> Option<Error> {
        let n_claims = self.n_claims();
        let claims = self.versions.into_iter().flat_map(|it| it.claims);
        let of_pins = self.pins.into_iter().flat_map(|it| it.claims);
        let of_pins = of_pins.filter_map(|(_, it)| it.err());
        let lies = claims.filter_map(|(_, it)| it.err());
        let lies: Vec<Lie> = lies
            .chain(of_pins.map(|it| Lie::Pin(Box::new(it))))
            .collect();
        if lies.is_empty() {
            return None;
        }
        Some(VerifyError::Lies { n_claims, lies }.into())
    }
}

impl Verified {
    /// `<id>@<version>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// Whether all claims hold.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.claims.iter().all(|(_, it)| it.is_ok())
    }
}

impl VerifyError {
    /// What it means for the command: a lie outweighs what merely cannot be read.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Lies { lies, .. } => match lies.iter().any(|it| it.exit() == Exit::Integrity) {
                true => Exit::Integrity,
                false => Exit::No,
            },
            Self::GitRef { .. } => Exit::Usage,
        }
    }
}
