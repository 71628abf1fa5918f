//! What is odd beyond single files: an unclean work tree, dependencies that nobody will find.

use std::collections::BTreeSet;

use atom::AtomPath;
use atom::manifest::{Dep, SetPlace};
use atom_git::publish::{Candidate, Ready};
use atom_git::repo::Repo;

use super::Work;
use super::error::{Dirty, Unfound};
use crate::error::Error;

/// Beyond so many folders the whole work tree is looked at.
const MANY: usize = 200;

impl Work<'_> {
    /// What of the chosen atoms differs in the work tree from the commit.
    pub(super) fn dirty(&self, repo: &Repo) -> Result<Option<Dirty>, Error> {
        // A revision that was named is meant, whatever the work tree holds.
        if self.request.rev.is_some() || repo.work_dir().is_none() {
            return Ok(None);
        }
        let paths: BTreeSet<&AtomPath> = self.atoms.paths(self.chosen).collect();
        if paths.is_empty() {
            return Ok(None);
        }
        let folders: Vec<&str> = match paths.len() {
            0..=MANY => paths.iter().map(|it| it.as_str()).collect(),
            _ => Vec::new(),
        };
        let changes = repo.changes(&folders)?;
        let ours = changes.into_iter().map(|it| it.path).filter(|it| {
            let owner = self.atoms.owner(it);
            owner.is_some_and(|it| paths.contains(it))
        });
        let paths: Vec<String> = ours.collect();
        let commit = self.atoms.commit();
        Ok((!paths.is_empty()).then_some(Dirty { commit, paths }))
    }
}

/// Dependencies on this repository that neither a remote has nor gets now; each once.
pub(super) fn unfound<'a>(
    candidates: &[Candidate],
    ready: impl Iterator<Item = &'a Ready>,
) -> Vec<Unfound> {
    let mut found = Vec::new();
    for ready in ready {
        for candidate in candidates {
            let manifest = &candidate.manifest;
            let here = |dep: &&Dep| {
                let set = manifest.set_of(dep);
                set.is_some_and(|it| it.place == SetPlace::Here)
            };
            let gets = |dep: &Dep| {
                let fits = |it: &Candidate| {
                    it.manifest.id == dep.id && dep.req.matches(&it.manifest.version)
                };
                candidates.iter().any(fits)
            };
            for dep in manifest.deps.iter().filter(here) {
                let there = ready.beside.get(&dep.id);
                let has = there.is_some_and(|it| it.iter().any(|it| dep.req.matches(it)));
                let unfound = Unfound {
                    id: manifest.id.clone(),
                    dep: dep.id.clone(),
                    req: dep.req.clone(),
                };
                if !has && !gets(dep) && !found.contains(&unfound) {
                    found.push(unfound);
                }
            }
        }
    }
    found
}
