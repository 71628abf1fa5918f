//! Structured attributes at random: the files that the builder gets of them, as Nix writes them.

use std::collections::BTreeMap;

use nix_format::derivation::{Derivation, OutputName, Setting};
use nix_format::{StoreDir, StorePath};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::repo::run;
use testkit::tools;

use crate::generated::string;

/// Values as Nix writes them: numbers of all sizes, texts, lists and sets of them.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let near = select(
        &[
            0,
            1,
            -1,
            1 << 24,
            (1 << 24) + 1,
            1 << 31,
            (1 << 31) - 1,
            1 << 53,
        ][..],
    );
    let integer = prop_oneof![
        near,
        -999..999_i64,
        any::<i64>().prop_filter("a literal", |it| *it > i64::MIN)
    ];
    // Nix keeps six digits.
    let exponent = prop_oneof![-16..20_i32, -300..300];
    let float = (-9_999_999..=9_999_999_i32, exponent)
        .prop_map(|(digits, exponent)| format!("({digits}.0e{exponent})").into_bytes());
    let text = prop_oneof![
        r#"["'\\$`\n\r\t\x01\x1f\x7f a-cé☃𝄞]{0,8}"#,
        any::<String>().prop_map(|it| it.replace('\0', "")),
    ];
    let leaf = prop_oneof![
        integer.prop_map(|it| format!("({it})").into_bytes()),
        float,
        text.prop_map(|it| string(it.as_bytes())),
        select(&["true", "false", "null"][..]).prop_map(|it| it.into()),
    ];
    leaf.prop_recursive(3, 12, 4, |value| {
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(|all| [b"[ ", &*all.join(&b' '), b" ]"].concat()),
            btree_map("[ab'é -]{0,3}", value, 0..4).prop_map(|all| set(&all)),
        ]
    })
}

fn set(all: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut code = b"{ ".to_vec();
    for (name, value) in all {
        code.extend([&string(name.as_bytes()), &b" = "[..], value, b"; "].concat());
    }
    code.push(b'}');
    code
}

fn check(attributes: &BTreeMap<String, Vec<u8>>) {
    let env = Env::new();
    let store = NixStore::new(&env);
    let code = br#"[ (derivation (SET // {
        name = "attributes";
        system = builtins.currentSystem;
        builder = "/bin/sh";
        args = [ "-ec" "/bin/mkdir $0; /bin/cp .attrs.json .attrs.sh $0" (builtins.placeholder "out") ];
        __structuredAttrs = true;
    })).drvPath ]"#;
    let at = code.windows(3).position(|it| it == b"SET").unwrap();
    let drvs = store.evaluate([&code[..at], &set(attributes), &code[at + 3..]].concat());
    let drv = drvs[0].as_str().unwrap();
    let mut build = store.command("nix-store");
    run(build.args(["--realise", drv]));
    let dir: StoreDir = store.path().to_str().unwrap().parse().unwrap();
    let derivation = Derivation::parse(&dir, &std::fs::read(drv).unwrap()).unwrap();
    let out: StorePath = derivation.outputs[&OutputName::out()]
        .path()
        .unwrap()
        .clone();
    let environment = derivation
        .environment(&Setting {
            store_dir: &dir,
            build_dir: "/build",
            n_cores: 1,
            outputs: &BTreeMap::from([(OutputName::out(), out.clone())]),
            graphs: &BTreeMap::new(),
            impure: &BTreeMap::new(),
        })
        .unwrap();
    assert_eq!(environment.files.len(), 2);
    for (file, text) in &environment.files {
        let seen = std::fs::read(format!("{}/{file}", dir.print(&out))).unwrap();
        // The first that differs is enough to see.
        let (text, seen) = (
            text.escape_ascii().to_string(),
            seen.escape_ascii().to_string(),
        );
        let mut pairs = text.split(',').zip(seen.split(','));
        assert_eq!(pairs.find(|(ours, theirs)| ours != theirs), None, "{file}");
        assert_eq!(text.len(), seen.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn are_written_as_by_nix(attributes in btree_map("[v_1é-][a1_ é.]{0,3}", value(), 60..100)) {
        if tools::have(nix::PROGRAMS) {
            check(&attributes);
        }
    }
}
