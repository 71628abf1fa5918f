//! Streams that are compressed, and how: undone in bounded memory, and done.

use std::io::{self, BufRead, Read, Write};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::CompressionLevel;

/// The most memory that a dictionary of xz may take, in KiB: more than `xz -9` asks for.
const MAX_XZ_KIB: u32 = 256 << 10;

/// The most of what was seen that a frame of zstd may need again, in bytes: `zstd --ultra` asks for
/// half of it.
const MAX_WINDOW: u64 = 256 << 20;

/// The preset of xz that is written: that of `xz` and of Nix.
const XZ_PRESET: u32 = 6;

/// How many bytes are compressed at a time.
const PIECE: usize = 64 << 10;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// As by `bzip2`; it is read, not written.
    Bzip2,
    /// As by `gzip`.
    Gzip,
    /// As by `xz`.
    Xz,
    /// As by `zstd`.
    Zstd,
}

/// What a compressed stream holds; several one behind the other are one.
///
/// A stream that is damaged, or ends early, is an error of [`Read`]. What it expands to is not
/// bounded here.
pub struct Decompressor<R: BufRead>(Kind<R>);

enum Kind<R: BufRead> {
    None(R),
    Bzip2(MultiBzDecoder<R>),
    Gzip(Box<MultiGzDecoder<R>>),
    Xz(Box<XzReader<R>>),
    Zstd(Box<Frames<R>>),
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Bzip2, Self::Gzip, Self::Xz, Self::Zstd];

    /// Its name: `none`, `bzip2`, `gzip`, `xz` or `zstd`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bzip2 => "bzip2",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// The one of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Undoes it.
    pub fn decompress<R: BufRead>(self, source: R) -> Decompressor<R> {
        Decompressor(match self {
            Self::None => Kind::None(source),
            Self::Bzip2 => Kind::Bzip2(MultiBzDecoder::new(source)),
            Self::Gzip => Kind::Gzip(Box::new(MultiGzDecoder::new(source))),
            Self::Xz => {
                let xz = XzReader::new_mem_limit(source, true, MAX_XZ_KIB);
                Kind::Xz(Box::new(xz))
            }
            Self::Zstd => Kind::Zstd(Box::new(Frames::new(source))),
        })
    }

    /// Does it, to all of `source`; returns how many bytes that had.
    ///
    /// # Errors
    ///
    /// What reading and writing fail with; [`io::ErrorKind::Unsupported`] for bzip2.
    pub fn compress(self, source: &mut dyn Read, into: &mut dyn Write) -> io::Result<u64> {
        match self {
            Self::None => copy(source, into),
            Self::Bzip2 => Err(io::ErrorKind::Unsupported.into()),
            Self::Gzip => {
                let mut gzip = flate2::write::GzEncoder::new(into, flate2::Compression::default());
                let n_bytes = copy(source, &mut gzip)?;
                gzip.finish().map(|_| n_bytes)
            }
            Self::Xz => {
                let mut xz = XzWriter::new(into, XzOptions::with_preset(XZ_PRESET))?;
                let n_bytes = copy(source, &mut xz)?;
                xz.finish().map(|_| n_bytes)
            }
            Self::Zstd => zstd(source, into),
        }
    }
}

impl<R: BufRead> Read for Decompressor<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::None(it) => it.read(buf),
            Kind::Bzip2(it) => it.read(buf),
            Kind::Gzip(it) => it.read(buf),
            Kind::Xz(it) => it.read(buf),
            Kind::Zstd(it) => it.read(buf),
        }
    }
}

fn copy(source: &mut dyn Read, into: &mut dyn Write) -> io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut n_bytes = 0;
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(n_bytes),
            Ok(n) => {
                into.write_all(&piece[..n])?;
                n_bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The encoder panics where its source or drain fails: neither does, and each keeps its fault.
fn zstd(source: &mut dyn Read, into: &mut dyn Write) -> io::Result<u64> {
    let mut read = Steady::new(source);
    let mut written = Steady::new(into);
    ruzstd::encoding::compress(&mut read, &mut written, CompressionLevel::Fastest);
    match (read.fault, written.fault) {
        (Some(fault), _) | (None, Some(fault)) => Err(fault),
        (None, None) => Ok(read.n_bytes),
    }
}

/// A stream whose first fault is its end.
struct Steady<S> {
    stream: S,
    n_bytes: u64,
    fault: Option<io::Error>,
}

impl<S> Steady<S> {
    const fn new(stream: S) -> Self {
        Self {
            stream,
            n_bytes: 0,
            fault: None,
        }
    }
}

impl Read for Steady<&mut dyn Read> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.fault.is_none() {
            match self.stream.read(buf) {
                Ok(n) => {
                    self.n_bytes += n as u64;
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.fault = Some(error),
            }
        }
        Ok(0)
    }
}

impl Write for Steady<&mut dyn Write> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.fault.is_none() {
            self.fault = self.stream.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        let n_bytes = compression.compress(&mut { bytes }, &mut compressed);
        assert_eq!(n_bytes.unwrap(), bytes.len() as u64);
        let mut back = Vec::new();
        let mut read = compression.decompress(compressed.as_slice());
        read.read_to_end(&mut back).unwrap();
        back
    }

    const WRITTEN: [Compression; 4] = [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_is_compressed_comes_back(
            pieces in prop::collection::vec((any::<u8>(), 1..70_000_usize, any::<bool>()), 0..6),
        ) {
            let mut bytes = Vec::new();
            for (seed, len, regular) in pieces {
                let mut state = u32::from(seed) + 1;
                bytes.extend((0..len).map(|_| {
                    if !regular {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    }
                    state.to_le_bytes()[3]
                }));
            }
            for compression in WRITTEN {
                prop_assert!(there_and_back(compression, &bytes) == bytes, "{compression:?}");
            }
        }
    }

    /// Gives three bytes, and a fault; takes three, and none.
    struct Bad(usize);

    impl Read for Bad {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => {
                    buf[..3].fill(7);
                    Ok(3)
                }
                _ => Err(io::Error::other("bad")),
            }
        }
    }

    impl Write for Bad {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("bad"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_fails_to_be_read_or_written_is_told() {
        for compression in WRITTEN {
            let read = compression.compress(&mut Bad(0), &mut Vec::new());
            assert_eq!(read.unwrap_err().to_string(), "bad", "{compression:?}");
            let written = compression.compress(&mut [1, 2, 3].as_slice(), &mut Bad(0));
            assert_eq!(written.unwrap_err().to_string(), "bad", "{compression:?}");
        }
    }

    #[test]
    fn names_are_those_of_narinfos() {
        for it in Compression::ALL {
            assert_eq!(Compression::named(it.as_str()), Some(it));
        }
        for name in ["", "XZ", "br", "lz4", "none "] {
            assert_eq!(Compression::named(name), None);
        }
    }
}
