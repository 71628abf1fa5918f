//! What the parts of a manifest must be to each other.

use super::parse::{Found, Sets};
use super::{Dep, ManifestFault, Set, SetPlace};
use crate::document::{Section, span};
use crate::near::nearest;
use crate::{Id, Name};

/// Every `[deps.<set>]` is of a set that `[sets]` has.
pub(super) fn declared(top: &Section<'_, '_>, sets: &Sets, faults: &mut Found) {
    // What is no table was reported where it was read.
    let Some(section) = top.peek("deps") else {
        return;
    };
    for (key, _) in section.entries() {
        let is_name = key.value.parse::<Name>().is_ok();
        if is_name && !sets.keys().any(|it| it.as_str() == key.value) {
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
    for (at, dep) in deps.iter().enumerate() {
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
        let mut before = deps[..at].iter().filter(|it| it.id == dep.id);
        let twice = before.find(|it| set_of(it).is_some_and(|it| same_place(it, set)));
        if let Some(first) = twice {
            let fault = ManifestFault::DuplicateDep {
                id: dep.id.to_string(),
                first: first.set.to_string(),
                second: dep.set.to_string(),
                span: span(&dep.span),
            };
            faults.push(&dep.span, fault);
        }
    }
}

fn same_place(a: &Set, b: &Set) -> bool {
    match (a.place.origin(), b.place.origin()) {
        (Some(a), Some(b)) => a.key() == b.key(),
        (None, None) => true,
        _ => false,
    }
}
