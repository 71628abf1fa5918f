//! A spec out of the cache: the commit, the manifest and the lock, checked against each other.

use atom::commit::{AtomCommit, CommitError, SpecCommit};
use atom::manifest::{Manifest, ManifestFaults};
use atom::refname::AtomRef;
use atom::{ObjectId, Root};
use miette::Diagnostic;
use thiserror::Error;

use super::{Cache, CacheError};
use crate::objects::ObjectError;
use crate::remote::VersionRefs;
use crate::tree::Tree;

/// What a version says of itself, without its content.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The spec commit's id.
    pub id: ObjectId,
    /// What the commit states.
    pub commit: SpecCommit,
    /// The blob of `atom.toml`, which the content tree must hold too.
    pub manifest_blob: ObjectId,
    /// The text of `atom.toml`.
    pub text: String,
    /// The same, read as a foreign manifest.
    pub manifest: Manifest,
    /// The blob of `atom.lock`, if there is one.
    pub lock_blob: Option<ObjectId>,
    /// The text of the publisher's lock, which nobody has read yet: a hint of what to ask for,
    /// never a fact.
    pub lock: Option<String>,
}

/// Why a spec cannot be used. Each concerns one version alone.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum SpecError {
    /// The commit is none that `eka` of this version writes.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Commit(#[from] CommitError),
    /// Something else lies where the commit, a tree or a blob belongs.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(ObjectError),
    /// The spec's tree holds no `atom.toml`, or something that does not belong there.
    #[error("the spec `{id}` does not hold `atom.toml` and `atom.lock` alone")]
    #[diagnostic(
        code(eka::spec::tree),
        help("the spec was not written by `eka publish`; ask whoever published it")
    )]
    Tree {
        /// The spec commit.
        id: ObjectId,
    },
    /// The manifest is no UTF-8.
    #[error("the manifest in the spec `{id}` is not UTF-8")]
    #[diagnostic(
        code(eka::spec::utf8),
        help("the spec was not written by `eka publish`; ask whoever published it")
    )]
    Utf8 {
        /// The spec commit.
        id: ObjectId,
    },
    /// This version cannot read the manifest, so the version is left out.
    #[error("the manifest in the spec `{id}` cannot be read")]
    #[diagnostic(
        code(eka::spec::manifest),
        help("a newer `eka` may read it; else ask whoever published it")
    )]
    Manifest {
        /// The spec commit.
        id: ObjectId,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        faults: ManifestFaults,
    },
    /// Two places that must say the same do not: integrity, exit 5.
    #[error("the spec `{id}` says {what} `{found}`, where `{expected}` is expected")]
    #[diagnostic(
        code(eka::spec::disagrees),
        help("do not use this version; tell whoever publishes it")
    )]
    Disagrees {
        /// The spec commit.
        id: ObjectId,
        /// Which claim.
        what: &'static str,
        /// What the spec says.
        found: String,
        /// What the ref, the commit or the listing says.
        expected: String,
    },
    /// The cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(CacheError),
}

impl SpecError {
    /// Whether claims contradict each other, rather than being unreadable: exit 5.
    #[must_use]
    pub const fn is_integrity(&self) -> bool {
        matches!(self, Self::Disagrees { .. })
    }
}

impl From<CacheError> for SpecError {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::Objects(error) => Self::Object(error),
            other => Self::Cache(other),
        }
    }
}

impl Cache {
    /// The spec whose commit is `id`; `None` if it, or a part of it, is not here.
    ///
    /// Commit, id and version are checked against the manifest. What only the ref and the root
    /// can tell is [`Spec::check`]'s work, what the content tells that of whoever fetches it.
    ///
    /// # Errors
    ///
    /// [`SpecError`], by variant.
    pub fn spec(&self, id: ObjectId) -> Result<Option<Spec>, SpecError> {
        let Some(bytes) = self.commit(id)? else {
            return Ok(None);
        };
        let commit = SpecCommit::parse(&bytes)?;
        let Some(tree) = self.tree(commit.tree)? else {
            return Ok(None);
        };
        let (manifest_blob, lock_blob) = files(&Tree::new(tree)).ok_or(SpecError::Tree { id })?;
        let Some(text) = self.blob(manifest_blob)? else {
            return Ok(None);
        };
        let text = String::from_utf8(text).map_err(|_| SpecError::Utf8 { id })?;
        let manifest =
            Manifest::parse_foreign(&text).map_err(|faults| SpecError::Manifest { id, faults })?;
        let lock = match lock_blob {
            Some(blob) => match self.blob(blob)? {
                Some(text) => String::from_utf8(text).ok(),
                None => return Ok(None),
            },
            None => None,
        };
        let spec = Spec {
            id,
            commit,
            manifest_blob,
            text,
            manifest,
            lock_blob,
            lock,
        };
        let (said, manifest) = (&spec.commit, &spec.manifest);
        agree(id, "id in its manifest", &manifest.id, &said.atom.id)?;
        agree(
            id,
            "version in its manifest",
            &manifest.version,
            &said.version,
        )?;
        Ok(Some(spec))
    }

    /// The atom commit `id`, of which the content need not be here; `None` if it is not.
    ///
    /// # Errors
    ///
    /// [`SpecError::Commit`], [`SpecError::Object`], [`SpecError::Cache`].
    pub fn atom_commit(&self, id: ObjectId) -> Result<Option<AtomCommit>, SpecError> {
        self.commit(id)?
            .map(|bytes| AtomCommit::parse(&bytes).map_err(SpecError::from))
            .transpose()
    }
}

impl Spec {
    /// Checks the spec against the ref it was found under, the refs beside it and the set's root.
    ///
    /// # Errors
    ///
    /// [`SpecError::Disagrees`].
    pub fn check(&self, name: &AtomRef, refs: &VersionRefs, root: Root) -> Result<(), SpecError> {
        let said = &self.commit;
        agree(self.id, "id", &said.atom.id, &name.id)?;
        agree(self.id, "version", &said.version, &name.version)?;
        agree(self.id, "root", &said.atom.root, &root)?;
        if let Some(atom) = &refs.atom {
            agree(self.id, "atom commit", &said.atom_commit, atom)?;
        }
        if let Some(src) = &refs.src {
            agree(self.id, "source commit", &said.src, src)?;
        }
        Ok(())
    }

    /// Checks the atom commit that the spec names against it.
    ///
    /// # Errors
    ///
    /// [`SpecError::Disagrees`].
    pub fn check_atom(&self, atom: &AtomCommit) -> Result<(), SpecError> {
        let said = &self.commit;
        agree(self.id, "root", &said.atom.root, &atom.atom.root)?;
        agree(self.id, "id", &said.atom.id, &atom.atom.id)?;
        agree(self.id, "version", &said.version, &atom.version)?;
        agree(self.id, "nar", &said.nar, &atom.nar)
    }
}

/// Two places that must say the same.
fn agree<T: PartialEq + ToString>(
    id: ObjectId,
    what: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), SpecError> {
    if found == expected {
        return Ok(());
    }
    Err(SpecError::Disagrees {
        id,
        what,
        found: found.to_string(),
        expected: expected.to_string(),
    })
}

/// The blobs of `atom.toml` and `atom.lock`; `None` where the tree is no spec's.
fn files(tree: &Tree) -> Option<(ObjectId, Option<ObjectId>)> {
    let (mut manifest, mut lock) = (None, None);
    for entry in tree.entries() {
        let entry = entry.ok()?;
        let file = match entry.name {
            b"atom.toml" => &mut manifest,
            b"atom.lock" => &mut lock,
            _ => return None,
        };
        if entry.mode != b"100644" || file.replace(entry.id).is_some() {
            return None;
        }
    }
    Some((manifest?, lock))
}
