//! Small random problems: cycles, diamonds, pre-releases, yanks, unreadable specs, absent atoms.

use std::collections::{BTreeMap, BTreeSet};

use atom::Requirement;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use resolver::{Dependency, Exclusion, Order, Request, RootRequirement, Spec, Universe};

use crate::language::{Problem, atom, req, version};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

const VERSIONS: [&str; 8] = [
    "0.1.0",
    "0.2.0",
    "1.0.0-rc.1",
    "1.0.0",
    "1.1.0",
    "1.2.0",
    "2.0.0",
    "3.0.0",
];

const REQUIREMENTS: [&str; 14] = [
    "*",
    "*",
    "^0.1",
    "<1.0.0",
    "^1",
    "^1.1",
    "~1.1.0",
    "=1.0.0",
    "=1.2.0",
    ">=1.0.0-rc.1",
    ">=1.2.0",
    "^2",
    "<3.0.0",
    "=9.0.0",
];

/// A dependency on one of the atoms, or now and then on one that its set does not have.
fn dependency() -> impl Strategy<Value = Dependency> {
    let name = prop_oneof![30 => select(&NAMES[..]), 1 => Just("absent")];
    (name, select(&REQUIREMENTS[..])).prop_map(|(name, text)| Dependency {
        atom: atom(name),
        req: req(text),
    })
}

/// What a version's spec says, and whether it is yanked.
fn candidate() -> impl Strategy<Value = (Spec, bool)> {
    let unreadable = Spec::Excluded(Exclusion::Unreadable {
        reason: "not TOML".to_owned(),
    });
    let spec = prop_oneof![
        12 => prop::collection::vec(dependency(), 0..4).prop_map(Spec::Known),
        1 => Just(unreadable),
    ];
    (spec, prop::bool::weighted(0.1))
}

fn universe() -> impl Strategy<Value = Universe> {
    let versions = subsequence(&VERSIONS[..], 0..=VERSIONS.len());
    let listing = versions.prop_flat_map(|it| {
        let n_versions = it.len();
        (Just(it), prop::collection::vec(candidate(), n_versions))
    });
    prop::collection::vec(listing, NAMES.len()).prop_map(|listings| {
        let mut universe = Universe::new();
        universe.list(atom("absent"), []);
        for (name, (versions, candidates)) in NAMES.into_iter().zip(listings) {
            let atom = atom(name);
            universe.list(atom.clone(), versions.iter().map(|it| version(it)));
            for (it, (spec, is_yanked)) in versions.into_iter().zip(candidates) {
                universe.set_spec(&atom, &version(it), spec);
                if is_yanked {
                    universe.exclude(&atom, &version(it), Exclusion::Yanked);
                }
            }
        }
        universe
    })
}

fn request() -> impl Strategy<Value = Request> {
    let order = select(&[Order::Newest, Order::Minimal, Order::DirectMinimal][..]);
    let locked = (select(&NAMES[..]), select(&VERSIONS[..]));
    (
        prop::collection::vec(dependency(), 1..4),
        prop::collection::vec(locked, 0..6),
        order,
    )
        .prop_map(|(roots, locked, order)| Request {
            roots: roots.into_iter().enumerate().map(root).collect(),
            locked: locked
                .into_iter()
                .fold(BTreeMap::new(), |mut locked, (name, it)| {
                    let versions: &mut BTreeSet<_> = locked.entry(atom(name)).or_default();
                    versions.insert(version(it));
                    locked
                }),
            order,
            ..Request::default()
        })
}

fn root((token, Dependency { atom, req }): (usize, Dependency)) -> RootRequirement {
    let req: Requirement = req;
    RootRequirement { atom, req, token }
}

/// Any small problem, all of it known.
pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    (universe(), request()).prop_map(|(universe, request)| Problem { universe, request })
}
