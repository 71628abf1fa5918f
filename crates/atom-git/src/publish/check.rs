//! What a commit's texts say against publishing an atom: dependencies, locks, ids twice.

use atom::Id;
use atom::lock::diff::{Change, of_local, of_manifest};
use atom::lock::{Lock, LockedAtom, Place};
use atom::manifest::{Dep, Manifest, Publish, SetPlace};
use atom::source::Sourced;

use super::choose::{Atoms, Chosen, Listed, file};
use super::fault::AtomFault;
use crate::read::{LOCK, MANIFEST};

/// Every fault of the chosen atoms that their texts show, in the order of the folders.
pub(super) fn check(atoms: &Atoms, chosen: &Chosen) -> Vec<AtomFault> {
    let mut faults = Vec::new();
    let mut seen: Vec<&Id> = Vec::new();
    for &at in &chosen.at {
        let it = &atoms.atoms[at];
        if let Some(id) = it.id.as_ref().filter(|id| !seen.contains(id)) {
            let same = atoms.of_id(id).filter(|it| it.publish == Publish::Yes);
            let paths: Vec<_> = same.map(|it| it.folder.path.clone()).collect();
            if paths.len() > 1 {
                seen.push(id);
                let id = id.clone();
                faults.push(AtomFault::TwoOfOneId { id, paths });
            }
        }
        match &it.manifest {
            Ok(manifest) => texts(atoms, it, manifest, &mut faults),
            Err(error) => faults.push(AtomFault::Manifest {
                path: it.folder.path.clone(),
                faults: Sourced::new(
                    error.clone(),
                    file(&it.folder.path, MANIFEST),
                    it.folder.manifest.text.as_str(),
                ),
            }),
        }
    }
    faults
}

fn texts(atoms: &Atoms, it: &Listed, manifest: &Manifest, faults: &mut Vec<AtomFault>) {
    let before = faults.len();
    let here = |dep: &&Dep| {
        let set = manifest.set_of(dep);
        set.is_some_and(|it| it.place == SetPlace::Here)
    };
    for dep in manifest.deps.iter().filter(here) {
        faults.extend(dependency(atoms, it, dep));
    }
    // The lock of an atom whose dependencies are not there cannot be current.
    if faults.len() == before {
        faults.extend(lock(atoms, it, manifest));
    }
}

/// A dependency on this repository.
fn dependency(atoms: &Atoms, it: &Listed, dep: &Dep) -> Option<AtomFault> {
    let path = it.folder.path.clone();
    let id = dep.id.clone();
    let published = |it: &&Listed| it.publish == Publish::Yes;
    let Some(found) = atoms.of_id(&id).find(published) else {
        let unpublished = atoms.of_id(&id).next();
        return Some(match unpublished {
            Some(it) => AtomFault::UnpublishedDependency {
                path,
                id: id.clone(),
                at: it.folder.path.clone(),
            },
            None => AtomFault::NoSuchDependency {
                path,
                req: dep.req.clone(),
                found: None,
                id: id.clone(),
            },
        });
    };
    let version = &found.manifest.as_ref().ok()?.version;
    (!dep.req.matches(version)).then(|| AtomFault::NoSuchDependency {
        path,
        req: dep.req.clone(),
        found: Some(version.to_string()),
        id: id.clone(),
    })
}

fn lock(atoms: &Atoms, it: &Listed, manifest: &Manifest) -> Option<AtomFault> {
    let path = it.folder.path.clone();
    let Some(text) = &it.folder.lock else {
        let needed = !manifest.deps.is_empty() || !manifest.pins.is_empty();
        return needed.then_some(AtomFault::NoLock { path });
    };
    let lock = match Lock::parse(&text.text) {
        Ok(lock) => lock,
        Err(error) => {
            let faults = Sourced::new(error, file(&it.folder.path, LOCK), text.text.as_str());
            return Some(AtomFault::Lock { path, faults });
        }
    };
    let changes = of_manifest(manifest, &lock);
    let mut changes: Vec<_> = changes.iter().map(Change::to_string).collect();
    for locked in &lock.atoms {
        if let Place::Local { path } = &locked.place {
            let found = atoms.at(path).and_then(|it| it.manifest.as_ref().ok());
            match found.filter(|it| it.id == locked.id) {
                Some(manifest) => {
                    let local = of_local(manifest, locked, &lock);
                    changes.extend(local.iter().map(Change::to_string));
                }
                None => changes.push(gone(locked, path)),
            }
        }
    }
    (!changes.is_empty()).then_some(AtomFault::OutOfDate { path, changes })
}

fn gone(locked: &LockedAtom, path: &atom::AtomPath) -> String {
    format!("- {} (not at `{path}`)", locked.id)
}
