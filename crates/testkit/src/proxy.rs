//! A TCP proxy that counts what passes, slows it down, and breaks it on request.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A proxy before one server; ends when dropped, with all its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the proxy does to what passes; the default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Wait before each turn is passed on.
    pub latency: Duration,
    /// Takes the `Git-Protocol` header away: servers then speak protocol v0.
    pub drop_git_protocol: bool,
    /// So many connections are closed as soon as they are made.
    pub refuse_first: u32,
    /// So many http requests are answered with this status instead of being passed on.
    pub status_first: Option<(u32, u16)>,
    /// Connections end after so many bytes one way.
    pub cut: Option<Cut>,
}

/// Where connections are cut.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// The way whose bytes count.
    pub way: Way,
    /// Bytes that still pass on each connection.
    pub after_bytes: u64,
    /// How many connections suffer it.
    pub times: u32,
}

/// One of the two ways through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Sent,
    /// From the server to the client.
    Received,
}

/// What has passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections made.
    pub connections: u64,
    /// Requests: how often a client spoke after the server had (or first).
    pub turns: u64,
    /// Bytes from clients to the server.
    pub sent_bytes: u64,
    /// Bytes from the server to clients.
    pub received_bytes: u64,
}

#[derive(Debug, Default)]
struct Shared {
    ended: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    behaviour: Behaviour,
    counts: Counts,
    heads: Vec<String>,
    /// Both ends of each connection, to be closed with the proxy.
    open: BTreeMap<u64, [TcpStream; 2]>,
}

impl Proxy {
    /// Starts a proxy before `server`.
    #[must_use]
    pub fn start(server: SocketAddr, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        shared.state().behaviour = behaviour;
        let served = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, server, &served));
        Self { address, shared }
    }

    /// Returns `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address that the proxy listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what happens to what passes from now on.
    pub fn set(&self, behaviour: Behaviour) {
        self.shared.state().behaviour = behaviour;
    }

    /// Returns what has passed since the start or the last [`Proxy::reset`].
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.state().counts
    }

    /// Returns the heads of all http requests, as they came.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.shared.state().heads.clone()
    }

    /// Begins counting anew, and returns what had passed.
    pub fn reset(&self) -> Counts {
        let mut state = self.shared.state();
        state.heads.clear();
        std::mem::take(&mut state.counts)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for ends in self.shared.state().open.values() {
            close(ends);
        }
        // Wakes the thread that waits for connections, which then sees the flag.
        TcpStream::connect(self.address).ok();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the proxy panics")
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, shared: &Arc<Shared>) {
    for number in 0.. {
        let Ok((client, _)) = listener.accept() else {
            return;
        };
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        {
            let mut state = shared.state();
            state.counts.connections += 1;
            if state.behaviour.refuse_first > 0 {
                state.behaviour.refuse_first -= 1;
                continue;
            }
        }
        let Ok(upstream) = TcpStream::connect(server) else {
            continue;
        };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || connection(number, client, upstream, &shared));
    }
}

/// One connection, and whose words passed last on it.
struct Link<'a> {
    shared: &'a Shared,
    client_spoke: AtomicBool,
    cut: Option<Cut>,
}

fn connection(number: u64, client: TcpStream, upstream: TcpStream, shared: &Shared) {
    let (Ok(client_out), Ok(upstream_out)) = (client.try_clone(), upstream.try_clone()) else {
        return;
    };
    for end in [&client, &upstream] {
        end.set_nodelay(true).ok();
    }
    let ends = [client_out, upstream_out];
    let cut = {
        let mut state = shared.state();
        if let (Ok(one), Ok(two)) = (ends[0].try_clone(), ends[1].try_clone()) {
            state.open.insert(number, [one, two]);
        }
        take_cut(&mut state.behaviour)
    };
    let link = Link {
        shared,
        client_spoke: AtomicBool::new(false),
        cut,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            link.pass_requests(&client, &ends);
            ends[1].shutdown(Shutdown::Write).ok();
        });
        link.pass_answers(&upstream, &ends);
        close(&ends);
    });
    shared.state().open.remove(&number);
}

fn take_cut(behaviour: &mut Behaviour) -> Option<Cut> {
    let cut = behaviour.cut.as_mut()?;
    cut.times = cut.times.checked_sub(1)?;
    Some(*cut)
}

fn close(ends: &[TcpStream; 2]) {
    for end in ends {
        end.shutdown(Shutdown::Both).ok();
    }
}

impl Link<'_> {
    fn pass_requests(&self, mut client: &TcpStream, ends: &[TcpStream; 2]) {
        let mut passed = 0;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = match client.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) => n,
            };
            let mut bytes = buffer[..n].to_vec();
            if !self.client_spoke.swap(true, Ordering::SeqCst) {
                read_head(client, &mut bytes);
                if let Some(answer) = self.turn(&mut bytes) {
                    swallow_body(client, &bytes);
                    (&ends[0]).write_all(answer.as_bytes()).ok();
                    return close(ends);
                }
            }
            if !self.pass(Way::Sent, &bytes, &mut passed, ends) {
                return;
            }
        }
    }

    fn pass_answers(&self, mut upstream: &TcpStream, ends: &[TcpStream; 2]) {
        let mut passed = 0;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = match upstream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) => n,
            };
            self.client_spoke.store(false, Ordering::SeqCst);
            if !self.pass(Way::Received, &buffer[..n], &mut passed, ends) {
                return;
            }
        }
    }

    /// Begins a turn; an answer means that the request goes no further.
    fn turn(&self, bytes: &mut Vec<u8>) -> Option<String> {
        let mut state = self.shared.state();
        state.counts.turns += 1;
        if let Some(head) = head_of(bytes) {
            state.heads.push(head);
            if let Some((times, status)) = state.behaviour.status_first.as_mut()
                && *times > 0
            {
                *times -= 1;
                return Some(format!(
                    "HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                ));
            }
            if state.behaviour.drop_git_protocol {
                drop_header(bytes, "git-protocol");
            }
        }
        let latency = state.behaviour.latency;
        drop(state);
        std::thread::sleep(latency);
        None
    }

    /// Passes bytes on, as far as the connection is not cut; whether it goes on.
    fn pass(&self, way: Way, bytes: &[u8], passed: &mut u64, ends: &[TcpStream; 2]) -> bool {
        let left = match self.cut {
            Some(cut) if cut.way == way => cut.after_bytes.saturating_sub(*passed),
            _ => u64::MAX,
        };
        let n = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        *passed += n as u64;
        {
            let mut state = self.shared.state();
            match way {
                Way::Sent => state.counts.sent_bytes += n as u64,
                Way::Received => state.counts.received_bytes += n as u64,
            }
        }
        let mut to = match way {
            Way::Sent => &ends[1],
            Way::Received => &ends[0],
        };
        let whole = to.write_all(&bytes[..n]).is_ok() && n == bytes.len();
        if !whole {
            close(ends);
        }
        whole
    }
}

/// Reads on until an http request's head is whole; other protocols pass as they are.
fn read_head(mut client: &TcpStream, bytes: &mut Vec<u8>) {
    let http = ["GET ", "POST ", "HEAD ", "PUT "];
    if !http.iter().any(|it| bytes.starts_with(it.as_bytes())) {
        return;
    }
    let mut buffer = [0; 4096];
    while end_of_head(bytes).is_none() {
        match client.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|it| it == b"\r\n\r\n")
        .map(|at| at + 4)
}

fn head_of(bytes: &[u8]) -> Option<String> {
    end_of_head(bytes).map(|end| String::from_utf8_lossy(&bytes[..end]).into_owned())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

fn drop_header(bytes: &mut Vec<u8>, name: &str) {
    let Some(head) = head_of(bytes) else { return };
    let kept: Vec<_> = head
        .split("\r\n")
        .filter(|line| header(line, name).is_none())
        .collect();
    let rest = bytes.split_off(head.len());
    *bytes = kept.join("\r\n").into_bytes();
    bytes.extend_from_slice(&rest);
}

/// Reads a request's body away: an answer before its end would be lost in a reset.
fn swallow_body(client: &TcpStream, bytes: &[u8]) {
    let Some(head) = head_of(bytes) else { return };
    let length = header(&head, "content-length").and_then(|it| it.parse().ok());
    let left = length
        .unwrap_or(0_u64)
        .saturating_sub((bytes.len() - head.len()) as u64);
    std::io::copy(&mut client.take(left), &mut std::io::sink()).ok();
}
