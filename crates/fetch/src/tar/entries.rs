//! The entries of a tar: what its headers say, extensions undone (POSIX pax, and what GNU tar did
//! before it).

use std::io::{self, Read};

use tar::{Archive, PaxExtensions};

use super::guard::{Entry, EntryFault, Kind, escape};
use super::{Limits, UnpackError};

/// The most bytes of a long name, or of extended headers.
const MAX_EXTENSION: u64 = 1 << 20;

/// Hands on each entry with its contents.
pub(super) fn each(
    stream: &mut dyn Read,
    limits: &Limits,
    mut take: impl FnMut(&Entry, &mut dyn Read) -> Result<(), UnpackError>,
) -> Result<(), UnpackError> {
    let mut archive = Archive::new(stream);
    let mut next = Extensions::default();
    let mut n = 0_usize;
    // Raw: the library would read a long name into memory however long it says that it is.
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        n += 1;
        if n / 4 > limits.entries {
            return Err(too_many(limits));
        }
        let header = entry.header().clone();
        let size = header.entry_size().map_err(damaged)?;
        match header.entry_type().as_byte() {
            b'L' => next.name = Some(short(&mut entry, size)?),
            b'K' => next.link = Some(short(&mut entry, size)?),
            b'x' => next.pax(&extension(&mut entry, size)?)?,
            b'g' => global(&extension(&mut entry, size)?)?,
            // A volume's label.
            b'V' => next = Extensions::default(),
            _ => {
                let entry_of = std::mem::take(&mut next).entry(&header, size)?;
                take(&entry_of, &mut entry)?;
            }
        }
    }
    // What is behind the end is not looked at, but its checksum says whether all before it is true.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(())
}

/// What stands before an entry, of it.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Extensions {
    fn pax(&mut self, bytes: &[u8]) -> Result<(), UnpackError> {
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(damaged)?;
            let value = record.value_bytes().to_vec();
            match record.key_bytes() {
                b"path" => self.name = Some(value),
                b"linkpath" => self.link = Some(value),
                b"size" => {
                    let size = std::str::from_utf8(&value)
                        .ok()
                        .and_then(|it| it.parse().ok());
                    self.size = Some(size.ok_or_else(|| odd("a size that is no number"))?);
                }
                key if key.starts_with(b"GNU.sparse") => self.sparse = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn entry(self, header: &tar::Header, size: u64) -> Result<Entry, UnpackError> {
        let path = match self.name {
            Some(name) => name,
            None => header.path_bytes().into_owned(),
        };
        let refuse = |fault| UnpackError::Entry {
            path: escape(&path),
            fault,
        };
        if self.sparse {
            return Err(refuse(EntryFault::Sparse));
        }
        if self.size.is_some_and(|it| it != size) {
            return Err(odd("two sizes of one file"));
        }
        let link = self
            .link
            .or_else(|| header.link_name_bytes().map(|it| it.into_owned()));
        let link = link.unwrap_or_default();
        let mode = header.mode().map_err(damaged)?;
        let kind = match header.entry_type().as_byte() {
            // The first tars knew a folder by the end of its name.
            b'0' | b'\0' if path.ends_with(b"/") => Kind::Folder,
            b'0' | b'\0' | b'7' if mode & 0o6000 != 0 => return Err(refuse(EntryFault::SetUid)),
            b'0' | b'\0' | b'7' => Kind::File {
                executable: mode & 0o100 != 0,
                size,
            },
            b'5' => Kind::Folder,
            b'2' => Kind::Link(link),
            b'1' => Kind::Hard(link),
            b'3' | b'4' | b'6' => return Err(refuse(EntryFault::Device)),
            b'S' => return Err(refuse(EntryFault::Sparse)),
            _ => return Err(refuse(EntryFault::Kind)),
        };
        Ok(Entry { path, kind })
    }
}

/// Headers for all that follows: only what does not change a file may be among them.
fn global(bytes: &[u8]) -> Result<(), UnpackError> {
    for record in PaxExtensions::new(bytes) {
        let record = record.map_err(damaged)?;
        let key = record.key_bytes();
        if matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse") {
            return Err(odd("one name or size for all files"));
        }
    }
    Ok(())
}

fn short(entry: &mut dyn Read, size: u64) -> Result<Vec<u8>, UnpackError> {
    let mut bytes = extension(entry, size)?;
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

fn extension(entry: &mut dyn Read, size: u64) -> Result<Vec<u8>, UnpackError> {
    if size > MAX_EXTENSION {
        return Err(odd("a name or a header of more than 1 MiB"));
    }
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes).map_err(damaged)?;
    if (bytes.len() as u64) < size {
        return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

pub(super) fn too_many(limits: &Limits) -> UnpackError {
    UnpackError::Limit {
        name: "limits.entries",
        limit: limits.entries as u64,
    }
}

pub(super) const fn damaged(source: io::Error) -> UnpackError {
    UnpackError::Damaged { source }
}

fn odd(what: &'static str) -> UnpackError {
    damaged(io::Error::new(io::ErrorKind::InvalidData, what))
}
