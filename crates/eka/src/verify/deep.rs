//! The source commits: whether each gives its atom's content, and comes from the root.

use std::collections::BTreeMap;

use atom::ObjectId;
use atom::commit::{AtomCommit, SpecCommit};
use atom::url::RepoUrl;
use atom_git::cache::Cache;
use atom_git::content::content_tree;
use atom_git::history::History;
use atom_git::objects::Objects;
use atom_git::read::subtree;
use atom_git::remote::{Depth, Filter, Session};
use atom_git::tree_guard::{GuardError, Limits};
use atom_git::write::Staging;

use super::Case;
use crate::context::Context;
use crate::error::Error;
use crate::fetch::{Claim, Lie, agree};
use crate::limits;
use crate::remotes::Remotes;

/// Looks at the sources of all cases that hold so far, remote by remote.
pub(super) fn look(
    ctx: &Context<'_>,
    remotes: &Remotes<'_>,
    cases: &mut [Case<'_>],
) -> Result<(), Error> {
    let mut by_remote: BTreeMap<RepoUrl, Vec<&mut Case<'_>>> = BTreeMap::new();
    for case in cases {
        if case.seen.atom.is_some() && case.seen.spec.is_some() {
            by_remote.entry(case.remote.clone()).or_default().push(case);
        }
    }
    for (url, cases) in by_remote {
        let what = format!("fetching the history of `{url}`");
        ctx.online(what.as_str())?;
        let task = ctx.task(what, Some(cases.len() as u64));
        let mut sources = Sources::open(ctx, remotes, &url)?;
        let specs = cases.iter().filter_map(|it| it.seen.spec.clone());
        sources.bring(&specs.collect::<Vec<_>>())?;
        for case in cases {
            ctx.check_interrupt()?;
            sources.case(case)?;
            task.advance(1);
        }
    }
    Ok(())
}

/// The sources of one remote, in a cache of their own: what is left out there must not be missed
/// in the other.
struct Sources {
    session: Session,
    cache: Cache,
    limits: Limits,
    _folder: tempfile::TempDir,
}

impl Sources {
    fn open(ctx: &Context<'_>, remotes: &Remotes<'_>, url: &RepoUrl) -> Result<Self, Error> {
        let parent = ctx.cache_dir()?;
        // Of this name, so that the cache sweeps it away where this process dies.
        let folder = tempfile::Builder::new().prefix(".tmp-").tempdir_in(parent);
        let folder = folder.map_err(|source| atom_git::cache::CacheError::Io {
            path: parent.to_owned(),
            source,
        })?;
        Ok(Self {
            session: Session::open(url, remotes.options())?,
            cache: Cache::open(folder.path())?,
            limits: limits::of_trees(&ctx.config),
            _folder: folder,
        })
    }

    /// Brings commits without trees, then the trees of the sources without blobs: as far as the
    /// server can leave anything out.
    fn bring(&mut self, specs: &[SpecCommit]) -> Result<(), Error> {
        let mut wants: Vec<ObjectId> = specs.iter().map(|it| it.src).collect();
        wants.sort_unstable();
        wants.dedup();
        let (history, tip) = (Depth::History, Depth::Tip);
        let session = &mut self.session;
        session.fetch_more(&wants, &self.cache, history, Filter::Trees)?;
        let bare = self.cache.missing(wants);
        if !bare.is_empty() {
            session.fetch_more(&bare, &self.cache, tip, Filter::Blobs)?;
        }
        Ok(())
    }

    fn case(&mut self, case: &mut Case<'_>) -> Result<(), Error> {
        let (Some(atom), Some(spec)) = (case.seen.atom.clone(), case.seen.spec.clone()) else {
            return Ok(());
        };
        let name = case.subject.name();
        let source = self.source(&name, &atom, &spec)?;
        case.seen.note(Claim::Source, source);
        let root = case.subject.root;
        let history = History::new(&self.cache.objects());
        let related = match history.is_ancestor(root.0, spec.src) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Lie::Unrelated {
                atom: name,
                root,
                src: spec.src,
            }),
            Err(source) => Err(Lie::Object { atom: name, source }),
        };
        case.seen.note(Claim::Root, related);
        Ok(())
    }

    /// Cuts the folder out of the source again.
    fn source(
        &mut self,
        name: &str,
        atom: &AtomCommit,
        spec: &SpecCommit,
    ) -> Result<Result<(), Lie>, Error> {
        let object = |source| Lie::Object {
            atom: name.to_owned(),
            source,
        };
        let objects = self.cache.objects();
        let tree = match subtree(&objects, spec.src, &spec.path) {
            Ok(Some(tree)) => tree,
            Ok(None) => {
                return Ok(Err(Lie::NoFolder {
                    atom: name.to_owned(),
                    path: spec.path.clone(),
                    src: spec.src,
                }));
            }
            Err(error) => return Ok(Err(object(error))),
        };
        match manifests(&objects, tree, &self.limits) {
            Ok(blobs) => self.bring_blobs(&blobs)?,
            Err(source) => {
                let atom = name.to_owned();
                return Ok(Err(Lie::Content { atom, source }));
            }
        }
        let staging = Staging::over_objects(&self.cache.objects());
        let content = match content_tree(&staging, tree, &spec.path, &self.limits) {
            Ok(content) => content,
            Err(source) => {
                return Ok(Err(Lie::Folder {
                    atom: name.to_owned(),
                    src: spec.src,
                    source: Box::new(source),
                }));
            }
        };
        let by_source = format!("the folder `{}` of its source {}", spec.path, spec.src);
        let by_source = (by_source.as_str(), &content.tree);
        let claimed = ("the atom commit", &atom.tree);
        Ok(agree(name, "content tree", claimed, by_source))
    }

    fn bring_blobs(&mut self, blobs: &[ObjectId]) -> Result<(), Error> {
        let missing = self.cache.missing(blobs.iter().copied());
        if missing.is_empty() {
            return Ok(());
        }
        let session = &mut self.session;
        session.fetch_more(&missing, &self.cache, Depth::Tip, Filter::None)?;
        Ok(())
    }
}

/// The manifests that decide what is cut: those below a folder.
fn manifests(
    objects: &Objects,
    tree: ObjectId,
    limits: &Limits,
) -> Result<Vec<ObjectId>, GuardError> {
    let mut found = Vec::new();
    let mut n_entries = 0;
    let mut todo = vec![(tree, String::new(), 1)];
    while let Some((id, path, depth)) = todo.pop() {
        if depth > limits.depth {
            let limit = limits.depth;
            return Err(GuardError::Depth { path, limit });
        }
        let folder = objects.tree(id).map_err(GuardError::from)?;
        for entry in folder.entries().map_while(Result::ok) {
            n_entries += 1;
            if entry.is_folder() {
                let slash = if path.is_empty() { "" } else { "/" };
                let below = format!("{path}{slash}{}", entry.name.escape_ascii());
                todo.push((entry.id, below, depth + 1));
            } else if depth > 1 && entry.name == b"atom.toml" && entry.is_file() {
                found.push(entry.id);
            }
        }
        if n_entries > limits.entries {
            let limit = limits.entries;
            return Err(GuardError::Entries { tree, limit });
        }
    }
    Ok(found)
}
