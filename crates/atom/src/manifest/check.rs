//! What the parts of a manifest must be to each other.

use std::collections::BTreeMap;

use super::parse::{Found, Sets};
use super::{Dep, ManifestFault, SetPlace};
use crate::document::{Section, span};
use crate::near::nearest;
use crate::url::{RepoKey, RepoUrl};
use crate::{Id, Name};

/// Every `[deps.<set>]` is of a set that `[sets]` has.
pub(super) fn declared(top: &Section<'_, '_>, sets: &Sets, faults: &mut Found) {
    // What is no table was reported where it was read.
    let Some(section) = top.peek("deps") else {
        return;
    };
    for (key, _) in section.entries() {
        let name: Result<Name, _> = key.value.parse();
        if name.is_ok_and(|it| !sets.contains_key(&it)) && !faults.is_full() {
            let fault = ManifestFault::UndeclaredSet {
                set: key.value.to_owned(),
                nearest: nearest(key.value, sets.keys().map(Name::as_str)).map(str::to_owned),
                span: span(&key.span),
            };
            faults.push(&key.span, fault);
        }
    }
}

/// No atom depends on itself, nor twice on another through two names of one set.
pub(super) fn deps(own: Option<&Id>, sets: &Sets, deps: &[Dep], faults: &mut Found) {
    let set_of = |dep: &Dep| sets.get(&dep.set).and_then(Option::as_ref);
    let mut before: BTreeMap<(&Id, Option<RepoKey>), &Dep> = BTreeMap::new();
    for dep in deps {
        let Some(set) = set_of(dep) else {
            continue;
        };
        if set.place == SetPlace::Here && own == Some(&dep.id) {
            let fault = ManifestFault::DependsOnItself {
                id: dep.id.to_string(),
                set: dep.set.to_string(),
                span: span(&dep.span),
            };
            faults.push(&dep.span, fault);
        }
        let place = (&dep.id, set.place.origin().map(RepoUrl::key));
        if let Some(first) = before.get(&place) {
            let fault = ManifestFault::DuplicateDep {
                id: dep.id.to_string(),
                first: first.set.to_string(),
                second: dep.set.to_string(),
                span: span(&dep.span),
            };
            faults.push(&dep.span, fault);
        }
        before.entry(place).or_insert(dep);
    }
}
