//! What would help: each is tried on the whole request, and told where there is an answer then.

use atom::{AtomId, Requirement, Version};

use super::Trials;
use crate::choose::answer;
use crate::conflict::{Conflict, Suggestion};
use crate::request::{Duplicates, Request, RootRequirement};
use crate::universe::Exclusion;

/// Of more pre-releases, only the newest are tried.
const MAX_PRERELEASES: usize = 3;

impl<E> Trials<'_, E> {
    /// What would help, the least change first.
    pub(super) fn help(
        &mut self,
        core: &[RootRequirement],
        conflict: &Conflict,
    ) -> Result<Vec<Suggestion>, E> {
        let (mut found, mut dropped) = (Vec::new(), Vec::new());
        for root in core {
            match self.other_requirement(root, conflict)? {
                Some(suggestion) => found.push(suggestion),
                None => dropped.push(root),
            }
        }
        found.extend(self.exclusions(conflict)?);
        found.extend(self.several_majors()?);
        // Of one requirement alone it goes without saying, unless nothing else helps.
        let is_plain = core.len() == 1 && !found.is_empty();
        for root in dropped.into_iter().filter(|_| !is_plain) {
            if self.answer(self.without(root))?.is_some() {
                found.push(Suggestion::Drop {
                    token: root.token,
                    atom: root.atom.clone(),
                });
            }
        }
        Ok(found)
    }

    /// Another requirement on the same atom: around the version that any would do for, else
    /// around a pre-release.
    fn other_requirement(
        &mut self,
        root: &RootRequirement,
        conflict: &Conflict,
    ) -> Result<Option<Suggestion>, E> {
        let suggestion = |req| Suggestion::Require {
            token: root.token,
            atom: root.atom.clone(),
            req,
        };
        let relaxed = self.answer(self.with(root, &Requirement::any()))?;
        let newest = relaxed.and_then(|it| it.versions(&root.atom).last().cloned());
        if let Some(version) = newest {
            return Ok(around(&version).map(suggestion));
        }
        let prereleases = conflict.involved.prereleases.get(&root.atom);
        let newest = prereleases.into_iter().flatten().rev();
        for version in newest.take(MAX_PRERELEASES) {
            if let Some(req) = around(version)
                && self.answer(self.with(root, &req))?.is_some()
            {
                return Ok(Some(suggestion(req)));
            }
        }
        Ok(None)
    }

    /// Versions that are yanked or too new, let in for one atom at a time.
    fn exclusions(&mut self, conflict: &Conflict) -> Result<Vec<Suggestion>, E> {
        let mut found = Vec::new();
        for (atom, excluded) in &conflict.involved.excluded {
            for why in [Exclusion::Yanked, Exclusion::TooNew] {
                let like = excluded.iter().filter(|(_, it)| *it == why);
                let versions: Vec<_> = like.map(|(version, _)| version).collect();
                if versions.is_empty() {
                    continue;
                }
                let answer = self.answer(self.letting_in(atom, &versions))?;
                let chosen = answer.iter().flat_map(|it| it.versions(atom));
                let chosen = chosen.filter(|it| versions.contains(it));
                found.extend(chosen.map(|version| {
                    let (atom, version) = (atom.clone(), version.clone());
                    match why {
                        Exclusion::TooNew => Suggestion::AllowNew { atom, version },
                        _ => Suggestion::AllowYanked { atom, version },
                    }
                }));
            }
        }
        Ok(found)
    }

    /// Several majors, where they are denied.
    fn several_majors(&mut self) -> Result<Option<Suggestion>, E> {
        if self.duplicates == Duplicates::Allow || self.n_left == 0 {
            return Ok(None);
        }
        self.n_left -= 1;
        let settled = answer(&self.base, Duplicates::Allow, self.solve)?;
        Ok(settled.ok().map(|it| Suggestion::AllowDuplicates {
            atoms: it.request.split.into_iter().collect(),
        }))
    }

    /// The request with another requirement in a root's place, wherever it stands.
    fn with(&self, root: &RootRequirement, req: &Requirement) -> Request {
        let mut request = self.base.clone();
        for it in &mut request.roots {
            if it.atom == root.atom && it.req == root.req {
                it.req = req.clone();
            }
        }
        request
    }

    fn without(&self, root: &RootRequirement) -> Request {
        let mut request = self.base.clone();
        request
            .roots
            .retain(|it| it.atom != root.atom || it.req != root.req);
        request
    }

    /// The request as if the lock held these versions: so they may be chosen.
    fn letting_in(&self, atom: &AtomId, versions: &[&Version]) -> Request {
        let mut request = self.base.clone();
        let locked = request.locked.entry(atom.clone()).or_default();
        locked.extend(versions.iter().map(|it| (*it).clone()));
        request
    }
}

/// A requirement as people write it that a version satisfies: `^1.5`, `^0.3.2`, `^2.0.0-rc.1`.
fn around(version: &Version) -> Option<Requirement> {
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    let text = if !version.pre.is_empty() {
        format!("^{major}.{minor}.{patch}-{}", version.pre)
    } else if major == 0 {
        format!("^0.{minor}.{patch}")
    } else {
        format!("^{major}.{minor}")
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_around_a_version_is_satisfied_by_it() {
        let cases = [
            ("1.5.2", "^1.5"),
            ("0.3.2", "^0.3.2"),
            ("0.0.7", "^0.0.7"),
            ("2.0.0-rc.1+b", "^2.0.0-rc.1"),
        ];
        for (version, expected) in cases {
            let version = version.parse().unwrap();
            let req = around(&version).unwrap();
            assert_eq!(req.to_string(), expected);
            assert!(req.matches(&version));
        }
    }
}
