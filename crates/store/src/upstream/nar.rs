//! The NAR of a path as it comes: its file decompressed, and held to what was announced of it.

use std::io::{self, BufReader, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use fetch::compression::{Compression, Decompressor};
use nix_format::{NarInfo, Sha256, Sha256Hasher};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::spawn_blocking;

use super::error::{NarFault, UpstreamError};
use super::place::Source;
use super::several::Found;
use crate::verify::Nar;

/// How much longer than a NAR its file may be where nothing is announced of that: what does not
/// get shorter by compression gets hardly longer.
const OVERHEAD: u64 = 1 << 20;

/// The bytes of a piece that is handed to who reads asynchronously, and how many wait.
const PIECE: usize = 64 << 10;
const N_AHEAD: usize = 8;

/// Opens the NAR that a cache announces; one of more than `most_bytes` is refused.
pub(super) async fn open(found: &Found, most_bytes: u64) -> Result<NarFile, UpstreamError> {
    let Found { upstream, narinfo } = found;
    let path = || narinfo.path.clone();
    if narinfo.nar_size > most_bytes {
        return Err(UpstreamError::Large {
            cache: upstream.cache(),
            path: path(),
            size: narinfo.nar_size,
            limit: most_bytes,
        });
    }
    let named = Compression::named(narinfo.compression.as_str());
    let compression = named.ok_or_else(|| UpstreamError::Compression {
        cache: upstream.cache(),
        path: path(),
        compression: narinfo.compression.to_string(),
    })?;
    let limit = most_of(narinfo);
    // One more, so that a file that is too long is known from one that is whole.
    let opened = upstream
        .place()
        .open(narinfo.url.as_str(), limit.saturating_add(1));
    let source = opened.await.map_err(|fault| UpstreamError::Nar {
        cache: upstream.cache(),
        path: path(),
        fault,
    })?;
    Ok(NarFile::new(source, compression, narinfo, limit))
}

fn most_of(narinfo: &NarInfo) -> u64 {
    match narinfo.file_size {
        0 => narinfo
            .nar_size
            .saturating_add(narinfo.nar_size / 4 + OVERHEAD),
        announced => announced,
    }
}

/// A NAR that is read from a cache's file; it ends only where that is whole and as announced.
pub(super) struct NarFile {
    compression: Compression,
    decompressor: Decompressor<BufReader<Shared>>,
    gauge: Shared,
    has_ended: bool,
}

/// The file, and what came of it so far.
#[derive(Clone)]
struct Shared(Arc<Mutex<Gauge>>);

struct Gauge {
    source: Source,
    hasher: Sha256Hasher,
    n_bytes: u64,
    limit: u64,
    file_size: Option<u64>,
    file_hash: Option<Sha256>,
    /// Why it broke off: what decompresses does not always hand that on.
    fault: Option<io::Error>,
}

impl NarFile {
    fn new(source: Source, compression: Compression, narinfo: &NarInfo, limit: u64) -> Self {
        let gauge = Shared(Arc::new(Mutex::new(Gauge {
            source,
            hasher: Sha256Hasher::new(),
            n_bytes: 0,
            limit,
            file_size: Some(narinfo.file_size).filter(|it| *it != 0),
            file_hash: narinfo.file_hash,
            fault: None,
        })));
        Self {
            compression,
            decompressor: compression.decompress(BufReader::with_capacity(PIECE, gauge.clone())),
            gauge,
            has_ended: false,
        }
    }

    /// Reads the rest of the file, which holds nothing, and compares.
    fn end(&mut self) -> io::Result<()> {
        if let Err(error) = io::copy(&mut self.gauge, &mut io::sink()) {
            return Err(self.gauge.lock().fault.take().unwrap_or(error));
        }
        self.has_ended = true;
        let mut gauge = self.gauge.lock();
        let found = gauge.n_bytes;
        if let Some(announced) = gauge.file_size.filter(|it| *it != found) {
            return Err(NarFault::FileSize { found, announced }.into());
        }
        let hash = std::mem::take(&mut gauge.hasher).finish();
        if gauge.file_hash.is_some_and(|it| it != hash) {
            return Err(NarFault::FileHash.into());
        }
        Ok(())
    }
}

impl Read for NarFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.has_ended || buf.is_empty() {
            return Ok(0);
        }
        match self.decompressor.read(buf) {
            Ok(0) => self.end().map(|()| 0),
            Ok(n) => Ok(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(match self.gauge.lock().fault.take() {
                Some(fault) => fault,
                None => NarFault::Compressed {
                    compression: self.compression.as_str(),
                    what: error.to_string(),
                }
                .into(),
            }),
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Gauge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Shared {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let gauge = &mut *self.lock();
        let read = match gauge.source.read(buf) {
            Ok(n) => {
                gauge.n_bytes += n as u64;
                gauge.hasher.update(&buf[..n]);
                let (found, announced) = (gauge.n_bytes, gauge.limit);
                if found <= announced {
                    return Ok(n);
                }
                NarFault::FileSize { found, announced }.into()
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => error,
        };
        let told = io::Error::from(read.kind());
        gauge.fault = Some(read);
        Err(told)
    }
}

/// Lets a NAR be read asynchronously; a thread of the runtime reads ahead.
pub(super) fn as_async(mut nar: NarFile) -> Nar {
    let (to, from) = channel(N_AHEAD);
    spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = match nar.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    piece.truncate(n);
                    Ok(Bytes::from(piece))
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let has_failed = read.is_err();
            if to.blocking_send(read).is_err() || has_failed {
                return;
            }
        }
    });
    Box::new(Ahead {
        from,
        piece: Bytes::new(),
    })
}

struct Ahead {
    from: Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl AsyncRead for Ahead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.piece.has_remaining() {
            match ready!(self.from.poll_recv(cx)) {
                Some(piece) => self.piece = piece?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let n = self.piece.len().min(buf.remaining());
        buf.put_slice(&self.piece.split_to(n));
        Poll::Ready(Ok(()))
    }
}
