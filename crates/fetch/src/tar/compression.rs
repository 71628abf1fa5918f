//! How an archive is compressed, told from its first bytes, as libarchive does.

use std::io::BufRead;

use super::UnpackError;
use crate::compression::{Compression, Decompressor};

/// Undoes the compression of an archive.
pub(super) fn open<R: BufRead>(mut archive: R) -> Result<Decompressor<R>, UnpackError> {
    let damaged = |source| UnpackError::Damaged { source };
    let start = archive.fill_buf().map_err(damaged)?;
    let start = &start[..start.len().min(6)];
    let compression = match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [b'B', b'Z', b'h', ..] => Compression::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Compression::Xz,
        // A frame, or one to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        [b'P', b'K', 3 | 5, ..] => {
            return Err(UnpackError::Kind {
                what: "it is a zip",
            });
        }
        [b'7', b'z', 0xbc, 0xaf, ..] => return Err(UnpackError::Kind { what: "it is a 7z" }),
        [0x1f, 0x9d, ..] => {
            return Err(UnpackError::Kind {
                what: "it is of `compress`",
            });
        }
        [b'L', b'Z', b'I', b'P', ..] => {
            return Err(UnpackError::Kind {
                what: "it is of lzip",
            });
        }
        [0x04, 0x22, 0x4d, 0x18, ..] => {
            return Err(UnpackError::Kind {
                what: "it is of lz4",
            });
        }
        [] => {
            return Err(UnpackError::Kind {
                what: "it is empty",
            });
        }
        _ => Compression::None,
    };
    Ok(compression.decompress(archive))
}
