//! What of a commit is to be published: read, checked, cut and hashed, whatever the remote.

use atom::commit::{AtomCommit, SpecCommit};
use atom::manifest::{Manifest, Publish};
use atom::{AtomId, AtomPath, NarHash, ObjectId, Root};

use super::check::check;
use super::choose::{Atoms, Chosen, Listed};
use super::fault::{AtomFault, CollectError, refused};
use super::plan::Offer;
use crate::content::{Content, ContentError, Cut, content_tree};
use crate::nar::{NarMemo, nar_hashes};
use crate::tree_guard::{GuardError, GuardedTree, Limits, guard};
use crate::write::{Staging, WriteError};

/// An atom of a commit that can be published.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its folder.
    pub path: AtomPath,
    /// The commit.
    pub src: ObjectId,
    /// The content tree.
    pub content: GuardedTree,
    /// The hash of its NAR.
    pub nar: NarHash,
    /// The tree of manifest and lock.
    pub spec_tree: ObjectId,
    /// What lies in the folder and is no part of the atom.
    pub cut: Vec<Cut>,
    /// Manifests in it without an `[atom]` table.
    pub tableless: Vec<String>,
}

/// With what means candidates are made.
#[derive(Debug)]
pub struct Means<'a> {
    /// How large a tree may be.
    pub limits: Limits,
    /// The hashes that are known.
    pub memo: &'a NarMemo,
    /// On how many threads hashes are computed.
    pub n_threads: usize,
}

/// Makes candidates of the chosen atoms, in their order.
///
/// # Errors
///
/// [`CollectError`]; of the atoms' own faults all are told.
pub fn collect(
    staging: &Staging,
    atoms: &Atoms,
    chosen: &Chosen,
    means: &Means<'_>,
) -> Result<Vec<Candidate>, CollectError> {
    let unread = chosen.faults.iter().cloned();
    let mut faults: Vec<_> = unread.map(AtomFault::Folder).collect();
    faults.extend(check(atoms, chosen));
    let mut parts = Vec::new();
    for &at in &chosen.at {
        let it = &atoms.atoms[at];
        match content(staging, it, &means.limits) {
            Ok(found) => parts.push((it, found)),
            Err(CollectError::Fault(fault)) => faults.push(*fault),
            Err(other) => return Err(other),
        }
    }
    refused(faults)?;
    let trees: Vec<_> = parts.iter().map(|(_, (_, tree))| *tree).collect();
    let nars = nar_hashes(&staging.objects(), &trees, means.memo, means.n_threads)?;
    let joined = parts.into_iter().zip(nars);
    joined
        .filter_map(|((it, (content, tree)), nar)| {
            let manifest = it.manifest.as_ref().ok()?.clone();
            let lock = it.folder.lock.as_ref().map(|it| it.id);
            let spec_tree = staging.write_spec_tree(it.folder.manifest.id, lock);
            Some(
                spec_tree
                    .map_err(CollectError::from)
                    .map(|spec_tree| Candidate {
                        manifest,
                        path: it.folder.path.clone(),
                        src: atoms.commit,
                        content: tree,
                        nar,
                        spec_tree,
                        cut: content.cut,
                        tableless: content.tableless,
                    }),
            )
        })
        .collect()
}

/// Those of the chosen atoms whose content is another than that of the atom of the same id in
/// another commit, or that are not there; also those that cannot be told.
///
/// # Errors
///
/// [`CollectError`] for an object that is missing or damaged.
pub fn changed(
    staging: &Staging,
    atoms: &Atoms,
    chosen: &Chosen,
    then: &Atoms,
    limits: &Limits,
) -> Result<Chosen, CollectError> {
    let mut at = Vec::new();
    for &one in &chosen.at {
        let it = &atoms.atoms[one];
        let before = it
            .id
            .as_ref()
            .and_then(|id| then.of_id(id).find(|it| it.publish == Publish::Yes));
        let trees = [Some(it), before].map(|it| it.map(|it| content(staging, it, limits)));
        let same = match trees {
            [Some(Ok((now, _))), Some(Ok((before, _)))] => now.tree == before.tree,
            [_, None] => false,
            [now, before] => {
                for tree in [now, before].into_iter().flatten() {
                    if let Err(error) = tree
                        && !matches!(error, CollectError::Fault(_))
                    {
                        return Err(error);
                    }
                }
                false
            }
        };
        if !same {
            at.push(one);
        }
    }
    let faults = chosen.faults.clone();
    Ok(Chosen { at, faults })
}

fn content(
    staging: &Staging,
    it: &Listed,
    limits: &Limits,
) -> Result<(Content, GuardedTree), CollectError> {
    let path = &it.folder.path;
    let content = content_tree(staging, it.folder.tree, path, limits);
    let content = content.map_err(|error| match error {
        ContentError::Object(error) => CollectError::from(error),
        ContentError::Write(error) => CollectError::from(error),
        fault => AtomFault::Content(fault).into(),
    })?;
    let guarded = guard(&staging.objects(), content.tree, limits);
    let guarded = guarded.map_err(|error| match error {
        GuardError::Object(error) => CollectError::from(error),
        error => {
            let path = path.clone();
            AtomFault::Hostile { path, error }.into()
        }
    })?;
    Ok((content, guarded))
}

impl Candidate {
    /// Stages the commits that this atom has in the set of `root`: the same for everybody.
    ///
    /// # Errors
    ///
    /// [`WriteError::Hash`].
    pub fn stage(&self, staging: &Staging, root: Root) -> Result<Offer, WriteError> {
        let atom = AtomId::new(root, self.manifest.id.clone());
        let version = self.manifest.version.clone();
        let commit = AtomCommit {
            tree: self.content.id(),
            atom: atom.clone(),
            version: version.clone(),
            nar: self.nar,
        };
        let atom_commit = staging.write_atom(&commit)?;
        let spec = SpecCommit {
            tree: self.spec_tree,
            atom,
            version,
            nar: self.nar,
            atom_commit,
            path: self.path.clone(),
            src: self.src,
        };
        let spec_commit = staging.write_spec(&spec)?;
        Ok(Offer { spec, spec_commit })
    }
}
