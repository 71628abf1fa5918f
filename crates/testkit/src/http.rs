//! Smart http by lighttpd and `git http-backend`, on a free port of the loopback.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lighttpd::{Lighttpd, quoted};
use crate::tools;

pub use crate::lighttpd::INSTALL;

/// A server of the git repositories below a folder; ends when dropped.
#[derive(Debug)]
pub struct GitHttp(Lighttpd);

/// How [`GitHttp`] serves.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// Name and password that every request must carry (basic authentication).
    pub login: Option<(String, String)>,
    /// Git configuration that holds in all repositories, as `("uploadpack.allowFilter", "true")`.
    pub config: Vec<(String, String)>,
}

impl GitHttp {
    /// Serves the bare repositories below `root`, for reading and pushing, without a login.
    #[must_use]
    pub fn start(root: &Path) -> Self {
        Self::start_with(root, &Serving::default())
    }

    /// Serves the bare repositories below `root`.
    #[must_use]
    pub fn start_with(root: &Path, serving: &Serving) -> Self {
        Self(Lighttpd::start("eka-http-", |folder| {
            configuration(root, folder, serving)
        }))
    }

    /// Returns `http://127.0.0.1:<port>`; a repository is at `<url>/<path below the root>`.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Returns what the server and its programs complained of.
    #[must_use]
    pub fn log(&self) -> String {
        self.0.log()
    }
}

fn configuration(root: &Path, folder: &Path, serving: &Serving) -> String {
    let backend = exec_path().join("git-http-backend");
    let root = root.canonicalize().expect("the folder to serve exists");
    let mut text = format!(
        r#"server.document-root = {root}
server.bind = "/dev/stdin"
server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_setenv", "mod_cgi")
server.errorlog = {log}
server.upload-dirs = ({folder})
server.stream-response-body = 2
server.max-keep-alive-requests = 1000000
server.max-fds = 4096
alias.url = ("/" => {backend})
cgi.assign = ("" => "")
"#,
        root = quoted(&root),
        log = quoted(&folder.join("error.log")),
        folder = quoted(folder),
        backend = quoted(&backend.join("")),
    );
    if let Some((name, password)) = &serving.login {
        let users = folder.join("users");
        std::fs::write(&users, format!("{name}:{password}\n")).expect("users are written");
        let users = quoted(&users);
        write!(
            text,
            r#"auth.backend = "plain"
auth.backend.plain.userfile = {users}
auth.require = ("/" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
"#
        )
        .expect("a string takes everything");
    }
    text + &environment(&root, folder, serving)
}

/// The environment of `git http-backend`, which gets none of ours.
fn environment(root: &Path, folder: &Path, serving: &Serving) -> String {
    let mut config = vec![
        ("http.receivepack".to_owned(), "true".to_owned()),
        ("safe.directory".to_owned(), "*".to_owned()),
        // A repository of a test is short-lived: no housekeeping behind its back.
        ("receive.autogc".to_owned(), "false".to_owned()),
    ];
    config.extend(serving.config.iter().cloned());
    let mut lines = vec![
        ("GIT_PROJECT_ROOT".to_owned(), quoted(root)),
        ("GIT_HTTP_EXPORT_ALL".to_owned(), quoted(Path::new("1"))),
        ("GIT_CONFIG_NOSYSTEM".to_owned(), quoted(Path::new("1"))),
        ("HOME".to_owned(), quoted(folder)),
        ("LC_ALL".to_owned(), quoted(Path::new("C"))),
        ("PATH".to_owned(), quoted(&PathBuf::from(tools::path()))),
        (
            "GIT_CONFIG_COUNT".to_owned(),
            quoted(Path::new(&config.len().to_string())),
        ),
    ];
    for (at, (key, value)) in config.iter().enumerate() {
        lines.push((format!("GIT_CONFIG_KEY_{at}"), quoted(Path::new(key))));
        lines.push((format!("GIT_CONFIG_VALUE_{at}"), quoted(Path::new(value))));
    }
    let lines: Vec<_> = lines
        .iter()
        .map(|(key, value)| format!("  \"{key}\" => {value}"))
        .collect();
    format!("setenv.set-environment = (\n{}\n)\n", lines.join(",\n"))
}

fn exec_path() -> PathBuf {
    let out = Command::new("git")
        .arg("--exec-path")
        .output()
        .expect("git is here");
    PathBuf::from(String::from_utf8_lossy(&out.stdout).trim_end())
}
