//! What the refs of a remote say about atoms.

use std::collections::BTreeMap;

use atom::refname::{ATOMS_PREFIX, AtomRef, Part, ROOT_REF, id_prefix};
use atom::{Id, ObjectId, Root, Version};

use super::list::{Listing, RefKind, RemoteRef};

/// A remote's root and its atoms. Whatever is not named as `docs/reference/formats.md`, section 3,
/// says is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AtomListing {
    /// What `refs/eka/root` holds, if it is there and no symbolic ref or tag.
    pub root: Option<Root>,
    /// Every id that has a ref, with all of its versions.
    pub versions: BTreeMap<Id, BTreeMap<Version, VersionRefs>>,
    /// Refs where a commit belongs that are symbolic or annotated tags: left out, nothing is peeled.
    pub wrong_kind: Vec<String>,
}

/// The refs of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VersionRefs {
    /// The atom commit.
    pub atom: Option<ObjectId>,
    /// The spec commit.
    pub spec: Option<ObjectId>,
    /// The source commit.
    pub src: Option<ObjectId>,
    /// The signed tag.
    pub sig: Option<ObjectId>,
    /// The yank commit.
    pub yank: Option<ObjectId>,
    /// The deprecation commit.
    pub deprecate: Option<ObjectId>,
}

impl VersionRefs {
    /// Whether there is such a version: atom and spec both.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.atom.is_some() && self.spec.is_some()
    }

    /// Whether the version was deleted, and may never be published again.
    #[must_use]
    pub const fn is_tombstone(&self) -> bool {
        self.yank.is_some() && self.atom.is_none() && self.spec.is_none()
    }

    /// The id under one part.
    #[must_use]
    pub const fn part(&self, part: Part) -> Option<ObjectId> {
        match part {
            Part::Atom => self.atom,
            Part::Spec => self.spec,
            Part::Src => self.src,
            Part::Sig => self.sig,
            Part::Yank => self.yank,
            Part::Deprecate => self.deprecate,
        }
    }

    const fn part_mut(&mut self, part: Part) -> &mut Option<ObjectId> {
        match part {
            Part::Atom => &mut self.atom,
            Part::Spec => &mut self.spec,
            Part::Src => &mut self.src,
            Part::Sig => &mut self.sig,
            Part::Yank => &mut self.yank,
            Part::Deprecate => &mut self.deprecate,
        }
    }
}

impl AtomListing {
    /// Reads the atoms out of a listing.
    #[must_use]
    pub fn read(listing: &Listing) -> Self {
        let mut atoms = Self::default();
        for at in &listing.refs {
            if at.name == ROOT_REF.as_bytes() {
                if at.kind == RefKind::Direct {
                    atoms.root = Some(Root(at.id));
                } else {
                    atoms.wrong_kind.push(ROOT_REF.to_owned());
                }
            } else if let Some(name) = AtomRef::parse(&at.name) {
                atoms.add(name, at);
            }
        }
        atoms
    }

    fn add(&mut self, name: AtomRef, at: &RemoteRef) {
        let fits = match (name.part, &at.kind) {
            (Part::Sig, RefKind::Direct | RefKind::Tag(_)) | (_, RefKind::Direct) => true,
            (_, RefKind::Symbolic | RefKind::Tag(_)) => false,
        };
        if !fits {
            self.wrong_kind.push(name.to_string());
            return;
        }
        let AtomRef { id, version, part } = name;
        let refs = self
            .versions
            .entry(id)
            .or_default()
            .entry(version)
            .or_default();
        *refs.part_mut(part) = Some(at.id);
    }

    /// The versions of one atom that exist, ascending.
    pub fn existing(&self, id: &Id) -> impl Iterator<Item = (&Version, &VersionRefs)> {
        self.versions
            .get(id)
            .into_iter()
            .flatten()
            .filter(|(_, refs)| refs.exists())
    }
}

/// The prefixes that ask for the root and for these atoms.
pub fn prefixes<'a>(ids: impl IntoIterator<Item = &'a Id>) -> Vec<String> {
    let mut prefixes: Vec<String> = ids.into_iter().map(id_prefix).collect();
    prefixes.push(ROOT_REF.to_owned());
    prefixes
}

/// The prefixes that ask for the root and for every atom.
#[must_use]
pub fn all_prefixes() -> Vec<String> {
    vec![ATOMS_PREFIX.to_owned(), ROOT_REF.to_owned()]
}

/// The prefixes that ask, besides, for all branches and tags.
#[must_use]
pub fn tip_prefixes() -> Vec<String> {
    vec!["refs/heads/".to_owned(), "refs/tags/".to_owned()]
}

/// What branches and tags lead to: a tag's commit, not the tag.
pub fn tips(listing: &Listing) -> impl Iterator<Item = ObjectId> {
    listing
        .refs
        .iter()
        .filter(|at| at.name.starts_with(b"refs/heads/") || at.name.starts_with(b"refs/tags/"))
        .map(|at| match at.kind {
            RefKind::Tag(id) => id,
            RefKind::Direct | RefKind::Symbolic => at.id,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> ObjectId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn at(name: &str, digit: char, kind: RefKind) -> RemoteRef {
        RemoteRef {
            name: name.into(),
            id: id(digit),
            kind,
        }
    }

    #[test]
    fn versions_tombstones_and_what_is_left_out() {
        let direct = RefKind::Direct;
        let listing = Listing {
            refs: vec![
                at("refs/eka/root", 'a', direct.clone()),
                at("refs/atoms/λ/1.0.0/atom", 'b', direct.clone()),
                at("refs/atoms/λ/1.0.0/spec", 'c', direct.clone()),
                at("refs/atoms/λ/1.0.0/sig", 'd', RefKind::Tag(id('b'))),
                at("refs/atoms/λ/1.0.0/src", 'e', RefKind::Tag(id('b'))),
                at("refs/atoms/λ/1.1.0/atom", 'b', direct.clone()),
                at("refs/atoms/λ/1.1.0/spec", 'b', RefKind::Symbolic),
                at("refs/atoms/λ/1.2.0/yank", 'f', direct.clone()),
                at("refs/atoms/λ/1.2.0/deeper/atom", 'f', direct.clone()),
                at("refs/atoms/λ/x/atom", 'f', direct),
            ],
            dropped: 0,
        };
        let atoms = AtomListing::read(&listing);
        let lambda: Id = "λ".parse().unwrap();
        assert_eq!(atoms.root, Some(Root(id('a'))));
        let existing: Vec<String> = atoms
            .existing(&lambda)
            .map(|(version, _)| version.to_string())
            .collect();
        assert_eq!(existing, ["1.0.0"]);
        assert_eq!(atoms.versions[&lambda].len(), 3);
        let refs = &atoms.versions[&lambda][&"1.0.0".parse().unwrap()];
        assert_eq!(refs.part(Part::Sig), Some(id('d')));
        assert!(atoms.versions[&lambda][&"1.2.0".parse().unwrap()].is_tombstone());
        assert_eq!(
            atoms.wrong_kind,
            ["refs/atoms/λ/1.0.0/src", "refs/atoms/λ/1.1.0/spec"]
        );
    }
}
