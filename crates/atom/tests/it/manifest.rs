//! Manifests: what is read, and what is wrong with what is not.

use atom::manifest::{Build, Duplicates, GitAt, Manifest, PinSource, Publish, SetPlace};

const EXAMPLE: &str = include_str!("../../../../tests/vectors/manifest/valid/example.toml");

#[test]
fn every_key_of_the_reference_is_read() {
    let manifest = Manifest::parse_own(EXAMPLE).unwrap();
    assert_eq!(manifest.id.as_str(), "hello");
    assert_eq!(manifest.version.to_string(), "1.2.0");
    assert_eq!(manifest.description.as_deref(), Some("Says hello."));
    assert_eq!(manifest.license.as_deref(), Some("MIT OR Apache-2.0"));
    assert_eq!(
        manifest.homepage.as_deref(),
        Some("https://example.org/hello")
    );
    assert_eq!(manifest.tags, ["cli"]);
    assert_eq!(
        (manifest.duplicates, manifest.publish),
        (Duplicates::Deny, Publish::No)
    );
    let set = |name: &str| &manifest.sets[&name.parse().unwrap()];
    assert_eq!(set("here").place, SetPlace::Here);
    assert_eq!(
        set("core").place.origin().unwrap().to_string(),
        "https://github.com/owner/repo"
    );
    assert_eq!(set("tools").place.mirrors().len(), 1);
    assert_eq!(set("safe").place.mirrors().len(), 1);
    assert_eq!(set("safe").keys, ["ssh-ed25519 AAAA"]);
    let deps: Vec<_> = manifest
        .deps
        .iter()
        .map(|it| format!("{} {} {}", it.set, it.id, it.req))
        .collect();
    assert_eq!(
        deps,
        ["core openssl ^3", "core zlib ^1.3", "here util ^0.1"]
    );
    for dep in &manifest.deps {
        assert_eq!(EXAMPLE[dep.span.clone()], format!("\"{}\"", dep.req));
    }
    assert_eq!(manifest.pins.len(), 5);
    let pin = |name: &str| &manifest.pins[&name.parse().unwrap()].source;
    assert!(
        matches!(pin("nixpkgs"), PinSource::Git { at: GitAt::Ref(it), .. } if it == "nixos-unstable")
    );
    let Some(Build::Recipe(recipe)) = &manifest.build else {
        panic!("{:?}", manifest.build)
    };
    assert_eq!(recipe.fetch.len(), 1);
    assert_eq!(recipe.env["CFLAGS"], "-O2");
}
