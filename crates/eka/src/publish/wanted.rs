//! What the arguments name, in the words of the repository.

use std::path::{Component, Path, PathBuf};

use atom::AtomPath;
use atom_git::publish::{Choice, Wanted};
use atom_git::repo::Repo;

use super::{PublishError, Request, Scope};
use crate::context::Context;
use crate::error::Error;
use crate::project::{self, Chosen};

/// The atoms that a request is about.
pub(super) fn choice(ctx: &Context<'_>, repo: &Repo, request: &Request) -> Result<Choice, Error> {
    if request.scope == Scope::All || (request.wanted.is_empty() && request.changed.is_some()) {
        return Ok(Choice::All);
    }
    if request.wanted.is_empty() {
        let Some(prefix) = repo.prefix() else {
            return Err(PublishError::NoFolder.into());
        };
        return Ok(Choice::These(vec![Wanted::Around(path(prefix)?)]));
    }
    let wanted = request.wanted.iter().map(|argument| {
        Ok(match project::choose(&ctx.dir, argument)? {
            Chosen::Id(id) => Wanted::Id(id),
            Chosen::Folder(folder) => Wanted::Folder(from_top(ctx, repo, &folder)?),
        })
    });
    Ok(Choice::These(wanted.collect::<Result<_, Error>>()?))
}

/// A folder from the repository's top; it need not be there.
fn from_top(ctx: &Context<'_>, repo: &Repo, folder: &Path) -> Result<AtomPath, PublishError> {
    // In a bare repository a folder can only be meant from the top.
    let top = repo.work_dir().unwrap_or(&ctx.dir);
    let (real, top) = (resolved(folder), resolved(top));
    let below = real.strip_prefix(&top);
    below
        .map_err(|_| PublishError::Outside {
            folder: folder.to_owned(),
            top: top.clone(),
        })
        .and_then(path)
}

fn path(below: &Path) -> Result<AtomPath, PublishError> {
    if below.as_os_str().is_empty() {
        return Ok(AtomPath::top());
    }
    let text = below.to_string_lossy();
    Ok(text.trim_end_matches('/').parse::<AtomPath>()?)
}

/// The path without `.`, `..` and links, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    for above in plain.ancestors() {
        if let Ok(real) = above.canonicalize() {
            let rest = plain.strip_prefix(above).unwrap_or(Path::new(""));
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    plain
}
