//! NARs, against `nix-store --dump`.

use std::cell::Cell;
use std::collections::BTreeMap;

use nix_format::nar::FileKind;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use testkit::env::Env;
use testkit::repo::run;
use testkit::tools;

use crate::tree::{Node, node};

fn check(env: &Env, name: &str, node: &Node) {
    let path = env.path(name);
    node.write(&path);
    let dumped = run(env.command("nix-store").arg("--dump").arg(&path)).stdout;
    assert!(node.nar() == dumped, "{node:?}");
}

fn file(kind: FileKind, bytes: &[u8]) -> Node {
    Node::File(kind, bytes.to_vec())
}

#[test]
fn every_kind_of_node_is_dumped_as_nix_does() {
    if !tools::have(&["nix-store"]) {
        return;
    }
    let env = Env::new();
    let entries = |names: &[&str]| {
        let file = |it: &&str| {
            (
                it.as_bytes().to_vec(),
                file(FileKind::Regular, it.as_bytes()),
            )
        };
        names.iter().map(file).collect::<BTreeMap<_, _>>()
    };
    for (name, node) in [
        ("empty-file", file(FileKind::Regular, b"")),
        ("file", file(FileKind::Regular, b"12345678")),
        ("executable", file(FileKind::Executable, b"#!/bin/sh\n")),
        ("link", Node::Symlink(b"../nowhere".to_vec())),
        ("empty", Node::Directory(BTreeMap::new())),
        (
            "order",
            Node::Directory(entries(&["b", "b.d", "b-d", "b0", "B", "é", "\u{1}"])),
        ),
        (
            "nested",
            Node::Directory(BTreeMap::from([
                (b"b".to_vec(), Node::Directory(entries(&["x"]))),
                (b"b.d".to_vec(), Node::Directory(BTreeMap::new())),
                (b"\xff".to_vec(), Node::Symlink(b"b".to_vec())),
            ])),
        ),
        ("large", file(FileKind::Regular, &vec![7; 1 << 20])),
    ] {
        check(&env, name, &node);
    }
}

#[test]
fn any_tree_is_dumped_as_nix_does() {
    if !tools::have(&["nix-store"]) {
        return;
    }
    let env = Env::new();
    let n = Cell::new(0);
    let config = ProptestConfig::with_cases(24);
    TestRunner::new(config)
        .run(&node(), |node| {
            n.set(n.get() + 1);
            check(&env, &format!("tree-{}", n.get()), &node);
            Ok(())
        })
        .unwrap();
}
