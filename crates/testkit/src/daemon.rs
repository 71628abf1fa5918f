//! `git daemon` on a free port of the loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use crate::env::Env;
use crate::process::Guard;

/// How often a port that somebody else took in between is given up for another.
const TRIES: usize = 8;

/// A server of `git://`; ends when dropped.
#[derive(Debug)]
pub struct GitDaemon {
    _guard: Guard,
    address: SocketAddr,
}

impl GitDaemon {
    /// Serves the repositories below `root`, for reading and pushing.
    #[must_use]
    pub fn start(env: &Env, root: &Path) -> Self {
        (0..TRIES)
            .find_map(|_| attempt(env, root))
            .expect("git daemon finds a free port")
    }

    /// Returns `git://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("git://{}", self.address)
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn attempt(env: &Env, root: &Path) -> Option<GitDaemon> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = free.local_addr().expect("a bound socket has an address");
    drop(free);
    let mut command = env.command("git");
    command
        .args(["daemon", "--reuseaddr", "--export-all"])
        .args(["--enable=receive-pack", "--listen=127.0.0.1"])
        .arg(format!("--port={}", address.port()))
        .arg(format!("--base-path={}", root.display()))
        .arg(root);
    let mut guard = Guard::spawn(&command, None);
    guard
        .ready(|| TcpStream::connect(address).is_ok())
        .then_some(GitDaemon {
            _guard: guard,
            address,
        })
}
