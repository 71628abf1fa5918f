//! Binary caches that Nix writes: narinfos, realisations, and the signatures of both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nix_format::{NarInfo, PublicKey, Realisation, SecretKey, Sha256, StoreDir};
use testkit::derivations::Derivations;
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::repo::run;
use testkit::tools;

const EXPRESSION: &str = r#"
let
  make = it: derivation ({ system = builtins.currentSystem; builder = "/bin/sh"; } // it);
  floating = it: make ({
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
  } // it);
  dep = floating { name = "dep"; args = [ "-c" "echo dep > $out" ]; };
in [
  (make { name = "alone"; args = [ "-c" "echo alone > $out" ]; })
  (make { name = "plain"; args = [ "-c" "echo $out ${builtins.toFile "text" "x"} > $out" ]; })
  (floating { name = "floating"; args = [ "-c" "echo $out ${dep} > $out" ]; })
]
"#;

/// A store with a few paths, signed where they were built.
pub(crate) struct World {
    pub(crate) store: NixStore,
    pub(crate) dir: StoreDir,
    /// The file of the expression that was built.
    pub(crate) expression: PathBuf,
    /// What was built, by full paths.
    pub(crate) built: Vec<String>,
}

impl World {
    pub(crate) fn new() -> Self {
        let store = NixStore::new(&Env::new()).signing();
        let expression = store.env().path("expression.nix");
        std::fs::write(&expression, EXPRESSION).unwrap();
        let mut build = store.command("nix-build");
        let built = output(build.arg("--no-out-link").arg(&expression));
        Self {
            dir: store_dir(&store),
            built: built.lines().map(str::to_owned).collect(),
            store,
            expression,
        }
    }

    /// Copies all to a new cache, `options` as in the URL of a store.
    pub(crate) fn cache(&self, name: &str, options: &str) -> PathBuf {
        let folder = self.store.env().path(name);
        let url = format!("file://{}?{options}", folder.display());
        let mut copy = self.store.command("nix");
        copy.args(["copy", "--to", &url, "--file"]);
        run(copy.arg(&self.expression));
        folder
    }

    /// The key that the store signs with.
    pub(crate) fn secret(&self) -> SecretKey {
        text(&self.store.secret_key()).parse().unwrap()
    }

    /// A key of ours, in a file of the test.
    pub(crate) fn ours(&self, seed: u8) -> (SecretKey, PathBuf) {
        let key = SecretKey::from_seed("ours-1", &[seed; 32]).unwrap();
        let file = self.store.env().path(&format!("ours-{seed}"));
        std::fs::write(&file, key.print()).unwrap();
        (key, file)
    }
}

fn store_dir(store: &NixStore) -> StoreDir {
    store.path().to_str().unwrap().parse().unwrap()
}

pub(crate) fn output(command: &mut std::process::Command) -> String {
    String::from_utf8(run(command).stdout)
        .unwrap()
        .trim()
        .to_owned()
}

pub(crate) fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

/// The files of a folder whose names end so, by name.
pub(crate) fn files(folder: &Path, extension: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    entries
        .map(|it| (it.file_name().into_string().unwrap(), it.path()))
        .filter(|(name, _)| name.ends_with(extension))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect()
}

/// The narinfos of a cache; each prints as Nix wrote it, and says what is so.
pub(crate) fn narinfos(dir: &StoreDir, cache: &Path) -> Vec<NarInfo> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let narinfo = NarInfo::parse(dir, &bytes).unwrap();
        assert_eq!(narinfo.print(dir).as_bytes(), bytes, "{name}");
        assert_eq!(format!("{}.narinfo", narinfo.path.hash_part()), name);
        let file = std::fs::read(cache.join(narinfo.url.as_str())).unwrap();
        assert_eq!(narinfo.file_size, file.len() as u64);
        assert_eq!(narinfo.file_hash, Some(Sha256::of(&file)));
        narinfo
    };
    files(cache, ".narinfo").into_iter().map(read).collect()
}

/// The realisations of a cache; each prints as Nix wrote it.
pub(crate) fn realisations(cache: &Path) -> Vec<Realisation> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let realisation = Realisation::parse(&bytes).unwrap();
        assert_eq!(realisation.print().as_bytes(), bytes, "{name}");
        assert_eq!(format!("{}.doi", realisation.id), name);
        realisation
    };
    let files = files(&cache.join("realisations"), ".doi");
    files.into_iter().map(read).collect()
}

#[test]
fn all_that_nix_caches_is_read_signed_and_printed_back() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let store = NixStore::new(&Env::new()).signing();
    let dir = store_dir(&store);
    let built = Derivations::instantiate(&store).build();
    let cache = built.cache();
    let public: PublicKey = nix::PUBLIC_KEY.parse().unwrap();
    let secret: SecretKey = text(&store.secret_key()).parse().unwrap();
    assert_eq!(secret.public(), public);
    let narinfos = narinfos(&dir, &cache);
    assert!(narinfos.len() > 150, "{}", narinfos.len());
    for mut narinfo in narinfos {
        let path = narinfo.path.clone();
        assert_eq!(narinfo.file_hash, Some(narinfo.nar_hash), "{path}");
        assert!(
            narinfo.is_signed_by(&dir, std::slice::from_ref(&public)),
            "{path}"
        );
        // Ed25519 signs the same bytes alike.
        let theirs = std::mem::take(&mut narinfo.signatures);
        narinfo.sign(&dir, &secret);
        assert_eq!(narinfo.signatures, theirs, "{path}");
    }
    let realisations = realisations(&cache);
    assert!(realisations.len() > 20, "{}", realisations.len());
    let dependent = |it: &&Realisation| !it.dependent_realisations.is_empty();
    assert!(realisations.iter().filter(dependent).count() > 3);
    for mut realisation in realisations {
        let theirs = std::mem::take(&mut realisation.signatures);
        if theirs.is_empty() {
            // Nix signs what it builds content-addressed, and no other.
            assert!(!realisation.is_signed_by(std::slice::from_ref(&public)));
            continue;
        }
        realisation.sign(&secret);
        assert_eq!(realisation.signatures, theirs, "{}", realisation.id);
        assert!(realisation.is_signed_by(std::slice::from_ref(&public)));
    }
}

#[test]
fn however_files_are_compressed() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    for compression in ["none", "xz", "bzip2", "gzip", "zstd", "br", "lzip"] {
        let cache = world.cache(compression, &format!("compression={compression}"));
        let narinfos = narinfos(&world.dir, &cache);
        assert_eq!(narinfos.len(), 5);
        for narinfo in narinfos {
            assert_eq!(narinfo.compression.as_str(), compression);
        }
    }
}
