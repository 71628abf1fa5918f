//! Hashes and store paths, against `nix`.

use std::collections::BTreeMap;
use std::path::Path;

use nix_format::nar::FileKind;
use nix_format::{Sha256, StoreDir, StoreName, StorePath};
use testkit::env::Env;
use testkit::repo::run;
use testkit::tools;

use crate::tree::Node;

fn nix(env: &Env, arguments: &[&str], path: &Path) -> String {
    let mut command = env.command(arguments[0]);
    let config = "substituters =\nexperimental-features = nix-command flakes\n";
    command.env("NIX_CONFIG", config);
    command.args(&arguments[1..]).arg(path);
    String::from_utf8(run(&mut command).stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
fn hashes_and_paths_are_those_of_nix() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let env = Env::new();
    let tree = Node::Directory(BTreeMap::from([
        (
            b"atom.toml".to_vec(),
            Node::File(FileKind::Regular, b"[atom]\n".to_vec()),
        ),
        (
            b"run".to_vec(),
            Node::File(FileKind::Executable, b"x".to_vec()),
        ),
        (b"to".to_vec(), Node::Symlink(b"run".to_vec())),
    ]));
    let hash = Sha256::of(&tree.nar());
    for name in ["source", ".a", "a+b.c?d=e_f-1"] {
        let path = env.path(name);
        tree.write(&path);
        assert_eq!(nix(&env, &["nix", "hash", "path"], &path), hash.to_string());
        assert_eq!(
            nix(&env, &["nix", "hash", "path", "--base32"], &path),
            hash.base32()
        );
        let store = format!("local?root={}", env.path("store").display());
        let add = [
            "nix-store",
            "--store",
            &store,
            "--add-fixed",
            "--recursive",
            "sha256",
        ];
        let ours = StorePath::source(
            &StoreDir::default(),
            &hash,
            name.parse::<StoreName>().unwrap(),
        );
        assert_eq!(nix(&env, &add, &path), format!("/nix/store/{ours}"));
    }
}

#[test]
fn nix_refuses_the_names_that_we_refuse() {
    if !tools::have(&["nix-store"]) {
        return;
    }
    let env = Env::new();
    let tree = Node::File(FileKind::Regular, Vec::new());
    for name in ["a b", "é", "a@b"] {
        assert!(name.parse::<StoreName>().is_err());
        let path = env.path(name);
        tree.write(&path);
        let store = format!("local?root={}", env.path("store").display());
        let mut command = env.command("nix-store");
        command.args(["--store", &store, "--add-fixed", "--recursive", "sha256"]);
        let out = command.arg(&path).output().unwrap();
        assert!(!out.status.success(), "{name}");
    }
}
