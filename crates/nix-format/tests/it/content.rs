//! Content addresses and the paths that they give, against what Nix adds to a store.

use std::collections::BTreeSet;
use std::path::Path;

use nix_format::{
    Algorithm, ContentAddress, Hash, Method, References, StoreDir, StoreName, StorePath,
};
use serde_json::Value;
use testkit::env::Env;
use testkit::nix::NixStore;
use testkit::repo::run;
use testkit::tools;

fn store_dir(store: &NixStore) -> StoreDir {
    store.path().to_str().unwrap().parse().unwrap()
}

/// What `nix path-info` says of every path.
fn infos(store: &NixStore) -> Vec<Value> {
    let mut info = store.command("nix");
    let out = run(info.args(["path-info", "--json", "--all"])).stdout;
    serde_json::from_slice(&out).unwrap()
}

/// The address that Nix says a path has, where it has one, and the path that we make of it.
fn check(store: &StoreDir, info: &Value) -> Option<ContentAddress> {
    let text = info["ca"].as_str()?;
    let path = store.parse(info["path"].as_str().unwrap()).unwrap();
    let address: ContentAddress = text.parse().unwrap();
    assert_eq!(address.to_string(), text);
    let references = info["references"].as_array().unwrap().iter();
    let all: BTreeSet<StorePath> = references
        .map(|it| store.parse(it.as_str().unwrap()).unwrap())
        .collect();
    let references = References::of(&path, &all);
    let made = |address: &ContentAddress, references: &References| {
        let name = path.name().clone();
        store.content_path(name, address, references).ok()
    };
    assert_eq!(made(&address, &references).as_ref(), Some(&path), "{text}");
    // Another hash, or one reference less, is another path.
    let bytes: Vec<u8> = address.hash().bytes().iter().map(|it| it ^ 1).collect();
    let hash = Hash::from_bytes(address.hash().algorithm(), &bytes).unwrap();
    let other = match address {
        ContentAddress::Text(_) => ContentAddress::Text(hash.try_into().unwrap()),
        ContentAddress::Fixed { method, .. } => ContentAddress::Fixed { method, hash },
    };
    assert_ne!(made(&other, &references), Some(path.clone()));
    if references != References::default() {
        assert_ne!(made(&address, &References::default()), Some(path.clone()));
    }
    Some(address)
}

fn add(store: &NixStore, method: Method, algorithm: Algorithm, file: &Path) -> String {
    let mut add = store.command("nix-store");
    add.arg("--add-fixed");
    if method == Method::Recursive {
        add.arg("--recursive");
    }
    let out = run(add.arg(algorithm.as_str()).arg(file)).stdout;
    String::from_utf8(out).unwrap().trim().to_owned()
}

#[test]
fn what_is_added_lies_where_we_say() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let env = Env::new();
    let store = NixStore::new(&env);
    let dir = store_dir(&store);
    let file = env.path("a?b=c+d-e.f_g");
    std::fs::write(&file, "abc").unwrap();
    let name: StoreName = "a?b=c+d-e.f_g".parse().unwrap();
    let nar = store.dump(&file);
    for algorithm in Algorithm::ALL {
        for (method, bytes) in [(Method::Flat, &b"abc"[..]), (Method::Recursive, &nar)] {
            let hash = Hash::of(algorithm, bytes);
            let address = ContentAddress::Fixed { method, hash };
            let path = dir.content_path(name.clone(), &address, &References::default());
            let ours = dir.print(&path.unwrap());
            assert_eq!(add(&store, method, algorithm, &file), ours, "{address}");
        }
    }
    let infos = infos(&store);
    assert_eq!(infos.len(), 8);
    assert!(infos.iter().all(|it| check(&dir, it).is_some()));
}

const EXPRESSION: &str = r#"
let
  make = it: derivation ({ system = builtins.currentSystem; builder = "/bin/sh"; } // it);
  dep = make { name = "dep"; args = [ "-c" "echo dep > $out" ]; };
  text = builtins.toFile "text" "${builtins.toFile "one" "1"} ${builtins.toFile "two" "2"}";
  plain = make { name = "plain"; args = [ "-c" "echo $out ${dep} ${text} > $out" ]; };
  floating = algorithm: mode: extra: make {
    name = "floating-${algorithm}-${mode}";
    args = [ "-c" extra ];
    __contentAddressed = true;
    outputHashMode = mode;
    outputHashAlgo = algorithm;
  };
in [
  plain
  (floating "sha256" "recursive" "echo $out ${dep} ${text} > $out")
  (floating "sha1" "recursive" "echo x > $out")
  (floating "sha512" "flat" "echo x > $out")
  (floating "md5" "flat" "echo x > $out")
]
"#;

#[test]
fn what_is_built_or_rewritten_lies_where_we_say() {
    if !tools::have(testkit::nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    let store = NixStore::new(&env);
    let dir = store_dir(&store);
    let file = env.path("expression.nix");
    std::fs::write(&file, EXPRESSION).unwrap();
    let out = run(store.command("nix-build").arg("--no-out-link").arg(&file)).stdout;
    // The closures of what was built, under the names of their contents.
    let mut rewrite = store.command("nix");
    rewrite.args(["store", "make-content-addressed"]);
    run(rewrite.args(String::from_utf8(out).unwrap().lines()));
    let infos = infos(&store);
    let kinds: BTreeSet<String> = infos
        .iter()
        .filter_map(|it| check(&dir, it))
        .map(|it| it.kind())
        .collect();
    let expected = [
        "fixed:md5",
        "fixed:r:sha1",
        "fixed:r:sha256",
        "fixed:sha512",
        "text:sha256",
    ];
    assert_eq!(kinds.iter().collect::<Vec<_>>(), expected);
    let itself = infos.iter().filter(|it| {
        let references = it["references"].as_array().unwrap();
        it["ca"].is_string() && references.contains(&it["path"]) && references.len() > 1
    });
    assert!(itself.count() >= 2);
}

#[test]
fn names_are_those_that_nix_takes() {
    if !tools::have(&["nix-instantiate"]) {
        return;
    }
    let store = NixStore::new(&Env::new());
    let dir = store_dir(&store);
    let (long, longer) = ("a".repeat(211), "a".repeat(212));
    for name in [
        ".",
        "..",
        ".-a",
        "..-a",
        ".a",
        "...",
        "-",
        "-a",
        "_",
        "a?b=c+d-e.f_g",
        &long,
        &longer,
        "",
        "a b",
        "a~",
        "a*",
        "a/b",
        "é",
        "a@b",
    ] {
        let expression = format!("builtins.toFile \"{name}\" \"x\"");
        let mut add = store.command("nix-instantiate");
        add.args(["--eval", "--json", "--read-write-mode", "-E", &expression]);
        let out = add.output().unwrap();
        let ours = name.parse::<StoreName>();
        assert_eq!(out.status.success(), ours.is_ok(), "{name}");
        if let Ok(name) = ours {
            let address = ContentAddress::Text(nix_format::Sha256::of(b"x"));
            let path = dir.content_path(name, &address, &References::default());
            let theirs: String = serde_json::from_slice(&out.stdout).unwrap();
            assert_eq!(theirs, dir.print(&path.unwrap()));
        }
    }
}
