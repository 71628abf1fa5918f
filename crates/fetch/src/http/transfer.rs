//! One request over curl, its answer read as a stream while it comes.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler, WriteError};

use crate::clock::Clock;
use crate::fault::Fault;

/// Pieces of an answer that may wait to be read, at most 16 KiB each.
const QUEUE: usize = 32;

/// How long an answer that was read in full may take to end, so that its connection can be used
/// again.
const LINGER: Duration = Duration::from_millis(300);

/// The longest body that is read though nobody wants it, in bytes.
const SHORT: u64 = 16 << 10;

/// Headers that are kept of one answer, in bytes.
const MAX_HEADERS: usize = 64 << 10;

/// Status and headers.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The status; 0 of none that is a number.
    pub status: u32,
    headers: Vec<(String, String)>,
}

/// What came of a request.
#[derive(Debug)]
pub enum Answer<T> {
    /// What was wanted, and read.
    Read(T),
    /// Something else; the body is dropped.
    Head(Head),
}

/// Where curl puts what comes.
#[derive(Default)]
pub(super) struct Sink {
    /// Bytes received so far, over all requests.
    pub(super) received: u64,
    head: Head,
    head_bytes: usize,
    /// Whether the empty line came: curl takes a head that is cut off for a good one.
    head_is_whole: bool,
    to: Option<SyncSender<Piece>>,
    clock: Option<Clock>,
    why: Option<Fault>,
}

enum Piece {
    Head(Head),
    Data(Vec<u8>),
}

impl Head {
    /// All values of a header, its name in lower case.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// The last value of a header, its name in lower case.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().rfind(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What came of a request that was sent.
#[derive(Debug)]
pub struct Performed<T, E> {
    /// What came, and what its reader made of it; nothing if not even a head did.
    pub answer: Option<Result<Answer<T>, E>>,
    /// Why the connection broke, if it did: maybe after all that matters was read.
    pub broken: Option<Fault>,
}

/// Performs the request that `easy` is set up for.
///
/// `read` is called with the body if `wants` is content with the head. curl runs on a thread of its
/// own meanwhile, and waits when the reader is slower.
pub(super) fn transfer<T, E>(
    easy: &mut Easy2<Sink>,
    clock: Clock,
    wants: impl FnOnce(&Head) -> Result<bool, E>,
    read: impl FnOnce(&Head, &mut dyn Read) -> Result<T, E>,
) -> Performed<T, E> {
    let (send, receive) = sync_channel(QUEUE);
    easy.get_mut().begin(send, clock);
    let (answer, performed) = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let performed = easy.perform();
            easy.get_mut().end();
            performed
        });
        let answer = consume(receive, wants, read);
        (answer, worker.join())
    });
    let broken = match (easy.get_mut().why.take(), performed) {
        (_, Err(_)) => Some(Fault::protocol("the transfer panicked")),
        (Some(why), _) => Some(why),
        (None, Ok(Err(error))) if !error.is_write_error() => Some(classify(&error)),
        (None, Ok(_)) if answer.is_none() => Some(Fault::cut_off()),
        (None, Ok(_)) => None,
    };
    Performed { answer, broken }
}

/// Reads the answer as it comes; `None` if not even a head did.
fn consume<T, E>(
    receive: Receiver<Piece>,
    wants: impl FnOnce(&Head) -> Result<bool, E>,
    read: impl FnOnce(&Head, &mut dyn Read) -> Result<T, E>,
) -> Option<Result<Answer<T>, E>> {
    let Ok(Piece::Head(head)) = receive.recv() else {
        return None;
    };
    match wants(&head) {
        Ok(true) => {}
        Ok(false) => {
            // What is short is read, so that the connection can be used again.
            let length = head.last("content-length").map(str::parse);
            if matches!(length, Some(Ok(0..=SHORT))) {
                Body::new(receive).drain();
            }
            return Some(Ok(Answer::Head(head)));
        }
        Err(error) => return Some(Err(error)),
    }
    let mut body = Body::new(receive);
    let value = read(&head, &mut body);
    if value.is_ok() {
        body.drain();
    }
    Some(value.map(Answer::Read))
}

/// The body, piece by piece.
struct Body {
    receive: Receiver<Piece>,
    piece: Vec<u8>,
    at: usize,
}

impl Body {
    const fn new(receive: Receiver<Piece>) -> Self {
        Self {
            receive,
            piece: Vec::new(),
            at: 0,
        }
    }

    /// Waits a little for the end; a connection whose answer does not end is not used again.
    fn drain(self) {
        let until = Instant::now() + LINGER;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.receive.recv_timeout(left).is_err() {
                break;
            }
        }
    }
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.receive.recv() {
                Ok(Piece::Data(piece)) => {
                    self.piece = piece;
                    self.at = 0;
                }
                Ok(Piece::Head(_)) => {}
                Err(_) => return Ok(0),
            }
        }
        let n = buf.len().min(self.piece.len() - self.at);
        buf[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Sink {
    fn begin(&mut self, to: SyncSender<Piece>, clock: Clock) {
        self.head = Head::default();
        self.head_bytes = 0;
        self.head_is_whole = false;
        self.to = Some(to);
        self.clock = Some(clock);
        self.why = None;
    }

    /// Sends the head if no body did and it is whole, and hangs up.
    fn end(&mut self) {
        if self.head_is_whole {
            self.send_head();
        }
        self.to = None;
    }

    /// Sends the head once; whether anybody still listens.
    fn send_head(&mut self) -> bool {
        let Some(to) = &self.to else {
            return false;
        };
        if self.head.status == 0 {
            return true;
        }
        let head = std::mem::take(&mut self.head);
        to.send(Piece::Head(head)).is_ok()
    }
}

impl Handler for Sink {
    fn header(&mut self, data: &[u8]) -> bool {
        self.received += data.len() as u64;
        self.head_bytes += data.len();
        let line = String::from_utf8_lossy(data);
        if line.starts_with("HTTP/") {
            // The head of a proxy's answer, or of a "100 Continue", stood before.
            self.head = Head {
                status: line
                    .split_whitespace()
                    .nth(1)
                    .and_then(|status| status.parse().ok())
                    .unwrap_or_default(),
                headers: Vec::new(),
            };
            self.head_is_whole = false;
        } else if line.trim_end().is_empty() {
            self.head_is_whole = true;
        } else if let Some((name, value)) = line.split_once(':') {
            if self.head_bytes > MAX_HEADERS {
                self.why = Some(Fault::protocol("its http headers are too long"));
                return false;
            }
            self.head
                .headers
                .push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        true
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        self.received += data.len() as u64;
        if !self.send_head() {
            return Ok(0);
        }
        let piece = Piece::Data(data.to_vec());
        let sent = self.to.as_ref().is_some_and(|to| to.send(piece).is_ok());
        if let Some(clock) = &mut self.clock {
            clock.heard();
        }
        Ok(if sent { data.len() } else { 0 })
    }

    fn progress(&mut self, _: f64, _: f64, _: f64, _: f64) -> bool {
        match self.clock.as_ref().map(Clock::check) {
            Some(Err(fault)) => {
                self.why = Some(fault);
                false
            }
            _ => true,
        }
    }
}

/// What curl's error means.
fn classify(error: &curl::Error) -> Fault {
    let what = error
        .extra_description()
        .unwrap_or_else(|| error.description())
        .to_owned();
    if error.is_operation_timedout() {
        return Fault::Unreachable { what };
    }
    let certificate = error.is_peer_failed_verification()
        || error.is_ssl_cacert()
        || error.is_ssl_cacert_badfile()
        || error.is_ssl_certproblem()
        || error.is_ssl_issuer_error();
    if certificate {
        Fault::Certificate { what }
    } else if error.is_login_denied() {
        Fault::Unauthenticated { what }
    } else if error.is_unsupported_protocol()
        || error.is_url_malformed()
        || error.is_bad_content_encoding()
    {
        Fault::protocol(what)
    } else {
        Fault::Unreachable { what }
    }
}
