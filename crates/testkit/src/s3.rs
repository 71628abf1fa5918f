//! A server that speaks as S3 does: moto's, a real process on the loopback.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use crate::process::Guard;
use crate::tools;

/// A running server with one bucket, which is empty; ends when dropped.
#[derive(Debug)]
pub struct S3Server {
    _guard: Guard,
    address: SocketAddr,
}

/// The bucket.
pub const BUCKET: &str = "cache";

/// The program; `cargo xtask test` installs it below the target folder.
pub const PROGRAM: &str = "moto_server";

impl S3Server {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// Where it is missing (ask [`tools::have`] first), or does not start.
    #[must_use]
    pub fn start() -> Self {
        let program = tools::find(PROGRAM).expect("moto is installed");
        // It takes no socket that is open: between us and it another may take the port.
        for _ in 0..5 {
            let address = free_address();
            let mut command = Command::new(&program);
            let port = address.port().to_string();
            command.args(["-H", "127.0.0.1", "-p", &port]);
            let mut guard = Guard::spawn(&command, None);
            if guard.ready(|| TcpStream::connect(address).is_ok()) {
                let made = Self {
                    _guard: guard,
                    address,
                };
                made.make_bucket();
                return made;
            }
        }
        panic!("`{PROGRAM}` ends at once");
    }

    /// Returns `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn make_bucket(&self) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let request = format!(
            "PUT /{BUCKET} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.address
        );
        let mut answer = String::new();
        stream
            .write_all(request.as_bytes())
            .and_then(|()| stream.read_to_string(&mut answer))
            .expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// An address where nothing listens.
///
/// # Panics
///
/// Where no port is free.
#[must_use]
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener
        .local_addr()
        .expect("a bound socket has an address")
}
