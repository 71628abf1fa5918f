//! Blobs of which each step may have to wait, that come in pieces of any size, and of which some
//! fail. They refuse callers that poll out of turn.

use std::collections::HashMap;
use std::io::{self, Cursor, Read as _, Seek as _, SeekFrom};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use castore::{BlobError, BlobReader, BlobWriter, Blobs, Digest, Listed, Memory};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

/// Blobs in memory, made hard to read.
#[derive(Clone)]
pub(crate) struct Unsteady {
    pub(crate) memory: Memory,
    state: Arc<Mutex<State>>,
}

struct State {
    dice: u64,
    /// Of how many steps one has to wait; 0 for none.
    waits: u64,
    faults: HashMap<Digest, Fault>,
    log: Log,
}

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Log {
    /// Each blob that was opened, as often as it was.
    pub(crate) opened: Vec<Digest>,
    /// From where and how many bytes were read, each time.
    pub(crate) read: Vec<(Digest, u64, u64)>,
    /// How many of them were read whole.
    pub(crate) n_got: usize,
}

/// What is wrong with a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not here.
    Missing,
    /// It has so many bytes alone.
    Short(u64),
    /// It has more bytes.
    Long(u64),
    /// It has more bytes than it says.
    GoesOn(u64),
    /// It cannot be opened, so many times.
    Unopenable(u32),
    /// It cannot be read from an offset on, so many times.
    Unreadable(u64, u32),
    /// It says its size, and ends before.
    EndsAt(u64),
}

impl Unsteady {
    /// Waits at one step of `waits`, chosen by `seed`; never where that is 0.
    pub(crate) fn new(seed: u64, waits: u64) -> Self {
        Self {
            memory: Memory::new(),
            state: Arc::new(Mutex::new(State {
                dice: seed | 1,
                waits,
                faults: HashMap::new(),
                log: Log::default(),
            })),
        }
    }

    pub(crate) fn shared(&self) -> Arc<dyn Blobs> {
        Arc::new(self.clone())
    }

    pub(crate) fn set_fault(&self, digest: Digest, fault: Fault) {
        self.state.lock().unwrap().faults.insert(digest, fault);
    }

    /// From now on all is well.
    pub(crate) fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// What was asked for since the last time.
    pub(crate) fn log(&self) -> Log {
        std::mem::take(&mut self.state.lock().unwrap().log)
    }

    fn dice(&self, below: u64) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.dice ^= state.dice << 13;
        state.dice ^= state.dice >> 7;
        state.dice ^= state.dice << 17;
        state.dice % below.max(1)
    }

    fn is_waiting(&self, cx: &Context<'_>) -> bool {
        let waits = self.state.lock().unwrap().waits;
        let is_waiting = waits > 0 && self.dice(waits) == 0;
        if is_waiting {
            cx.waker().wake_by_ref();
        }
        is_waiting
    }

    /// What a blob is here, and how many bytes it says it has.
    async fn bytes(&self, digest: &Digest) -> Result<Option<(Vec<u8>, u64)>, BlobError> {
        std::future::poll_fn(|cx| match self.is_waiting(cx) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.log.opened.push(*digest);
            state.faults.get(digest).copied()
        };
        let Some(bytes) = self.memory.get(digest, u64::MAX).await? else {
            return Ok(None);
        };
        let (mut bytes, mut size) = (bytes.to_vec(), bytes.len() as u64);
        match fault {
            Some(Fault::Missing) => return Ok(None),
            Some(Fault::Unopenable(_)) if self.holds(digest) => return Err(failed()),
            Some(Fault::Long(n)) => {
                size += n;
                bytes.extend((0..n).map(|_| b'!'));
            }
            Some(Fault::GoesOn(n)) => bytes.extend((0..n).map(|_| b'!')),
            Some(Fault::Short(n)) => {
                size = n;
                bytes.truncate(usize::try_from(n).unwrap());
            }
            _ => {}
        }
        Ok(Some((bytes, size)))
    }

    /// Notes that a fault was met, and says whether it holds this time.
    fn holds(&self, digest: &Digest) -> bool {
        let mut state = self.state.lock().unwrap();
        match state.faults.get_mut(digest) {
            Some(Fault::Unopenable(n) | Fault::Unreadable(_, n)) => {
                let holds = *n > 0;
                *n = n.saturating_sub(1);
                holds
            }
            other => other.is_some(),
        }
    }
}

fn failed() -> BlobError {
    BlobError::Io {
        place: "here".to_owned(),
        source: io::ErrorKind::ConnectionReset.into(),
    }
}

#[async_trait]
impl Blobs for Unsteady {
    async fn has(&self, digest: &Digest) -> Result<bool, BlobError> {
        self.memory.has(digest).await
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobReader>>, BlobError> {
        let Some((bytes, size)) = self.bytes(digest).await? else {
            return Ok(None);
        };
        Ok(Some(Box::new(Reader {
            blobs: self.clone(),
            digest: *digest,
            size,
            bytes: Cursor::new(bytes),
            busy: Busy::No,
        })))
    }

    async fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Bytes>, BlobError> {
        self.state.lock().unwrap().log.n_got += 1;
        let Some((bytes, size)) = self.bytes(digest).await? else {
            return Ok(None);
        };
        let fault = self.state.lock().unwrap().faults.get(digest).copied();
        match fault {
            Some(Fault::Unreadable(..)) if self.holds(digest) => Err(failed()),
            _ if size > limit => Err(BlobError::Large {
                digest: *digest,
                size,
                limit,
            }),
            _ => Ok(Some(bytes.into())),
        }
    }

    async fn create(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        self.memory.create().await
    }

    async fn put(&self, bytes: Bytes) -> Result<Digest, BlobError> {
        self.memory.put(bytes).await
    }

    async fn sync(&self) -> Result<(), BlobError> {
        self.memory.sync().await
    }

    async fn list(&self, after: Option<&Digest>) -> Result<Vec<Listed>, BlobError> {
        self.memory.list(after).await
    }

    async fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError> {
        self.memory.remove(digest, before).await
    }
}

struct Reader {
    blobs: Unsteady,
    digest: Digest,
    size: u64,
    bytes: Cursor<Vec<u8>>,
    busy: Busy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Busy {
    No,
    /// A read had to wait: no seek may begin before it was completed.
    Read,
    Seek(u64),
}

impl BlobReader for Reader {
    fn size(&self) -> u64 {
        self.size
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        assert!(!matches!(this.busy, Busy::Seek(_)), "a seek is under way");
        if this.blobs.is_waiting(cx) {
            this.busy = Busy::Read;
            return Poll::Pending;
        }
        this.busy = Busy::No;
        let at = this.bytes.position();
        let mut most = 1 + this.blobs.dice(600 + this.size / 8);
        let fault = this
            .blobs
            .state
            .lock()
            .unwrap()
            .faults
            .get(&this.digest)
            .copied();
        if let Some(Fault::Unreadable(from, _)) = fault
            && at >= from
            && this.blobs.holds(&this.digest)
        {
            return Poll::Ready(Err(failed().into()));
        }
        if let Some(Fault::Unreadable(from, _) | Fault::EndsAt(from)) = fault
            && (at < from || fault == Some(Fault::EndsAt(from)))
        {
            most = most.min(from.saturating_sub(at));
        }
        let most = usize::try_from(most).unwrap().min(buf.remaining());
        let mut piece = vec![0; most];
        let n_bytes = this.bytes.read(&mut piece)?;
        buf.put_slice(&piece[..n_bytes]);
        let mut state = this.blobs.state.lock().unwrap();
        state.log.read.push((this.digest, at, n_bytes as u64));
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for Reader {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        assert_eq!(this.busy, Busy::No, "something is under way");
        let before = this.bytes.position();
        let to = this.bytes.seek(to)?;
        this.bytes.set_position(before);
        this.busy = Busy::Seek(to);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        if this.blobs.is_waiting(cx) {
            return Poll::Pending;
        }
        if let Busy::Seek(to) = this.busy {
            this.bytes.set_position(to);
        }
        this.busy = Busy::No;
        Poll::Ready(Ok(this.bytes.position()))
    }
}
