//! Every derivation that the harness instantiates: read, printed and named as Nix does.

use std::collections::BTreeMap;

use nix_format::derivation::{Derivation, ModuloError, Modulos, Output, OutputName, print_json};
use nix_format::{StoreDir, StorePath};
use testkit::derivations::Derivations;
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::drv_paths::{bare, plan};

/// All `.drv` files of a store, read.
pub(crate) struct Instantiated {
    pub(crate) all: Derivations,
    pub(crate) dir: StoreDir,
    pub(crate) drvs: BTreeMap<StorePath, Derivation>,
}

impl Instantiated {
    pub(crate) fn new(store: &NixStore) -> Self {
        let all = Derivations::instantiate(store);
        let dir: StoreDir = store.path().to_str().unwrap().parse().unwrap();
        let read = |(path, text): (String, Vec<u8>)| {
            let derivation = Derivation::parse(&dir, &text);
            let derivation = derivation.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(derivation.print(&dir) == text, "{path}");
            (dir.parse(&path).unwrap(), derivation)
        };
        let drvs = all.bytes().into_iter().map(read).collect();
        Self { all, dir, drvs }
    }

    pub(crate) fn path(&self, name: &str) -> StorePath {
        self.dir.parse(self.all.drv(name)).unwrap()
    }

    pub(crate) fn read(&self, path: &StorePath) -> Result<Derivation, ModuloError> {
        let missing = || ModuloError::Missing { path: path.clone() };
        self.drvs.get(path).cloned().ok_or_else(missing)
    }

    /// The hashes modulo of all of them.
    pub(crate) fn modulos(&self) -> Modulos {
        let mut modulos = Modulos::new(self.dir.clone());
        for path in self.drvs.keys() {
            modulos.meet(path.clone(), |it| self.read(it)).unwrap();
        }
        modulos
    }
}

#[test]
fn each_is_printed_shown_and_named_as_by_nix() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    for store in [NixStore::new(&env), NixStore::unbuildable(&env)] {
        let it = Instantiated::new(&store);
        let shown = print_json(&it.dir, &it.drvs);
        assert!(shown == it.all.shown().trim_ascii_end());
        let modulos = it.modulos();
        for (path, derivation) in &it.drvs {
            let name = path.drv_name().unwrap();
            let mut filled = bare(derivation.clone());
            let plan = plan(derivation);
            let inputs = |it: &StorePath| modulos.get(it);
            filled.fill(&it.dir, &name, &plan, inputs).unwrap();
            assert_eq!(&filled, derivation, "{path}");
            let named = filled.store_path(&it.dir, &name);
            assert_eq!(named.as_ref(), Ok(path));
        }
    }
}

#[test]
fn they_are_of_every_kind_and_refer_to_what_is_not_known_as_nix_does() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    let it = Instantiated::new(&NixStore::unbuildable(&env));
    it.kinds();
    it.placeholders();
    it.twins();
}

impl Instantiated {
    fn kinds(&self) {
        let n_of = |of: fn(&Output) -> bool| {
            let outputs = self.drvs.values().flat_map(|it| it.outputs.values());
            outputs.filter(|it| of(it)).count()
        };
        assert!(n_of(|it| matches!(it, Output::InputAddressed(_))) > 500);
        assert!(n_of(|it| matches!(it, Output::Fixed { .. })) > 45);
        assert!(n_of(|it| matches!(it, Output::Floating { .. })) > 15);
        assert!(n_of(|it| matches!(it, Output::Deferred)) > 4);
        assert!(n_of(|it| matches!(it, Output::Impure { .. })) == 2);
    }

    fn placeholders(&self) {
        let [out, dev] = ["out", "dev"].map(|it| it.parse::<OutputName>().unwrap());
        let downstream = |output: &OutputName, drv| output.downstream_placeholder(&self.path(drv));
        let base = downstream(&out, "floating-base");
        let several = downstream(&dev, "floating-several");
        let deferred = downstream(&out, "floating-deferred");
        let impure = downstream(&dev, "unbuilt-impure");
        let (own, own_dev) = (out.placeholder(), dev.placeholder());
        let both = format!("{own_dev}/share:{own}/man");
        for (drv, variable, expected) in [
            ("floating-on-floating", "base", base.clone()),
            ("floating-on-floating", "dev", several.clone()),
            ("floating-deferred", "base", base),
            ("floating-deferred-twice", "several", several),
            ("floating-deferred-twice", "deferred", deferred),
            ("unbuilt-on-impure", "dev", impure),
            ("floating-seen", "own", own),
            ("outputs-placeholders", "manual", both),
        ] {
            let found = &self.drvs[&self.path(drv)].env[variable.as_bytes()];
            assert_eq!(found, expected.as_bytes(), "{drv} {variable}");
        }
    }

    /// How a fixed output is made changes no path of what needs it.
    fn twins(&self) {
        for name in ["fixed-twin", "fixed-dependant"] {
            let [first, second] = ["first", "second"].map(|it| self.path(&format!("{name}-{it}")));
            assert_ne!(first, second);
            assert_eq!(self.drvs[&first].outputs, self.drvs[&second].outputs);
        }
    }
}
