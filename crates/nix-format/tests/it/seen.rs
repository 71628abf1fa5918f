//! What the builders of the harness saw of themselves, against what is computed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use nix_format::derivation::{Derivation, Graph, GraphEntry, Kind, OutputName, Setting};
use nix_format::{Hash, StoreDir, StorePath};
use serde_json::Value;
use testkit::derivations::Built;

use crate::instantiated::Instantiated;

/// Holds arguments, variables and files to those that each builder left in its first output, and
/// returns how many did.
pub(crate) fn check(it: &Instantiated, built: &Built) -> usize {
    let mut n_seen = 0;
    let infos = Infos {
        dir: &it.dir,
        all: built.infos(),
    };
    for (path, outputs) in &built.outputs {
        let places = outputs.values().map(PathBuf::from);
        let Some(folder) = places.into_iter().find(|it| it.join("environ").exists()) else {
            continue;
        };
        n_seen += 1;
        let drv = it.dir.parse(path).unwrap();
        let derivation = resolved(it, built, &drv);
        let seen = |file: &str| fs::read(folder.join(file)).unwrap();
        let environ = seen("environ");
        let mut environ: Vec<_> = environ.split_inclusive(|&it| it == 0).collect();
        environ.sort_unstable();
        let build_dir = environ.iter().find_map(|it| it.strip_prefix(b"TMPDIR="));
        let build_dir = std::str::from_utf8(build_dir.unwrap()).unwrap();
        // What floats was built elsewhere, but Nix has put its path in the place of that.
        let place = |(name, path): (&String, &String)| -> (OutputName, StorePath) {
            (name.parse().unwrap(), it.dir.parse(path).unwrap())
        };
        let graphs = derivation.graphs(&it.dir).unwrap().into_iter();
        let graphs = graphs.map(|(name, paths)| (name, infos.graph(paths)));
        let environment = derivation
            .environment(&Setting {
                store_dir: &it.dir,
                build_dir: build_dir.strip_suffix('\0').unwrap(),
                n_cores: 2,
                outputs: &outputs.iter().map(place).collect(),
                graphs: &graphs.collect(),
                impure: &BTreeMap::new(),
            })
            .unwrap();
        let variables = environment.variables.iter();
        let mut variables: Vec<_> = variables
            .map(|(name, value)| [name, &b"="[..], value, b"\0"].concat())
            .collect();
        variables.sort_unstable();
        assert_eq!(shown(&variables), shown(&environ), "{path}");
        let args = environment.args.iter().map(|it| [it, &b"\0"[..]].concat());
        let args: Vec<_> = args.collect();
        let arguments = seen("arguments");
        let arguments: Vec<_> = arguments.split_inclusive(|&it| it == 0).collect();
        assert_eq!(shown(&args), shown(&arguments), "{path}");
        for (name, text) in &environment.files {
            let file = seen(&format!("folder/{name}"));
            assert_eq!(shown(&[text]), shown(&[file]), "{path} {name}");
        }
        let files = fs::read_dir(folder.join("folder")).unwrap();
        assert_eq!(files.count(), environment.files.len(), "{path}");
    }
    n_seen
}

/// What the store knows of paths.
struct Infos<'i> {
    dir: &'i StoreDir,
    all: BTreeMap<String, Value>,
}

impl Infos<'_> {
    fn references(&self, path: &StorePath) -> BTreeSet<StorePath> {
        let info = &self.all[&self.dir.print(path)];
        let references = info["references"].as_array().unwrap().iter();
        references
            .map(|path| self.dir.parse(path.as_str().unwrap()).unwrap())
            .collect()
    }

    fn nar_size(&self, path: &StorePath) -> u64 {
        self.all[&self.dir.print(path)]["narSize"].as_u64().unwrap()
    }

    fn closure(&self, paths: impl IntoIterator<Item = StorePath>) -> BTreeSet<StorePath> {
        let mut left: Vec<_> = paths.into_iter().collect();
        let mut closure = BTreeSet::new();
        while let Some(path) = left.pop() {
            if closure.insert(path.clone()) {
                left.extend(self.references(&path));
            }
        }
        closure
    }

    fn graph(&self, paths: impl IntoIterator<Item = StorePath>) -> Graph {
        let entry = |path: StorePath| {
            let info = &self.all[&self.dir.print(&path)];
            let nar_hash = Hash::parse(info["narHash"].as_str().unwrap()).unwrap();
            let closure = self.closure([path.clone()]);
            let entry = GraphEntry {
                nar_hash: nar_hash.try_into().unwrap(),
                nar_size: self.nar_size(&path),
                closure_size: closure.iter().map(|it| self.nar_size(it)).sum(),
                references: self.references(&path),
                content_address: info["ca"].as_str().map(|it| it.parse().unwrap()),
            };
            (path, entry)
        };
        self.closure(paths).into_iter().map(entry).collect()
    }
}

/// The derivation that Nix built in the place of this one.
fn resolved(it: &Instantiated, built: &Built, drv: &StorePath) -> Derivation {
    let derivation = it.read(drv).unwrap();
    if matches!(derivation.kind(), Ok(Kind::InputAddressed | Kind::Fixed)) {
        return derivation;
    }
    let output = |drv: &StorePath, output: &OutputName| {
        let known = it.read(drv).unwrap().outputs[output].path().cloned();
        let outputs = built.outputs.get(&it.dir.print(drv));
        known.or_else(|| it.dir.parse(outputs?.get(output.as_str())?).ok())
    };
    let name = drv.drv_name().unwrap();
    derivation.resolve(&it.dir, &name, output).unwrap()
}

fn shown(all: &[impl AsRef<[u8]>]) -> Vec<String> {
    let show = |it: &[u8]| it.escape_ascii().to_string();
    all.iter().map(|it| show(it.as_ref())).collect()
}
