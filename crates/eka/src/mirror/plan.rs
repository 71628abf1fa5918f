//! What one repository lacks of another's versions. Pure.

use std::collections::BTreeMap;

use atom::refname::{AtomRef, Part};
use atom::{Id, ObjectId, Version};
use atom_git::remote::VersionRefs;

use super::error::Conflict;

/// Refs of versions, by id and version.
pub(super) type Versions = BTreeMap<Id, BTreeMap<Version, VersionRefs>>;

/// One version that is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) id: Id,
    pub(super) version: Version,
    /// All that there is of it.
    pub(super) refs: VersionRefs,
    /// What of it is there already.
    pub(super) state: State,
    /// What is to be made.
    pub(super) creates: Vec<(AtomRef, ObjectId)>,
}

/// How much of a version was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    New,
    /// Some of its refs.
    Completed,
    /// All of them.
    Present,
}

/// Compares two repositories, as far as the first has versions or tombstones: what is there
/// otherwise is a conflict.
pub(super) fn plan(from: &Versions, to: &Versions) -> Result<Vec<Step>, Vec<Conflict>> {
    let (mut steps, mut conflicts) = (Vec::new(), Vec::new());
    let all = from.iter().flat_map(|(id, versions)| {
        let versions = versions.iter();
        versions.map(move |(version, refs)| (id, version, refs))
    });
    for (id, version, refs) in all.filter(|(_, _, it)| it.exists() || it.is_tombstone()) {
        let there = to.get(id).and_then(|it| it.get(version)).copied();
        let there = there.unwrap_or_default();
        let conflict = |part, ours: Option<ObjectId>, theirs| Conflict {
            id: id.clone(),
            version: version.clone(),
            part,
            from: ours,
            to: theirs,
        };
        if there.is_tombstone() && refs.exists() {
            conflicts.extend(there.yank.map(|it| conflict(Part::Yank, refs.yank, it)));
            continue;
        }
        let mut creates = Vec::new();
        for part in Part::ALL {
            match (refs.part(part), there.part(part)) {
                (Some(ours), None) => {
                    let name = AtomRef::new(id.clone(), version.clone(), part);
                    creates.push((name, ours));
                }
                (Some(ours), Some(theirs)) if ours != theirs => {
                    conflicts.push(conflict(part, Some(ours), theirs));
                }
                // What the first deleted for ever is there still.
                (None, Some(theirs)) if refs.is_tombstone() => {
                    conflicts.push(conflict(part, None, theirs));
                }
                _ => {}
            }
        }
        let state = match (creates.is_empty(), there == VersionRefs::default()) {
            (true, _) => State::Present,
            (false, true) => State::New,
            (false, false) => State::Completed,
        };
        steps.push(Step {
            id: id.clone(),
            version: version.clone(),
            refs: *refs,
            state,
            creates,
        });
    }
    if conflicts.is_empty() {
        Ok(steps)
    } else {
        Err(conflicts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> ObjectId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn one(refs: &[(Part, char)]) -> Versions {
        let at = |part| refs.iter().find(|it| it.0 == part).map(|it| id(it.1));
        let refs = VersionRefs {
            atom: at(Part::Atom),
            spec: at(Part::Spec),
            src: at(Part::Src),
            sig: at(Part::Sig),
            yank: at(Part::Yank),
            deprecate: at(Part::Deprecate),
        };
        let versions = [("1.0.0".parse().unwrap(), refs)].into();
        [("a".parse().unwrap(), versions)].into()
    }

    /// The state and the parts to make, or the part in conflict.
    #[track_caller]
    fn check(from: &[(Part, char)], to: &[(Part, char)], expected: Result<(State, &[Part]), Part>) {
        let planned = plan(&one(from), &one(to));
        match (planned, expected) {
            (Ok(steps), Ok((state, parts))) => {
                let made = steps[0].creates.iter().map(|(name, _)| name.part);
                assert_eq!(steps[0].state, state);
                assert_eq!(made.collect::<Vec<_>>(), parts);
            }
            (Err(conflicts), Err(part)) => assert_eq!(conflicts[0].part, part),
            (planned, expected) => panic!("{planned:?} is not {expected:?}"),
        }
    }

    #[test]
    fn what_is_lacking_and_what_is_otherwise() {
        use Part::{Atom, Sig, Spec, Src, Yank};
        let whole = [(Atom, 'a'), (Spec, 'b'), (Src, 'c')];
        check(&whole, &[], Ok((State::New, &[Atom, Spec, Src])));
        check(&whole, &whole, Ok((State::Present, &[])));
        check(&whole, &whole[..1], Ok((State::Completed, &[Spec, Src])));
        let more = [&whole[..], &[(Yank, 'd'), (Sig, 'e')]].concat();
        check(&more, &whole, Ok((State::Completed, &[Sig, Yank])));
        check(&whole, &more, Ok((State::Present, &[])));
        check(&whole, &[(Atom, 'f')], Err(Atom));
        check(&whole, &[(Src, 'f')], Err(Src));
        check(&more, &[(Yank, 'f')], Err(Yank));
        // Tombstones go along, and nothing comes back to life.
        check(&[(Yank, 'd')], &[], Ok((State::New, &[Yank])));
        check(&whole, &[(Yank, 'd')], Err(Yank));
        check(&[(Yank, 'd')], &whole, Err(Atom));
        // What is no version is passed by.
        assert_eq!(plan(&one(&[(Atom, 'a')]), &one(&[])), Ok(Vec::new()));
    }
}
