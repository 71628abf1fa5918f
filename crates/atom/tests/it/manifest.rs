//! Manifests: what is read, and what is wrong with what is not.

use crate::faults::{cases, draw_all};
use atom::manifest::{
    Build, Duplicates, GitAt, Manifest, ManifestFaults, PinSource, Publish, SetPlace, is_atom,
};

const HEAD: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";

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

/// Reads a text by the rules that a golden file names.
fn parse(rules: &str, text: &str) -> Result<Manifest, ManifestFaults> {
    match rules {
        "own" => Manifest::parse_own(text),
        "foreign" => Manifest::parse_foreign(text),
        "publish" => Manifest::parse_for_publish(text),
        other => panic!("no such rules: {other}"),
    }
}

#[test]
fn faults_are_reported_all_at_once_and_where_they_are() {
    for case in cases("manifest/invalid.txt") {
        let rules = case.name.split(':').next().unwrap();
        let faults = parse(rules, &case.text).expect_err(&case.name);
        let found = draw_all(&faults, &case.text);
        assert_eq!(found, case.faults, "{}", case.name);
    }
}

/// Whatever names a secret is said without a place, since what has one is drawn with its line.
#[test]
fn no_fault_of_a_url_shows_its_credentials() {
    let mut seen = 0;
    for case in cases("manifest/invalid.txt") {
        seen += usize::from(case.text.contains("hunter2"));
        assert!(!case.faults.contains("hunter2"), "{}", case.name);
    }
    assert_eq!(seen, 1);
}

#[test]
fn what_differs_between_own_foreign_and_published() {
    let text = format!("{HEAD}[sets]\nlocal = \"../r\"\n[future]\nkey = 1979-05-27\n");
    let without = text.split("[future]").next().unwrap().to_owned();
    Manifest::parse_own(&without).unwrap();
    Manifest::parse_for_publish(&without).unwrap_err();
    Manifest::parse_foreign(&without).unwrap_err();
    let public = text.replace("../r", "ssh://git@h.org/r");
    let manifest = Manifest::parse_foreign(&public).unwrap();
    assert!(manifest.sets.contains_key(&"local".parse().unwrap()));
    Manifest::parse_own(&public).unwrap_err();
    Manifest::parse_for_publish(&public).unwrap_err();
    // What exists is not hidden by the tables of another year.
    let mixed = "[atom]\nid = \"λ-calc\"\nversion = \"1.0.0\"\n";
    Manifest::parse_foreign(mixed).unwrap();
    Manifest::parse_own(mixed).unwrap_err();
}

#[test]
fn one_id_may_come_from_two_sets() {
    let sets = "[sets]\na = \"https://h.org/a\"\nb = \"https://h.org/b\"\nhere = \"::\"\n";
    let deps = "[deps]\na.x = \"^1\"\nb.x = \"^2\"\nhere.x = \"^3\"\nb.a = \"*\"\n";
    let manifest = Manifest::parse_own(&format!("{HEAD}{sets}{deps}")).unwrap();
    assert_eq!(manifest.deps.len(), 4);
}

#[test]
fn what_is_cut_is_told_by_its_atom_table() {
    let check = |text: &str, expected| assert_eq!(is_atom(text).unwrap(), expected, "{text}");
    check("", None);
    check("[sets]\nx = 1\n", None);
    check("atom = 1\n", None);
    check("[[atom]]\n", None);
    check("[atom]\n", Some(Publish::Yes));
    check("atom.id = 1", Some(Publish::Yes));
    check("atom = {}", Some(Publish::Yes));
    check("[atom.x]", Some(Publish::Yes));
    check("[atom]\npublish = true\n", Some(Publish::Yes));
    check("[atom]\npublish = false\n", Some(Publish::No));
    check("[future]\n[atom]\nunknown = 1\n", Some(Publish::Yes));
    for text in [
        "[atom",
        "[atom]\npublish = 0\n",
        "\u{feff}[atom]\n",
        "a = 1\na = 2\n",
    ] {
        is_atom(text).expect_err(text);
    }
}

#[test]
fn a_manifest_says_the_same_wherever_it_says_it() {
    let read = |text: &str| Manifest::parse_own(text).unwrap();
    let sets = "[sets]\nx = \"https://h.org/r\"\n";
    let one = read(&format!("{HEAD}{sets}[deps.x]\nb = \"1\"\n"));
    let two = read(&format!(
        "# c\n{HEAD}[deps]\nx.b = {{ version = \"^1\" }}\n{sets}"
    ));
    assert_ne!(one.deps[0].span, two.deps[0].span);
    assert_eq!(one, two);
}
