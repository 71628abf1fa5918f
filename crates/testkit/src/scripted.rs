//! An http server in the test's own process, that says just what the test wants said.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A server whose answers a test makes up; ends when dropped.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    state: Arc<State>,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Lines of the head, such as `ETag: "a"`, beside `Content-Length`.
    pub headers: Vec<String>,
    /// All that it should send.
    pub body: Vec<u8>,
    /// How much of that it sends.
    pub end: End,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum End {
    /// Whole.
    #[default]
    Whole,
    /// The connection breaks behind so many bytes of the body.
    Cut(usize),
    /// Nothing comes behind so many bytes of the body, and the connection stands.
    Hang(usize),
}

#[derive(Debug, Default)]
struct State {
    ended: AtomicBool,
    heads: Mutex<Vec<String>>,
    open: Mutex<Vec<TcpStream>>,
}

impl Reply {
    /// A status and a body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
    }

    /// With a line more in its head.
    #[must_use]
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    /// With another end.
    #[must_use]
    pub const fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

impl Scripted {
    /// Starts one; `answer` gets the head of each request.
    pub fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let (served, answer) = (Arc::clone(&state), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if served.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                if let Ok(stream) = stream.try_clone() {
                    served.lock_open().push(stream);
                }
                let (served, answer) = (Arc::clone(&served), Arc::clone(&answer));
                std::thread::spawn(move || {
                    serve(stream, &served, &*answer);
                });
            }
        });
        Self { address, state }
    }

    /// Returns `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the heads of all requests so far.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.state.heads.lock().expect("no panic").clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        for stream in self.state.lock_open().iter() {
            stream.shutdown(std::net::Shutdown::Both).ok();
        }
        // Wakes the thread that waits for connections, which then sees the flag.
        TcpStream::connect(self.address).ok();
    }
}

impl State {
    fn lock_open(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().expect("no thread of the server panics")
    }
}

fn serve(mut stream: TcpStream, state: &State, answer: &dyn Fn(&str) -> Reply) {
    stream.set_nodelay(true).ok();
    let mut taken = Vec::new();
    while let Some(head) = head(&mut stream, &mut taken) {
        let is_head = head.starts_with("HEAD ");
        let reply = answer(&head);
        state.heads.lock().expect("no panic").push(head);
        let mut text = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
        for line in &reply.headers {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", reply.body.len()));
        let body = if is_head { &[][..] } else { &reply.body };
        let sent = match reply.end {
            End::Whole => body.len(),
            End::Cut(n) | End::Hang(n) => n.min(body.len()),
        };
        let written = stream.write_all(text.as_bytes());
        if written
            .and_then(|()| stream.write_all(&body[..sent]))
            .is_err()
        {
            return;
        }
        match reply.end {
            End::Whole => {}
            End::Cut(_) => {
                stream.shutdown(std::net::Shutdown::Both).ok();
                return;
            }
            End::Hang(_) => {
                // Until the client hangs up, or the server is dropped.
                while matches!(stream.read(&mut [0; 512]), Ok(1..)) {}
                return;
            }
        }
    }
}

/// The head of the next request, which has no body.
fn head(stream: &mut TcpStream, taken: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(at) = taken.windows(4).position(|it| it == b"\r\n\r\n") {
            let rest = taken.split_off(at + 4);
            let head = std::mem::replace(taken, rest);
            return Some(String::from_utf8_lossy(&head).into_owned());
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(n @ 1..) => taken.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }
}
