//! Derivations of every kind, written in Nix: instantiated, shown and built by the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::nix::NixStore;
use crate::repo::run;

/// What an output's path is called: the name of the output, and its path.
pub type Outputs = BTreeMap<String, String>;

/// A derivation by the name that `derivations/*.nix` give it.
#[derive(Debug, Clone)]
pub struct Named {
    /// As `"fixed-flat-md5-base16"`.
    pub name: String,
    /// The full path of its `.drv`, as the store prints it.
    pub drv: String,
}

/// The derivations of `derivations/*.nix`, instantiated in a store.
#[derive(Debug)]
pub struct Derivations {
    store: NixStore,
    /// Those that build without a network, by name.
    pub built: Vec<Named>,
    /// Those that no machine can build, or only in a long time.
    pub unbuilt: Vec<Named>,
    /// Those whose build fails.
    pub failing: Vec<Named>,
}

impl Derivations {
    /// Instantiates them all.
    #[must_use]
    pub fn instantiate(store: &NixStore) -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/derivations/default.nix");
        let expression =
            format!("builtins.mapAttrs (_: builtins.mapAttrs (_: it: it.drvPath)) (import {file})");
        let paths = store.evaluate(expression);
        let named = |kind: &str| {
            let paths = paths[kind].as_object().expect("a set of paths");
            paths.iter().map(|(name, drv)| Named {
                name: name.clone(),
                drv: text(drv),
            })
        };
        Self {
            built: named("built").collect(),
            unbuilt: named("unbuilt").collect(),
            failing: named("failing").collect(),
            store: store.clone(),
        }
    }

    /// Returns the store that they are in.
    #[must_use]
    pub const fn store(&self) -> &NixStore {
        &self.store
    }

    /// Returns all that have a name, whatever becomes of them.
    pub fn all(&self) -> impl Iterator<Item = &Named> {
        self.built.iter().chain(&self.unbuilt).chain(&self.failing)
    }

    /// Returns the `.drv` of a derivation that has a name.
    #[must_use]
    pub fn drv(&self, name: &str) -> &str {
        let found = self.all().find(|it| it.name == name);
        &found.unwrap_or_else(|| panic!("no derivation {name}")).drv
    }

    /// Returns the bytes of every `.drv` in the store, those that the named ones need included.
    #[must_use]
    pub fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        self.store
            .list()
            .into_iter()
            .filter(|path| path.ends_with(".drv"))
            .map(|path| {
                let bytes = std::fs::read(self.store.file(&path)).expect("a `.drv` is a file");
                (path, bytes)
            })
            .collect()
    }

    /// Returns what `nix show-derivation` says of all of them, and of what they need, as bytes:
    /// it is no UTF-8 where they are none.
    #[must_use]
    pub fn shown(&self) -> Vec<u8> {
        let mut show = self.store.command("nix");
        show.args(["show-derivation", "--recursive"]);
        run(show.args(self.all().map(|it| &it.drv))).stdout
    }

    /// Returns what Nix shows of each `.drv` as JSON, with `U+FFFD` for what is no UTF-8.
    #[must_use]
    pub fn shown_json(&self) -> BTreeMap<String, Value> {
        let shown = self.shown();
        serde_json::from_str(&String::from_utf8_lossy(&shown)).expect("Nix prints JSON")
    }

    /// Builds those that do build.
    #[must_use]
    pub fn build(&self) -> Built {
        let mut build = self.store.command("nix");
        build.args(["build", "--json", "--no-link"]);
        build.args(["--max-jobs", "2", "--cores", "2"]);
        let out = run(build.args(self.built.iter().map(|it| &it.drv)));
        let built: Value = serde_json::from_slice(&out.stdout).expect("Nix prints JSON");
        let outputs = |it: &Value| {
            let outputs = it["outputs"].as_object().expect("outputs by their names");
            outputs.iter().map(|(k, v)| (k.clone(), text(v))).collect()
        };
        let list = built.as_array().expect("a list of what was built");
        Built {
            store: self.store.clone(),
            outputs: list
                .iter()
                .map(|it| (text(&it["drvPath"]), outputs(it)))
                .collect(),
        }
    }
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    store: NixStore,
    /// The outputs of each `.drv`.
    pub outputs: BTreeMap<String, Outputs>,
}

/// What was built of one derivation.
#[derive(Debug)]
pub struct Build {
    /// What each of its outputs that there are refers to.
    pub references: BTreeMap<String, BTreeSet<String>>,
    /// What they may refer to: the closure of all inputs, and one another.
    pub candidates: BTreeSet<String>,
}

impl Built {
    /// Returns what the store knows of each of its paths, as `nix path-info --json` prints it.
    #[must_use]
    pub fn infos(&self) -> BTreeMap<String, Value> {
        let mut info = self.store.command("nix");
        let out = run(info.args(["path-info", "--json", "--all"]));
        let infos: Vec<Value> = serde_json::from_slice(&out.stdout).expect("Nix prints JSON");
        infos
            .into_iter()
            .map(|it| (text(&it["path"]), it))
            .collect()
    }

    /// Returns, of each `.drv` of which something was built, the outputs and what they may refer to.
    ///
    /// `shown` is what Nix shows of all of them.
    #[must_use]
    pub fn builds(&self, shown: &BTreeMap<String, Value>) -> BTreeMap<String, Build> {
        let infos = self.infos();
        let output = |drv: &str, name: &str| {
            let known = shown[drv]["outputs"][name]["path"].as_str();
            let built = || self.outputs.get(drv)?.get(name).map(String::as_str);
            known.or_else(built).filter(|it| infos.contains_key(*it))
        };
        let build = |drv: &str| {
            let outputs: BTreeSet<_> = keys(&shown[drv]["outputs"])
                .filter_map(|name| output(drv, name).map(str::to_owned))
                .collect();
            let inputs = shown[drv]["inputDrvs"].as_object().into_iter().flatten();
            let mut inputs: Vec<_> = inputs
                .flat_map(|(drv, names)| texts(names).map(|name| output(drv, &name)))
                .flatten()
                .map(str::to_owned)
                .chain(texts(&shown[drv]["inputSrcs"]))
                .collect();
            let mut candidates = outputs.clone();
            while let Some(path) = inputs.pop() {
                let references = texts(&infos[&path]["references"]);
                if candidates.insert(path.clone()) {
                    inputs.extend(references);
                }
            }
            Build {
                references: outputs
                    .iter()
                    .map(|it| (it.clone(), texts(&infos[it]["references"]).collect()))
                    .collect(),
                candidates,
            }
        };
        let builds = shown.keys().map(|drv| (drv.clone(), build(drv)));
        builds.filter(|(_, it)| !it.references.is_empty()).collect()
    }

    /// Returns a new folder with a binary cache of all this: narinfos and realisations signed, NARs
    /// not compressed.
    ///
    /// Nix cannot write the realisation of an output whose name is almost as long as that of a file.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        let folder = self.store.env().path("cache");
        let key = self.store.secret_key();
        let url = format!(
            "file://{}?compression=none&secret-key={}",
            folder.display(),
            key.display()
        );
        let short = |outputs: &Outputs| outputs.keys().all(|name| name.len() < 100);
        let drvs = self.outputs.iter().filter(|(_, it)| short(it));
        let mut copy = self.store.command("nix");
        run(copy.args(["copy", "--to", &url]).args(drvs.map(|it| it.0)));
        folder
    }
}

impl NixStore {
    /// Evaluates an expression, its derivations instantiated, and returns it as JSON has it.
    #[must_use]
    pub fn evaluate(&self, expression: impl AsRef<[u8]>) -> Value {
        let file = self.env().path("evaluated.nix");
        std::fs::write(&file, expression).expect("the expression is written");
        let mut evaluate = self.command("nix-instantiate");
        evaluate.args(["--eval", "--strict", "--json", "--read-write-mode"]);
        let out = run(evaluate.arg(file)).stdout;
        serde_json::from_slice(&out).expect("Nix prints JSON")
    }

    /// Returns all paths in the store's folder, as the store prints them, in their order.
    #[must_use]
    pub fn list(&self) -> BTreeSet<String> {
        let folder = std::fs::read_dir(self.file(self.path())).expect("the store is a folder");
        folder
            .map(|entry| {
                let name = entry.expect("the store is read").file_name();
                self.path().join(name).display().to_string()
            })
            .filter(|path| !path.ends_with(".lock") && !path.ends_with(".links"))
            .collect()
    }
}

fn keys(set: &Value) -> impl Iterator<Item = &str> {
    set.as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
}

fn texts(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().map(text)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
