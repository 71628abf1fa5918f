//! What the tests of rendering need of trees.

use std::collections::BTreeMap;
use std::sync::Arc;

use castore::{Blobs, Limits, Name, Node};
use nix_format::nar::{Decoder, Event, FileKind};
use proptest::prelude::*;
use store::render::Layout;

use crate::tree::Tree;

/// A plain file.
pub(crate) fn file(bytes: impl Into<Vec<u8>>) -> Tree {
    Tree::file(bytes)
}

/// A directory of these entries.
pub(crate) fn directory<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::directory(entries)
}

/// Puts all that a tree is made of.
pub(crate) async fn put(tree: &Tree, blobs: &dyn Blobs) -> Node {
    let mut made_of = BTreeMap::new();
    let root = tree.node(&mut made_of);
    for (digest, bytes) in made_of {
        assert_eq!(blobs.put(bytes.into()).await.unwrap(), digest);
    }
    root
}

/// Puts a tree and lays it out.
pub(crate) async fn laid_out(tree: &Tree, blobs: &dyn Blobs) -> Arc<Layout> {
    let root = put(tree, blobs).await;
    let layout = Layout::read(blobs, &root, Limits::default()).await;
    Arc::new(layout.unwrap())
}

/// Every file: where its contents start in the NAR, and what they are.
pub(crate) fn contents(tree: &Tree) -> Vec<(u64, Vec<u8>)> {
    let nar = tree.nar();
    let (mut decoder, mut piece) = (Decoder::default(), nar.as_slice());
    let mut found = Vec::new();
    while let Some(event) = decoder.next_event(&mut piece).unwrap() {
        if let Event::File { size, offset, .. } = event {
            let from = usize::try_from(offset).unwrap();
            let bytes = &nar[from..from + usize::try_from(size).unwrap()];
            found.push((offset, bytes.to_owned()));
        }
    }
    found
}

/// Bytes that differ from place to place.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// Small trees of all kinds, in which subtrees come several times.
pub(crate) fn trees() -> impl Strategy<Value = Tree> {
    let bytes = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (0usize..3000).prop_map(pattern),
    ];
    let kind = prop::sample::select(vec![FileKind::Regular, FileKind::Executable]);
    let leaf = prop_oneof![
        4 => (kind, bytes).prop_map(|it| Tree::File(it.0, it.1)),
        1 => prop::collection::vec(1u8.., 1..20).prop_map(Tree::Symlink),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let entries = prop::collection::btree_map(names(), inner.clone(), 0..6);
        let thrice = |it: Tree| directory([("a", it.clone()), ("a.b", it.clone()), ("b", it)]);
        prop_oneof![
            4 => entries.prop_map(Tree::Directory),
            1 => inner.prop_map(thrice),
        ]
    })
}

fn names() -> impl Strategy<Value = Vec<u8>> {
    let usual = prop::sample::select(vec!["a", "a.b", "a-", "ab", "A", "lib", "a name", "é"]);
    let any = prop::collection::vec(any::<u8>(), 1..12)
        .prop_filter("a name", |it| Name::new(it.clone()).is_ok());
    prop_oneof![usual.prop_map(|it| it.as_bytes().to_vec()), any]
}
