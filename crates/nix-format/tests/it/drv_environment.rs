//! What builders see, as Nix shows it to them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nix_format::derivation::{Derivation, Kind, Output, OutputName, Setting};
use nix_format::{StoreDir, StorePath};
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::repo::run;
use testkit::tools;

/// What the builders told, and the store that they are in.
struct Told {
    env: Env,
    store: NixStore,
    store_dir: StoreDir,
    drvs: Vec<StorePath>,
}

impl Told {
    fn new() -> Self {
        let env = Env::new();
        let store = NixStore::new(&env);
        let mut expression = include_str!("environments.nix").to_owned();
        for tool in ["cp", "mkdir"] {
            let path = tools::find(tool).unwrap().display().to_string();
            expression = expression.replace(&format!("@{tool}@"), &path);
        }
        let dump = env.path("dump");
        std::fs::create_dir(&dump).unwrap();
        let expression = expression.replace("@dump@", &dump.display().to_string());
        let file = env.path("environments.nix");
        std::fs::write(&file, expression).unwrap();
        let nix = |args: &[&str]| {
            let mut command = store.command(args[0]);
            command.args(&args[1..]).args(["--cores", "3"]);
            let features = "nix-command ca-derivations impure-derivations";
            command.args(["--option", "experimental-features", features]);
            command
        };
        let mut command = nix(&["nix-instantiate", file.to_str().unwrap()]);
        let drvs = String::from_utf8(run(&mut command).stdout).unwrap();
        let drvs: Vec<_> = drvs
            .lines()
            .map(|it| it.split('!').next().unwrap())
            .collect();
        // Once all is built it fails, as an impure output has no path that it could print.
        let built = nix(&[&["nix-store", "--realise"], &drvs[..]].concat()).output();
        drop(built.unwrap());
        let store_dir: StoreDir = store.path().to_str().unwrap().parse().unwrap();
        let drvs = drvs.iter().map(|it| store_dir.parse(it).unwrap()).collect();
        Self {
            env,
            store,
            store_dir,
            drvs,
        }
    }

    fn place(&self, path: &StorePath) -> PathBuf {
        self.store.path().join(path.to_string())
    }

    fn read(&self, path: &StorePath) -> Derivation {
        let text = std::fs::read(self.place(path)).unwrap();
        Derivation::parse(&self.store_dir, &text).unwrap()
    }

    /// Where Nix has put an output.
    fn built(&self, drv: &StorePath, output: &OutputName) -> Option<StorePath> {
        let name = output.path_name(&drv.drv_name()?).ok()?;
        let mut realise = self.store.command("nix-store");
        let told = run(realise.arg("--realise").arg(self.place(drv))).stdout;
        let told = String::from_utf8(told).unwrap();
        let mut outputs = told.lines().map(|it| self.store_dir.parse(it).unwrap());
        outputs.find(|it| *it.name() == name)
    }

    /// The derivation that Nix has built for this one: itself, or without input derivations.
    fn resolved(&self, drv: &StorePath) -> (StorePath, Derivation) {
        let derivation = self.read(drv);
        if matches!(derivation.kind(), Ok(Kind::InputAddressed | Kind::Fixed)) {
            return (drv.clone(), derivation);
        }
        let name = drv.drv_name().unwrap();
        let built = |drv: &StorePath, output: &OutputName| self.built(drv, output);
        let resolved = derivation.resolve(&self.store_dir, &name, built).unwrap();
        let path = resolved.store_path(&self.store_dir, &name).unwrap();
        assert_eq!(self.read(&path), resolved, "{drv}");
        (path, resolved)
    }

    fn check(&self, drv: &StorePath) {
        let (path, derivation) = self.resolved(drv);
        let name = drv.drv_name().unwrap();
        let dump = self.env.path(&format!("dump/{}", name.as_str()));
        let told = |file: &str| std::fs::read(dump.join(file)).unwrap();
        let (text, args) = (told("env"), told("args"));
        let pairs = text.split(|&it| it == 0).filter(|it| !it.is_empty());
        let variables: BTreeMap<_, _> = pairs.map(pair).collect();
        let build_dir = std::str::from_utf8(&variables[&b"NIX_BUILD_TOP"[..]]).unwrap();
        let outputs = derivation.outputs.iter().map(|(output, it)| {
            let place = match it {
                Output::InputAddressed(path) | Output::Fixed { path, .. } => path.clone(),
                // At random.
                Output::Impure { .. } => {
                    let place = &variables[output.as_str().as_bytes()];
                    let place = std::str::from_utf8(place).unwrap();
                    self.store_dir.parse(place).unwrap()
                }
                _ => output.scratch_path(&self.store_dir, &path).unwrap(),
            };
            (output.clone(), place)
        });
        let home = self.env.home().to_str().unwrap().as_bytes().to_vec();
        let environment = derivation.environment(&Setting {
            store_dir: &self.store_dir,
            build_dir,
            n_cores: 3,
            outputs: &outputs.collect(),
            graphs: &BTreeMap::new(),
            impure: &BTreeMap::from([(b"HOME".to_vec(), home)]),
        });
        let environment = environment.unwrap();
        assert_eq!(shown(&environment.variables), shown(&variables), "{drv}");
        let words: Vec<_> = args.split(|&it| it == 0).map(<[u8]>::to_vec).collect();
        assert_eq!(environment.args[3..], words[..words.len() - 1], "{drv}");
        assert_eq!(environment.args[0], b"sh");
        let files = std::fs::read_dir(&dump).unwrap().map(|it| it.unwrap());
        let files: BTreeMap<_, _> = files
            .map(|it| it.file_name().into_string().unwrap())
            .filter(|it| it.starts_with('.'))
            .map(|it| (it.clone(), told(&it)))
            .collect();
        assert_eq!(shown(&environment.files), shown(&files), "{drv}");
    }
}

fn pair(text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let equals = text.iter().position(|&it| it == b'=').unwrap();
    (text[..equals].to_vec(), text[equals + 1..].to_vec())
}

/// For a person to compare.
fn shown<K: AsRef<[u8]>>(map: &BTreeMap<K, Vec<u8>>) -> BTreeMap<String, String> {
    let show = |it: &[u8]| it.escape_ascii().to_string();
    let map = map.iter().map(|(key, it)| (show(key.as_ref()), show(it)));
    map.collect()
}

#[test]
fn builders_see_what_nix_shows_them() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let told = Told::new();
    assert_eq!(told.drvs.len(), 12);
    for drv in &told.drvs {
        told.check(drv);
    }
}
