//! Plain files over http by lighttpd, on a free port of the loopback: parts, redirects, logins.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::lighttpd::{Lighttpd, quoted};

/// A server of the files below a folder; ends when dropped.
#[derive(Debug)]
pub struct FileHttp(Lighttpd);

/// How [`FileHttp`] serves.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// Name and password that every request must carry (basic authentication).
    pub login: Option<(String, String)>,
    /// Where requests are sent on: a pattern of the path, and where to, as `("^/a$", "/b")`.
    pub redirects: Vec<(String, String)>,
}

impl FileHttp {
    /// Serves the files below `root`.
    #[must_use]
    pub fn start(root: &Path) -> Self {
        Self::start_with(root, &Serving::default())
    }

    /// Serves the files below `root`.
    #[must_use]
    pub fn start_with(root: &Path, serving: &Serving) -> Self {
        Self(Lighttpd::start("eka-files-", |folder| {
            configuration(root, folder, serving)
        }))
    }

    /// Returns `http://127.0.0.1:<port>`; a file is at `<url>/<path below the root>`.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

fn configuration(root: &Path, folder: &Path, serving: &Serving) -> String {
    let root = root.canonicalize().expect("the folder to serve exists");
    let mut text = format!(
        "server.document-root = {}\nserver.bind = \"/dev/stdin\"\n\
         server.modules = (\"mod_auth\", \"mod_authn_file\", \"mod_redirect\")\n\
         server.stat-cache-engine = \"disable\"\nmimetype.assign = (\"\" => \"application/octet-stream\")\n\
         server.errorlog = {}\n",
        quoted(&root),
        quoted(&folder.join("error.log")),
    );
    let rules = serving.redirects.iter();
    let rules: Vec<String> = rules
        .map(|(from, to)| format!("{} => {}", quoted(Path::new(from)), quoted(Path::new(to))))
        .collect();
    if !rules.is_empty() {
        writeln!(text, "url.redirect = ({})", rules.join(", ")).expect("a string takes everything");
    }
    if let Some((name, password)) = &serving.login {
        let users = folder.join("users");
        std::fs::write(&users, format!("{name}:{password}\n")).expect("users are written");
        writeln!(
            text,
            "auth.backend = \"plain\"\nauth.backend.plain.userfile = {}\n\
             auth.require = (\"/\" => (\"method\" => \"basic\", \"realm\" => \"files\", \"require\" => \"valid-user\"))",
            quoted(&users)
        )
        .expect("a string takes everything");
    }
    text
}
