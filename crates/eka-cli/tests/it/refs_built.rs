//! `eka refs` finds what Nix found in everything that the derivations of the harness build.

use std::collections::BTreeSet;

use testkit::derivations::Derivations;
use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::support::World;

#[test]
fn references_of_all_that_is_built_are_those_of_nix() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let store = NixStore::new(&world.env);
    let all = Derivations::instantiate(&store);
    let builds = all.build().builds(&all.shown_json());
    let path = store.path().display().to_string();
    let mut n_references = Vec::new();
    for build in builds.values() {
        let candidates: Vec<_> = build.candidates.iter().map(String::as_str).collect();
        world.write("closure", &candidates.join("\n"));
        for (output, references) in &build.references {
            let args = ["refs", "--store", &path, "--candidates", "closure", output];
            let found = world.eka(&args).output().unwrap();
            assert!(found.status.success(), "{}", world.show(&found));
            let found = String::from_utf8(found.stdout).unwrap();
            let found: BTreeSet<_> = found.lines().map(|it| format!("{path}/{it}")).collect();
            assert_eq!(&found, references, "{output}");
            n_references.push(references.len());
        }
    }
    assert!(n_references.len() >= 220, "{}", n_references.len());
    assert!(
        n_references.iter().sum::<usize>() >= 150,
        "{n_references:?}"
    );
}
