//! Listings, against `nix nar ls` and what `nix copy` writes.

use nix_format::nar::{Event, Extent, Listing, Reader};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use testkit::env::Env;
use testkit::nix::NixStore;
use testkit::repo::run;
use testkit::tools;

use crate::tree::{Node, node, rich};

fn listed(mut listing: Listing, nar: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(nar);
    while let Some(event) = reader.next_event().unwrap() {
        listing.take(&event);
    }
    listing.finish()
}

/// What follows a name.
fn below(name: &[u8], mut listing: Listing, nar: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(nar);
    loop {
        match reader.next_event().unwrap().unwrap() {
            Event::Entry { name: found } if found == name => break,
            _ => {}
        }
    }
    let mut depth = 0;
    loop {
        let event = reader.next_event().unwrap().unwrap();
        listing.take(&event);
        match event {
            Event::Directory => depth += 1,
            Event::EndDirectory => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return listing.finish();
        }
    }
}

fn nix(env: &Env, nar: &[u8], args: &[&str]) -> Vec<u8> {
    let file = env.path("a.nar");
    std::fs::write(&file, nar).unwrap();
    let mut nix = env.command("nix");
    nix.args(["--extra-experimental-features", "nix-command", "nar", "ls"]);
    nix.arg("--json").arg(file).args(args);
    run(&mut nix).stdout
}

#[track_caller]
fn check(env: &Env, node: &Node) {
    let nar = node.nar();
    let whole = listed(Listing::node(Extent::Whole), &nar);
    assert_eq!(whole, nix(env, &nar, &["--recursive", "/"]), "{node:?}");
    let names = listed(Listing::node(Extent::Names), &nar);
    assert_eq!(names, nix(env, &nar, &["/"]), "{node:?}");
}

#[test]
fn a_listing_is_that_of_nix() {
    if !tools::have(&["nix"]) {
        return;
    }
    let env = Env::new();
    check(&env, &rich());
    let nar = rich().nar();
    for extent in [Extent::Whole, Extent::Names] {
        let args: &[&str] = match extent {
            Extent::Whole => &["-R", "/bin"],
            Extent::Names => &["/bin"],
        };
        let found = below(b"bin", Listing::node(extent), &nar);
        assert_eq!(found, nix(&env, &nar, args));
    }
    TestRunner::new(ProptestConfig::with_cases(16))
        .run(&node(), |node| {
            check(&env, &node);
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_file_of_a_binary_cache_is_that_of_nix() {
    if !tools::have(&["nix", "nix-store"]) {
        return;
    }
    let env = Env::new();
    let store = NixStore::new(&env);
    let tree = env.path("tree");
    for (n, node) in [
        rich(),
        Node::File(nix_format::nar::FileKind::Executable, b"x".to_vec()),
    ]
    .iter()
    .enumerate()
    {
        let tree = tree.with_extension(n.to_string());
        node.write(&tree);
        let path = run(store.command("nix-store").arg("--add").arg(&tree)).stdout;
        let path = String::from_utf8(path).unwrap();
        let cache = env.path("cache");
        let url = format!("file://{}?write-nar-listing=1", cache.display());
        run(store
            .command("nix")
            .args(["copy", "--to", &url, path.trim_end()]));
        let name = path.trim_end().rsplit('/').next().unwrap();
        let expected = std::fs::read(cache.join(format!("{}.ls", &name[..32]))).unwrap();
        assert_eq!(listed(Listing::file(), &node.nar()), expected);
    }
}
