//! Carries the requests to an object store by curl: one TLS library, and one way to proxies.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use curl::easy::{Easy2, Handler, List, ReadError, SeekResult, WriteError};
use http::{Method, Response};
use http_body::{Body, Frame};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use tokio::sync::{mpsc, oneshot};

/// Makes clients that go by curl.
#[derive(Debug)]
pub(super) struct Curl;

impl HttpConnector for Curl {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Client::default()))
    }
}

/// Handles that rest, each with a connection that may still stand.
#[derive(Default)]
struct Client(Arc<Mutex<Vec<Easy2<Exchange>>>>);

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(30);
/// A transfer that brings nothing for so long has failed.
const STALLED: Duration = Duration::from_secs(60);
/// The most bytes of an answer's head.
const MAX_HEAD: usize = 64 << 10;
/// How many pieces of an answer, of at most 16 KiB, may wait to be read.
const QUEUE: usize = 16;

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let (send_head, head) = oneshot::channel();
        let (send_body, pieces) = mpsc::channel(QUEUE);
        let exchange = Exchange {
            sent: 0,
            body: read(body).await?,
            head: Head::default(),
            send_head: Some(send_head),
            send_body,
        };
        let resting = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let rested = resting.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut easy = match rested {
                Some(mut easy) => {
                    easy.reset();
                    *easy.get_mut() = exchange;
                    easy
                }
                None => Easy2::new(exchange),
            };
            let done = prepare(&mut easy, &parts).and_then(|()| easy.perform());
            if end(easy.get_mut(), done) {
                resting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(easy);
            }
        });
        let head = head
            .await
            .map_err(|it| HttpError::new(HttpErrorKind::Unknown, it))??;
        head.answer(Pieces(pieces))
    }
}

/// The whole body of a request.
async fn read(mut body: HttpRequestBody) -> Result<Bytes, HttpError> {
    if let Some(bytes) = body.as_bytes() {
        return Ok(bytes.clone());
    }
    let mut whole = Vec::with_capacity(body.content_length());
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(piece) = frame?.into_data() {
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole.into())
}

fn prepare(easy: &mut Easy2<Exchange>, parts: &http::request::Parts) -> Result<(), curl::Error> {
    easy.signal(false)?;
    easy.url(&parts.uri.to_string())?;
    easy.connect_timeout(CONNECT)?;
    easy.low_speed_limit(1)?;
    easy.low_speed_time(STALLED)?;
    easy.tcp_keepalive(true)?;
    let len = easy.get_ref().body.len() as u64;
    match parts.method {
        Method::GET => easy.get(true)?,
        Method::HEAD => easy.nobody(true)?,
        Method::PUT => {
            easy.upload(true)?;
            easy.in_filesize(len)?;
        }
        Method::POST => {
            easy.post(true)?;
            easy.post_field_size(len)?;
        }
        _ => easy.custom_request(parts.method.as_str())?,
    }
    let mut headers = List::new();
    // Without this curl waits for a "100 Continue" that servers are slow to give.
    headers.append("Expect:")?;
    // What is posted is no form.
    if !parts.headers.contains_key("content-type") {
        headers.append("Content-Type:")?;
    }
    for (name, value) in &parts.headers {
        // Those two curl says itself, of the same URL and body.
        let ours = matches!(name.as_str(), "host" | "content-length");
        if !ours && let Ok(value) = value.to_str() {
            headers.append(&format!("{name}: {value}"))?;
        }
    }
    easy.http_headers(headers)
}

/// Tells how a transfer ended, and says whether its handle is of further use.
fn end(exchange: &mut Exchange, done: Result<(), curl::Error>) -> bool {
    let good = done.is_ok();
    let fault = match done {
        Err(error) => Some(fault(error)),
        Ok(()) if exchange.send_head.is_some() => {
            let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
            Some(HttpError::new(HttpErrorKind::Interrupted, cut))
        }
        Ok(()) => None,
    };
    if let Some(fault) = fault {
        // Where nobody waits any more, nobody is told.
        match exchange.send_head.take() {
            Some(head) => drop(head.send(Err(fault))),
            None => drop(exchange.send_body.blocking_send(Err(fault))),
        }
    }
    // Whoever reads sees the end by it.
    *exchange = Exchange::ended();
    good
}

fn fault(error: curl::Error) -> HttpError {
    let kind = if error.is_operation_timedout() {
        HttpErrorKind::Timeout
    } else if error.is_couldnt_connect() || error.is_couldnt_resolve_host() {
        HttpErrorKind::Connect
    } else if error.is_partial_file() || error.is_recv_error() || error.is_send_error() {
        HttpErrorKind::Interrupted
    } else if error.is_got_nothing() {
        HttpErrorKind::Request
    } else {
        HttpErrorKind::Unknown
    };
    HttpError::new(kind, error)
}

/// A request that is being sent, and its answer.
struct Exchange {
    body: Bytes,
    sent: usize,
    head: Head,
    send_head: Option<oneshot::Sender<Result<Head, HttpError>>>,
    send_body: mpsc::Sender<Result<Bytes, HttpError>>,
}

/// Status and headers of an answer.
#[derive(Default)]
struct Head {
    status: u16,
    lines: Vec<String>,
    n_bytes: usize,
}

impl Exchange {
    fn ended() -> Self {
        Self {
            body: Bytes::new(),
            sent: 0,
            head: Head::default(),
            send_head: None,
            send_body: mpsc::channel(1).0,
        }
    }
}

impl Handler for Exchange {
    fn header(&mut self, line: &[u8]) -> bool {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        self.head.n_bytes += line.len();
        if self.head.n_bytes > MAX_HEAD {
            return false;
        }
        if line.starts_with("HTTP/") {
            let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
            self.head.status = status.unwrap_or(0);
            self.head.lines.clear();
        } else if !line.is_empty() {
            self.head.lines.push(line.to_owned());
        } else if self.head.status >= 200
            && let Some(send) = self.send_head.take()
        {
            return send.send(Ok(std::mem::take(&mut self.head))).is_ok();
        }
        true
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        let piece = Bytes::copy_from_slice(data);
        // Fewer bytes than were given end the transfer.
        let taken = self.send_body.blocking_send(Ok(piece)).is_ok();
        Ok(if taken { data.len() } else { 0 })
    }

    fn read(&mut self, data: &mut [u8]) -> Result<usize, ReadError> {
        let rest = &self.body[self.sent..];
        let len = rest.len().min(data.len());
        data[..len].copy_from_slice(&rest[..len]);
        self.sent += len;
        Ok(len)
    }

    fn seek(&mut self, to: io::SeekFrom) -> SeekResult {
        let io::SeekFrom::Start(at) = to else {
            return SeekResult::CantSeek;
        };
        match usize::try_from(at).ok().filter(|it| *it <= self.body.len()) {
            Some(at) => {
                self.sent = at;
                SeekResult::Ok
            }
            None => SeekResult::Fail,
        }
    }
}

impl Head {
    fn answer(self, body: Pieces) -> Result<HttpResponse, HttpError> {
        let mut answer = Response::builder().status(self.status);
        for line in &self.lines {
            if let Some((name, value)) = line.split_once(':') {
                answer = answer.header(name.trim(), value.trim());
            }
        }
        let answer = answer.body(HttpResponseBody::new(body));
        answer.map_err(|error| HttpError::new(HttpErrorKind::Decode, error))
    }
}

/// The body of an answer, as it comes.
struct Pieces(mpsc::Receiver<Result<Bytes, HttpError>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let piece = self.0.poll_recv(cx);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
