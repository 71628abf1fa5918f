//! What a pin asks of a repository: which commit that is now, and whether a locked one still is it.

use std::collections::BTreeSet;
use std::path::Path;

use atom::manifest::GitAt;
use atom::url::RepoUrl;
use atom::{ObjectId, Requirement, Version};
use miette::Diagnostic;
use thiserror::Error;

use crate::cache::{Cache, CacheError};
use crate::history;
use crate::objects::{ObjectError, ObjectKind};
use crate::remote::{Depth, Filter, RefKind, RemoteError, RemoteRef, Session};
use crate::tree_guard::{GuardError, GuardedTree, Limits, Submodules, guard};

/// The commit that answers a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The commit; of an annotated tag what it leads to, unless the server does not tell.
    pub rev: ObjectId,
    /// The full name of the ref that shows it; none where a commit or a version was asked for.
    pub name: Option<String>,
}

/// How a locked commit stands to what the remote shows now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is what is shown.
    Current,
    /// What is shown has it among its ancestors.
    Behind,
    /// It is not what is shown, nor leads to it.
    Gone {
        /// What is shown.
        now: ObjectId,
    },
}

/// Why a pin has no commit.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PinError {
    /// No branch or tag has the name.
    #[error("`{url}` has no branch or tag `{name}`")]
    #[diagnostic(
        code(eka::pin::no_ref),
        help("`git ls-remote` lists what it has; a commit is named by `rev`")
    )]
    NoRef {
        /// The repository.
        url: RepoUrl,
        /// What was asked for.
        name: String,
    },
    /// A branch and a tag have the name, and lead to different commits.
    #[error("`{name}` is a branch of `{url}` and a tag: {branch} and {tag}")]
    #[diagnostic(
        code(eka::pin::ambiguous),
        help("name the one you mean: `refs/heads/{name}` or `refs/tags/{name}`")
    )]
    Ambiguous {
        /// The repository.
        url: RepoUrl,
        /// What was asked for.
        name: String,
        /// The branch's commit.
        branch: ObjectId,
        /// The tag's commit.
        tag: ObjectId,
    },
    /// No tag is a version that matches.
    #[error("no tag of `{url}` is a version that matches `{req}`")]
    #[diagnostic(code(eka::pin::no_version), help("{}", newest_of(found)))]
    NoVersion {
        /// The repository.
        url: RepoUrl,
        /// What was asked for.
        req: Requirement,
        /// The newest versions that it has.
        found: Vec<Version>,
    },
    /// Two tags are the same version, and lead to different commits.
    #[error("two tags of `{url}` are the version {version}: `{version}` and `v{version}`")]
    #[diagnostic(
        code(eka::pin::two_tags),
        help("name the one you mean by `ref`, such as `refs/tags/v{version}`")
    )]
    TwoTags {
        /// The repository.
        url: RepoUrl,
        /// The version.
        version: Version,
    },
    /// The object is none that has files.
    #[error("{rev} is a {kind} of `{url}`, not a commit")]
    #[diagnostic(code(eka::pin::no_commit), help("name a commit, or a tag of one"))]
    NoCommit {
        /// The repository.
        url: RepoUrl,
        /// The object.
        rev: ObjectId,
        /// What it is.
        kind: ObjectKind,
    },
    /// The server does not give the commit.
    #[error("`{url}` does not give the commit {rev}")]
    #[diagnostic(
        code(eka::pin::not_given),
        help(
            "it has no such commit, or gives only what its refs show: name a `ref` that leads to it"
        )
    )]
    NotGiven {
        /// The repository.
        url: RepoUrl,
        /// The commit.
        rev: ObjectId,
    },
    /// The repository holds what nothing may hold.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Guard(#[from] GuardError),
    /// The remote gave no usable answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(#[from] RemoteError),
    /// The cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
    /// An object is damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

/// Asks a remote which commit a pin means now.
///
/// A short name is that of a branch or a tag; a version is that of a tag, with or without a `v`
/// before it, the newest that matches. A commit is taken as it is, and nobody is asked.
///
/// # Errors
///
/// [`PinError`], by variant.
pub fn find(session: &mut Session, at: &GitAt) -> Result<Found, PinError> {
    match at {
        GitAt::Rev(rev) => Ok(Found {
            rev: *rev,
            name: None,
        }),
        GitAt::Head => by_name(session, "HEAD"),
        GitAt::Ref(name) => by_name(session, name),
        GitAt::Version(req) => {
            let tags = version_tags(session)?;
            let rev = newest(session, tags, req)?;
            Ok(Found { rev, name: None })
        }
    }
}

/// Tells how a commit that `at` was locked to stands now. For a branch that went on the commits
/// since are brought, to a repository in `scratch`; nothing else is.
///
/// # Errors
///
/// [`PinError`], by variant.
pub fn standing(
    session: &mut Session,
    at: &GitAt,
    rev: ObjectId,
    scratch: &Path,
) -> Result<Standing, PinError> {
    let gone = |now| Ok(Standing::Gone { now });
    if let GitAt::Version(req) = at {
        let tags = version_tags(session)?;
        let still = tags
            .iter()
            .any(|(version, id)| *id == rev && req.matches(version));
        if still {
            return Ok(Standing::Current);
        }
        return gone(newest(session, tags, req)?);
    }
    let found = find(session, at)?;
    if found.name.is_none() {
        let aside = Cache::open(scratch)?;
        let fetched = session.fetch_more(&[rev], &aside, Depth::Tip, Filter::Trees)?;
        return match fetched.missing.first() {
            None => Ok(Standing::Current),
            Some(_) => Err(not_given(session, rev)),
        };
    }
    if found.rev == rev {
        return Ok(Standing::Current);
    }
    let is_tag = |it: String| it.starts_with("refs/tags/");
    if found.name.is_some_and(is_tag) {
        return gone(found.rev);
    }
    let aside = Cache::open(scratch)?;
    let since = Depth::Since(rev);
    session.fetch_more(&[found.rev], &aside, since, Filter::Trees)?;
    if leads_to(&aside, found.rev, rev)? {
        return Ok(Standing::Behind);
    }
    gone(found.rev)
}

/// Brings a commit with its files, and without its history, into a cache. One that is there is not
/// asked for.
///
/// # Errors
///
/// [`PinError::NotGiven`], [`PinError::Remote`].
pub fn bring(session: &mut Session, rev: ObjectId, into: &Cache) -> Result<(), PinError> {
    let wants = into.missing([rev]);
    if wants.is_empty() {
        return Ok(());
    }
    let fetched = session.fetch(&wants, into)?;
    match fetched.missing.first() {
        Some(_) => Err(not_given(session, rev)),
        None => Ok(()),
    }
}

/// The files of a commit that lies in a cache, passed by the guard: submodules are empty folders.
///
/// # Errors
///
/// [`PinError::NoCommit`], [`PinError::Guard`], [`PinError::Cache`], [`PinError::Object`].
pub fn content(
    cache: &Cache,
    url: &RepoUrl,
    rev: ObjectId,
    limits: &Limits,
) -> Result<GuardedTree, PinError> {
    let limits = Limits {
        submodules: Submodules::Empty,
        ..*limits
    };
    let objects = cache.objects();
    match cache.commit(rev) {
        Ok(Some(_)) => Ok(guard(&objects, objects.tree_of(rev)?, &limits)?),
        Ok(None) => Err(ObjectError::Missing { id: rev }.into()),
        Err(CacheError::Objects(ObjectError::Kind { found, .. })) => Err(PinError::NoCommit {
            url: url.clone(),
            rev,
            kind: found,
        }),
        Err(error) => Err(error.into()),
    }
}

fn by_name(session: &mut Session, name: &str) -> Result<Found, PinError> {
    let whole = name == "HEAD" || name.starts_with("refs/");
    let names = if whole {
        vec![name.to_owned()]
    } else {
        vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")]
    };
    let listing = session.list(&names)?;
    let shown: Vec<(&String, ObjectId)> = names
        .iter()
        .filter_map(|it| Some((it, peeled(listing.get(it)?))))
        .collect();
    let url = session.remote().clone();
    match shown[..] {
        [(_, branch), (_, tag)] if branch != tag => Err(PinError::Ambiguous {
            url,
            name: name.to_owned(),
            branch,
            tag,
        }),
        [(name, rev), ..] => Ok(Found {
            rev,
            name: Some(name.clone()),
        }),
        [] => Err(PinError::NoRef {
            url,
            name: name.to_owned(),
        }),
    }
}

/// The commit of the newest version that matches.
fn newest(
    session: &Session,
    tags: BTreeSet<(Version, ObjectId)>,
    req: &Requirement,
) -> Result<ObjectId, PinError> {
    let url = session.remote().clone();
    let matching = tags.iter().filter(|(version, _)| req.matches(version));
    let Some((version, rev)) = matching.max() else {
        let mut found: Vec<Version> = tags.into_iter().map(|(version, _)| version).collect();
        found.dedup();
        found.reverse();
        found.truncate(3);
        let req = req.clone();
        return Err(PinError::NoVersion { url, req, found });
    };
    let same = tags.iter().filter(|(other, _)| other == version);
    if same.count() > 1 {
        let version = version.clone();
        return Err(PinError::TwoTags { url, version });
    }
    Ok(*rev)
}

/// The tags that are versions, with or without a `v` before them; two of one version and commit
/// are one.
fn version_tags(session: &mut Session) -> Result<BTreeSet<(Version, ObjectId)>, RemoteError> {
    let version = |it: &RemoteRef| {
        let name = std::str::from_utf8(&it.name).ok()?;
        let tag = name.strip_prefix("refs/tags/")?;
        let version = tag.strip_prefix('v').unwrap_or(tag).parse().ok()?;
        Some((version, peeled(it)))
    };
    let listing = session.list(&["refs/tags/".to_owned()])?;
    Ok(listing.refs.iter().filter_map(version).collect())
}

const fn peeled(at: &RemoteRef) -> ObjectId {
    match at.kind {
        RefKind::Tag(id) => id,
        RefKind::Direct | RefKind::Symbolic => at.id,
    }
}

/// Whether `from`, whose commits are here as far as `to` does not lead to them, leads to `to`.
fn leads_to(cache: &Cache, from: ObjectId, to: ObjectId) -> Result<bool, CacheError> {
    let mut seen = BTreeSet::from([from]);
    let mut todo = vec![from];
    while let Some(id) = todo.pop() {
        let Some(bytes) = cache.commit(id)? else {
            continue;
        };
        for parent in history::parse(&bytes).map_or_else(Vec::new, |it| it.parents) {
            if parent == to {
                return Ok(true);
            }
            if seen.insert(parent) {
                todo.push(parent);
            }
        }
    }
    Ok(false)
}

fn not_given(session: &Session, rev: ObjectId) -> PinError {
    let url = session.remote().clone();
    PinError::NotGiven { url, rev }
}

fn newest_of(found: &[Version]) -> String {
    if found.is_empty() {
        return "none of its tags is a version, such as `1.2.3` or `v1.2.3`".to_owned();
    }
    let found: Vec<String> = found.iter().map(|it| format!("`{it}`")).collect();
    format!("the newest that it has: {}", found.join(", "))
}
