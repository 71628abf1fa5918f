//! What a remote lacks of the offered atoms, and what stands against bringing it there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use atom::commit::SpecCommit;
use atom::refname::{AtomRef, Part};
use atom::{AtomId, Id, ObjectId, Version, confusable_pairs};

use super::refusal::{Refusal, RefusalKind};
use crate::remote::VersionRefs;

/// An atom as it would be published in one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What its spec says; the atom commit is named there.
    pub spec: SpecCommit,
    /// The spec commit.
    pub spec_commit: ObjectId,
}

/// What a remote has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct There {
    /// The refs of atoms, by id and version.
    pub versions: BTreeMap<Id, BTreeMap<Version, VersionRefs>>,
    /// Spec commits, as far as they were read.
    pub specs: BTreeMap<ObjectId, SpecCommit>,
    /// Names below `refs/atoms/` that are no ref of an atom, and those that are of a wrong kind.
    pub strangers: BTreeSet<String>,
}

/// What is to be done for each offer, in their order.
#[derive(Debug, Default)]
pub struct Plan {
    /// One each.
    pub steps: Vec<Step>,
}

/// What is to be done for one offer.
#[derive(Debug)]
pub struct Step {
    /// The atom.
    pub atom: AtomId,
    /// Its version.
    pub version: Version,
    /// The atom commit.
    pub commit: ObjectId,
    /// The spec commit: the remote's own where it has one.
    pub spec_commit: ObjectId,
    /// The source commit that the spec names.
    pub src: ObjectId,
    /// What it comes to.
    pub verdict: Verdict,
    /// The refs to create.
    pub creates: Vec<(AtomRef, ObjectId)>,
}

/// What an offer comes to.
#[derive(Debug)]
pub enum Verdict {
    /// The version is not there.
    New,
    /// It is there, as it would be published again.
    Present,
    /// It is there in part.
    Completed,
    /// It cannot be published.
    Refused(Box<Refusal>),
}

/// Compares offers with what a remote has.
#[must_use]
pub fn plan(offers: &[Offer], there: &There) -> Plan {
    let mut alike = look_alikes(offers, there);
    let step = |offer: &Offer| {
        let spec = &offer.spec;
        let refs = there.refs(&spec.atom.id, &spec.version);
        let known = refs.spec.and_then(|it| there.specs.get(&it));
        let refused = alike.remove(&spec.atom.id);
        let refused = refused.or_else(|| refusal(offer, &refs, known, there));
        let mut step = Step {
            atom: spec.atom.clone(),
            version: spec.version.clone(),
            commit: spec.atom_commit,
            spec_commit: refs.spec.unwrap_or(offer.spec_commit),
            src: known.map_or(spec.src, |it| it.src),
            verdict: Verdict::Present,
            creates: Vec::new(),
        };
        step.creates = missing(&step, &refs);
        let refused = refused.or_else(|| in_the_way(&step, there));
        step.verdict = match refused {
            Some(kind) => Verdict::Refused(Box::new(Refusal {
                id: spec.atom.id.clone(),
                version: spec.version.clone(),
                kind,
            })),
            None if refs.atom.is_none() && refs.spec.is_none() => Verdict::New,
            None if step.creates.is_empty() => Verdict::Present,
            None => Verdict::Completed,
        };
        if matches!(step.verdict, Verdict::Refused(_)) {
            step.creates.clear();
            (step.spec_commit, step.src) = (offer.spec_commit, spec.src);
        }
        step
    };
    Plan {
        steps: offers.iter().map(step).collect(),
    }
}

impl There {
    /// The refs of one version.
    #[must_use]
    pub fn refs(&self, id: &Id, version: &Version) -> VersionRefs {
        let refs = self.versions.get(id).and_then(|it| it.get(version));
        refs.copied().unwrap_or_default()
    }
}

impl Plan {
    /// Every refusal.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.steps.iter().filter_map(|it| match &it.verdict {
            Verdict::Refused(refusal) => Some(&**refusal),
            _ => None,
        })
    }

    /// Every ref to create.
    pub fn creates(&self) -> impl Iterator<Item = &(AtomRef, ObjectId)> {
        self.steps.iter().flat_map(|it| &it.creates)
    }

    /// Whether a refusal could not say all: another push may be under way there.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.refusals()
            .any(|it| matches!(it.kind, RefusalKind::Differs { src: None, .. }))
    }
}

/// The refs that the remote lacks.
fn missing(step: &Step, refs: &VersionRefs) -> Vec<(AtomRef, ObjectId)> {
    let parts = [
        (Part::Atom, step.commit),
        (Part::Spec, step.spec_commit),
        (Part::Src, step.src),
    ];
    let name = |part| AtomRef::new(step.atom.id.clone(), step.version.clone(), part);
    let missing = parts
        .into_iter()
        .filter(|(part, _)| refs.part(*part).is_none());
    missing.map(|(part, id)| (name(part), id)).collect()
}

/// What stands against an offer, of what the remote has of that atom.
fn refusal(
    offer: &Offer,
    refs: &VersionRefs,
    known: Option<&SpecCommit>,
    there: &There,
) -> Option<RefusalKind> {
    let ours = &offer.spec;
    if refs.is_tombstone() {
        return Some(RefusalKind::Tombstone);
    }
    if let Some(theirs) = refs.atom.filter(|it| *it != ours.atom_commit) {
        return Some(RefusalKind::Differs {
            ours: ours.atom_commit,
            theirs,
            src: refs.src.or(known.map(|it| it.src)),
            path: ours.path.clone(),
            paths: Vec::new(),
        });
    }
    match (refs.spec, known) {
        (Some(spec), Some(known)) => disagreement(ours, spec, known, refs),
        (Some(spec), None) => Some(RefusalKind::UnreadSpec { spec }),
        (None, _) => match refs.src.filter(|it| *it != ours.src) {
            Some(src) => Some(RefusalKind::SrcTaken { src }),
            None if refs.atom.is_none() => twin(offer, there),
            None => None,
        },
    }
}

/// What a spec that the remote has says otherwise.
fn disagreement(
    ours: &SpecCommit,
    spec: ObjectId,
    known: &SpecCommit,
    refs: &VersionRefs,
) -> Option<RefusalKind> {
    if known.atom_commit != ours.atom_commit {
        return Some(RefusalKind::Differs {
            ours: ours.atom_commit,
            theirs: known.atom_commit,
            src: Some(known.src),
            path: ours.path.clone(),
            paths: Vec::new(),
        });
    }
    let claims = |it: &SpecCommit| (it.tree, it.atom.clone(), it.version.clone(), it.nar);
    if claims(known) != claims(ours) {
        return Some(RefusalKind::SpecLies { spec });
    }
    refs.src
        .filter(|it| *it != known.src)
        .map(|found| RefusalKind::SrcMoved {
            expected: known.src,
            found,
        })
}

/// A version that differs in build metadata alone.
fn twin(offer: &Offer, there: &There) -> Option<RefusalKind> {
    let versions = there.versions.get(&offer.spec.atom.id)?;
    let twin = versions.iter().find(|(version, refs)| {
        offer.spec.version.same_but_build(version) && (refs.atom.is_some() || refs.spec.is_some())
    });
    twin.map(|(other, _)| RefusalKind::Build {
        other: other.clone(),
    })
}

/// A foreign ref by whose name one of ours cannot be.
fn in_the_way(step: &Step, there: &There) -> Option<RefusalKind> {
    let blocks = |name: &str| -> Option<String> {
        let below = format!("{name}/");
        let after = there.strangers.range(below.clone()..).next();
        if let Some(after) = after.filter(|it| it.starts_with(&below)) {
            return Some(after.clone());
        }
        let above = name.match_indices('/').map(|(at, _)| &name[..at]);
        let mut itself_or_above = above.chain([name]);
        itself_or_above
            .find(|it| there.strangers.contains(*it))
            .map(str::to_owned)
    };
    let mut names = step.creates.iter().map(|(name, _)| name.to_string());
    let other = names.find_map(|it| blocks(&it))?;
    Some(RefusalKind::InTheWay { other })
}

/// New ids that would be taken for others of the set.
fn look_alikes(offers: &[Offer], there: &There) -> BTreeMap<Id, RefusalKind> {
    let offered: BTreeSet<&Id> = offers.iter().map(|it| &it.spec.atom.id).collect();
    let new = |id: &Id| offered.contains(id) && !there.versions.contains_key(id);
    let mut found = BTreeMap::new();
    if !offered.iter().any(|id| new(id)) {
        return found;
    }
    let all: BTreeSet<&Id> = offered
        .iter()
        .copied()
        .chain(there.versions.keys())
        .collect();
    for (a, b) in confusable_pairs(all) {
        for (id, other) in [(a, b), (b, a)] {
            if new(id) {
                let other = other.clone();
                found.insert(id.clone(), RefusalKind::LooksLike { other });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use atom::{NarHash, Root};

    use super::*;

    fn id(digit: char) -> ObjectId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    /// What is offered: atom `a`, spec `b`, source `c`.
    fn offer(name: &str, version: &str) -> Offer {
        let spec = SpecCommit {
            tree: id('d'),
            atom: AtomId::new(Root(id('0')), name.parse().unwrap()),
            version: version.parse().unwrap(),
            nar: NarHash([7; 32]),
            atom_commit: id('a'),
            path: "libs/x".parse().unwrap(),
            src: id('c'),
        };
        Offer {
            spec,
            spec_commit: id('b'),
        }
    }

    fn refs(atom: &str, spec: &str, src: &str, yank: &str) -> VersionRefs {
        let at = |it: &str| it.chars().next().map(id);
        VersionRefs {
            atom: at(atom),
            spec: at(spec),
            src: at(src),
            yank: at(yank),
            ..VersionRefs::default()
        }
    }

    /// A remote that has these refs of `x@1.0.0`; spec `e` there is ours but for its source `f`.
    fn there(refs: VersionRefs) -> There {
        let ours = offer("x", "1.0.0");
        let other = SpecCommit {
            src: id('f'),
            ..ours.spec.clone()
        };
        let lie = SpecCommit {
            nar: NarHash([8; 32]),
            ..ours.spec.clone()
        };
        let versions = [("1.0.0".parse().unwrap(), refs)].into();
        There {
            versions: [("x".parse().unwrap(), versions)].into(),
            specs: [(id('b'), ours.spec), (id('e'), other), (id('9'), lie)].into(),
            strangers: BTreeSet::new(),
        }
    }

    /// The verdict in one word, and the digits of the refs that are made: atom, spec, source.
    #[track_caller]
    fn check(there: &There, version: &str, expected: &str) {
        let plan = plan(&[offer("x", version)], there);
        let step = &plan.steps[0];
        let word = match &step.verdict {
            Verdict::New => "new",
            Verdict::Present => "present",
            Verdict::Completed => "completed",
            Verdict::Refused(refusal) => match refusal.kind {
                RefusalKind::Differs { .. } => "differs",
                RefusalKind::Tombstone => "tombstone",
                RefusalKind::Build { .. } => "build",
                RefusalKind::LooksLike { .. } => "alike",
                RefusalKind::InTheWay { .. } => "in the way",
                RefusalKind::UnreadSpec { .. } => "unread",
                RefusalKind::SrcTaken { .. } => "taken",
                RefusalKind::SrcMoved { .. } => "moved",
                RefusalKind::SpecLies { .. } => "lies",
                RefusalKind::SrcNotHere { .. } => "not here",
            },
        };
        let mut said = word.to_owned();
        for (name, id) in &step.creates {
            said += &format!(" {}={}", name.part, &id.to_string()[..1]);
        }
        assert_eq!(said, expected);
    }

    #[test]
    fn each_state_of_a_version() {
        for (atom, spec, src, yank, expected) in [
            ("", "", "", "", "new atom=a spec=b src=c"),
            ("", "", "c", "", "new atom=a spec=b"),
            ("a", "b", "c", "", "present"),
            ("a", "b", "c", "y", "present"),
            ("a", "e", "f", "", "present"),
            ("a", "e", "", "", "completed src=f"),
            ("", "e", "", "", "completed atom=a src=f"),
            ("a", "", "", "", "completed spec=b src=c"),
            ("a", "", "c", "", "completed spec=b"),
            ("a", "", "f", "", "taken"),
            ("", "", "f", "", "taken"),
            ("a", "e", "c", "", "moved"),
            ("a", "b", "f", "", "moved"),
            ("a", "9", "c", "", "lies"),
            ("a", "8", "c", "", "unread"),
            ("7", "8", "c", "", "differs"),
            ("7", "", "", "", "differs"),
            ("", "", "", "6", "tombstone"),
            ("", "", "c", "6", "tombstone"),
        ] {
            let yank = yank.replace('y', "6");
            check(&there(refs(atom, spec, src, &yank)), "1.0.0", expected);
        }
    }

    #[test]
    fn a_spec_of_another_atom_differs() {
        let mut there = there(refs("", "e", "f", ""));
        there.specs.get_mut(&id('e')).unwrap().atom_commit = id('7');
        check(&there, "1.0.0", "differs");
    }

    #[test]
    fn build_metadata_alone_is_no_version() {
        let all = "new atom=a spec=b src=c";
        let whole = there(refs("a", "b", "c", ""));
        check(&whole, "1.0.0+x", "build");
        check(&whole, "1.0.1", all);
        check(&there(refs("", "", "", "6")), "1.0.0+x", all);
        check(&there(refs("a", "", "", "")), "1.0.0+x", "build");
    }

    #[test]
    fn what_is_in_the_way() {
        let mut there = there(refs("a", "b", "c", ""));
        for name in [
            "refs/atoms/x/1.0.0/src/y",
            "refs/atoms/x/2.0.0",
            "refs/atoms/x/3.0.0/atom",
        ] {
            there.strangers.insert(name.to_owned());
        }
        // What is there needs no place.
        check(&there, "1.0.0", "present");
        check(&there, "2.0.0", "in the way");
        check(&there, "3.0.0", "in the way");
        check(&there, "4.0.0", "new atom=a spec=b src=c");
    }

    #[test]
    fn look_alikes_of_new_ids_alone() {
        let kinds = |there: &There, names: &[&str]| -> Vec<bool> {
            let offers: Vec<_> = names.iter().map(|it| offer(it, "1.0.0")).collect();
            let plan = plan(&offers, there);
            let refused = |it: &Step| matches!(it.verdict, Verdict::Refused(_));
            plan.steps.iter().map(refused).collect()
        };
        let with = |names: &[&str]| {
            let mut there = There::default();
            for name in names {
                there
                    .versions
                    .insert(name.parse().unwrap(), BTreeMap::new());
            }
            there
        };
        assert_eq!(
            kinds(&with(&[]), &["zlib", "ZLib", "x"]),
            [true, true, false]
        );
        assert_eq!(kinds(&with(&["zlib"]), &["zlib", "ZLib"]), [false, true]);
        assert_eq!(
            kinds(&with(&["zlib", "ZLib"]), &["zlib", "ZLib"]),
            [false, false]
        );
        assert_eq!(kinds(&with(&["paypal"]), &["раураl"]), [true]);
    }
}
