//! How explanations name atoms and versions: short ids, and ranges over what exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use atom::{AtomId, Id, Root, Version};

/// Tells atoms of one explanation apart that share an id, and what their sets are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    ambiguous: BTreeSet<Id>,
    /// The caller's words for sets.
    pub(crate) sets: BTreeMap<Root, String>,
}

/// Versions of one atom, neighbours among the existing ones merged: `1.0.0 to 1.4.2, 2.0.0`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ranges {
    parts: Vec<(Version, Version, usize)>,
}

impl Names {
    pub(crate) fn new<'a>(atoms: impl IntoIterator<Item = &'a AtomId>) -> Self {
        let mut by_id: BTreeMap<&Id, BTreeSet<&AtomId>> = BTreeMap::new();
        for atom in atoms {
            by_id.entry(&atom.id).or_default().insert(atom);
        }
        let ambiguous = by_id
            .into_iter()
            .filter(|(_, atoms)| atoms.len() > 1)
            .map(|(id, _)| id.clone())
            .collect();
        Self {
            ambiguous,
            sets: BTreeMap::new(),
        }
    }

    /// `id`, or `id#digest`.
    pub(crate) fn of(&self, atom: &AtomId) -> String {
        format!("{}{}", atom.id, self.suffix(atom))
    }

    /// `id@versions`, or `id@versions#digest`, as a lock writes it.
    pub(crate) fn at(&self, atom: &AtomId, versions: &Ranges) -> String {
        format!("{}@{versions}{}", atom.id, self.suffix(atom))
    }

    fn suffix(&self, atom: &AtomId) -> String {
        if self.ambiguous.contains(&atom.id) {
            format!("#{}", atom.digest().short())
        } else {
            String::new()
        }
    }
}

impl Ranges {
    /// Merges those of `chosen` that have no other existing version between them; a pre-release
    /// that was not chosen parts no two releases.
    #[must_use]
    pub fn new<'a>(
        chosen: &BTreeSet<&Version>,
        existing: impl IntoIterator<Item = &'a Version>,
    ) -> Self {
        let mut parts: Vec<(Version, Version, usize)> = Vec::new();
        let mut is_open = false;
        for version in existing {
            if !chosen.contains(version) {
                is_open &= !version.pre.is_empty();
                continue;
            }
            match parts.last_mut().filter(|_| is_open) {
                Some((_, last, n_versions)) => {
                    *last = version.clone();
                    *n_versions += 1;
                }
                None => parts.push((version.clone(), version.clone(), 1)),
            }
            is_open = true;
        }
        Self { parts }
    }

    /// First and last version of each run, oldest run first, and how many existing versions it
    /// holds.
    pub fn parts(&self) -> impl Iterator<Item = (&Version, &Version, usize)> {
        self.parts
            .iter()
            .map(|(first, last, n_versions)| (first, last, *n_versions))
    }

    /// How many existing versions they hold.
    #[must_use]
    pub fn n_versions(&self) -> usize {
        self.parts.iter().map(|(_, _, n_versions)| n_versions).sum()
    }

    /// Whether they hold one version alone.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.n_versions() == 1
    }
}

/// The one version.
impl From<&Version> for Ranges {
    fn from(version: &Version) -> Self {
        Self {
            parts: vec![(version.clone(), version.clone(), 1)],
        }
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (first, last, n_versions)) in self.parts.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            match n_versions {
                1 => write!(f, "{comma}{first}")?,
                2 => write!(f, "{comma}{first}, {last}")?,
                _ => write!(f, "{comma}{first} to {last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chosen: &str, existing: &str, expected: &str) {
        let read = |text: &str| -> BTreeSet<Version> {
            text.split_whitespace()
                .map(|it| it.parse().unwrap())
                .collect()
        };
        let (chosen, existing) = (read(chosen), read(existing));
        let ranges = Ranges::new(&chosen.iter().collect(), &existing);
        assert_eq!(ranges.to_string(), expected);
        assert_eq!(ranges.n_versions(), chosen.len());
    }

    #[test]
    fn neighbours_among_existing_versions_are_merged() {
        check("1.0.0", "1.0.0", "1.0.0");
        check("1.0.0 1.1.0", "1.0.0 1.1.0 2.0.0", "1.0.0, 1.1.0");
        check("1.0.0 1.1.0 1.5.0", "1.0.0 1.1.0 1.5.0", "1.0.0 to 1.5.0");
        check(
            "1.0.0 1.5.0 2.0.0",
            "1.0.0 1.1.0 1.5.0 2.0.0",
            "1.0.0, 1.5.0, 2.0.0",
        );
        check("", "1.0.0", "");
    }

    #[test]
    fn a_prerelease_that_does_not_count_parts_no_releases() {
        check(
            "1.0.0 1.1.0 1.2.0",
            "1.0.0 1.1.0-rc.1 1.1.0 1.2.0",
            "1.0.0 to 1.2.0",
        );
    }
}
