//! Blobs read piece by piece, so that a large one is never in memory whole.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use atom::ObjectId;
use gix::odb::pack;
use gix::zlib::Decompress;
use gix::zlib::stream::inflate;

use crate::objects::{ObjectError, ObjectKind, Objects, to_gix};

/// Blobs from this size on are inflated as they are read, where git stores them whole.
const LARGE_BYTES: u64 = 4 << 20;

/// The longest header of a loose object: `blob `, 20 digits, NUL.
const MAX_HEADER_BYTES: usize = 32;

/// The bytes of a blob, in order.
pub struct Blob {
    size: u64,
    source: Source,
}

enum Source {
    /// Small, or stored as a difference from another blob, which takes both in memory.
    Whole {
        bytes: Vec<u8>,
        read: usize,
    },
    Loose(Box<Loose>),
    Packed(Box<Packed>),
}

/// A file of its own.
struct Loose {
    file: BufReader<File>,
    state: Decompress,
}

/// A part of a pack.
struct Packed {
    pack: pack::data::File,
    rest: Range<u64>,
    state: Decompress,
}

impl Objects {
    /// Opens a blob to be read in pieces.
    ///
    /// # Errors
    ///
    /// [`ObjectError`], by variant.
    pub fn open_blob(&self, id: ObjectId) -> Result<Blob, ObjectError> {
        let large = match self.header(id)? {
            Some((ObjectKind::Blob, size)) if size >= LARGE_BYTES => self.open_large(id, size),
            _ => None,
        };
        if let Some(blob) = large {
            return Ok(blob);
        }
        let bytes = self.blob(id)?;
        Ok(Blob {
            size: bytes.len() as u64,
            source: Source::Whole { bytes, read: 0 },
        })
    }

    /// Finds where a blob is stored whole; none where it is not, or where anything is odd: then
    /// gix reads it, and says what is.
    fn open_large(&self, id: ObjectId, size: u64) -> Option<Blob> {
        let folders = std::iter::once(self.folder().to_owned()).chain(self.alternates());
        let source = folders
            .into_iter()
            .find_map(|it| loose(&it, id, size).or_else(|| packed(&it, id, size)))?;
        Some(Blob { size, source })
    }

    fn alternates(&self) -> Vec<PathBuf> {
        let here = std::env::current_dir().unwrap_or_default();
        gix::odb::alternate::resolve(self.folder().to_owned(), &here).unwrap_or_default()
    }
}

impl Blob {
    /// How many bytes the blob has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The blob, if it is in memory anyway.
    pub(crate) fn into_whole(self) -> Result<Vec<u8>, Self> {
        match self.source {
            Source::Whole { bytes, read: 0 } => Ok(bytes),
            source => Err(Self { source, ..self }),
        }
    }
}

impl Read for Blob {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Whole { bytes, read } => {
                let n_bytes = (&bytes[*read..]).read(out)?;
                *read += n_bytes;
                Ok(n_bytes)
            }
            Source::Loose(it) => inflate::read(&mut it.file, &mut it.state, out),
            Source::Packed(it) => {
                let bytes = it.pack.entry_slice(it.rest.clone());
                let mut bytes = bytes.ok_or(io::ErrorKind::UnexpectedEof)?;
                let before = bytes.len();
                let n_bytes = inflate::read(&mut bytes, &mut it.state, out)?;
                it.rest.start += (before - bytes.len()) as u64;
                Ok(n_bytes)
            }
        }
    }
}

fn loose(objects: &Path, id: ObjectId, size: u64) -> Option<Source> {
    let hex = id.to_string();
    let (folder, name) = hex.split_at(2);
    let file = File::open(objects.join(folder).join(name)).ok()?;
    let mut file = BufReader::with_capacity(64 << 10, file);
    let mut state = Decompress::default();
    let mut header = Vec::new();
    while header.last() != Some(&0) {
        let mut byte = [0];
        if inflate::read(&mut file, &mut state, &mut byte).ok()? == 0
            || header.len() == MAX_HEADER_BYTES
        {
            return None;
        }
        header.extend(byte);
    }
    let expected = format!("blob {size}\0");
    (header == expected.as_bytes()).then(|| Source::Loose(Box::new(Loose { file, state })))
}

fn packed(objects: &Path, id: ObjectId, size: u64) -> Option<Source> {
    let kind = gix::hash::Kind::Sha1;
    for entry in std::fs::read_dir(objects.join("pack")).ok()?.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|it| it != "idx") {
            continue;
        }
        let Ok(index) = pack::index::File::at(&path, kind) else {
            continue;
        };
        let Some(at) = index.lookup(to_gix(id)) else {
            continue;
        };
        let pack = pack::data::File::at(path.with_extension("pack"), kind).ok()?;
        let entry = pack.entry(index.pack_offset_at_index(at)).ok()?;
        let is_blob = matches!(entry.header, pack::data::entry::Header::Blob);
        if !is_blob || entry.decompressed_size != size {
            return None;
        }
        let end = u64::try_from(pack.pack_end()).ok()?;
        let rest = entry.data_offset..end;
        let state = Decompress::default();
        return Some(Source::Packed(Box::new(Packed { pack, rest, state })));
    }
    None
}
