//! What holds of every derivation, whatever the bytes: reading never panics, and what is read is
//! printed back.
//!
//! Both the fuzz target and the ordinary tests of the nix-format crate run these.

use std::collections::BTreeMap;

use nix_format::derivation::{Derivation, OutputName, Setting, print_json};
use nix_format::{StoreDir, StorePath};

/// A derivation prints as it was read, and nothing that is asked of it panics.
pub(crate) fn drv(bytes: &[u8]) {
    let store = StoreDir::default();
    if let Ok(derivation) = Derivation::parse(&store, bytes) {
        assert_eq!(derivation.print(&store), bytes);
        let path = StorePath::from_parts([0; 20], "a.drv".parse().expect("a name"));
        drop(print_json(&store, [(&path, &derivation)]));
        let scratch =
            |name: &OutputName| Some((name.clone(), name.scratch_path(&store, &path).ok()?));
        drop(derivation.inhash(&store, |_| None));
        drop(derivation.graphs(&store));
        drop(derivation.environment(&Setting {
            store_dir: &store,
            build_dir: "/build",
            n_cores: 1,
            outputs: &derivation.outputs.keys().filter_map(scratch).collect(),
            graphs: &BTreeMap::new(),
            impure: &BTreeMap::new(),
        }));
    }
}
