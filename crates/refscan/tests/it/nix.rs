//! What was found in outputs that Nix built, against the references that Nix found.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;

use refscan::{Candidates, ReferenceFeed, StoreSpec};
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::tools;

fn names(paths: &[String]) -> BTreeSet<String> {
    let names = paths.iter().map(|path| path.rsplit('/').next().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn references_are_those_of_nix() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let store = NixStore::new(&Env::new());
    let outputs = store.build(nix::REFERENCES);
    assert_eq!(outputs.len(), 12, "{outputs:?}");
    for output in outputs {
        let drv = &store.query(&["--deriver"], &output)[0];
        let closure = store.query(&["--requisites", "--include-outputs"], drv);
        let known: Vec<_> = names(&closure).into_iter().collect();
        let hashes = known.iter().map(|name| &name[..32]);
        let candidates = Candidates::new(&StoreSpec::NIX, hashes).unwrap();
        let nar = store.dump(&output);
        let mut found = BTreeSet::new();
        let mut search = candidates.search();
        for piece in nar.chunks(4_096) {
            search.feed(piece, |hit| {
                found.insert(known[hit.candidate].clone());
            });
        }
        let expected = names(&store.query(&["--references"], &output));
        assert_eq!(found, expected, "{output}");
        discovered_are_among(&found, &store, &nar);
    }
}

/// With the path to the store before it, a reference is found by that alone.
fn discovered_are_among(found: &BTreeSet<String>, store: &NixStore, nar: &[u8]) {
    let path = store.path();
    let spec = StoreSpec::NIX.at(path.as_os_str().as_bytes()).unwrap();
    let mut discovered = BTreeSet::new();
    let mut feed = ReferenceFeed::new(&spec);
    let mut found_one = |_, name: &[u8]| {
        discovered.insert(String::from_utf8(name.to_vec()).unwrap());
    };
    for piece in nar.chunks(1_000) {
        feed.feed(piece, &mut found_one);
    }
    feed.finish(&mut found_one);
    let text = String::from_utf8_lossy(nar);
    let plain = found.iter().filter(|name| {
        let path = format!("{}/{name}", path.display());
        text.contains(&path)
    });
    assert_eq!(discovered, plain.cloned().collect());
}
