//! Whether a remote shows a source commit already, so that publishing uploads no private history.

use atom::ObjectId;

use super::remote::{Job, PublishError};
use crate::cache::Cache;
use crate::history::{History, Unreachable};
use crate::objects::Objects;
use crate::remote::{Depth, Filter, Session};
use crate::repo::Repo;
use crate::write::{WriteError, alternates};

/// How a source commit stands to a remote's branches and tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// One of them leads to it.
    Shown,
    /// None does.
    Hidden {
        /// How many commits none of them leads to.
        n: usize,
    },
    /// One of them is not known here, and not to be had.
    Unknown {
        /// Which.
        tip: ObjectId,
        /// How many commits at most none of them leads to.
        n: usize,
    },
}

/// Tells it; what tips are not known here are brought, without files, to a folder of their own.
pub(super) fn reach(
    job: &Job<'_>,
    (repo, session): (&Repo, &mut Session),
    src: ObjectId,
    tips: &[ObjectId],
) -> Result<Reach, PublishError> {
    if tips.contains(&src) {
        return Ok(Reach::Shown);
    }
    let here = repo.history().unreachable_from(src, tips)?;
    if here.n_commits == 0 || here.unknown_tips.is_empty() {
        return Ok(told(&here));
    }
    let folder = tempfile::Builder::new()
        .prefix("tips-")
        .tempdir_in(job.scratch)
        .map_err(|source| WriteError::Io {
            path: job.scratch.to_owned(),
            source,
        })?;
    let cache = Cache::open(folder.path())?;
    let wants = &here.unknown_tips;
    // A tip that is not sent leaves the question open, whatever the reason.
    drop(session.fetch_more(wants, &cache, Depth::History, Filter::Trees));
    let objects = cache.git_dir().join("objects");
    let line = alternates(repo.objects().folder());
    let info = objects.join("info");
    let path = info.join("alternates");
    std::fs::create_dir_all(&info)
        .and_then(|()| std::fs::write(&path, line))
        .map_err(|source| WriteError::Io { path, source })?;
    let both = Objects::open(&objects)?;
    Ok(told(&History::new(&both).unreachable_from(src, tips)?))
}

fn told(found: &Unreachable) -> Reach {
    let n = found.n_commits;
    match found.unknown_tips.first() {
        _ if n == 0 => Reach::Shown,
        None => Reach::Hidden { n },
        Some(&tip) => Reach::Unknown { tip, n },
    }
}
