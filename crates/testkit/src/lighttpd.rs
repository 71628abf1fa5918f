//! One lighttpd, on a free port of the loopback; what it serves is its configuration's matter.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::process::Guard;
use crate::tools;

/// What to install where no lighttpd is found.
pub const INSTALL: &str = "lighttpd is missing: `apt-get install lighttpd`, \
     or your system's package of that name";

/// A running server; ends when dropped.
#[derive(Debug)]
pub(crate) struct Lighttpd {
    _guard: Guard,
    address: SocketAddr,
    folder: TempDir,
}

impl Lighttpd {
    /// Starts one by the configuration that is made for its folder; that begins with its name.
    pub(crate) fn start(name: &str, configuration: impl FnOnce(&Path) -> String) -> Self {
        let lighttpd = tools::find("lighttpd").unwrap_or_else(|| panic!("{INSTALL}"));
        let folder = tempfile::Builder::new()
            .prefix(name)
            .tempdir()
            .expect("a folder for the server");
        let config = folder.path().join("lighttpd.conf");
        std::fs::write(&config, configuration(folder.path()))
            .expect("the server's configuration is written");
        // The socket is handed over open: no other process can take the port in between.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let mut command = Command::new(lighttpd);
        command.arg("-D").arg("-f").arg(&config);
        let mut guard = Guard::spawn(&command, Some(OwnedFd::from(listener)));
        let ready = guard.ready(|| answers(address));
        assert!(ready, "lighttpd ended: {}", log(folder.path()));
        Self {
            _guard: guard,
            address,
            folder,
        }
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it and its programs complained of.
    pub(crate) fn log(&self) -> String {
        log(self.folder.path())
    }
}

/// A string of lighttpd's configuration.
pub(crate) fn quoted(value: &Path) -> String {
    let value = value.to_str().expect("paths of the harness are UTF-8");
    assert!(
        !value.contains(['"', '\\', '\n']),
        "`{value}` cannot stand in the server's configuration"
    );
    format!("\"{value}\"")
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("error.log")).unwrap_or_default()
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let mut start = [0; 5];
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(1)))
        .and_then(|()| stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n"))
        .and_then(|()| stream.read_exact(&mut start))
        .is_ok()
        && &start == b"HTTP/"
}
