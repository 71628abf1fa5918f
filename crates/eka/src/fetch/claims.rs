//! All that one version claims, recomputed (`docs/reference/formats.md`, section 4).

use atom::commit::{AtomCommit, SpecCommit};
use atom::refname::{AtomRef, Part};
use atom::{Id, NarHash, ObjectId, Root, Version};
use atom_git::cache::{Cache, CacheError, Spec, SpecError};
use atom_git::nar::nar_hash;
use atom_git::objects::{ObjectError, Objects};
use atom_git::remote::VersionRefs;
use atom_git::tree::Mode;
use atom_git::tree_guard::{GuardedTree, Limits, guard};

use super::lie::{Lie, agree};
use super::wanted::Wanted;
use crate::context::Context;
use crate::limits;

/// A version, and who claims what of it.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    pub(crate) id: &'a Id,
    pub(crate) version: &'a Version,
    pub(crate) root: Root,
    /// The atom commit.
    pub(crate) rev: ObjectId,
    /// The spec commit.
    pub(crate) spec: ObjectId,
    /// What a remote shows, where one was asked.
    pub(crate) refs: VersionRefs,
    /// What the lock says, where there is one.
    pub(crate) locked: Option<Wanted<'a>>,
}

/// What a version claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Claim {
    /// The atom commit is of this id, version and set, and its digest is theirs.
    Atom,
    /// The spec is of this id, version and set, names the atom commit, and is what its refs say.
    Spec,
    /// The lock has the nar that the version claims.
    Lock,
    /// The content holds nothing that an atom may not hold.
    Content,
    /// The content's manifest and lock are those of the spec.
    Files,
    /// The content has the nar that is claimed.
    Nar,
    /// The folder of the source commit gives the content.
    Source,
    /// The root is an ancestor of the source commit.
    Root,
}

/// What became of the claims that were looked at, in their order. After one that does not hold,
/// those that rest on it are left out.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    pub(crate) claims: Vec<(Claim, Result<(), Lie>)>,
    /// The content, once it was passed.
    pub(crate) tree: Option<GuardedTree>,
    /// What the atom commit says, once it was read.
    pub(crate) atom: Option<AtomCommit>,
    /// What the spec says, once it was read.
    pub(crate) spec: Option<SpecCommit>,
}

/// Looks at versions that lie in a cache.
#[derive(Debug)]
pub(crate) struct Examiner<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) limits: Limits,
    pub(crate) n_threads: usize,
}

impl Claim {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Spec => "spec",
            Self::Lock => "lock",
            Self::Content => "content",
            Self::Files => "files",
            Self::Nar => "nar",
            Self::Source => "source",
            Self::Root => "root",
        }
    }
}

impl Examined {
    /// The first claim that does not hold.
    pub(crate) fn lie(self) -> Option<Lie> {
        self.claims.into_iter().find_map(|(_, it)| it.err())
    }

    pub(crate) fn holds(&self) -> bool {
        self.claims.iter().all(|(_, it)| it.is_ok())
    }

    /// Notes what became of a claim.
    pub(crate) fn note<T>(&mut self, claim: Claim, result: Result<T, Lie>) -> Option<T> {
        match result {
            Ok(value) => {
                self.claims.push((claim, Ok(())));
                Some(value)
            }
            Err(lie) => {
                self.claims.push((claim, Err(lie)));
                None
            }
        }
    }
}

impl<'a> Subject<'a> {
    /// A locked atom, as a remote shows it.
    pub(crate) fn locked(wanted: Wanted<'a>, spec: ObjectId, refs: VersionRefs) -> Self {
        Self {
            id: wanted.id,
            version: wanted.version,
            root: wanted.root(),
            rev: wanted.rev,
            spec,
            refs,
            locked: Some(wanted),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

impl<'a> Examiner<'a> {
    pub(crate) fn new(ctx: &Context<'_>, cache: &'a Cache) -> Self {
        Self {
            cache,
            limits: limits::of_trees(&ctx.config),
            n_threads: super::n_threads(),
        }
    }

    /// Recomputes all claims that need neither the source commit nor history.
    pub(crate) fn examine(&self, subject: &Subject<'_>) -> Examined {
        let mut seen = Examined::default();
        let atom = seen.note(Claim::Atom, self.atom(subject));
        let Some(atom) = atom else { return seen };
        if let Some(spec) = seen.note(Claim::Spec, self.spec(subject, Some(&atom))) {
            seen.spec = Some(spec.commit.clone());
            self.content(subject, &atom, Some(&spec), &mut seen);
        } else {
            self.content(subject, &atom, None, &mut seen);
        }
        seen.atom = Some(atom);
        seen
    }

    pub(crate) fn atom(&self, subject: &Subject<'_>) -> Result<AtomCommit, Lie> {
        let name = subject.name();
        let read = self.cache.atom_commit(subject.rev);
        let read = read.map_err(|it| spec_lie(&name, "atom", subject.rev, it))?;
        let atom = read.ok_or_else(|| missing(&name, subject.rev))?;
        let by = format!("the atom commit {}", subject.rev);
        let claimed = (by.as_str(), &atom.atom.id);
        agree(&name, "id", ("its ref", subject.id), claimed)?;
        let claimed = (by.as_str(), &atom.version);
        agree(&name, "version", ("its ref", subject.version), claimed)?;
        let claimed = (by.as_str(), &atom.atom.root);
        agree(&name, "root", ("its set", &subject.root), claimed)?;
        Ok(atom)
    }

    /// The spec, by its commit, its manifest, its refs and the atom commit.
    pub(crate) fn spec(
        &self,
        subject: &Subject<'_>,
        atom: Option<&AtomCommit>,
    ) -> Result<Spec, Lie> {
        let name = subject.name();
        let lie = |it| spec_lie(&name, "spec", subject.spec, it);
        let read = self.cache.spec(subject.spec).map_err(lie)?;
        let spec = read.ok_or_else(|| missing(&name, subject.spec))?;
        let at = AtomRef::new(subject.id.clone(), subject.version.clone(), Part::Spec);
        spec.check(&at, &subject.refs, subject.root).map_err(lie)?;
        let by = format!("the spec {}", subject.spec);
        let claimed = (by.as_str(), &spec.commit.atom_commit);
        agree(&name, "commit", ("its ref", &subject.rev), claimed)?;
        if let Some(atom) = atom {
            let said = format!("the atom commit {}", subject.rev);
            let nars = (&spec.commit.nar, &atom.nar);
            agree(&name, "nar", (by.as_str(), nars.0), (said.as_str(), nars.1))?;
            spec.check_atom(atom).map_err(lie)?;
        }
        Ok(spec)
    }

    fn content(
        &self,
        subject: &Subject<'_>,
        atom: &AtomCommit,
        spec: Option<&Spec>,
        seen: &mut Examined,
    ) {
        let name = subject.name();
        if let Some(locked) = &subject.locked {
            let by = format!("the atom commit {}", subject.rev);
            seen.note(Claim::Lock, against_lock(locked, &atom.nar, &by));
        }
        let objects = self.cache.objects();
        let guarded = guard(&objects, atom.tree, &self.limits);
        let guarded = guarded.map_err(|source| Lie::Content {
            atom: name.clone(),
            source,
        });
        let Some(tree) = seen.note(Claim::Content, guarded) else {
            return;
        };
        if let Some(spec) = spec {
            seen.note(Claim::Files, files(&name, &objects, tree.id(), spec));
        }
        let nar = nar_hash(&objects, tree, self.n_threads);
        let nar = nar.map_err(|source| Lie::Nar {
            atom: name.clone(),
            source,
        });
        let claimed = format!("the atom commit {}", subject.rev);
        let claimed = (claimed.as_str(), &atom.nar);
        let nar = nar.and_then(|it| agree(&name, "nar", claimed, ("its content", &it)));
        seen.note(Claim::Nar, nar);
        seen.tree = Some(tree);
    }

    /// Hashes all objects of a version again, and throws out those that are not what their ids
    /// say. Whether all are there afterwards.
    pub(crate) fn rehash(&self, subject: &Subject<'_>) -> Result<bool, CacheError> {
        self.rehash_commits(&[subject.rev, subject.spec])
    }

    /// As [`Examiner::rehash`], of the spec alone.
    pub(crate) fn rehash_spec(&self, subject: &Subject<'_>) -> Result<bool, CacheError> {
        self.rehash_commits(&[subject.spec])
    }

    /// As [`Examiner::rehash`], of these commits.
    pub(crate) fn rehash_commits(&self, commits: &[ObjectId]) -> Result<bool, CacheError> {
        let mut whole = true;
        let mut trees = Vec::new();
        for &commit in commits {
            match self.cache.commit(commit) {
                Ok(Some(bytes)) => trees.extend(tree_line(&bytes)),
                Ok(None) => whole = false,
                Err(CacheError::Objects(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        while let Some(id) = trees.pop() {
            if !seen.insert(id) {
                continue;
            }
            // An object of another kind is what the publisher made of it.
            let read = match self.cache.tree(id) {
                Err(CacheError::Objects(_)) => continue,
                read => read?,
            };
            let Some(bytes) = read else {
                whole = false;
                continue;
            };
            for entry in atom_git::tree::Tree::new(bytes)
                .entries()
                .map_while(Result::ok)
            {
                match entry.kind() {
                    Some(Mode::Folder) => trees.push(entry.id),
                    Some(_) if seen.insert(entry.id) => match self.cache.blob(entry.id) {
                        Ok(None) => whole = false,
                        Ok(Some(_)) | Err(CacheError::Objects(_)) => {}
                        Err(error) => return Err(error),
                    },
                    _ => {}
                }
            }
        }
        Ok(whole)
    }
}

/// What the lock says, against what the version shows. Its digest was compared where it was read.
pub(crate) fn against_lock(locked: &Wanted<'_>, nar: &NarHash, by: &str) -> Result<(), Lie> {
    let name = locked.name();
    agree(&name, "nar", ("the lock", &locked.nar), (by, nar))
}

/// The manifest and the lock in the content are the spec's.
fn files(name: &str, objects: &Objects, tree: ObjectId, spec: &Spec) -> Result<(), Lie> {
    let tree = objects.tree(tree).map_err(|source| Lie::Object {
        atom: name.to_owned(),
        source,
    })?;
    let shown = |id: Option<ObjectId>| id.map_or_else(|| "none".to_owned(), |it| it.to_string());
    let by = format!("the spec {}", spec.id);
    for (what, file, blob) in [
        ("manifest", "atom.toml", Some(spec.manifest_blob)),
        ("lock", "atom.lock", spec.lock_blob),
    ] {
        let entry = tree.find(file.as_bytes());
        let held = shown(entry.filter(|it| it.is_file()).map(|it| it.id));
        let claimed = shown(blob);
        agree(name, what, (&by, &claimed), ("its content", &held))?;
    }
    Ok(())
}

fn missing(name: &str, id: ObjectId) -> Lie {
    Lie::Object {
        atom: name.to_owned(),
        source: ObjectError::Missing { id },
    }
}

fn spec_lie(name: &str, part: &'static str, commit: ObjectId, error: SpecError) -> Lie {
    let atom = name.to_owned();
    match error {
        SpecError::Commit(source) => Lie::Commit {
            atom,
            part,
            commit,
            source,
        },
        SpecError::Object(source) => Lie::Object { atom, source },
        source => Lie::Spec {
            atom,
            source: Box::new(source),
        },
    }
}

/// The tree that a commit names.
fn tree_line(commit: &[u8]) -> Option<ObjectId> {
    let line = commit.split(|&it| it == b'\n').next()?;
    std::str::from_utf8(line.strip_prefix(b"tree ")?)
        .ok()?
        .parse()
        .ok()
}
