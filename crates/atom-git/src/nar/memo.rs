//! Which tree has which NAR hash: known once, known for ever.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use atom::{NarHash, ObjectId};
use nix_format::Sha256;

/// What begins each record: also where reading finds its feet again after a torn one.
const MAGIC: &[u8; 4] = b"nar1";

/// Magic, tree, hash, and the first 8 bytes of the SHA-256 of those.
const RECORD_BYTES: usize = 4 + 20 + 32 + 8;

/// Beyond this size the file is begun anew, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Remembers the NAR hashes of trees, in memory, and in a file where it has one.
///
/// The file is a cache: whatever cannot be read or written there is simply computed again. Who can
/// write it decides what hashes are believed, so it belongs in a folder of the user's own, and is
/// not for telling whether what was fetched is what was locked: use [`NarMemo::none`] there.
#[derive(Debug, Default)]
pub struct NarMemo {
    known: Mutex<HashMap<ObjectId, NarHash>>,
    file: Option<File>,
}

impl NarMemo {
    /// Remembers in memory alone.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a file of records, made if it is not there, and appends to it what is learnt.
    ///
    /// Other processes may append at the same time: a record is one write, and one that is torn is
    /// skipped.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600);
        let Ok(mut file) = file.open(path) else {
            return Self::none();
        };
        let mut bytes = Vec::new();
        let size = file.metadata().map_or(0, |it| it.len());
        if size > MAX_BYTES {
            // Losing the race to another process that truncates costs it what it just learnt.
            if file.set_len(0).is_err() {
                return Self::none();
            }
        } else if file.read_to_end(&mut bytes).is_err() {
            return Self::none();
        }
        Self {
            known: Mutex::new(parse(&bytes)),
            file: Some(file),
        }
    }

    /// The hash of a tree's NAR, if it is known.
    #[must_use]
    pub fn get(&self, tree: ObjectId) -> Option<NarHash> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&tree).copied()
    }

    /// Remembers the hash of a tree's NAR.
    pub fn put(&self, tree: ObjectId, hash: NarHash) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new = known.insert(tree, hash) != Some(hash);
        if let Some(mut file) = self.file.as_ref().filter(|_| new) {
            // What cannot be remembered is computed again.
            drop(file.write(&print(tree, hash)));
        }
    }
}

fn print(tree: ObjectId, hash: NarHash) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..4].copy_from_slice(MAGIC);
    record[4..24].copy_from_slice(tree.as_bytes());
    record[24..56].copy_from_slice(&hash.0);
    let sum = Sha256::of(&record[..56]);
    record[56..].copy_from_slice(&sum.0[..8]);
    record
}

fn parse(mut bytes: &[u8]) -> HashMap<ObjectId, NarHash> {
    let mut known = HashMap::new();
    while let Some(start) = bytes.windows(4).position(|it| it == MAGIC) {
        bytes = &bytes[start..];
        let Some((record, rest)) = bytes.split_first_chunk::<RECORD_BYTES>() else {
            break;
        };
        if let Some((tree, hash)) = parse_record(record) {
            known.insert(tree, hash);
            bytes = rest;
        } else {
            bytes = &bytes[1..];
        }
    }
    known
}

fn parse_record(record: &[u8; RECORD_BYTES]) -> Option<(ObjectId, NarHash)> {
    let tree = ObjectId::new(*record[4..].first_chunk()?);
    let hash = NarHash(*record[24..].first_chunk()?);
    (print(tree, hash) == *record).then_some((tree, hash))
}
