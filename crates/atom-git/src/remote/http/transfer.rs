//! One request over curl, its answer read as a stream while it comes.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler, WriteError};

use crate::remote::error::Fault;
use crate::remote::guard::Clock;
use crate::remote::pkt::cut_off;

/// Pieces of an answer that may wait to be read, at most 16 KiB each.
const QUEUE: usize = 32;

/// How long an answer that was read in full may take to end, so that its connection can be used
/// again.
const LINGER: Duration = Duration::from_millis(300);

/// Headers that are kept of one answer, in bytes.
const MAX_HEADERS: usize = 64 << 10;

/// Status and headers.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) status: u32,
    headers: Vec<(String, String)>,
}

/// What came of a request.
pub(super) enum Answer<T> {
    /// 200, of the right type, and read.
    Read(T),
    /// Another status; the body is dropped.
    Head(Head),
}

/// Where curl puts what comes.
#[derive(Default)]
pub(crate) struct Sink {
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
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect()
    }
}

/// Performs the request that `easy` is set up for.
///
/// `read` is taken and called if the answer is a 200 of `content_type`. curl runs on a thread of
/// its own meanwhile, and waits when the reader is slower.
pub(super) fn transfer<T>(
    easy: &mut Easy2<Sink>,
    clock: Clock,
    content_type: &str,
    read: &mut Option<impl FnOnce(&mut dyn Read) -> Result<T, Fault>>,
) -> Result<Answer<T>, Fault> {
    let (send, receive) = sync_channel(QUEUE);
    easy.get_mut().begin(send, clock);
    let (answer, performed) = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let performed = easy.perform();
            easy.get_mut().end();
            performed
        });
        let answer = consume(receive, content_type, read);
        (answer, worker.join())
    });
    let performed = performed.map_err(|_| Fault::protocol("the transfer panicked"))?;
    let broken = match (easy.get_mut().why.take(), performed) {
        (Some(why), _) => Some(why),
        (None, Err(error)) if !error.is_write_error() => Some(classify(&error)),
        (None, _) => None,
    };
    match (answer, broken) {
        // What was read in full stays good, even if the connection broke right after.
        (Some(Ok(answer)), _) => Ok(answer),
        // A reader that met the end too early knows less than curl does.
        (Some(Err(Fault::Unreachable { .. })) | None, Some(broken)) => Err(broken),
        (Some(Err(fault)), _) => Err(fault),
        (None, None) => Err(cut_off()),
    }
}

/// Reads the answer as it comes; `None` if not even a head did.
fn consume<T>(
    receive: Receiver<Piece>,
    content_type: &str,
    read: &mut Option<impl FnOnce(&mut dyn Read) -> Result<T, Fault>>,
) -> Option<Result<Answer<T>, Fault>> {
    let Ok(Piece::Head(head)) = receive.recv() else {
        return None;
    };
    if head.status != 200 {
        return Some(Ok(Answer::Head(head)));
    }
    let kind = head.all("content-type").pop().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(content_type) {
        return Some(Err(Fault::NoGitServer {
            what: format!("content of type `{kind}`"),
        }));
    }
    let read = read.take()?;
    let mut body = Body {
        receive,
        piece: Vec::new(),
        at: 0,
    };
    let value = read(&mut body);
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
