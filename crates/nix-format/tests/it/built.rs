//! What Nix made of the derivations of the harness: hashes modulo, paths by contents, and what a
//! binary cache has of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nix_format::derivation::Modulos;
use nix_format::{ContentAddress, NarInfo, PublicKey, Realisation, References, SecretKey};
use testkit::derivations::Built;
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::instantiated::Instantiated;
use crate::seen;

/// One test of many things, as building them all takes seconds.
#[test]
fn what_nix_registers_is_what_is_computed() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    let store = NixStore::new(&env).signing();
    let it = Instantiated::new(&store);
    let built = it.all.build();
    let cache = built.cache();
    let secret = std::fs::read_to_string(store.secret_key()).unwrap();
    let key = Key {
        public: nix::PUBLIC_KEY.parse().unwrap(),
        secret: secret.parse().unwrap(),
    };
    let n_seen = seen::check(&it, &built);
    assert!(n_seen >= 30, "{n_seen}");
    inhashes(&it, &built, &cache);
    addresses(&it, &built);
    narinfos(&it, &cache, &key);
    realisations(&cache, &key);
}

struct Key {
    public: PublicKey,
    secret: SecretKey,
}

/// Realisations are named by the inhash.
fn inhashes(it: &Instantiated, built: &Built, cache: &Path) {
    let mut modulos = Modulos::new(it.dir.clone());
    let mut n_outputs = 0;
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
            let text = std::fs::read(cache.join(format!("realisations/{id}.doi")));
            let text = text.unwrap_or_else(|error| panic!("{drv} {id}: {error}"));
            let realisation = Realisation::parse(&text).unwrap();
            assert_eq!(realisation.id.to_string(), id);
            assert_eq!(it.dir.print(&realisation.out_path), *path);
            n_outputs += 1;
        }
    }
    assert!(n_outputs > 150, "{n_outputs}");
}

/// Contents name paths: those of texts, sources, derivations, fixed and floating outputs.
fn addresses(it: &Instantiated, built: &Built) {
    let mut kinds = BTreeSet::new();
    for (path, info) in built.infos() {
        let Some(text) = info["ca"].as_str() else {
            continue;
        };
        let path = it.dir.parse(&path).unwrap();
        let address: ContentAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
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
    }
    // Of each mode and algorithm, and texts and trees with references.
    for (kind, n) in [("text", 2), ("fixed:r:", 7), ("fixed:", 11)] {
        let n_found = kinds.iter().filter(|it| it.0.starts_with(kind)).count();
        assert_eq!(n_found, n, "{kind} {kinds:?}");
    }
}

/// Narinfos print as they were read, and are signed as we sign.
fn narinfos(it: &Instantiated, cache: &Path, key: &Key) {
    let files = files(cache, ".narinfo");
    assert!(files.len() > 220, "{}", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let narinfo = NarInfo::parse(&it.dir, text.as_bytes()).unwrap();
        assert_eq!(narinfo.print(&it.dir), text);
        assert!(narinfo.is_signed_by(&it.dir, std::slice::from_ref(&key.public)));
        let mut again = narinfo.clone();
        again.signatures.clear();
        again.sign(&it.dir, &key.secret);
        assert_eq!(again, narinfo, "{text}");
    }
}

/// So are realisations; Nix signs those of outputs that float, and what needed such.
fn realisations(cache: &Path, key: &Key) {
    let files = files(&cache.join("realisations"), ".doi");
    assert!(files.len() > 150, "{}", files.len());
    let (mut n_signed, mut n_dependent) = (0, 0);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let realisation = Realisation::parse(text.as_bytes()).unwrap();
        assert_eq!(realisation.print(), text);
        n_dependent += realisation.dependent_realisations.len();
        if realisation.signatures.is_empty() {
            continue;
        }
        let mut again = realisation.clone();
        again.signatures.clear();
        again.sign(&key.secret);
        assert_eq!(again, realisation, "{text}");
        assert!(realisation.is_signed_by(std::slice::from_ref(&key.public)));
        n_signed += 1;
    }
    assert!(n_signed > 15, "{n_signed}");
    assert!(n_dependent >= 5, "{n_dependent}");
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path());
    entries
        .filter(|it| it.to_str().unwrap().ends_with(ending))
        .collect()
}
