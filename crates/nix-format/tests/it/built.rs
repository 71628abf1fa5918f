//! What Nix made of the derivations of the harness: its hashes modulo, and paths by contents.

use std::collections::BTreeSet;

use nix_format::derivation::Modulos;
use nix_format::{ContentAddress, References};
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::instantiated::Instantiated;

#[test]
fn what_nix_registers_is_what_is_computed() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    let it = Instantiated::new(&NixStore::new(&env));
    let built = it.all.build();

    // Realisations are named by the inhash.
    let cache = built.cache();
    let mut modulos = Modulos::new(it.dir.clone());
    let mut n_realisations = 0;
    for (drv, outputs) in &built.outputs {
        let derivation = it.read(&it.dir.parse(drv).unwrap()).unwrap();
        let inhash = modulos.inhash(&derivation, |path| it.read(path)).unwrap();
        assert!(
            derivation
                .outputs
                .keys()
                .map(|it| it.as_str())
                .eq(outputs.keys())
        );
        for (output, path) in outputs.iter().filter(|(name, _)| name.len() < 100) {
            let id = format!("sha256:{}!{output}", inhash.hash.base16());
            let file = cache.join(format!("realisations/{id}.doi"));
            let text = std::fs::read_to_string(&file);
            let text = text.unwrap_or_else(|error| panic!("{drv} {id}: {error}"));
            let base = it.dir.parse(path).unwrap();
            assert!(text.contains(&format!(r#""outPath":"{base}""#)), "{text}");
            n_realisations += 1;
        }
    }
    assert!(n_realisations > 150, "{n_realisations}");

    // Contents name paths: those of texts, sources, derivations, fixed and floating outputs.
    let mut kinds = BTreeSet::new();
    for (path, info) in built.infos() {
        let Some(address) = info["ca"].as_str() else {
            continue;
        };
        let path = it.dir.parse(&path).unwrap();
        let address: ContentAddress = address.parse().unwrap();
        let references = info["references"].as_array().unwrap().iter();
        let mut others: BTreeSet<_> = references
            .map(|path| it.dir.parse(path.as_str().unwrap()).unwrap())
            .collect();
        let itself = others.remove(&path);
        kinds.insert((address.kind(), !others.is_empty(), itself));
        let references = References { others, itself };
        let found = it
            .dir
            .content_path(path.name().clone(), &address, &references);
        assert_eq!(found, Ok(path));
        assert_eq!(Some(&*address.to_string()), info["ca"].as_str());
    }
    // Eight of fixed hashes, and those that refer to others, to themselves, to both, to none.
    assert!(kinds.len() >= 12, "{kinds:?}");
}
