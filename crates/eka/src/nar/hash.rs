//! `eka nar hash`: the hash of a tree's NAR, or of a NAR.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use nix_format::nar::{Event, Reader, Writer};
use nix_format::{Algorithm, Hash, Hasher};

use super::{Input, NarError, input, walk};
use crate::context::Context;
use crate::error::Error;

/// What to hash, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashRequest {
    /// What.
    pub of: Of,
    /// How.
    pub algorithm: Algorithm,
}

/// What is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The NAR of what lies there, which need not be written.
    Tree(PathBuf),
    /// A NAR as it is; one that is malformed is refused.
    Nar(Input),
}

/// The hash of a NAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// The hash.
    pub hash: Hash,
    /// How many bytes the NAR has.
    pub size: u64,
}

/// Hashes the NAR of a tree, as `nix hash path` does, or a NAR as it is.
///
/// # Errors
///
/// Of a tree [`NarError::Read`], [`NarError::Kind`] and [`NarError::Changed`]; of a NAR
/// [`NarError::Nar`].
pub fn hash(
    ctx: &Context<'_>,
    request: &HashRequest,
    stdin: &mut dyn Read,
) -> Result<Hashed, Error> {
    let mut hashing = Hashing {
        hasher: Hasher::new(request.algorithm),
        n_bytes: 0,
    };
    match &request.of {
        Of::Tree(path) => {
            let mut writer = Writer::new(&mut hashing);
            walk::tree(ctx, "hashing", path, &mut writer)?;
            let ended = writer.finish();
            ended.map_err(|source| NarError::Output { source })?;
        }
        Of::Nar(from) => {
            let task = ctx.task(format!("hashing {}", input::shown(from)), None);
            let mut reader = Reader::new(Tee {
                inner: input::open(ctx, from, stdin)?,
                hashing: &mut hashing,
            });
            while let Some(event) = reader.next_event().map_err(NarError::from)? {
                if let Event::Entry { .. } = event {
                    task.advance(1);
                }
                ctx.check_interrupt()?;
            }
        }
    }
    Ok(Hashed {
        hash: hashing.hasher.finish(),
        size: hashing.n_bytes,
    })
}

/// Bytes that were hashed.
struct Hashing {
    hasher: Hasher,
    n_bytes: u64,
}

impl Write for &mut Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.n_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hashes what is read.
struct Tee<'h, R> {
    inner: R,
    hashing: &'h mut Hashing,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.inner.read(buf)?;
        self.hashing.write_all(&buf[..n_bytes])?;
        Ok(n_bytes)
    }
}
