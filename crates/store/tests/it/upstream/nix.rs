//! Nix both ways: caches that it wrote, and closures that it substitutes from ours.

use std::path::Path;
use std::process::Command;

use fetch::compression::Compression;
use nix_format::{DrvOutput, Realisation, StoreDir, StorePath};
use store::Store;
use store::upstream::{Listings, Sending, Trust, UpstreamError};
use testkit::env::Env;
use testkit::files::FileHttp;
use testkit::nix::{self, NixStore};
use testkit::tools;

use super::world::{Caches, all, bring, key, nar};
use crate::world::run;

/// A Nix store with what was built there, signed by it.
struct World {
    caches: Caches,
    nix: NixStore,
    /// All outputs, by full paths.
    built: Vec<String>,
}

fn output(command: &mut Command) -> String {
    String::from_utf8(testkit::repo::run(command).stdout).unwrap()
}

impl World {
    fn new(expression: &str) -> Self {
        let env = Env::new();
        let nix = NixStore::new(&env).signing();
        let dir: StoreDir = nix.path().to_str().unwrap().parse().unwrap();
        let built = nix.build(expression);
        Self {
            caches: Caches::of(env, dir),
            nix,
            built,
        }
    }

    fn paths(&self) -> Vec<StorePath> {
        let paths = self.built.iter().map(|it| self.caches.dir.parse(it));
        paths.collect::<Result<_, _>>().unwrap()
    }

    /// Copies all to a new cache, `options` as in the URL of a store.
    fn copy(&self, name: &str, options: &str) -> String {
        let (_, url) = self.caches.folder(name);
        let mut copy = self.nix.command("nix");
        let to = format!("{url}?{options}");
        output(copy.args(["copy", "--to", &to]).args(&self.built));
        url
    }

    fn nix_key(&self) -> Trust {
        Trust::Keys(vec![nix::PUBLIC_KEY.parse().unwrap()])
    }

    async fn same(&self, store: &Store) {
        for path in all(store).await {
            let full = self.caches.dir.print(&path);
            assert!(nar(store, &path).await == self.nix.dump(&full), "{full}");
        }
    }

    /// Makes Nix forget all, and substitute it from a cache.
    fn substitute(&self, url: &str, key: &str) -> std::process::Output {
        output(self.nix.command("nix-store").arg("--gc"));
        for it in &self.built {
            assert!(!Path::new(it).exists(), "{it}");
        }
        let mut realise = self.nix.command("nix-store");
        // Without the key of its own, by which it would believe itself.
        let config = "sandbox = false\nbuild-users-group =\nexperimental-features = nix-command\n";
        realise.env("NIX_CONFIG", config);
        realise.arg("--realise").args(&self.built);
        realise.args(["--option", "substituters", url]);
        realise.args(["--option", "trusted-public-keys", key]);
        realise.args(["--option", "narinfo-cache-negative-ttl", "0"]);
        realise.output().unwrap()
    }
}

fn skip() -> bool {
    !tools::have(nix::PROGRAMS)
}

#[test]
fn all_that_nix_writes_comes_in() {
    if skip() {
        return;
    }
    let world = World::new(nix::REFERENCES);
    let caches = &world.caches;
    run(async {
        let mut n_paths = 0;
        for compression in ["none", "xz", "bzip2", "gzip", "zstd"] {
            let options = format!("compression={compression}&write-nar-listing=1");
            let url = world.copy(compression, &options);
            let store = caches.store();
            let upstream = caches.upstream(&url, world.nix_key());
            let brought = bring(&store, [upstream], &world.paths()).await.unwrap();
            n_paths = brought.paths.len();
            assert!(n_paths > world.built.len(), "{compression}");
            world.same(&store).await;
            let path = &world.paths()[0];
            let upstream = caches.upstream(&url, world.nix_key());
            let listing = upstream.listing(path, 1 << 20).await.unwrap().unwrap();
            assert!(listing.starts_with(br#"{"version":1,"root":"#));
            // Nothing comes twice.
            let again = bring(&store, [upstream], &world.paths()).await.unwrap();
            assert_eq!(again.paths, []);
        }
        let served = FileHttp::start(&caches.env.path("xz"));
        let store = caches.store();
        let upstream = caches.upstream(&served.url(), world.nix_key());
        let brought = bring(&store, [upstream], &world.paths()).await.unwrap();
        assert_eq!(brought.paths.len(), n_paths);
        world.same(&store).await;
        let url = world.copy("br", "compression=br");
        let upstream = caches.upstream(&url, world.nix_key());
        let brotli = upstream.narinfo(&world.paths()[0]).await.unwrap();
        assert_eq!(brotli.unwrap().compression.as_str(), "br");
    });
}

#[test]
fn nix_substitutes_what_was_sent() {
    if skip() {
        return;
    }
    let world = World::new(nix::REFERENCES);
    let caches = &world.caches;
    run(async {
        let theirs = world.copy("theirs", "");
        let store = caches.store();
        let upstream = caches.upstream(&theirs, world.nix_key());
        bring(&store, [upstream], &world.paths()).await.unwrap();
        let key_text = key().public().to_string();
        for compression in [
            Compression::None,
            Compression::Gzip,
            Compression::Xz,
            Compression::Zstd,
        ] {
            let (folder, url) = caches.folder(compression.as_str());
            let sending = Sending {
                compression,
                keys: vec![key()],
                listings: Listings::Written,
                ..Sending::default()
            };
            let to = caches.ours(&url);
            let sent = store
                .send(&to, &world.paths(), &sending, &|_| {})
                .await
                .unwrap();
            assert_eq!(sent.new.len(), all(&store).await.len());
            let served = FileHttp::start(&folder);
            for url in [url, served.url()] {
                let done = world.substitute(&url, &key_text);
                assert!(done.status.success(), "{done:?}");
                world.same(&store).await;
                output(
                    world
                        .nix
                        .command("nix-store")
                        .args(["--verify", "--check-contents"]),
                );
            }
        }
        let (_, url) = caches.folder("zstd");
        // The signature that Nix made passed through.
        assert!(world.substitute(&url, nix::PUBLIC_KEY).status.success());
        let stranger = "other-1:YqLaS7UDzEnGfl7jyxBTYmdw7FhC+llZseIzdxJH7gQ=";
        let refused = world.substitute(&url, stranger);
        assert!(!refused.status.success(), "{refused:?}");
        // The listings are those of Nix.
        let listed = caches.env.path("listed");
        assert!(world.substitute(&url, &key_text).status.success());
        let copied = world.copy("listed", "write-nar-listing=1");
        assert!(copied.ends_with("listed"));
        for path in world.paths() {
            let name = format!("{}.ls", path.hash_part());
            let ours = std::fs::read(caches.env.path("zstd").join(&name)).unwrap();
            assert!(ours == std::fs::read(listed.join(&name)).unwrap(), "{name}");
        }
    });
}

const NAMED_BY_CONTENT: &str = r#"
let
  make = it: derivation ({ system = builtins.currentSystem; builder = "/bin/sh"; } // it);
  floating = it: make ({
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
  } // it);
  dep = floating { name = "dep"; args = [ "-c" "echo dep > $out" ]; };
  fixed = mode: algo: hash: make {
    name = "fixed-${mode}-${algo}";
    outputHashMode = mode;
    outputHashAlgo = algo;
    outputHash = hash;
    args = [ "-c" "printf x > $out" ];
  };
in [
  (make { name = "signed"; args = [ "-c" "echo $out ${builtins.toFile "text" "x"} > $out" ]; })
  (floating { name = "floating"; args = [ "-c" "echo $out ${dep} $out > $out" ]; })
  (fixed "flat" "sha1" "11f6ad8ec52a2984abaafd7c3b516503785c2072")
  (fixed "flat" "sha256" "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
]
"#;

#[test]
fn what_is_named_by_its_content_needs_no_key() {
    if skip() {
        return;
    }
    let world = World::new("[]");
    let caches = &world.caches;
    let file = caches.env.path("content.nix");
    std::fs::write(&file, NAMED_BY_CONTENT).unwrap();
    let mut build = world.nix.command("nix-build");
    let built = output(build.arg("--no-out-link").arg(&file));
    let (_, url) = caches.folder("cache");
    let mut copy = world.nix.command("nix");
    output(copy.args(["copy", "--to", &url, "--file"]).arg(&file));
    let paths: Vec<_> = built
        .lines()
        .map(|it| caches.dir.parse(it).unwrap())
        .collect();
    run(async {
        let store = caches.store();
        let strict = || caches.upstream(&url, Trust::Keys(vec![]));
        let brought = bring(&store, [strict()], &paths[1..]).await.unwrap();
        assert_eq!(brought.paths.len(), 4, "{brought:?}");
        world.same(&store).await;
        let unsigned = super::world::fault(bring(&store, [strict()], &paths[..1]).await);
        assert!(matches!(unsigned, UpstreamError::Unsigned { .. }));
        // What the outputs became.
        let folder = caches.env.path("cache/realisations");
        let (_, ours_url) = caches.folder("ours");
        let ours = caches.ours(&ours_url);
        let mut n_realised = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let id: DrvOutput = name.strip_suffix(".doi").unwrap().parse().unwrap();
            let error = strict().realisation(&id).await.unwrap_err();
            assert!(matches!(error, UpstreamError::Realisation { .. }));
            let signed = caches.upstream(&url, world.nix_key());
            let realised: Realisation = signed.realisation(&id).await.unwrap().unwrap();
            assert!(ours.realisation(&id).await.is_err() || n_realised > 0);
            assert!(
                ours.send_realisation(realised.clone(), &[key()])
                    .await
                    .unwrap()
            );
            assert!(!ours.send_realisation(realised.clone(), &[]).await.unwrap());
            let back = ours.realisation(&id).await.unwrap().unwrap();
            assert_eq!(back.out_path, realised.out_path);
            assert_eq!(back.signatures.len(), realised.signatures.len() + 1);
            n_realised += 1;
        }
        assert!(n_realised >= 2, "{n_realised}");
    });
}
