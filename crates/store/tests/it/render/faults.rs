//! What the seekable reader does where blobs fail.

use std::io::{self, ErrorKind, SeekFrom};

use castore::{BlobError, Digest};
use store::render::{NarReader, RenderError};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::tree::{contents, directory, file, laid_out, pattern};
use super::unsteady::{Fault, Unsteady};
use crate::tree::Tree;
use crate::world::run;

fn tree() -> Tree {
    directory([
        ("a", file("before")),
        ("b", file(pattern(3000))),
        ("c", file("after")),
    ])
}

/// The bytes that came before the first error, and the error.
async fn read(reader: &mut NarReader) -> (Vec<u8>, Option<io::Error>) {
    let (mut all, mut piece) = (Vec::new(), [0; 700]);
    loop {
        match reader.read(&mut piece).await {
            Ok(0) => return (all, None),
            Ok(n_bytes) => all.extend_from_slice(&piece[..n_bytes]),
            Err(error) => return (all, Some(error)),
        }
    }
}

/// Reads from the beginning into a fault, which shows `n_bytes` behind the start of the contents;
/// then elsewhere; then all, once it is mended.
async fn check(fault: Fault, n_bytes: usize, kind: ErrorKind) -> io::Error {
    let (tree, blobs) = (tree(), Unsteady::new(11, 3));
    let (layout, nar) = (laid_out(&tree, &blobs).await, tree.nar());
    let (start, bytes) = contents(&tree).swap_remove(1);
    let start = usize::try_from(start).unwrap();
    blobs.set_fault(Digest::of(&bytes), fault);
    let mut reader = NarReader::new(blobs.shared(), layout);
    let (before, error) = read(&mut reader).await;
    assert!(
        before == nar[..start + n_bytes],
        "{fault:?}: {}",
        before.len()
    );
    let error = error.unwrap();
    assert_eq!(error.kind(), kind, "{fault:?}");
    // The position is where it failed, and what lies behind is there.
    let at = reader.stream_position().await.unwrap();
    assert_eq!(at, before.len() as u64);
    let behind = start + 3000;
    reader.seek(SeekFrom::Start(behind as u64)).await.unwrap();
    assert!(read(&mut reader).await.0 == nar[behind..], "{fault:?}");
    blobs.heal();
    reader.seek(SeekFrom::Start(at)).await.unwrap();
    let (rest, none) = read(&mut reader).await;
    assert!(none.is_none() && rest == nar[before.len()..], "{fault:?}");
    error
}

fn inner(error: &io::Error) -> &RenderError {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[test]
fn a_blob_that_is_missing_is_named() {
    run(async {
        let error = check(Fault::Missing, 0, ErrorKind::NotFound).await;
        let digest = Digest::of(&pattern(3000));
        assert_eq!(error.to_string(), format!("blob `{digest}` is missing"));
    });
}

#[test]
fn a_blob_that_ends_early_is_an_unexpected_end() {
    run(async {
        let kind = ErrorKind::UnexpectedEof;
        let error = check(Fault::Short(2999), 0, kind).await;
        assert!(matches!(
            inner(&error),
            RenderError::Short {
                size: 2999,
                said: 3000,
                ..
            }
        ));
        let error = check(Fault::EndsAt(1234), 1234, kind).await;
        assert!(matches!(
            inner(&error),
            RenderError::Short {
                size: 1234,
                said: 3000,
                ..
            }
        ));
        let error = check(Fault::EndsAt(0), 0, kind).await;
        assert!(matches!(
            inner(&error),
            RenderError::Short {
                size: 0,
                said: 3000,
                ..
            }
        ));
    });
}

#[test]
fn nothing_of_a_blob_is_handed_out_that_goes_on() {
    run(async {
        let error = check(Fault::Long(1), 0, ErrorKind::InvalidInput).await;
        assert!(matches!(
            inner(&error),
            RenderError::Long {
                size: 3001,
                said: 3000,
                ..
            }
        ));
    });
}

#[test]
fn nothing_is_handed_out_beyond_a_size_that_is_not_true() {
    run(async {
        let (tree, blobs) = (tree(), Unsteady::new(11, 3));
        let layout = laid_out(&tree, &blobs).await;
        blobs.set_fault(Digest::of(&pattern(3000)), Fault::GoesOn(5));
        let mut reader = NarReader::new(blobs.shared(), layout);
        assert!(read(&mut reader).await.0 == tree.nar());
    });
}

#[test]
fn what_a_blob_says_is_passed_on() {
    run(async {
        for (fault, n_bytes) in [
            (Fault::Unopenable(1), 0),
            (Fault::Unreadable(0, 1), 0),
            (Fault::Unreadable(2000, 1), 2000),
        ] {
            let error = check(fault, n_bytes, ErrorKind::ConnectionReset).await;
            let inner = error.get_ref().unwrap();
            assert!(inner.downcast_ref::<BlobError>().is_some(), "{fault:?}");
        }
    });
}

/// Reads and seeks on after a fault that passes.
async fn try_again(fault: Fault) {
    let (tree, blobs) = (tree(), Unsteady::new(13, 2));
    let (layout, nar) = (laid_out(&tree, &blobs).await, tree.nar());
    let (start, bytes) = contents(&tree).swap_remove(1);
    let digest = Digest::of(&bytes);
    let from = usize::try_from(start).unwrap() + 100;
    let mut reader = NarReader::new(blobs.shared(), layout);
    blobs.set_fault(digest, fault);
    reader.seek(SeekFrom::Start(from as u64)).await.unwrap();
    blobs.log();
    for _ in 0..2 {
        assert!(reader.read_u8().await.is_err());
    }
    assert_eq!(reader.read_u8().await.unwrap(), nar[from]);
    assert_eq!(blobs.log().opened, [digest; 3]);
    // So it does where one seeks in between.
    blobs.set_fault(digest, fault);
    let mut reader = NarReader::new(blobs.shared(), std::sync::Arc::clone(reader.layout()));
    for _ in 0..2 {
        reader.seek(SeekFrom::Start(from as u64)).await.unwrap();
        assert!(reader.read_u8().await.is_err());
    }
    reader.seek(SeekFrom::Start(from as u64)).await.unwrap();
    assert_eq!(reader.read_u8().await.unwrap(), nar[from]);
}

#[test]
fn after_an_error_the_next_seek_or_read_tries_again() {
    run(async {
        try_again(Fault::Unopenable(2)).await;
        try_again(Fault::Unreadable(50, 2)).await;
    });
}
