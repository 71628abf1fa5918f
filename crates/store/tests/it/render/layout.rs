//! Where everything stands, and what that costs.

use std::io::SeekFrom;
use std::sync::Arc;

use castore::{Blobs as _, Digest, Directory, Limits, Memory, Name, Node};
use nix_format::nar::{Listing, Reader};
use proptest::prelude::*;
use store::render::{Layout, NarReader, RenderError};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::tree::{self, directory, file, laid_out, trees};
use crate::tree::Tree;
use crate::world::run;

fn node(size: u64) -> Node {
    let digest = Digest::of(&size.to_le_bytes());
    Node::File {
        digest,
        size,
        executable: false,
    }
}

/// Puts a directory of nodes that are named `0`, `1` and so on.
async fn put(memory: &Memory, nodes: &[Node]) -> Node {
    let named = nodes.iter().zip(b'0'..);
    let named = named.map(|(node, name)| (Name::new([name]).unwrap(), node.clone()));
    let directory = Directory::new(named).unwrap();
    memory.put(directory.print().into()).await.unwrap();
    directory.node()
}

const ANY: Limits = Limits {
    depth: 10_000,
    nodes: u64::MAX,
    bytes: usize::MAX,
};

#[test]
fn sums_that_no_offset_reaches_are_refused() {
    run(async {
        let memory = Memory::new();
        let most = i64::MAX as u64;
        let half = put(&memory, &[node(most / 2)]).await;
        let two = put(&memory, &[half.clone(), half.clone()]).await;
        for (root, at) in [
            (node(u64::MAX), node(u64::MAX)),
            (node(u64::MAX - 7), node(u64::MAX - 7)),
            (node(most), node(most)),
            (node(most - 100), node(most - 100)),
            (two.clone(), two),
        ] {
            let error = Layout::read(&memory, &root, ANY).await.unwrap_err();
            let RenderError::Large { digest } = error else {
                panic!("{error}")
            };
            assert_eq!(Some(digest), at.digest());
        }
        let layout = Layout::read(&memory, &half, ANY).await.unwrap();
        assert!(layout.len() > most / 2);
        // The frame of a plain file of so many bytes takes 112, and one to fill it up.
        let layout = Layout::read(&memory, &node(most - 119), ANY).await.unwrap();
        assert_eq!(layout.len(), most - 7);
    });
}

#[test]
fn a_directory_that_comes_often_is_laid_out_once() {
    run(async {
        let (memory, mut tree) = (Memory::new(), directory([("f", file("x"))]));
        let mut root = tree::put(&tree, &memory).await;
        let mut lens = vec![tree.nar().len() as u64];
        for _ in 1..52 {
            root = put(&memory, &[root.clone(), root]).await;
            let layout = Layout::read(&memory, &root, ANY).await.unwrap();
            lens.push(layout.len());
        }
        for len in &lens[1..6] {
            tree = directory([("0", tree.clone()), ("1", tree)]);
            assert_eq!(*len, tree.nar().len() as u64);
        }
        // Twice what is below, and the frames of two entries: always as much.
        let more: Vec<_> = lens.windows(2).map(|it| it[1] - 2 * it[0]).collect();
        assert!(more.windows(2).all(|it| it[0] == it[1]), "{more:?}");
        let layout = Layout::read(&memory, &root, ANY).await.unwrap();
        let (len, middle) = (layout.len(), layout.len() / 2);
        let mut reader = NarReader::new(Arc::new(memory), Arc::new(layout));
        assert!(len > 1 << 58);
        for at in [0, middle - 7777, middle, len - 500] {
            reader.seek(SeekFrom::Start(at)).await.unwrap();
            let mut piece = [0; 500];
            reader.read_exact(&mut piece).await.unwrap();
        }
        assert_eq!(reader.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn directories_lie_in_each_other_as_deep_as_a_nar_has_them() {
    run(async {
        let (memory, mut root) = (Memory::new(), node(0));
        memory.put(Vec::new().into()).await.unwrap();
        let depth = nix_format::nar::Limits::default().depth;
        for _ in 0..depth {
            root = put(&memory, &[root]).await;
        }
        let layout = Arc::new(Layout::read(&memory, &root, ANY).await.unwrap());
        let mut reader = NarReader::new(Arc::new(memory), layout);
        let mut nar = Vec::new();
        reader.read_to_end(&mut nar).await.unwrap();
        let mut plain = Reader::new(nar.as_slice());
        while plain.next_event().unwrap().is_some() {}
        for at in [0, nar.len() / 3, nar.len() / 2, nar.len() - 20] {
            reader.seek(SeekFrom::Start(at as u64)).await.unwrap();
            assert_eq!(reader.read_u8().await.unwrap(), nar[at]);
        }
    });
}

fn listing(nar: &[u8]) -> Vec<u8> {
    let (mut reader, mut listing) = (Reader::new(nar), Listing::file());
    while let Some(event) = reader.next_event().unwrap() {
        listing.take(&event);
    }
    listing.finish()
}

proptest! {
    #[test]
    fn a_listing_is_that_of_the_nar(tree in trees()) {
        let found = run(async { laid_out(&tree, &Memory::new()).await.listing() });
        prop_assert_eq!(found, listing(&tree.nar()));
    }

    #[test]
    fn events_are_those_of_a_decoder(tree in trees()) {
        let layout = run(async { laid_out(&tree, &Memory::new()).await });
        let (nar, mut expected, mut found) = (tree.nar(), Vec::new(), Vec::new());
        let mut reader = Reader::new(nar.as_slice());
        while let Some(event) = reader.next_event().unwrap() {
            if !matches!(event, nix_format::nar::Event::Contents(_)) {
                expected.push(format!("{event:?}"));
            }
        }
        layout.events(|event| found.push(format!("{event:?}")));
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn an_empty_root_is_listed() {
    run(async {
        for tree in [directory([]), file(""), Tree::Symlink(b"x".to_vec())] {
            let layout = laid_out(&tree, &Memory::new()).await;
            assert_eq!(layout.listing(), listing(&tree.nar()));
        }
    });
}
