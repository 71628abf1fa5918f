//! How an archive is compressed, told from its first bytes, as libarchive does.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::UnpackError;

/// The most memory that a dictionary of xz may take, in KiB: more than `xz -9` asks for.
const MAX_XZ_KIB: u32 = 256 << 10;

/// The most of what was seen that a frame of zstd may need again, in bytes: `zstd --ultra` asks for
/// half of it.
const MAX_WINDOW: u64 = 256 << 20;

/// Undoes the compression of an archive.
pub(super) fn open<'a>(mut archive: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, UnpackError> {
    let damaged = |source| UnpackError::Damaged { source };
    let start = archive.fill_buf().map_err(damaged)?;
    let start = &start[..start.len().min(6)];
    Ok(match start {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(archive)),
        [b'B', b'Z', b'h', ..] => Box::new(bzip2::bufread::MultiBzDecoder::new(archive)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Box::new(lzma_rust2::XzReader::new_mem_limit(
            archive, true, MAX_XZ_KIB,
        )),
        // A frame, or one to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Box::new(Frames::new(archive))
        }
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
        _ => Box::new(archive),
    })
}

/// Frames of zstd one after the other.
struct Frames<R> {
    rest: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(rest: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self {
            rest,
            decoder,
            within: false,
        }
    }

    /// Begins a frame, or skips one.
    fn begin(&mut self) -> io::Result<()> {
        match self.decoder.init(&mut self.rest) {
            Ok(()) => self.within = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut self.rest.by_ref().take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(invalid(error)),
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        let said = self.decoder.get_checksum_from_data();
        if said.is_some() && said != self.decoder.get_calculated_checksum() {
            return Err(invalid("a frame of zstd has another checksum than it says"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if self.rest.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.begin()?;
                continue;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let some = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.rest, some);
                decoded.map_err(invalid)?;
            }
            match self.decoder.read(buf)? {
                0 => self.end()?,
                n => return Ok(n),
            }
        }
    }
}

fn invalid(error: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
