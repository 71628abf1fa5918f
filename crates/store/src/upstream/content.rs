//! Whether a content is what its path is named by: nobody's word is needed for it.

use std::io;
use std::sync::Arc;

use castore::Node;
use memchr::memmem::Finder;
use nix_format::{Algorithm, ContentAddress, Hash, Hasher, Method, NarInfo};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::ingest::Ingested;
use crate::render::{Layout, NarStream};
use crate::store::Store;

/// How many places of its own hash part are counted in a NAR; nothing that is built has as many.
const MAX_PLACES: usize = 1 << 20;

/// How many bytes are read at a time.
const PIECE: usize = 64 << 10;

/// Whether what was taken in is what `ca` says, which names the path
/// (`libstore/local-store.cc`, `addToStore`).
pub(super) async fn is_named_by(
    store: &Store,
    narinfo: &NarInfo,
    ca: &ContentAddress,
    ingested: &Ingested,
) -> io::Result<bool> {
    let itself = narinfo.references.contains(&narinfo.path);
    let (method, hash) = match ca {
        ContentAddress::Text(hash) => (Method::Flat, Hash::from(*hash)),
        ContentAddress::Fixed { method, hash } => (*method, *hash),
    };
    match (method, &ingested.root) {
        (Method::Recursive, _) if !itself && hash.algorithm() == Algorithm::Sha256 => {
            Ok(hash == Hash::from(ingested.nar_hash))
        }
        (Method::Recursive, root) => {
            let blobs = Arc::clone(store.blobs());
            let layout = Layout::read(blobs.as_ref(), root, castore::Limits::default()).await?;
            let nar = NarStream::new(blobs, Arc::new(layout));
            let own = narinfo.path.hash_part();
            let found = Modulo::new(hash.algorithm(), own.as_bytes());
            found.of(nar).await.map(|it| it == Some(hash))
        }
        (
            Method::Flat,
            Node::File {
                digest,
                executable: false,
                ..
            },
        ) => match store.blobs().open(digest).await? {
            Some(blob) => {
                let found = Modulo::new(hash.algorithm(), b"");
                found.of(blob).await.map(|it| it == Some(hash))
            }
            None => Err(io::ErrorKind::NotFound.into()),
        },
        (Method::Flat, _) => Ok(false),
    }
}

/// A hash of what is left when a text is taken out of a stream, and of where it stood
/// (`libstore/references.cc`, `HashModuloSink`).
struct Modulo {
    hasher: Hasher,
    own: Vec<u8>,
    /// What may hold the beginning of the text.
    tail: Vec<u8>,
    /// Where the tail begins.
    at: u64,
    places: Vec<u64>,
}

impl Modulo {
    fn new(algorithm: Algorithm, own: &[u8]) -> Self {
        Self {
            hasher: Hasher::new(algorithm),
            own: own.to_vec(),
            tail: Vec::new(),
            at: 0,
            places: Vec::new(),
        }
    }

    /// The hash; nothing where there are more places than are counted.
    async fn of(mut self, mut stream: impl AsyncRead + Unpin) -> io::Result<Option<Hash>> {
        let mut piece = vec![0; PIECE];
        loop {
            match stream.read(&mut piece).await? {
                0 => return Ok(Some(self.finish())),
                n => self.update(&piece[..n]),
            }
            if self.places.len() > MAX_PLACES {
                return Ok(None);
            }
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if self.own.is_empty() {
            return self.hasher.update(bytes);
        }
        self.tail.extend_from_slice(bytes);
        let finder = Finder::new(&self.own);
        let mut done = 0;
        while let Some(found) = finder.find(&self.tail[done..]) {
            let start = done + found;
            done = start + self.own.len();
            self.tail[start..done].fill(0);
            self.places.push(self.at + start as u64);
        }
        let done = done.max((self.tail.len() + 1).saturating_sub(self.own.len()));
        self.hasher.update(&self.tail[..done]);
        self.tail.drain(..done);
        self.at += done as u64;
    }

    fn finish(mut self) -> Hash {
        self.hasher.update(&self.tail);
        for place in &self.places {
            self.hasher.update(format!("|{place}").as_bytes());
        }
        self.hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_no_difference() {
        let bytes = b"ownow own-ownown o";
        let expected = Hash::of(
            Algorithm::Sha256,
            b"\0\0\0ow \0\0\0-\0\0\0\0\0\0 o|0|6|10|13",
        );
        for cut in 0..=bytes.len() {
            for again in cut..=bytes.len() {
                let mut modulo = Modulo::new(Algorithm::Sha256, b"own");
                for piece in [&bytes[..cut], &bytes[cut..again], &bytes[again..]] {
                    modulo.update(piece);
                }
                assert_eq!(modulo.finish(), expected, "{cut} {again}");
            }
        }
    }
}
