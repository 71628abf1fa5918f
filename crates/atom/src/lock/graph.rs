//! Who needs whom in a lock.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ptr;

use super::{Lock, LockedAtom, Names, Require};
use crate::{Id, Requirement};

/// The dependencies of a lock, both ways. Atoms are numbered in the order of the lock.
#[derive(Debug)]
pub struct Graph<'a> {
    lock: &'a Lock,
    needs: Vec<Vec<usize>>,
    needed_by: Vec<Vec<usize>>,
    asked: Vec<Vec<&'a Require>>,
}

impl<'a> Graph<'a> {
    /// Reads the dependencies of a lock. A requirement of the manifest leads to the newest version
    /// that answers it, as a resolution does.
    #[must_use]
    pub fn of(lock: &'a Lock) -> Self {
        let names = Names::of(&lock.atoms);
        let at: HashMap<*const LockedAtom, usize> = lock
            .atoms
            .iter()
            .enumerate()
            .map(|(at, it)| (ptr::from_ref(it), at))
            .collect();
        let mut needed_by = vec![Vec::new(); lock.atoms.len()];
        let mut needs = Vec::new();
        for (by, atom) in lock.atoms.iter().enumerate() {
            let found = atom.deps.iter().filter_map(|it| names.find(it));
            let found: BTreeSet<usize> = found.map(|it| at[&ptr::from_ref(it)]).collect();
            for &it in &found {
                needed_by[it].push(by);
            }
            needs.push(found.into_iter().collect());
        }
        let mut by_id: HashMap<&Id, Vec<usize>> = HashMap::new();
        for (at, it) in lock.atoms.iter().enumerate() {
            by_id.entry(&it.id).or_default().push(at);
        }
        let mut asked = vec![Vec::new(); lock.atoms.len()];
        for it in &lock.requires {
            let alike = by_id.get(&it.id).into_iter().flatten().copied();
            let answers = alike.filter(|at| {
                let atom = &lock.atoms[*at];
                atom.set() == it.set && it.req.matches(&atom.version)
            });
            if let Some(at) = answers.max_by_key(|at| &lock.atoms[*at].version) {
                asked[at].push(it);
            }
        }
        Self {
            lock,
            needs,
            needed_by,
            asked,
        }
    }

    /// The atoms, in the order of the lock.
    #[must_use]
    pub fn atoms(&self) -> &'a [LockedAtom] {
        &self.lock.atoms
    }

    /// The lock.
    #[must_use]
    pub const fn lock(&self) -> &'a Lock {
        self.lock
    }

    /// The atoms that an atom depends on.
    ///
    /// # Panics
    ///
    /// Where there is no atom of that number; so do the others.
    #[must_use]
    pub fn needs(&self, atom: usize) -> &[usize] {
        &self.needs[atom]
    }

    /// The atoms that depend on an atom.
    #[must_use]
    pub fn needed_by(&self, atom: usize) -> &[usize] {
        &self.needed_by[atom]
    }

    /// The manifest's own requirements that an atom answers.
    #[must_use]
    pub fn asked(&self, atom: usize) -> &[&'a Require] {
        &self.asked[atom]
    }

    /// The atoms that the manifest itself asks for.
    pub fn direct(&self) -> impl Iterator<Item = usize> {
        (0..self.asked.len()).filter(|it| !self.asked[*it].is_empty())
    }

    /// The atoms of an id, and of a version that will do where a requirement is given.
    pub fn named(&self, id: &Id, req: Option<&Requirement>) -> impl Iterator<Item = usize> {
        let atoms = self.lock.atoms.iter().enumerate();
        let is_meant =
            move |it: &LockedAtom| it.id == *id && req.is_none_or(|req| req.matches(&it.version));
        atoms.filter(move |(_, it)| is_meant(it)).map(|(at, _)| at)
    }

    /// The atoms that are locked in more than one version.
    #[must_use]
    pub fn duplicates(&self) -> Vec<usize> {
        let mut versions: HashMap<_, usize> = HashMap::new();
        for it in self.atoms() {
            *versions.entry((&it.id, it.set())).or_default() += 1;
        }
        let several = |it: &LockedAtom| versions[&(&it.id, it.set())] > 1;
        let atoms = self.atoms().iter().enumerate();
        atoms
            .filter(|(_, it)| several(it))
            .map(|(at, _)| at)
            .collect()
    }

    /// For each atom the one through which the manifest reaches it in the fewest steps: itself
    /// where the manifest asks for it, none where nothing leads to it.
    #[must_use]
    pub fn nearest(&self) -> Vec<Option<usize>> {
        let mut through = vec![None; self.needs.len()];
        let mut todo = VecDeque::new();
        for it in self.direct() {
            through[it] = Some(it);
            todo.push_back(it);
        }
        while let Some(by) = todo.pop_front() {
            for &it in self.needs(by) {
                if through[it].is_none() {
                    through[it] = Some(by);
                    todo.push_back(it);
                }
            }
        }
        through
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{DepRef, Place, SetRef};
    use crate::{AtomId, NarHash, Root};

    const CORE: &str = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
    const UI: &str = "68b63bd131acd23bdfd57983fe85ba7c092ce02f";

    /// A lock of one set: what is asked, as `id@req`, and who needs whom, as `id@version`.
    fn lock(asked: &[&str], atoms: &[(&str, &[&str])]) -> Lock {
        let root: Root = CORE.parse().unwrap();
        let requires = asked.iter().map(|it| {
            let (id, req) = it.split_once('@').unwrap();
            Require {
                id: id.parse().unwrap(),
                req: req.parse().unwrap(),
                set: SetRef::Root(root),
            }
        });
        let atoms = atoms.iter().map(|(name, deps)| {
            let DepRef { id, version, .. } = dep_ref(name);
            LockedAtom {
                place: place(root, &id),
                deps: deps.iter().map(|it| dep_ref(it)).collect(),
                id,
                version,
            }
        });
        Lock {
            requires: requires.collect(),
            atoms: atoms.collect(),
            ..Lock::default()
        }
    }

    fn dep_ref(name: &str) -> DepRef {
        let (id, version) = name.split_once('@').unwrap();
        DepRef {
            id: id.parse().unwrap(),
            version: version.parse().unwrap(),
            short: None,
        }
    }

    fn place(root: Root, id: &Id) -> Place {
        Place::Published {
            root,
            digest: AtomId::new(root, id.clone()).digest(),
            rev: root.0,
            spec: root.0,
            nar: NarHash([0; 32]),
        }
    }

    #[test]
    fn both_ways() {
        let lock = lock(
            &["a@^1", "c@^1"],
            &[
                ("a@1.0.0", &["b@1.0.0", "c@1.0.0"]),
                ("b@1.0.0", &["c@1.0.0"]),
                ("c@1.0.0", &[]),
            ],
        );
        let graph = Graph::of(&lock);
        assert_eq!(graph.needs(0), [1, 2]);
        assert_eq!(graph.needed_by(2), [0, 1]);
        assert_eq!(graph.direct().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(graph.asked(2)[0].req.to_string(), "^1");
        assert_eq!(graph.nearest(), [Some(0), Some(0), Some(2)]);
        assert!(graph.duplicates().is_empty());
    }

    #[test]
    fn several_versions_of_one_atom_are_duplicates_and_strangers_of_one_id_are_not() {
        let mut twice = lock(&["a@>=1"], &[("a@1.0.0", &[]), ("a@2.0.0", &[])]);
        let graph = Graph::of(&twice);
        assert_eq!(graph.duplicates(), [0, 1]);
        assert_eq!(graph.direct().collect::<Vec<_>>(), [1]);
        let id: Id = "a".parse().unwrap();
        let req = "^2".parse().unwrap();
        assert_eq!(graph.named(&id, Some(&req)).collect::<Vec<_>>(), [1]);
        assert_eq!(graph.named(&id, None).collect::<Vec<_>>(), [0, 1]);
        twice.atoms[0].place = place(UI.parse().unwrap(), &id);
        assert!(Graph::of(&twice).duplicates().is_empty());
    }

    #[test]
    fn a_cycle_is_no_trap() {
        let deps: [(&str, &[&str]); 2] = [("a@1.0.0", &["b@1.0.0"]), ("b@1.0.0", &["a@1.0.0"])];
        let lock = lock(&["a@^1"], &deps);
        assert_eq!(Graph::of(&lock).nearest(), [Some(0), Some(0)]);
    }
}
