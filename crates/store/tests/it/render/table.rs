//! What the seekable reader promises, case by case.

use std::io::{ErrorKind, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;

use castore::{ClosureError, Digest, Limits, Memory, Node};
use nix_format::nar::FileKind;
use store::render::{Layout, NarReader, RenderError};
use tokio::io::{AsyncReadExt as _, AsyncSeek as _, AsyncSeekExt as _};

use super::tree::{contents, directory, file, laid_out, pattern, put};
use super::unsteady::{Log, Unsteady};
use crate::tree::Tree;
use crate::world::run;

/// Reads everything from offsets all over the NAR.
async fn check(tree: &Tree) {
    let (blobs, nar) = (Unsteady::new(7, 3), tree.nar());
    let layout = laid_out(tree, &blobs).await;
    assert_eq!(layout.len(), nar.len() as u64);
    let mut reader = NarReader::new(blobs.shared(), layout);
    let n_steps = 200.min(nar.len());
    for step in (0..=n_steps).rev().chain(0..=n_steps) {
        let offset = step * nar.len() / n_steps;
        let at = reader.seek(SeekFrom::Start(offset as u64)).await.unwrap();
        assert_eq!(at, offset as u64);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.unwrap();
        assert!(rest == nar[offset..], "from {offset}");
    }
}

#[test]
fn files_and_links_are_roots_as_directories_are() {
    run(async {
        for bytes in [0, 1, 7, 8, 9, 5000].map(pattern) {
            for kind in [FileKind::Regular, FileKind::Executable] {
                check(&Tree::File(kind, bytes.clone())).await;
            }
        }
        check(&Tree::Symlink(b"../elsewhere".to_vec())).await;
        check(&directory([])).await;
        check(&directory([("empty", directory([])), ("file", file("x"))])).await;
    });
}

#[test]
fn a_directory_that_is_missing_is_an_error_of_the_constructor() {
    run(async {
        let memory = Memory::new();
        let gone = put(&directory([("x", file("x"))]), &Memory::new()).await;
        let top = castore::Directory::new([(castore::Name::new("gone").unwrap(), gone.clone())]);
        let top = top.unwrap();
        castore::Blobs::put(&memory, top.print().into())
            .await
            .unwrap();
        for root in [top.node(), gone.clone()] {
            let error = Layout::read(&memory, &root, Limits::default()).await;
            let error = error.unwrap_err();
            let RenderError::Closure(ClosureError::Missing { digest }) = error else {
                panic!("{error}");
            };
            assert_eq!(Some(digest), gone.digest());
        }
    });
}

#[test]
fn a_reader_of_a_closure_reads_nothing_before_it_is_asked() {
    run(async {
        let tree = directory([("a", file("1")), ("b", directory([("c", file("2"))]))]);
        let blobs = Unsteady::new(1, 0);
        let root = put(&tree, &blobs).await;
        let closure = castore::closure(&blobs, &root, Limits::default()).await;
        assert_eq!(blobs.log().n_got, 2);
        let layout = Arc::new(Layout::new(Arc::new(closure.unwrap())).unwrap());
        let mut reader = NarReader::new(blobs.shared(), Arc::clone(&layout));
        assert_eq!(reader.len(), tree.nar().len() as u64);
        reader.seek(SeekFrom::End(-1)).await.unwrap();
        assert!(!layout.listing().is_empty());
        assert_eq!(blobs.log(), Log::default());
    });
}

#[test]
fn a_seek_past_the_end_leads_to_the_end() {
    run(async {
        let blobs = Unsteady::new(1, 0);
        let layout = laid_out(&file("some bytes"), &blobs).await;
        let mut reader = NarReader::new(blobs.shared(), layout);
        let len = reader.len();
        for to in [
            SeekFrom::Start(len),
            SeekFrom::Start(len + 1),
            SeekFrom::Start(u64::MAX),
            SeekFrom::End(0),
            SeekFrom::End(i64::MAX),
            SeekFrom::Current(i64::MAX),
        ] {
            reader.rewind().await.unwrap();
            assert_eq!(reader.seek(to).await.unwrap(), len, "{to:?}");
            assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 0, "{to:?}");
        }
        assert_eq!(reader.seek(SeekFrom::Current(-8)).await.unwrap(), len - 8);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b")\0\0\0\0\0\0\0");
    });
}

#[test]
fn a_seek_before_the_start_leaves_the_position_as_it_was() {
    run(async {
        let blobs = Unsteady::new(1, 0);
        let tree = file("some bytes");
        let (layout, nar) = (laid_out(&tree, &blobs).await, tree.nar());
        let mut reader = NarReader::new(blobs.shared(), layout);
        let len = i64::try_from(nar.len()).unwrap();
        for at in [0u64, 5, 100] {
            for to in [
                SeekFrom::End(-len - 1),
                SeekFrom::End(i64::MIN),
                SeekFrom::Current(-101),
                SeekFrom::Current(i64::MIN),
            ] {
                reader.seek(SeekFrom::Start(at)).await.unwrap();
                let error = reader.seek(to).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{to:?}");
                assert_eq!(reader.stream_position().await.unwrap(), at);
                assert_eq!(
                    reader.read_u8().await.unwrap(),
                    nar[usize::try_from(at).unwrap()]
                );
            }
        }
    });
}

#[test]
fn a_second_seek_waits_for_the_first() {
    run(async {
        let blobs = Unsteady::new(1, 0);
        let layout = laid_out(&file("some bytes"), &blobs).await;
        let mut reader = NarReader::new(blobs.shared(), layout);
        let mut pinned = Pin::new(&mut reader);
        pinned.as_mut().start_seek(SeekFrom::Start(16)).unwrap();
        let error = pinned.as_mut().start_seek(SeekFrom::Start(3)).unwrap_err();
        assert_eq!(error.to_string(), "already seeking");
        // The first goes on, and is over then.
        assert_eq!(reader.stream_position().await.unwrap(), 16);
        assert_eq!(reader.seek(SeekFrom::Start(3)).await.unwrap(), 3);
    });
}

#[test]
fn a_read_completes_the_seek_that_was_begun() {
    run(async {
        let (blobs, tree) = (Unsteady::new(1, 0), file("some bytes"));
        let (layout, nar) = (laid_out(&tree, &blobs).await, tree.nar());
        let mut reader = NarReader::new(blobs.shared(), layout);
        let pinned = Pin::new(&mut reader);
        pinned.start_seek(SeekFrom::Start(98)).unwrap();
        assert_eq!(reader.read_u8().await.unwrap(), nar[98]);
        assert_eq!(reader.stream_position().await.unwrap(), 99);
    });
}

/// Where the contents start of a tree's files, by their digests.
fn starts(tree: &Tree) -> Vec<(Digest, u64)> {
    let contents = contents(tree).into_iter();
    contents
        .map(|(at, bytes)| (Digest::of(&bytes), at))
        .collect()
}

#[test]
fn a_seek_inside_a_file_moves_the_reader_that_is_open() {
    run(async {
        let tree = directory([("a", file(pattern(10_000))), ("b", file("b"))]);
        let (blobs, nar) = (Unsteady::new(9, 2), tree.nar());
        let layout = laid_out(&tree, &blobs).await;
        let mut reader = NarReader::new(blobs.shared(), layout);
        let (digest, start) = starts(&tree)[0];
        blobs.log();
        for within in [5000u64, 10, 9999, 0, 4242, 4243] {
            let at = start + within;
            reader.seek(SeekFrom::Start(at)).await.unwrap();
            assert_eq!(
                reader.read_u8().await.unwrap(),
                nar[usize::try_from(at).unwrap()]
            );
            // Frames need no blob.
            reader.seek(SeekFrom::Start(within % 50)).await.unwrap();
            reader.read_u8().await.unwrap();
        }
        assert_eq!(blobs.log().opened, [digest]);
    });
}

#[test]
fn of_a_blob_only_that_is_read_which_is_asked() {
    run(async {
        let tree = directory([
            ("a", file(pattern(100_000))),
            ("b", file(pattern(1_000_000))),
            ("c", file(pattern(50))),
        ]);
        let (blobs, nar) = (Unsteady::new(9, 0), tree.nar());
        let layout = laid_out(&tree, &blobs).await;
        let mut reader = NarReader::new(blobs.shared(), layout);
        let (digest, start) = starts(&tree)[1];
        let at = start + 500_000;
        reader.seek(SeekFrom::Start(at)).await.unwrap();
        blobs.log();
        let mut piece = vec![0; 4096];
        reader.read_exact(&mut piece).await.unwrap();
        let from = usize::try_from(at).unwrap();
        assert_eq!(piece, nar[from..from + 4096]);
        let log = blobs.log();
        assert_eq!(log.opened, [digest]);
        assert_eq!(log.read[0].1, 500_000);
        assert_eq!(log.read.iter().map(|it| it.2).sum::<u64>(), 4096);
        assert!(log.read.iter().all(|it| it.0 == digest));
    });
}

#[test]
fn a_seek_to_an_empty_file_is_not_the_end() {
    run(async {
        let tree = directory([("a", file("")), ("b", file("b")), ("c", file(""))]);
        let (blobs, nar) = (Unsteady::new(5, 2), tree.nar());
        let layout = laid_out(&tree, &blobs).await;
        let mut reader = NarReader::new(blobs.shared(), layout);
        for (at, _) in contents(&tree) {
            reader.seek(SeekFrom::Start(at)).await.unwrap();
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, nar[usize::try_from(at).unwrap()..]);
        }
        // Nor is a blob opened that has no byte.
        assert!(!blobs.log().opened.contains(&Digest::of(b"")));
    });
}

#[test]
fn a_read_of_nothing_changes_nothing() {
    run(async {
        let tree = directory([("a", file("abc"))]);
        let (blobs, nar) = (Unsteady::new(5, 2), tree.nar());
        let layout = laid_out(&tree, &blobs).await;
        let mut reader = NarReader::new(blobs.shared(), layout);
        blobs.log();
        for (at, byte) in nar.iter().enumerate() {
            assert_eq!(reader.read(&mut []).await.unwrap(), 0);
            assert_eq!(reader.stream_position().await.unwrap(), at as u64);
            assert_eq!(reader.read_u8().await.unwrap(), *byte);
        }
        assert_eq!(reader.read(&mut []).await.unwrap(), 0);
        assert_eq!(blobs.log().opened.len(), 1);
    });
}

#[test]
fn two_nodes_may_say_different_sizes_of_one_blob() {
    run(async {
        let blobs = Unsteady::new(5, 2);
        let digest = castore::Blobs::put(&blobs, b"abc".as_slice().into())
            .await
            .unwrap();
        let node = |size| Node::File {
            digest,
            size,
            executable: false,
        };
        let entries = [("a", 3), ("b", 2), ("c", 4), ("d", 3)];
        let entries = entries.map(|(it, size)| (castore::Name::new(it).unwrap(), node(size)));
        let top = castore::Directory::new(entries).unwrap();
        castore::Blobs::put(&blobs, top.print().into())
            .await
            .unwrap();
        let layout = Layout::read(&blobs, &top.node(), Limits::default())
            .await
            .unwrap();
        let layout = Arc::new(layout);
        let mut starts = Vec::new();
        layout.events(|event| {
            if let nix_format::nar::Event::File { offset, .. } = event {
                starts.push(*offset);
            }
        });
        let mut reader = NarReader::new(blobs.shared(), layout);
        let expected = [
            None,
            Some(ErrorKind::InvalidInput),
            Some(ErrorKind::UnexpectedEof),
            None,
        ];
        for (start, expected) in starts.into_iter().zip(expected) {
            reader.seek(SeekFrom::Start(start)).await.unwrap();
            let found = reader.read_u8().await.map_err(|it| it.kind());
            assert_eq!(found, expected.map_or(Ok(b'a'), Err));
        }
    });
}
