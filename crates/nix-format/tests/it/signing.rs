//! Keys and signatures, both ways: what Nix makes is read and checked here, what is made here by Nix.

use std::path::Path;

use nix_format::{NarInfo, PublicKey, Realisation, SecretKey, Signature};
use serde_json::Value;
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::repo::run;
use testkit::tools;

use crate::cache::{World, narinfos, output, realisations, text};

#[test]
fn keys_that_nix_makes_are_read_and_printed() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let env = Env::new();
    let store = NixStore::new(&env);
    for name in ["example.org-1", "é", "1"] {
        let (secret, public) = (env.path("secret"), env.path("public"));
        let mut make = store.command("nix-store");
        make.args(["--generate-binary-cache-key", name]);
        run(make.arg(&secret).arg(&public));
        let key: SecretKey = text(&secret).parse().unwrap();
        assert_eq!(key.name(), name);
        assert_eq!(key.print(), text(&secret));
        assert_eq!(key.public().to_string(), text(&public));
        assert_eq!(text(&public).parse(), Ok(key.public()));
        // And ours are read by Nix.
        let ours = SecretKey::from_seed(name, &[name.len() as u8; 32]).unwrap();
        std::fs::write(&secret, ours.print()).unwrap();
        let mut convert = store.command("nix");
        convert.args(["key", "convert-secret-to-public"]);
        convert.stdin(std::fs::File::open(&secret).unwrap());
        assert_eq!(output(&mut convert), ours.public().to_string());
    }
}

#[test]
fn the_same_key_makes_the_same_signatures() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let (ours, file) = world.ours(7);
    let mut sign = world.store.command("nix");
    sign.args(["store", "sign", "--all", "--key-file"]);
    run(sign.arg(&file));
    let mut info = world.store.command("nix");
    info.args(["path-info", "--json", "--all", "--sigs"]);
    let infos: Vec<Value> = serde_json::from_str(&output(&mut info)).unwrap();
    assert!(infos.len() > 8);
    for info in infos {
        let field = |name: &str| info[name].as_str().unwrap();
        let list = |name: &str| {
            let list = info[name].as_array().unwrap().iter();
            list.map(|it| it.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let references = list("references");
        let fingerprint = nix_format::fingerprint(
            &world.dir,
            &world.dir.parse(field("path")).unwrap(),
            &field("narHash").parse().unwrap(),
            info["narSize"].as_u64().unwrap(),
            &references
                .iter()
                .map(|it| world.dir.parse(it).unwrap())
                .collect(),
        );
        let signatures = list("signatures");
        assert!(
            signatures.contains(&ours.sign(&fingerprint).to_string()),
            "{info}"
        );
        for signature in signatures {
            let signature: Signature = signature.parse().unwrap();
            let keys = [ours.public(), world.secret().public()];
            let by: Vec<&PublicKey> = keys
                .iter()
                .filter(|it| it.name() == signature.name())
                .collect();
            assert!(by[0].verifies(&fingerprint, &signature), "{signature}");
        }
    }
}

/// Whether Nix takes a path of a cache on the word of a key.
fn trusts(world: &World, cache: &Path, path: &str, key: &PublicKey) -> bool {
    std::fs::remove_dir_all(world.store.env().path("home/.cache")).ok();
    let url = format!("file://{}", cache.display());
    let mut verify = world.store.command("nix");
    verify.args(["store", "verify", "--store", &url, "--sigs-needed", "1"]);
    verify.args(["--trusted-public-keys", &key.to_string(), path]);
    verify.output().unwrap().status.success()
}

#[test]
fn nix_trusts_what_is_signed_here() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let cache = world.cache("cache", "compression=none");
    let ((ours, _), (other, _)) = (world.ours(7), world.ours(8));
    let plain = narinfos(&world.dir, &cache).into_iter();
    let mut plain: NarInfo = plain.filter(|it| it.ca.is_none()).nth(1).unwrap();
    let path = world.dir.print(&plain.path);
    let file = cache.join(format!("{}.narinfo", plain.path.hash_part()));
    let put = |it: &NarInfo| std::fs::write(&file, it.print(&world.dir)).unwrap();
    // The store trusts the key that it signs with itself.
    plain.signatures.clear();
    put(&plain);
    assert!(!trusts(&world, &cache, &path, &ours.public()));
    plain.sign(&world.dir, &ours);
    put(&plain);
    assert!(trusts(&world, &cache, &path, &ours.public()));
    assert!(!trusts(&world, &cache, &path, &other.public()));
    let mut bytes = plain.signatures.first().unwrap().bytes();
    bytes[3] ^= 1;
    let changed = data_encoding::BASE64.encode(&bytes);
    plain.signatures = [format!("ours-1:{changed}").parse().unwrap()].into();
    put(&plain);
    assert!(!plain.is_signed_by(&world.dir, &[ours.public()]));
    assert!(!trusts(&world, &cache, &path, &ours.public()));
}

#[test]
fn nix_takes_realisations_that_are_signed_here() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let cache = world.cache("cache", "compression=none");
    let ((ours, _), (other, _)) = (world.ours(7), world.ours(8));
    for mut realisation in realisations(&cache) {
        realisation.signatures.clear();
        realisation.sign(&ours);
        let file = format!("realisations/{}.doi", realisation.id);
        std::fs::write(cache.join(file), realisation.print()).unwrap();
        assert_eq!(
            Realisation::parse(realisation.print().as_bytes()),
            Ok(realisation)
        );
    }
    for mut narinfo in narinfos(&world.dir, &cache) {
        narinfo.signatures.clear();
        narinfo.sign(&world.dir, &ours);
        let file = format!("{}.narinfo", narinfo.path.hash_part());
        std::fs::write(cache.join(file), narinfo.print(&world.dir)).unwrap();
    }
    for (key, expected) in [(other.public(), false), (ours.public(), true)] {
        // A store of the same folder that has nothing yet, and may build nothing.
        let env = world.store.env();
        std::fs::remove_dir_all(env.path("nix/var")).unwrap();
        std::fs::remove_dir_all(env.path("nix/store")).unwrap();
        std::fs::remove_dir_all(env.path("home/.cache")).ok();
        let url = format!("file://{}", cache.display());
        let mut build = world.store.command("nix-build");
        build.args(["--no-out-link", "--max-jobs", "0"]);
        build.args(["--option", "substituters", &url]);
        build.args(["--option", "trusted-public-keys", &key.to_string()]);
        let out = build.arg(&world.expression).output().unwrap();
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.success(), expected, "{stderr}");
    }
}
