//! A NAR as deep as may be: what is taken in can be read, from the beginning and from anywhere.

use std::io::SeekFrom;

use castore::Limits;
use nix_format::nar::{FileKind, Writer};
use store::ingest::Ask;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::world::{Places, run};

/// So many directories in each other, each with an entry before the next one and one behind it.
fn nested(depth: usize) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for _ in 0..depth {
        writer.directory().unwrap();
        writer.entry(b"a").unwrap();
        writer.symlink(b"d").unwrap();
        writer.entry(b"d").unwrap();
    }
    writer.file(FileKind::Regular, 8).unwrap();
    writer.contents(b"the end\n").unwrap();
    for _ in 0..depth {
        writer.entry(b"z").unwrap();
        writer.file(FileKind::Executable, 0).unwrap();
        writer.end_directory().unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn the_deepest_nar_comes_back() {
    let nar = nested(Limits::default().depth);
    let places = Places::new();
    run(async {
        for store in places.stores().await {
            let session = store.session().unwrap();
            let ingested = session.ingest(nar.as_slice(), Ask::default()).await;
            let root = ingested.unwrap().root;
            let mut read = Vec::new();
            let mut stream = store.nar_stream(&root).await.unwrap();
            stream.read_to_end(&mut read).await.unwrap();
            assert!(read == nar);
            let mut reader = store.nar_reader(&root).await.unwrap();
            for at in (0..nar.len()).step_by(nar.len() / 20) {
                reader.seek(SeekFrom::Start(at as u64)).await.unwrap();
                let mut piece = [0; 100];
                let n_bytes = 100.min(nar.len() - at);
                reader.read_exact(&mut piece[..n_bytes]).await.unwrap();
                assert_eq!(piece[..n_bytes], nar[at..at + n_bytes], "{at}");
            }
        }
    });
}
