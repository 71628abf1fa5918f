//! One byte that differs, in a derivation that Nix wrote, does not go unseen.

use nix_format::StorePath;
use nix_format::derivation::{Derivation, Kind};
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::drv_paths::{bare, plan};
use crate::instantiated::Instantiated;

/// Every field, with and without entries, is in one of these.
const NAMES: &[&str] = &[
    "escapes-arguments",
    "fixed-recursive-sha512-sri",
    "fixed-on-fixed",
    "floating-several",
    "floating-deferred",
    "inputs-texts",
    "outputs-two-of-four",
    "structured-plain",
    "unbuilt-system",
    "unbuilt-impure",
];

#[test]
fn one_byte_makes_another_derivation_or_none() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    let it = Instantiated::new(&NixStore::unbuildable(&env));
    let modulos = it.modulos();
    let (mut n_refused, mut n_renamed) = (0, 0);
    for name in NAMES {
        let path = it.path(name);
        let name = path.drv_name().unwrap();
        let text = it.drvs[&path].print(&it.dir);
        for at in 0..text.len() {
            let mut text = text.clone();
            text[at] = if text[at] == b'b' { b'c' } else { b'b' };
            let Ok(changed) = Derivation::parse(&it.dir, &text) else {
                n_refused += 1;
                continue;
            };
            // What is read is what is there,
            assert!(changed.print(&it.dir) == text, "{path} {at}");
            let elsewhere = changed.store_path(&it.dir, &name);
            assert_ne!(elsewhere.as_ref(), Ok(&path), "{at}");
            // and it does not say what follows from it, where its inputs name its outputs.
            if changed.kind() != Ok(Kind::InputAddressed) {
                continue;
            }
            let mut filled = bare(changed.clone());
            let inputs = |it: &StorePath| modulos.get(it);
            let filling = filled.fill(&it.dir, &name, &plan(&changed), inputs);
            assert!(filling.is_err() || filled != changed, "{path} {at}");
            n_renamed += 1;
        }
    }
    assert!(n_refused > 1_000, "{n_refused}");
    assert!(n_renamed > 1_000, "{n_renamed}");
}
