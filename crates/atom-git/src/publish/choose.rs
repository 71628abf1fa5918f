//! Which atoms of a commit are meant.

use std::collections::{BTreeMap, BTreeSet};

use atom::manifest::{Manifest, ManifestFaults, Publish, SetPlace, is_atom};
use atom::{AtomPath, Id, ObjectId};

use super::fault::{AtomFault, CollectError, refused};
use crate::objects::{ObjectError, Objects};
use crate::read::{self, AtomFolder, FolderFault, MANIFEST, ReadError};

/// Beyond so many ids a remote is asked for all of its atoms.
const MANY_IDS: usize = 16;

/// Every atom that a commit holds, read once.
#[derive(Debug)]
pub struct Atoms {
    pub(super) commit: ObjectId,
    pub(super) atoms: Vec<Listed>,
    by_path: BTreeMap<AtomPath, usize>,
    faults: Vec<FolderFault>,
    tableless: Vec<AtomPath>,
}

/// One atom of a commit.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) folder: AtomFolder,
    pub(super) publish: Publish,
    pub(super) manifest: Result<Manifest, ManifestFaults>,
    /// The manifest's id, even where other parts of it are at fault.
    pub(super) id: Option<Id>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Every atom of the commit but those with `publish = false`.
    All,
    /// These, each once.
    These(Vec<Wanted>),
}

/// One atom that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The atom that this folder is, or lies in.
    Around(AtomPath),
    /// The atom of this folder.
    Folder(AtomPath),
    /// The atom of this id.
    Id(Id),
}

/// Atoms that were chosen, by their place in [`Atoms`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub(super) at: Vec<usize>,
    /// The folders that were chosen and cannot be read: [`collect`](super::collect()) tells them.
    pub(super) faults: Vec<FolderFault>,
}

/// Ids that a remote is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ids {
    /// Those to be published.
    pub chosen: BTreeSet<Id>,
    /// Those that they depend on by `::`, and that are not published with them.
    pub beside: BTreeSet<Id>,
}

impl Ids {
    /// Whether one prefix for all atoms is cheaper than one each.
    pub(super) fn is_many(&self) -> bool {
        self.chosen.len() + self.beside.len() > MANY_IDS
    }
}

impl Atoms {
    /// Reads every manifest of a commit.
    ///
    /// # Errors
    ///
    /// [`ObjectError`] for a tree or a blob that is missing or damaged.
    pub fn read(objects: &Objects, commit: ObjectId) -> Result<Self, ObjectError> {
        let survey = read::atoms(objects, commit)?;
        let mut atoms = Self {
            commit,
            atoms: Vec::new(),
            by_path: BTreeMap::new(),
            faults: survey.faults,
            tableless: Vec::new(),
        };
        for folder in survey.folders {
            atoms.add(folder);
        }
        Ok(atoms)
    }

    /// The commit.
    #[must_use]
    pub const fn commit(&self) -> ObjectId {
        self.commit
    }

    /// Each `atom.toml` without an `[atom]` table: content, and perhaps a mistake.
    pub fn tableless(&self) -> impl Iterator<Item = String> {
        self.tableless.iter().map(|it| file(it, MANIFEST))
    }

    /// The ids of atoms that were chosen, of a manifest at fault as far as it can be told; and those
    /// of this repository that they depend on.
    #[must_use]
    pub fn ids(&self, chosen: &Chosen) -> Ids {
        let listed = || chosen.at.iter().map(|&at| &self.atoms[at]);
        let chosen: BTreeSet<Id> = listed().filter_map(|it| it.id.clone()).collect();
        let manifests = listed().filter_map(|it| it.manifest.as_ref().ok());
        let deps = manifests.flat_map(|it| it.deps.iter().map(move |dep| (it.set_of(dep), dep)));
        let here = deps.filter(|(set, _)| set.is_some_and(|it| it.place == SetPlace::Here));
        let beside = here.map(|(_, dep)| dep.id.clone());
        Ids {
            beside: beside.filter(|it| !chosen.contains(it)).collect(),
            chosen,
        }
    }

    /// The atom whose content a path is, nothing below it being an atom of its own.
    #[must_use]
    pub fn owner(&self, path: &str) -> Option<&AtomPath> {
        let above = path.match_indices('/').rev().map(|(at, _)| &path[..at]);
        let mut folders = above
            .filter_map(|it| it.parse().ok())
            .chain([AtomPath::top()]);
        folders.find_map(|it| {
            let found = self.at(&it)?;
            (found.publish == Publish::Yes).then_some(&found.folder.path)
        })
    }

    /// The folders of atoms that were chosen.
    pub fn paths<'a>(&'a self, chosen: &'a Chosen) -> impl Iterator<Item = &'a AtomPath> {
        chosen.at.iter().map(|&at| &self.atoms[at].folder.path)
    }

    /// Finds what is asked for, in the order of the folders.
    ///
    /// # Errors
    ///
    /// [`CollectError`]: what is no atom of the commit, or not to be published.
    pub fn choose(&self, objects: &Objects, choice: &Choice) -> Result<Chosen, CollectError> {
        let mut faults = Vec::new();
        let mut at = Vec::new();
        let mut unread = Vec::new();
        match choice {
            Choice::All => {
                unread.extend(self.faults.iter().cloned());
                at.extend(self.published());
                if at.is_empty() && unread.is_empty() {
                    faults.push(AtomFault::NoAtoms {
                        commit: self.commit,
                    });
                }
            }
            Choice::These(wanted) => {
                for it in wanted {
                    match self.find(objects, it) {
                        Ok(found) => at.push(found),
                        Err(CollectError::Fault(fault)) => faults.push(*fault),
                        Err(other) => return Err(other),
                    }
                }
            }
        }
        refused(faults)?;
        at.sort_unstable();
        at.dedup();
        let faults = unread;
        Ok(Chosen { at, faults })
    }

    /// The atom in a folder.
    pub(super) fn at(&self, path: &AtomPath) -> Option<&Listed> {
        self.by_path.get(path).map(|&at| &self.atoms[at])
    }

    /// Every atom of an id that is published, by folder.
    pub(super) fn of_id<'a>(&'a self, id: &'a Id) -> impl Iterator<Item = &'a Listed> {
        self.atoms
            .iter()
            .filter(move |it| it.id.as_ref() == Some(id))
    }

    fn add(&mut self, folder: AtomFolder) {
        let text = &folder.manifest.text;
        let publish = match is_atom(text) {
            Ok(None) => {
                self.tableless.push(folder.path);
                return;
            }
            Ok(Some(publish)) => publish,
            // Not readable, so nothing speaks against its being published: that is told below.
            Err(_) => Publish::Yes,
        };
        let manifest = Manifest::parse_for_publish(text);
        let id = match &manifest {
            Ok(it) => Some(it.id.clone()),
            Err(_) => Manifest::parse_foreign(text).ok().map(|it| it.id),
        };
        self.by_path.insert(folder.path.clone(), self.atoms.len());
        self.atoms.push(Listed {
            folder,
            publish,
            manifest,
            id,
        });
    }

    /// Those that are published.
    fn published(&self) -> impl Iterator<Item = usize> {
        let all = self.atoms.iter().enumerate();
        all.filter(|(_, it)| it.publish == Publish::Yes)
            .map(|(at, _)| at)
    }

    fn find(&self, objects: &Objects, wanted: &Wanted) -> Result<usize, CollectError> {
        let at = match wanted {
            Wanted::Around(path) => self.around(objects, path)?,
            Wanted::Folder(path) => self.folder(objects, path)?,
            Wanted::Id(id) => self.id(id)?,
        };
        let it = &self.atoms[at];
        if it.publish == Publish::No {
            return Err(AtomFault::NotPublished {
                path: it.folder.path.clone(),
            }
            .into());
        }
        Ok(at)
    }

    fn around(&self, objects: &Objects, path: &AtomPath) -> Result<usize, CollectError> {
        let mut folder = path.clone();
        loop {
            let broken = self.faults.iter().any(|it| is_of(it, &folder));
            if broken || self.by_path.contains_key(&folder) {
                return self.folder(objects, &folder);
            }
            match parent(&folder) {
                Some(up) => folder = up,
                None => {
                    return Err(AtomFault::NotInAnAtom {
                        path: path.clone(),
                        commit: self.commit,
                    }
                    .into());
                }
            }
        }
    }

    fn folder(&self, objects: &Objects, path: &AtomPath) -> Result<usize, CollectError> {
        if let Some(&at) = self.by_path.get(path) {
            return Ok(at);
        }
        if self.tableless.contains(path) {
            let path = path.clone();
            return Err(AtomFault::NoTable { path }.into());
        }
        match read::folder(objects, self.commit, path) {
            Err(ReadError::Object(error)) => Err(error.into()),
            Err(ReadError::Folder(fault)) => Err(AtomFault::Folder(fault).into()),
            Err(error) => Err(AtomFault::Read(error).into()),
            // The survey passes by what lies too deep.
            Ok(_) => Err(AtomFault::NotInAnAtom {
                path: path.clone(),
                commit: self.commit,
            }
            .into()),
        }
    }

    fn id(&self, id: &Id) -> Result<usize, CollectError> {
        let all = || {
            self.atoms
                .iter()
                .enumerate()
                .filter(|(_, it)| it.id.as_ref() == Some(id))
        };
        let published = all().find(|(_, it)| it.publish == Publish::Yes);
        if let Some((at, _)) = published.or_else(|| all().next()) {
            return Ok(at);
        }
        let unread = self.atoms.iter().filter(|it| it.id.is_none());
        let unread = unread.map(|it| it.folder.path.clone()).collect();
        let known = self.atoms.iter().filter_map(|it| it.id.clone()).collect();
        Err(AtomFault::NoId {
            id: id.clone(),
            commit: self.commit,
            known,
            unread,
        }
        .into())
    }
}

/// Whether a fault is that of a folder, or of a file in it.
fn is_of(fault: &FolderFault, folder: &AtomPath) -> bool {
    let path = match fault {
        FolderFault::NotAFile { path }
        | FolderFault::TooLarge { path, .. }
        | FolderFault::NotUtf8 { path } => path,
        FolderFault::Path { .. } | FolderFault::Depth { .. } => return false,
    };
    *path == file(folder, MANIFEST) || *path == file(folder, read::LOCK)
}

/// A file of a folder, as one would open it.
pub(super) fn file(folder: &AtomPath, name: &str) -> String {
    if folder.is_top() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn parent(path: &AtomPath) -> Option<AtomPath> {
    if path.is_top() {
        return None;
    }
    Some(match path.as_str().rsplit_once('/') {
        Some((up, _)) => up.parse().expect("a folder above a folder is one"),
        None => AtomPath::top(),
    })
}
